/* SPDX-License-Identifier: MIT */
/* trunks.c - the table of trunks that we made at Twilio. */
#include "store/trunks.h"

#include "table.h"

static const struct column columns[] = {
	COLUMN(struct trunk_row, id),
	COLUMN(struct trunk_row, kind),
	COLUMN(struct trunk_row, account_sid),
	COLUMN(struct trunk_row, created_ms),
};

static const struct table table = {
	.id = TABLE_TRUNKS,
	.name = "trunks",
	.key = "id",
	TABLE_COLUMNS(struct trunk_row, columns),
};

int trunk_put(struct store *s, const struct trunk_row *row, struct err *err)
{
	return table_put(s, &table, row, err);
}

int trunk_delete(struct store *s, const char *id, struct err *err)
{
	return table_delete(s, &table, "id", id, err);
}

int trunk_find(struct store *s, const char *id, struct trunk_row *row,
	       struct err *err)
{
	return table_find(s, &table, row, err, "FROM trunks WHERE id = $1", "t",
			  id);
}
