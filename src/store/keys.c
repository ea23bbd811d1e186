/* SPDX-License-Identifier: MIT */
/* keys.c - the table of API keys. */
#include "store/keys.h"

#include "table.h"

static const struct column columns[] = {
	COLUMN(struct key_row, id),
	COLUMN(struct key_row, name),
	COLUMN(struct key_row, scope),
	COLUMN(struct key_row, hash),
	COLUMN(struct key_row, created_ms),
	COLUMN(struct key_row, expires_ms),
	COLUMN(struct key_row, revoked_ms),
	COLUMN(struct key_row, last_used_ms),
};

static const struct table table = {
	.id = TABLE_KEYS,
	.name = "keys",
	.key = "id",
	TABLE_COLUMNS(struct key_row, columns),
};

int key_put(struct store *s, const struct key_row *row, struct err *err)
{
	return table_put(s, &table, row, err);
}

int key_find(struct store *s, const uint8_t hash[SEAL_HASH_SIZE],
	     struct key_row *row, struct err *err)
{
	return table_find(s, &table, row, err, "FROM keys WHERE hash = $1", "b",
			  hash, (size_t)SEAL_HASH_SIZE);
}

int key_list(struct store *s,
	     void (*each)(const struct key_row *row, void *arg), void *arg,
	     struct err *err)
{
	struct db_stmt *st =
		table_select(s, &table, err, "FROM keys ORDER BY seq", "");
	struct key_row row;
	int rc;

	if (!st)
		return -1;
	while ((rc = table_next(st, &table, &row, err)) == 1)
		each(&row, arg);
	return rc;
}
