/* SPDX-License-Identifier: MIT */
/*
 * sqlite.c - the SQLite driver of db.h: statements, and reading with them.
 *
 * True of every connection:
 *  (1) A text is prepared once and kept; a lookup compares the whole text.
 *  (2) A statement is active from its start to its reset, and only once at a
 *      time. Nothing is left active, for an active read holds its snapshot: all
 *      later reads would be stale, and the WAL could not be reset. (What a
 *      reader keeps on purpose is looked after by sqlite_kept.c.)
 */
#include "sqlite.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/*
 * NOMEM is unknown because COMMIT allocates after it has synced the WAL, to
 * enlarge the index of it (walIndexAppend). FULL is not: what can be full is
 * written before that, and a torn frame does not count.
 */
/* clang-format off */
static const struct sqlite_meaning meanings[] = {
	{ SQLITE_READONLY_DBMOVED, ERR_STORE, true,
	  "the file was moved or replaced" },
	{ SQLITE_FULL,       ERR_STORE_FULL, false, "the disk is full" },
	{ SQLITE_BUSY,       ERR_STORE_FULL, false, "the database is busy" },
	{ SQLITE_LOCKED,     ERR_STORE_FULL, false, "the database is locked" },
	{ SQLITE_READONLY,   ERR_STORE_FULL, false, "it is read-only" },
	{ SQLITE_NOMEM,      ERR_STORE_FULL, true,  "out of memory" },
	{ SQLITE_IOERR,      ERR_STORE,      true,  "an I/O error" },
	{ SQLITE_CORRUPT,    ERR_STORE,      true,  "the file is damaged" },
	{ SQLITE_NOTADB,     ERR_STORE,      true,
	  "the file is damaged or no database" },
	{ SQLITE_CANTOPEN,   ERR_STORE_FULL, false, "cannot open the file" },
	{ SQLITE_CONSTRAINT, ERR_STORE,      false, "the schema forbids it" },
	{ SQLITE_INTERRUPT,  ERR_STORE,      false, "it was interrupted" },
	{ 0,                 ERR_STORE,      false, "it failed" },
};
/* clang-format on */

const struct sqlite_meaning *sqlite_meaning(int rc)
{
	const struct sqlite_meaning *m = meanings;

	while (m->rc && m->rc != rc && m->rc != (rc & 0xff))
		m++;
	return m;
}

int sqlite_fail(struct err *err, int rc, const char *doing)
{
	const struct sqlite_meaning *m = sqlite_meaning(rc);

	return err_set(err, m->code, "%s: %s (SQLite %d)", doing, m->text, rc);
}

/* --- statements --- */

static uint64_t hash_of(const char *sql, size_t len)
{
	uint64_t hash = len, word;

	for (; len > 0; sql += sizeof(word)) {
		size_t n = len < sizeof(word) ? len : sizeof(word);

		word = 0;
		memcpy(&word, sql, n);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 32;
		len -= n;
	}
	return hash;
}

static int read_places(struct db_stmt *st)
{
	int count = sqlite3_bind_parameter_count(st->sqlite);

	for (int i = 1; i <= count; i++) {
		const char *name = sqlite3_bind_parameter_name(st->sqlite, i);
		int n = name && name[0] == '$' ? atoi(name + 1) : 0;

		if (n < 1 || n > DB_VALUES_MAX)
			return -1;
		st->place[n - 1] = (unsigned char)i;
		if (n > st->params)
			st->params = n;
	}
	return st->params == count ? 0 : -1; /* $1 to $n, none left out */
}

static struct db_stmt *stmt_prepare(struct db *db, const char *sql, size_t len,
				    uint64_t hash, struct err *err)
{
	struct db_stmt *st;
	int rc;

	if (db->stmt_count >= STMTS_MAX) {
		err_set(err, ERR_STORE, "more statements than can be kept");
		return NULL;
	}
	st = calloc(1, sizeof(*st));
	if (!st) {
		sqlite_fail(err, SQLITE_NOMEM, "prepare");
		return NULL;
	}
	st->db = db;
	st->hash = hash;
	rc = sqlite3_prepare_v3(db->sqlite, sql, (int)len + 1,
				SQLITE_PREPARE_PERSISTENT, &st->sqlite, NULL);
	if (rc) {
		sqlite_fail(err, rc, "prepare");
		goto fail;
	}
	if (read_places(st)) {
		err_set(err, ERR_STORE, "a statement's $n have gaps");
		goto fail;
	}
	return st;
fail:
	(void)sqlite3_finalize(st->sqlite);
	free(st);
	return NULL;
}

static struct db_stmt *stmt_of(struct db *db, const char *sql, struct err *err)
{
	size_t len = strlen(sql);
	uint64_t hash = hash_of(sql, len);
	struct db_stmt **slot = &db->stmts[hash % STMT_SLOTS];

	while (*slot && ((*slot)->hash != hash ||
			 strcmp(sqlite3_sql((*slot)->sqlite), sql) != 0))
		if (++slot == db->stmts + STMT_SLOTS)
			slot = db->stmts;
	if (!*slot) {
		*slot = stmt_prepare(db, sql, len, hash, err);
		db->stmt_count += *slot != NULL;
	}
	return *slot;
}

static int bind(struct db_stmt *st, int n, const struct db_value *v)
{
	sqlite3_stmt *sqlite = st->sqlite;
	int place = st->place[n];

	switch (v->type) {
	case 't':
		return sqlite3_bind_text(sqlite, place, v->data, -1,
					 SQLITE_STATIC);
	case 'b':
		return sqlite3_bind_blob64(sqlite, place, v->data, v->size,
					   SQLITE_STATIC);
	case 'i':
		return sqlite3_bind_int64(sqlite, place, v->num);
	case 'd':
		return sqlite3_bind_double(sqlite, place, v->real);
	default:
		return SQLITE_MISUSE;
	}
}

int db_values(struct db_value *out, const char *fmt, va_list ap)
{
	int n = 0;

	for (; *fmt; fmt++, n++) {
		assert(n < DB_VALUES_MAX);
		out[n] = (struct db_value){.type = *fmt};
		if (*fmt == 'i')
			out[n].num = va_arg(ap, int64_t);
		else if (*fmt == 'd')
			out[n].real = va_arg(ap, double);
		else
			out[n].data = va_arg(ap, const void *);
		if (*fmt == 'b')
			out[n].size = va_arg(ap, size_t);
	}
	return n;
}

void sqlite_end(struct db_stmt *st)
{
	if (!st->active)
		return;
	/* Tells the failure of the last step once more: already reported. */
	(void)sqlite3_reset(st->sqlite);
	/* Forgets the borrowed values; cannot fail. */
	(void)sqlite3_clear_bindings(st->sqlite);
	st->active = false;
	sqlite_kept_leave(st->db);
}

static struct db_stmt *stmt_enter(struct db *db, const char *sql,
				  struct err *err)
{
	struct db_stmt *st;

	if (sqlite_kept_enter(db, err))
		return NULL;
	st = stmt_of(db, sql, err);
	if (!st) {
		sqlite_kept_leave(db);
		return NULL;
	}
	assert(!st->active);
	st->active = true;
	return st;
}

struct db_stmt *sqlite_start(struct db *db, struct err *err, const char *sql,
			     const struct db_value *values, int count)
{
	struct db_stmt *st = stmt_enter(db, sql, err);

	if (!st)
		return NULL;
	assert(st->params == count);
	for (int n = 0; n < count; n++) {
		int rc = bind(st, n, &values[n]);

		if (rc) {
			sqlite_fail(err, rc, "bind");
			sqlite_end(st);
			return NULL;
		}
	}
	return st;
}

struct db_stmt *db_query_values(struct db *db, struct err *err, const char *sql,
				const struct db_value *values, int count)
{
	return sqlite_start(db, err, sql, values, count);
}

struct db_stmt *db_query(struct db *db, struct err *err, const char *sql,
			 const char *fmt, ...)
{
	struct db_value values[DB_VALUES_MAX];
	va_list ap;
	int count;

	va_start(ap, fmt);
	count = db_values(values, fmt, ap);
	va_end(ap);
	return db_query_values(db, err, sql, values, count);
}

int db_next(struct db_stmt *st, struct err *err)
{
	int rc = sqlite3_step(st->sqlite);

	if (rc == SQLITE_ROW)
		return 1;
	sqlite_end(st);
	return rc == SQLITE_DONE ? 0 : sqlite_fail(err, rc, "read");
}

void db_reset(struct db_stmt *st)
{
	sqlite_end(st);
}

const char *db_text(struct db_stmt *st, int col)
{
	return (const char *)sqlite3_column_text(st->sqlite, col);
}

/* As a blob, so that it is not looked at what encoding it has: that of the
 * file, UTF-8. */
struct text db_piece(struct db_stmt *st, int col)
{
	const char *at = sqlite3_column_blob(st->sqlite, col);
	size_t len = (size_t)sqlite3_column_bytes(st->sqlite, col);

	if (!at && sqlite3_column_type(st->sqlite, col) != SQLITE_NULL)
		at = ""; /* SQLite has NULL for an empty one, too */
	return (struct text){at, len};
}

const void *db_blob(struct db_stmt *st, int col)
{
	const void *data = sqlite3_column_blob(st->sqlite, col);

	/* SQLite has NULL for an empty blob, too. */
	if (!data && sqlite3_column_type(st->sqlite, col) != SQLITE_NULL)
		data = "";
	return data;
}

size_t db_size(struct db_stmt *st, int col)
{
	return (size_t)sqlite3_column_bytes(st->sqlite, col);
}

int64_t db_int(struct db_stmt *st, int col)
{
	return sqlite3_column_int64(st->sqlite, col);
}

/* --- the rest --- */

int db_has_table(struct db *db, const char *name, struct err *err)
{
	struct db_stmt *st = db_query(db, err,
				      "SELECT 1 FROM sqlite_schema"
				      " WHERE type = 'table' AND name = $1",
				      "t", name);
	int rc;

	if (!st)
		return -1;
	rc = db_next(st, err);
	if (rc == 1)
		db_reset(st);
	return rc;
}

void db_interrupt(struct db *db)
{
	sqlite3_interrupt(db->sqlite);
}
