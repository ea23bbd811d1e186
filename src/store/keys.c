/* SPDX-License-Identifier: MIT */
/* keys.c - the table of API keys. */
#include "store/keys.h"

#include "table.h"

static const struct column columns[] = {
	COLUMN_SERIAL(struct key_row, seq),
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

int key_by_id(struct store *s, const char *id, struct key_row *row,
	      struct err *err)
{
	return table_find(s, &table, row, err, "FROM keys WHERE id = $1", "t",
			  id);
}

int key_touch(struct store *s, const char *id, int64_t used_ms, struct err *err)
{
	return db_run(s->db, err,
		      "UPDATE keys SET last_used_ms = $1"
		      " WHERE id = $2 AND last_used_ms < $1",
		      "it", used_ms, id) < 0
		       ? -1
		       : 0;
}

int key_list(struct store *s, int64_t before, int limit,
	     void (*each)(const struct key_row *row, void *arg), void *arg,
	     struct err *err)
{
	struct key_row row;
	struct db_stmt *st;
	struct query q;
	int count, rc;

	query_begin(&q, s, &table, "FROM keys", "seq", before);
	st = query_run(&q, limit, err);
	if (!st)
		return -1;
	for (count = 0; (rc = table_next(s, st, &table, &row, err)) == 1;
	     count++)
		each(&row, arg);
	return rc ? -1 : count;
}
