/* SPDX-License-Identifier: MIT */
/*
 * db.h - a connection to the database: prepare, bind, step. Drivers sit below
 * (sqlite.c today), the table modules above; nothing else includes this.
 *
 * SQL uses $1, $2 … and only what SQLite and PostgreSQL both take. Statements
 * are prepared once for each connection and kept. A connection belongs to one
 * thread. Text and blobs handed out are borrowed until the statement is
 * stepped, run again or reset.
 *
 * Values are given as a format and arguments, one letter for each $n, or as an
 * array. They are borrowed until the statement has run to its end or was reset.
 *   t  const char * (NULL binds NULL)     i  int64_t
 *   b  const void *, size_t (NULL: NULL)  d  double
 *
 *   st = db_query(db, err, "SELECT label FROM numbers WHERE id = $1", "t", id);
 *   while ((rc = db_next(st, err)) == 1)
 *           use(db_text(st, 0));
 *   db_reset(st);
 *
 * Writing needs a transaction. As PostgreSQL has it, one failed write spoils
 * the transaction: it can then only be rolled back, and db_commit does that and
 * fails. So no half of a change is ever committed by an error overlooked.
 *
 * Errors: STORE_FULL for what passes (full, busy, read-only, no memory, no
 * descriptor: nothing was written, try later), STORE for the rest. A COMMIT
 * that fails with an I/O error is *unknown* - the row may be there after a
 * restart - so db_commit then ends the process (exit 70) and recovery reads
 * what is really there. The same holds when memory runs out inside COMMIT, and
 * when db_begin finds that the file was moved or replaced: what is written then
 * would be lost.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

struct db;
struct db_stmt;

#define DB_VALUES_MAX 32

struct db_value {
	char type;   /* a letter of the format */
	size_t size; /* of a blob */
	union {
		const void *data; /* text or blob; NULL binds NULL */
		int64_t num;
		double real;
	};
};

/* A writer takes the lock beside the database (STORE_LOCKED if another has it)
 * and makes the file (0600) if there is none; a file of another application is
 * refused (CONFIG) before anything in it changes. */
struct db *db_open(const char *url, bool writer, struct err *err);
/* The file of a url, as an absolute path; CONFIG if there is none. */
int db_path(const char *url, char out[PATH_MAX], struct err *err);
/* From now on a reader keeps its snapshot from one read to the next, as long as
 * nobody commits: for many short reads. It still shows all that this process
 * has committed; what another process wrote, after db_let_go at the latest.
 *
 * It is shown the file through a mapping, of which the process has one for each
 * file, for as long as it lives. A page that cannot be read is then no error of
 * a call, but a SIGBUS (BUS_ADRERR), which is the process's to handle. Where
 * the file cannot be mapped, a warning is logged and its pages are copied. */
int db_keep(struct db *db, struct err *err);
/* Ends what such readers keep. Any thread may call it, at any time; it waits
 * for nobody. To be called now and then: it is what lets the log be reset while
 * nobody writes, and what others wrote be seen. */
void db_let_go(void);
void db_close(struct db *db); /* an open transaction is rolled back */

/* Runs to the end. Returns the rows changed, or -1. sql may be a literal or
 * built text; it is kept by content. */
int db_run(struct db *db, struct err *err, const char *sql, const char *fmt,
	   ...);
int db_run_values(struct db *db, struct err *err, const char *sql,
		  const struct db_value *values, int count);
/* Runs many statements of a script without values. */
int db_script(struct db *db, const char *sql, struct err *err);
struct db_stmt *db_query(struct db *db, struct err *err, const char *sql,
			 const char *fmt, ...);
struct db_stmt *db_query_values(struct db *db, struct err *err, const char *sql,
				const struct db_value *values, int count);
/* The array for a format; returns how many. */
int db_values(struct db_value *out, const char *fmt, va_list ap);
/* 1: there is a row; 0: the end (and reset); -1 (and reset). */
int db_next(struct db_stmt *st, struct err *err);
void db_reset(struct db_stmt *st);

const char *db_text(struct db_stmt *st, int col);  /* NULL if NULL */
struct text db_piece(struct db_stmt *st, int col); /* of text; may be none */
size_t db_size(struct db_stmt *st, int col);
const void *db_blob(struct db_stmt *st, int col);
int64_t db_int(struct db_stmt *st, int col); /* 0 if NULL */

/* BEGIN IMMEDIATE … COMMIT. Not nested. After a failed db_commit (STORE_FULL)
 * the transaction is rolled back. */
int db_begin(struct db *db, struct err *err);
int db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db);

/* 1, 0 or -1. */
int db_has_table(struct db *db, const char *name, struct err *err);
/* Reads the whole file for damage. 0: sound. */
int db_check(struct db *db, struct err *err);
/* The same, and that the indexes agree with their tables; slower. */
int db_check_fully(struct db *db, struct err *err);
/* How large the database is now. */
int64_t db_bytes(struct db *db, struct err *err);
/* Writes all of it, as of one moment, into path: a new or empty file, which
 * this does not bring to disk. db must be a reader; others may write
 * meanwhile. */
int db_copy(struct db *db, const char *path, struct err *err);
/* Whether statements are kept from writing the schema as if it were data. They
 * are from the start. */
int db_defend(struct db *db, bool on, struct err *err);
/* Makes what runs on the connection fail soon. Any thread may call it. */
void db_interrupt(struct db *db);

/* What is called in place of _exit(70), with the driver's code of the failure,
 * for tests; NULL brings the exit back. If it returns, db_commit fails with
 * STORE. */
void db_on_unknown(void (*hook)(int code));

#endif
