/* SPDX-License-Identifier: MIT */
/* sealed.c - the columns that hold sealed values, and a walk through them. */
#include "store/sealed.h"

#include <stdio.h>
#include <string.h>

#include "table.h"

/* In the order of the walk. `place` is what the code that seals writes before
 * the row's key. */
static const struct {
	const char *place;
	const char *next, *put;
} columns[] = {
#define COLUMN_OF(place, table, key, column)                                   \
	{                                                                      \
		place,                                                         \
			"SELECT " key ", " column " FROM " table " WHERE " key \
			" > $1 AND length(" column ") > 0"                     \
			" ORDER BY " key " LIMIT 1",                           \
			"UPDATE " table " SET " column " = $1 WHERE " key      \
			" = $2"                                                \
	}
	COLUMN_OF("numbers", "numbers", "id", "secrets"),
	COLUMN_OF("operations", "operations", "id", "secrets"),
	COLUMN_OF("accounts", "sweep_accounts", "account_sid", "secret"),
};

#define COLUMNS ((int)(sizeof(columns) / sizeof(columns[0])))

static int take_row(struct db_stmt *st, struct sealed *at, struct err *err)
{
	size_t len = db_size(st, 0);

	buf_clear(&at->value);
	if (len >= sizeof(at->key) ||
	    buf_add(&at->value, db_blob(st, 1), db_size(st, 1)))
		return err_set(err, ERR_STORE, "a sealed value is too large");
	memcpy(at->key, db_text(st, 0), len + 1);
	snprintf(at->place, sizeof(at->place), "%s/%s",
		 columns[at->column].place, at->key);
	return 1;
}

int sealed_next(struct store *s, struct sealed *at, struct err *err)
{
	while (at->column < COLUMNS) {
		struct db_stmt *st = db_query(
			s->db, err, columns[at->column].next, "t", at->key);
		int rc = st ? db_next(st, err) : -1;

		if (rc == 1) {
			rc = take_row(st, at, err);
			db_reset(st);
		}
		if (rc)
			return rc;
		at->column++;
		at->key[0] = '\0';
	}
	return 0;
}

int sealed_put(struct store *s, const struct sealed *at, const void *value,
	       size_t size, struct err *err)
{
	return db_run(s->db, err, columns[at->column].put, "bt", value, size,
		      at->key) < 0
		       ? -1
		       : 0;
}
