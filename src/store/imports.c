/* SPDX-License-Identifier: MIT */
/* imports.c - the table of imports that were in doubt. */
#include "store/imports.h"

#include "table.h"

static const struct column columns[] = {
	COLUMN(struct import_row, number_id),
	COLUMN(struct import_row, phone_number),
	COLUMN(struct import_row, termination_uri),
	COLUMN(struct import_row, noted_ms),
};

static const struct table table = {
	.id = TABLE_IMPORTS,
	.name = "doubtful_imports",
	.key = "number_id",
	TABLE_COLUMNS(struct import_row, columns),
};

int import_put(struct store *s, const struct import_row *row, struct err *err)
{
	return table_put(s, &table, row, err);
}

int import_find(struct store *s, const char *phone_number,
		const char *termination_uri, struct import_row *row,
		struct err *err)
{
	return table_find(s, &table, row, err,
			  "FROM doubtful_imports WHERE phone_number = $1"
			  " AND termination_uri = $2"
			  " ORDER BY noted_ms DESC LIMIT 1",
			  "tt", phone_number, termination_uri);
}

int import_expire(struct store *s, int64_t noted_before_ms, struct err *err)
{
	return db_run(s->db, err,
		      "DELETE FROM doubtful_imports WHERE noted_ms < $1", "i",
		      noted_before_ms);
}
