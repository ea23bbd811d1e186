/* SPDX-License-Identifier: MIT */
/* Migrations: each once, in order, and never another than was applied. */
#include "store_fixture.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include "store/trunks.h"

static void reopen(struct fixture *f)
{
	store_close(f->store);
	f->store = store_open(f->url, STORE_WRITER, &f->err);
	if (!f->store)
		fail_msg("reopen: %s", f->err.detail);
}

static void raw(struct fixture *f, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void each_migration_is_applied_once(void **state)
{
	struct fixture *f = *state;
	int applied, known;

	f->store = store_open(f->url, STORE_WRITER, &f->err);
	assert_ok(f, store_version(f->store, &applied, &known, &f->err));
	assert_int_equal(applied, 0);
	assert_true(known >= 1);
	assert_int_equal(store_migrate(f->store, &f->err), known);
	assert_int_equal(store_migrate(f->store, &f->err), 0);
	reopen(f);
	assert_int_equal(store_migrate(f->store, &f->err), 0);
	assert_ok(f, store_version(f->store, &applied, &known, &f->err));
	assert_int_equal(applied, known);
}

static void migrating_again_keeps_the_rows(void **state)
{
	struct fixture *f = *state;
	const struct trunk_row put = {
		.id = "trk_1", .kind = "dedicated", .account_sid = "AC1"};
	struct trunk_row row;

	in_transaction(f);
	assert_ok(f, trunk_put(f->store, &put, &f->err));
	committed(f);
	reopen(f);
	assert_int_equal(store_migrate(f->store, &f->err), 0);
	assert_int_equal(trunk_find(f->store, "trk_1", &row, &f->err), 1);
}

static void refused_after(struct fixture *f, const char *sql, const char *word)
{
	struct store *r;
	struct err err = ERR_INIT;

	raw(f, sql);
	assert_int_equal(store_migrate(f->store, &f->err), -1);
	assert_int_equal(f->err.code, ERR_CONFIG);
	if (!strstr(f->err.detail, word))
		fail_msg("\"%s\" is not in: %s", word, f->err.detail);
	r = store_open(f->url, STORE_READER, &err);
	assert_null(r);
	assert_int_equal(err.code, ERR_CONFIG);
}

static void an_edited_migration_is_refused(void **state)
{
	refused_after(*state,
		      "UPDATE schema_migrations SET checksum = 'other'"
		      " WHERE version = 1",
		      "not the one");
}

static void a_renamed_migration_is_refused(void **state)
{
	refused_after(*state,
		      "UPDATE schema_migrations SET name = 'other'"
		      " WHERE version = 1",
		      "not the one");
}

static void a_newer_database_is_refused(void **state)
{
	refused_after(
		*state,
		"INSERT INTO schema_migrations VALUES (9999, 'n', 'c', 1)",
		"too old");
}

static void a_missing_migration_is_refused(void **state)
{
	refused_after(*state,
		      "DELETE FROM schema_migrations WHERE version = 1;"
		      "INSERT INTO schema_migrations VALUES (0, 'n', 'c', 1)",
		      "missing");
}

static void a_migration_that_fails_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	int applied, known;

	f->store = store_open(f->url, STORE_WRITER, &f->err);
	/* The last table but one of the script is in its way. */
	raw(f, "CREATE TABLE events (x)");
	assert_int_equal(store_migrate(f->store, &f->err), -1);
	err_clear(&f->err);
	assert_ok(f, store_version(f->store, &applied, &known, &f->err));
	assert_int_equal(applied, 0);
	raw(f, "DROP TABLE events");
	assert_int_equal(store_migrate(f->store, &f->err), known);
}

/* --- the generator; run from the project's folder as make does --- */

#define GENERATOR "src/store/embed-migrations.sh"

static int embed(const struct fixture *f, const char *files)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "here=$PWD && cd %s && mkdir m && cd m && for x in %s; do "
		 "echo 'SELECT 1;' > $x; done; sh $here/" GENERATOR
		 " %s >/dev/null 2>&1; rc=$?; cd .. && rm -r m; exit $rc",
		 f->dir, files, files);
	return system(command);
}

static void the_generator_refuses_gaps_and_bad_names(void **state)
{
	struct fixture *f = *state;

	if (access(GENERATOR, F_OK) != 0)
		skip();
	assert_int_equal(embed(f, "0001_a.sql"), 0);
	assert_int_equal(embed(f, "0001_a.sql 0002_b_2.sql"), 0);
	assert_int_not_equal(embed(f, "0001_a.sql 0003_b.sql"), 0);
	assert_int_not_equal(embed(f, "0002_a.sql"), 0);
	assert_int_not_equal(embed(f, "0001_a.sql 0001_b.sql"), 0);
	assert_int_not_equal(embed(f, "1_a.sql"), 0);
	assert_int_not_equal(embed(f, "0001.sql"), 0);
	assert_int_not_equal(embed(f, "0001_A.sql"), 0);
	assert_int_not_equal(embed(f, "0001_a.txt"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_EMPTY(each_migration_is_applied_once),
		TEST_STORE(migrating_again_keeps_the_rows),
		TEST_STORE(an_edited_migration_is_refused),
		TEST_STORE(a_renamed_migration_is_refused),
		TEST_STORE(a_newer_database_is_refused),
		TEST_STORE(a_missing_migration_is_refused),
		TEST_EMPTY(a_migration_that_fails_leaves_nothing),
		TEST_EMPTY(the_generator_refuses_gaps_and_bad_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
