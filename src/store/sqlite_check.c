/* SPDX-License-Identifier: MIT */
/* sqlite_check.c - the SQLite driver of db.h: what takes the whole file, to
 * check it and to copy it. */
#include "sqlite.h"

#include <assert.h>
#include <string.h>

static int check(struct db *db, const char *pragma, struct err *err)
{
	struct db_stmt *st = db_query(db, err, pragma, "");
	const char *text;
	int rc;

	if (!st)
		return -1;
	rc = db_next(st, err);
	if (rc != 1)
		return rc ? -1 : err_set(err, ERR_STORE, "no check was made");
	text = db_text(st, 0);
	rc = text && strcmp(text, "ok") == 0
		     ? 0
		     : err_set(err, ERR_STORE, "the database file is damaged");
	db_reset(st);
	return rc;
}

int db_check(struct db *db, struct err *err)
{
	return check(db, "PRAGMA quick_check(1)", err);
}

int db_check_fully(struct db *db, struct err *err)
{
	return check(db, "PRAGMA integrity_check(1)", err);
}

int64_t db_bytes(struct db *db, struct err *err)
{
	struct db_stmt *st =
		db_query(db, err,
			 "SELECT page_count * page_size"
			 " FROM pragma_page_count, pragma_page_size",
			 "");
	int64_t bytes = -1;

	if (!st)
		return -1;
	if (db_next(st, err) == 1) {
		bytes = db_int(st, 0);
		db_reset(st);
	}
	return bytes;
}

/* query_only would also forbid to write the copy. That the file itself was
 * opened for reading only holds all the same. */
int db_copy(struct db *db, const char *path, struct err *err)
{
	int rc;

	assert(!db->writer);
	if (db_run(db, err, "PRAGMA query_only = OFF", "") < 0)
		return -1;
	rc = db_run(db, err, "VACUUM INTO $1", "t", path);
	if (db_run(db, err, "PRAGMA query_only = ON", "") < 0)
		return -1;
	return rc < 0 ? -1 : 0;
}
