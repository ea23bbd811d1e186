/* SPDX-License-Identifier: MIT */
/*
 * store.c - open the store, bring its schema up to date, keep small facts.
 *
 * schema_migrations says which migrations were applied, from 1 on without gaps,
 * each with the checksum of its text. A reader only opens a database that is
 * exactly at the version of this program.
 */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "migrations.h"
#include "table.h"

#define SQL_MAX 4096

static int check_current(struct store *s, struct err *err)
{
	int applied, known;

	if (store_version(s, &applied, &known, err))
		return -1;
	if (applied < known)
		return err_set(err, ERR_CONFIG,
			       "the database is at version %d of %d: "
			       "run trunkline migrate",
			       applied, known);
	return 0;
}

struct store *store_open(const char *url, enum store_mode mode, struct err *err)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s) {
		err_set(err, ERR_STORE_FULL, "out of memory");
		return NULL;
	}
	s->sql = (struct buf)BUF_INIT(SQL_MAX);
	table_init(s);
	s->db = db_open(url, mode == STORE_WRITER, err);
	if (!s->db || (mode != STORE_WRITER && check_current(s, err)) ||
	    (mode == STORE_KEEPER && db_keep(s->db, err))) {
		store_close(s);
		return NULL;
	}
	return s;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	db_close(s->db);
	table_release(s);
	buf_release(&s->sql);
	free(s);
}

void store_let_go(void)
{
	db_let_go();
}

/* --- migrations --- */

static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts); /* this clock always is */
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int check_applied(struct db_stmt *st, int expected, struct err *err)
{
	char sum[MIGRATION_SUM_SIZE];
	int64_t version = db_int(st, 0);
	const struct migration *m;

	if (version > migrations_known())
		return err_set(err, ERR_CONFIG,
			       "the database is at version %lld, this program "
			       "knows %d: it is too old",
			       (long long)version, migrations_known());
	if (version != expected)
		return err_set(err, ERR_CONFIG,
			       "migration %d of the database is missing",
			       expected);
	m = migration_of(expected);
	migration_sum(m, sum);
	if (strcmp(db_text(st, 1), m->name) != 0 ||
	    strcmp(db_text(st, 2), sum) != 0)
		return err_set(err, ERR_CONFIG,
			       "migration %d of the database is not the one "
			       "of this program",
			       expected);
	return 0;
}

/* The version reached, after every applied migration was compared; or -1. */
static int applied_version(struct store *s, struct err *err)
{
	int rc = db_has_table(s->db, "schema_migrations", err);
	struct db_stmt *st;
	int applied = 0;

	if (rc != 1)
		return rc;
	st = db_query(s->db, err,
		      "SELECT version, name, checksum FROM schema_migrations"
		      " ORDER BY version",
		      "");
	if (!st)
		return -1;
	while ((rc = db_next(st, err)) == 1) {
		if (check_applied(st, applied + 1, err)) {
			db_reset(st);
			return -1;
		}
		applied++;
	}
	return rc ? -1 : applied;
}

int store_version(struct store *s, int *applied, int *known, struct err *err)
{
	*known = migrations_known();
	*applied = applied_version(s, err);
	return *applied < 0 ? -1 : 0;
}

static int apply(struct store *s, const struct migration *m, struct err *err)
{
	char sum[MIGRATION_SUM_SIZE];

	migration_sum(m, sum);
	if (db_begin(s->db, err))
		return -1;
	if (db_script(s->db,
		      "CREATE TABLE IF NOT EXISTS schema_migrations ("
		      " version INTEGER NOT NULL PRIMARY KEY,"
		      " name TEXT NOT NULL,"
		      " checksum TEXT NOT NULL,"
		      " applied_ms BIGINT NOT NULL)",
		      err) ||
	    db_script(s->db, m->text, err) ||
	    db_run(s->db, err,
		   "INSERT INTO schema_migrations"
		   " (version, name, checksum, applied_ms)"
		   " VALUES ($1, $2, $3, $4)",
		   "itti", (int64_t)m->version, m->name, sum, now_ms()) < 0) {
		db_rollback(s->db);
		return -1;
	}
	return db_commit(s->db, err);
}

/* Those after the version reached; how many, or -1. */
static int apply_rest(struct store *s, int applied, struct err *err)
{
	int count = 0;

	for (int v = applied + 1; v <= migrations_known(); v++, count++)
		if (apply(s, migration_of(v), err))
			return -1;
	return count;
}

int store_migrate(struct store *s, struct err *err)
{
	int applied = applied_version(s, err);
	int count;

	if (applied < 0 || applied == migrations_known())
		return applied < 0 ? -1 : 0;
	/* A migration may do what nothing else may: write the schema. */
	if (db_defend(s->db, false, err))
		return -1;
	count = apply_rest(s, applied, err);
	if (db_defend(s->db, true, err))
		return -1;
	return count;
}

/* --- transactions and the rest, passed on --- */

int store_path(const char *url, char out[PATH_MAX], struct err *err)
{
	return db_path(url, out, err);
}

int store_begin(struct store *s, struct err *err)
{
	number_changes_forget(s);
	return db_begin(s->db, err);
}

int store_commit(struct store *s, struct err *err)
{
	return number_changes_commit(s, err);
}

void store_rollback(struct store *s)
{
	db_rollback(s->db);
}

int store_check(struct store *s, struct err *err)
{
	return db_check(s->db, err);
}

void store_interrupt(struct store *s)
{
	db_interrupt(s->db);
}

/* --- small facts --- */

int meta_get(struct store *s, const char *name, char *out, size_t size,
	     struct err *err)
{
	struct db_stmt *st =
		db_query(s->db, err, "SELECT value FROM meta WHERE name = $1",
			 "t", name);
	int rc;

	if (!st)
		return -1;
	rc = db_next(st, err);
	if (rc != 1)
		return rc;
	if (db_size(st, 0) >= size)
		rc = err_set(err, ERR_STORE, "meta \"%s\" is too long", name);
	else
		memcpy(out, db_text(st, 0), db_size(st, 0) + 1);
	db_reset(st);
	return rc;
}

int meta_put(struct store *s, const char *name, const char *value,
	     struct err *err)
{
	return db_run(s->db, err,
		      "INSERT INTO meta (name, value) VALUES ($1, $2)"
		      " ON CONFLICT (name) DO UPDATE SET value = "
		      "excluded.value",
		      "tt", name, value) < 0
		       ? -1
		       : 0;
}
