/* SPDX-License-Identifier: MIT */
/*
 * sqlite.h - what the parts of the SQLite driver share: sqlite_open.c opens a
 * connection, sqlite.c keeps statements and reads, sqlite_kept.c keeps
 * snapshots, sqlite_mapped.c shows readers the file, sqlite_write.c writes,
 * sqlite_check.c checks and copies the whole.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>

#include "store/db.h"

/* Texts kept for each connection. Every one is made by our code from a closed
 * set of filters: more than this is a bug, not load. */
#define STMTS_MAX  256
#define STMT_SLOTS (2 * STMTS_MAX)

struct db_stmt {
	struct db *db;
	sqlite3_stmt *sqlite;
	uint64_t hash;
	bool active; /* between its start and its reset */
	int params;  /* the highest n of $n */
	/* $n is a name to SQLite, numbered as it first appears: here is where
	 * the value n goes. */
	unsigned char place[DB_VALUES_MAX];
};

/* What a reader needs to keep its snapshot from one read to the next. */
struct kept {
	pthread_mutex_t busy; /* held while a statement is active */
	int active;	      /* statements; the reader's thread's alone */
	uint64_t commits;     /* counted when the snapshot began */
	sqlite3_stmt *begin, *end;
	struct db *next, *prev; /* all that keep one */
};

struct db {
	sqlite3 *sqlite;
	bool writer;
	int lock_fd;   /* -1 in a reader */
	int log_pages; /* of the WAL, after the last commit of this writer */
	struct kept *kept; /* NULL: every read has a snapshot of its own */
	/* Why the transaction can no longer be committed, or ERR_NONE. */
	enum err_code spoilt;
	struct db_stmt *stmts[STMT_SLOTS]; /* by hash, open addressing */
	int stmt_count;
};

struct sqlite_meaning {
	int rc; /* extended, or primary for all of its kind */
	enum err_code code;
	bool unknown; /* if COMMIT fails so, the transaction may be there after
		       * a restart all the same: no answer would be true */
	const char *text;
};

/* Never NULL. */
const struct sqlite_meaning *sqlite_meaning(int rc);
/* Fills err with our words for an extended result code. Returns -1. */
int sqlite_fail(struct err *err, int rc, const char *doing);

/* A kept statement with its values, ready to step; sqlite_end makes it free
 * for the next use. */
struct db_stmt *sqlite_start(struct db *db, struct err *err, const char *sql,
			     const struct db_value *values, int count);
void sqlite_end(struct db_stmt *st);
/* Around every statement of a reader that keeps its snapshot; of another they
 * do nothing. */
int sqlite_kept_enter(struct db *db, struct err *err);
void sqlite_kept_leave(struct db *db);
/* No snapshot kept until now is the latest any more. */
void sqlite_kept_outdate(void);
/* Ends them, and waits for what is just being read in one. Those that begin
 * from now on show what is committed by now. */
void sqlite_kept_end(void);
void sqlite_kept_close(struct db *db);
/* Lets this reader see the file without copies, if the file can be mapped.
 * Returns a code of SQLite. */
int sqlite_map(struct db *db);
/* Prepares what db_begin, db_commit and db_rollback run. */
int sqlite_keep_transactions(struct db *db, struct err *err);

#endif
