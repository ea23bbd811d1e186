/* SPDX-License-Identifier: MIT */
/*
 * sqlite_write.c - the SQLite driver of db.h: writing, and what a failure to
 * write means.
 *
 * Nothing is written outside db_begin and db_commit. A transaction with a
 * failed write in it is spoilt and can only be rolled back. Where nobody can
 * know what is on disk, the process ends, and the next one reads what is there.
 */
#include "sqlite.h"

#include <assert.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"

/* A log of so many pages is copied back into the file. */
#define LOG_PAGES 1000

static void exit_now(int code)
{
	_exit(EX_SOFTWARE);
}

static void (*on_unknown)(int code) = exit_now;

void db_on_unknown(void (*hook)(int code))
{
	on_unknown = hook ? hook : exit_now;
}

static void fail_stop(const char *event, int rc)
{
	log_error(event, L_INT("sqlite_code", rc),
		  L_STR("reason", sqlite_meaning(rc)->text));
	on_unknown(rc);
}

int sqlite_keep_transactions(struct db *db, struct err *err)
{
	static const char *const texts[] = {"BEGIN IMMEDIATE", "COMMIT",
					    "ROLLBACK"};

	for (int i = 0; i < 3; i++) {
		struct db_stmt *st = sqlite_start(db, err, texts[i], NULL, 0);

		if (!st)
			return -1;
		sqlite_end(st);
	}
	return 0;
}

static bool in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(db->sqlite);
}

/* A write failed: from now on the transaction can only be rolled back. */
static int spoil(struct db *db, int rc, const char *doing, struct err *err)
{
	if (db->spoilt == ERR_NONE)
		db->spoilt = sqlite_meaning(rc)->code;
	return sqlite_fail(err, rc, doing);
}

static int may_write(struct db *db, struct err *err)
{
	if (db->spoilt != ERR_NONE)
		return err_set(err, db->spoilt,
			       "an earlier write of the transaction failed");
	if (!in_transaction(db))
		return err_set(err, ERR_STORE,
			       "a write outside of a transaction");
	return 0;
}

int db_run_values(struct db *db, struct err *err, const char *sql,
		  const struct db_value *values, int count)
{
	struct db_stmt *st;
	int rc;

	if (db->writer && may_write(db, err))
		return -1;
	st = sqlite_start(db, err, sql, values, count);
	if (!st) {
		db->spoilt = err ? err->code : ERR_STORE;
		return -1;
	}
	do {
		rc = sqlite3_step(st->sqlite);
	} while (rc == SQLITE_ROW);
	sqlite_end(st);
	if (rc != SQLITE_DONE)
		return spoil(db, rc, "write", err);
	return sqlite3_changes(db->sqlite);
}

int db_run(struct db *db, struct err *err, const char *sql, const char *fmt,
	   ...)
{
	struct db_value values[DB_VALUES_MAX];
	va_list ap;
	int count;

	va_start(ap, fmt);
	count = db_values(values, fmt, ap);
	va_end(ap);
	return db_run_values(db, err, sql, values, count);
}

int db_script(struct db *db, const char *sql, struct err *err)
{
	int rc;

	if (may_write(db, err))
		return -1;
	rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
	if (rc)
		return spoil(db, rc, "script", err);
	if (!in_transaction(db)) {
		db->spoilt = ERR_STORE;
		return err_set(err, ERR_STORE,
			       "a script ended the transaction");
	}
	return 0;
}

/* --- transactions --- */

/* In WAL mode SQLite itself does not look whether the file is still there. */
static bool moved(struct db *db)
{
	int yes = 0;
	int rc = sqlite3_file_control(db->sqlite, "main",
				      SQLITE_FCNTL_HAS_MOVED, &yes);

	return rc == SQLITE_OK && yes;
}

/* One of the statements that were prepared when the writer was opened: a
 * rollback must not need memory, and a COMMIT that cannot even be prepared
 * would look like one that failed. */
static int run_kept(struct db *db, const char *sql)
{
	struct db_stmt *st = sqlite_start(db, NULL, sql, NULL, 0);
	int rc;

	if (!st)
		return SQLITE_READONLY; /* a reader keeps none */
	rc = sqlite3_step(st->sqlite);
	sqlite_end(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

int db_begin(struct db *db, struct err *err)
{
	int rc;

	assert(!in_transaction(db));
	if (db->writer && moved(db)) {
		fail_stop("store_file_moved", SQLITE_READONLY_DBMOVED);
		return sqlite_fail(err, SQLITE_READONLY_DBMOVED, "begin");
	}
	db->spoilt = ERR_NONE;
	rc = run_kept(db, "BEGIN IMMEDIATE");
	return rc ? sqlite_fail(err, rc, "begin") : 0;
}

/* The log is copied back as far as the oldest reader has come, and begun anew
 * by a write that finds all of it copied and nobody reading from it. Readers
 * that keep their snapshots would stand in the way of both for ever, one commit
 * behind. So these are ended before: then all can be copied; and after: then
 * they go on to read from the file alone. */
static void copy_back(struct db *db)
{
	sqlite_kept_end();
	/* A failure costs nothing: it is tried again after the next commit. */
	(void)sqlite3_wal_checkpoint_v2(db->sqlite, "main",
					SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	sqlite_kept_end();
}

int db_commit(struct db *db, struct err *err)
{
	int rc;

	if (may_write(db, err)) {
		db_rollback(db);
		return -1;
	}
	rc = run_kept(db, "COMMIT");
	if (rc == SQLITE_OK) {
		sqlite_kept_outdate(); /* before anyone is told */
		if (db->log_pages >= LOG_PAGES)
			copy_back(db);
		return 0;
	}
	if (sqlite_meaning(rc)->unknown) {
		fail_stop("store_commit_unknown", rc);
		err_set(err, ERR_STORE, "commit: it is unknown (SQLite %d)",
			rc);
	}
	db_rollback(db);
	return sqlite_fail(err, rc, "commit"); /* the first cause wins */
}

void db_rollback(struct db *db)
{
	db->spoilt = ERR_NONE;
	if (!in_transaction(db)) /* SQLite did it when a statement failed */
		return;
	(void)run_kept(db, "ROLLBACK"); /* looked at below */
	if (in_transaction(db))
		fail_stop("store_rollback_failed",
			  sqlite3_extended_errcode(db->sqlite));
}
