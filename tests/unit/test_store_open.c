/* SPDX-License-Identifier: MIT */
/* Opening a database: what is accepted, what is refused, and who else is kept
 * out. */
#include "sqlite_opened.h"
#include "store_fixture.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/db.h"
#include "store/trunks.h"

static const struct trunk_row trunk = {.id = "trk_1",
				       .kind = "dedicated",
				       .account_sid = "AC1",
				       .created_ms = 7};

static void refused(const char *url, enum store_mode mode, enum err_code code,
		    const char *word)
{
	struct err err = ERR_INIT;
	struct store *s = store_open(url, mode, &err);

	assert_null(s);
	assert_int_equal(err.code, code);
	if (!strstr(err.detail, word))
		fail_msg("\"%s\" is not in: %s", word, err.detail);
}

static void a_url_of_another_kind_is_refused_with_what_is_right(void **state)
{
	refused("postgres://db/x", STORE_WRITER, ERR_CONFIG, "not supported");
	refused("postgresql://db/x", STORE_WRITER, ERR_CONFIG, "sqlite:PATH");
	refused("mysql:x", STORE_WRITER, ERR_CONFIG, "sqlite:PATH");
	refused("trunkline.db", STORE_WRITER, ERR_CONFIG, "sqlite:PATH");
	refused("sqlite:", STORE_WRITER, ERR_CONFIG, "sqlite:PATH");
	refused("sqlite://host/x", STORE_WRITER, ERR_CONFIG, "sqlite:PATH");
	refused("", STORE_WRITER, ERR_CONFIG, "sqlite:PATH");
	refused("sqlite:/no/such/folder/t.db", STORE_WRITER, ERR_CONFIG,
		"No such file");
}

static void three_slashes_are_an_absolute_path(void **state)
{
	struct fixture *f = *state;
	char url[128];

	snprintf(url, sizeof(url), "sqlite://%s", f->path);
	f->store = store_open(url, STORE_WRITER, &f->err);
	assert_non_null(f->store);
	assert_int_equal(access(f->path, F_OK), 0);
}

static void a_relative_path_is_taken_from_the_working_folder(void **state)
{
	struct fixture *f = *state;
	int here = open(".", O_RDONLY | O_DIRECTORY);

	assert_int_equal(chdir(f->dir), 0);
	f->store = store_open("sqlite:t.db", STORE_WRITER, &f->err);
	assert_int_equal(fchdir(here), 0);
	close(here);
	assert_non_null(f->store);
	assert_int_equal(access(f->path, F_OK), 0);
}

static int mode_of(const struct fixture *f, const char *end)
{
	char name[128];
	struct stat st;

	snprintf(name, sizeof(name), "%s%s", f->path, end);
	assert_int_equal(stat(name, &st), 0);
	return st.st_mode & 0777;
}

static void its_files_are_for_the_owner_only(void **state)
{
	struct fixture *f = *state;
	mode_t before = umask(0);

	fixture_release(state);
	fixture_store(state);
	umask(before);
	f = *state;
	assert_int_equal(mode_of(f, ""), 0600);
	assert_int_equal(mode_of(f, "-wal"), 0600);
	assert_int_equal(mode_of(f, "-shm"), 0600);
	assert_int_equal(mode_of(f, ".lock"), 0600);
}

static void a_second_process_is_kept_out_and_the_first_goes_on(void **state)
{
	struct fixture *f = *state;
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct err err = ERR_INIT;
		struct store *s = store_open(f->url, STORE_WRITER, &err);

		_exit(!s && err.code == ERR_STORE_LOCKED ? 75 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 75);
	in_transaction(f);
	assert_ok(f, trunk_put(f->store, &trunk, &f->err));
	committed(f);
}

static void the_lock_holds_under_another_name_of_the_file(void **state)
{
	struct fixture *f = *state;
	char name[128], url[144];

	snprintf(name, sizeof(name), "%s/link", f->dir);
	snprintf(url, sizeof(url), "sqlite:%s", name);
	assert_int_equal(symlink("t.db", name), 0);
	refused(url, STORE_WRITER, ERR_STORE_LOCKED, "another process");
	unlink(name);
}

static void the_lock_ends_with_the_process_that_held_it(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		struct err err = ERR_INIT;

		_exit(store_open(f->url, STORE_WRITER, &err) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	f->store = store_open(f->url, STORE_WRITER, &f->err);
	assert_non_null(f->store);
}

static void raw(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static size_t slurp(const char *path, char *out, size_t size)
{
	FILE *file = fopen(path, "rb");
	size_t n;

	assert_non_null(file);
	n = fread(out, 1, size, file);
	fclose(file);
	return n;
}

static void a_foreign_database_is_refused_and_not_changed(void **state)
{
	struct fixture *f = *state;
	static char before[65536], after[65536];
	size_t size;

	raw(f->path, "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
	size = slurp(f->path, before, sizeof(before));
	refused(f->url, STORE_WRITER, ERR_CONFIG, "another application");
	refused(f->url, STORE_READER, ERR_CONFIG, "another application");
	assert_int_equal(slurp(f->path, after, sizeof(after)), size);
	assert_memory_equal(before, after, size);
}

static void an_empty_database_with_another_mark_is_refused(void **state)
{
	struct fixture *f = *state;

	raw(f->path, "PRAGMA application_id = 42");
	refused(f->url, STORE_WRITER, ERR_CONFIG, "another application");
}

static void a_file_that_is_no_database_is_refused_and_not_changed(void **state)
{
	struct fixture *f = *state;
	char text[4096], after[4097];
	FILE *file = fopen(f->path, "wb");

	memset(text, 'x', sizeof(text));
	assert_int_equal(fwrite(text, 1, sizeof(text), file), sizeof(text));
	assert_int_equal(fclose(file), 0);
	refused(f->url, STORE_WRITER, ERR_STORE, "no database");
	assert_int_equal(slurp(f->path, after, sizeof(after)), sizeof(text));
	assert_memory_equal(text, after, sizeof(text));
}

static void a_reader_needs_a_migrated_database(void **state)
{
	struct fixture *f = *state;

	refused(f->url, STORE_READER, ERR_CONFIG, "No such file");
	f->store = store_open(f->url, STORE_WRITER, &f->err);
	assert_non_null(f->store);
	refused(f->url, STORE_READER, ERR_CONFIG, "migrate");
}

static struct store *reader(struct fixture *f)
{
	struct store *r = store_open(f->url, STORE_READER, &f->err);

	if (!r)
		fail_msg("reader: %s", f->err.detail);
	return r;
}

static void a_reader_cannot_write(void **state)
{
	struct fixture *f = *state;
	struct store *r = reader(f);
	struct trunk_row row;
	struct err err = ERR_INIT;

	assert_int_equal(trunk_put(r, &trunk, &err), -1);
	assert_int_not_equal(err.code, ERR_NONE);
	err_clear(&err);
	assert_int_equal(store_begin(r, &err), -1);
	assert_int_equal(trunk_find(f->store, "trk_1", &row, &f->err), 0);
	assert_true(sqlite3_db_readonly(opened, "main")); /* and if it could */
	store_close(r);
}

static void a_write_outside_of_a_transaction_is_refused(void **state)
{
	struct fixture *f = *state;
	struct trunk_row row;

	assert_int_equal(trunk_put(f->store, &trunk, &f->err), -1);
	assert_int_equal(trunk_find(f->store, "trk_1", &row, &f->err), 0);
}

static void a_find_leaves_no_stale_view_behind(void **state)
{
	struct fixture *f = *state;
	struct store *r = reader(f);
	struct trunk_row row;
	char value[8];

	in_transaction(f);
	assert_ok(f, trunk_put(f->store, &trunk, &f->err));
	assert_ok(f, meta_put(f->store, "a", "1", &f->err));
	committed(f);
	assert_int_equal(trunk_find(r, "trk_1", &row, &f->err), 1);
	assert_int_equal(meta_get(r, "a", value, sizeof(value), &f->err), 1);
	in_transaction(f);
	assert_ok(f, trunk_delete(f->store, "trk_1", &f->err));
	assert_ok(f, meta_put(f->store, "a", "2", &f->err));
	committed(f);
	assert_string_equal(row.id, "trk_1"); /* still borrowed, still right */
	assert_int_equal(trunk_find(r, "trk_1", &row, &f->err), 0);
	assert_int_equal(meta_get(r, "a", value, sizeof(value), &f->err), 1);
	assert_string_equal(value, "2");
	store_close(r);
}

static void what_was_not_committed_is_not_there_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct trunk_row row;

	in_transaction(f);
	assert_ok(f, trunk_put(f->store, &trunk, &f->err));
	store_close(f->store);
	f->store = store_open(f->url, STORE_WRITER, &f->err);
	assert_non_null(f->store);
	assert_int_equal(trunk_find(f->store, "trk_1", &row, &f->err), 0);
}

static int stopped_with;

static void note_stop(int code)
{
	stopped_with = code;
}

static void a_file_moved_away_stops_the_process(void **state)
{
	struct fixture *f = *state;
	char moved[128];

	snprintf(moved, sizeof(moved), "%s.moved", f->path);
	assert_int_equal(rename(f->path, moved), 0);
	stopped_with = 0;
	db_on_unknown(note_stop);
	assert_int_equal(store_begin(f->store, &f->err), -1);
	db_on_unknown(NULL);
	assert_int_equal(stopped_with, SQLITE_READONLY_DBMOVED);
	assert_int_equal(f->err.code, ERR_STORE);
}

static void a_sound_file_passes_the_check_and_a_damaged_one_not(void **state)
{
	struct fixture *f = *state;
	struct store *r = reader(f);
	char junk[512];
	int fd;

	assert_ok(f, store_check(r, &f->err));
	store_close(r);
	store_close(f->store); /* brings the WAL home */
	f->store = NULL;
	memset(junk, 0xa5, sizeof(junk));
	fd = open(f->path, O_WRONLY);
	for (off_t page = 8; page < 20; page++)
		assert_int_equal(pwrite(fd, junk, sizeof(junk), page * 4096),
				 512);
	close(fd);
	f->store = store_open(f->url, STORE_WRITER, &f->err);
	assert_non_null(f->store);
	assert_int_equal(store_check(f->store, &f->err), -1);
	assert_int_equal(f->err.code, ERR_STORE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_EMPTY(a_url_of_another_kind_is_refused_with_what_is_right),
		TEST_EMPTY(three_slashes_are_an_absolute_path),
		TEST_EMPTY(a_relative_path_is_taken_from_the_working_folder),
		TEST_STORE(its_files_are_for_the_owner_only),
		TEST_STORE(a_second_process_is_kept_out_and_the_first_goes_on),
		TEST_STORE(the_lock_holds_under_another_name_of_the_file),
		TEST_EMPTY(the_lock_ends_with_the_process_that_held_it),
		TEST_EMPTY(a_foreign_database_is_refused_and_not_changed),
		TEST_EMPTY(an_empty_database_with_another_mark_is_refused),
		TEST_EMPTY(
			a_file_that_is_no_database_is_refused_and_not_changed),
		TEST_EMPTY(a_reader_needs_a_migrated_database),
		TEST_STORE(a_reader_cannot_write),
		TEST_STORE(a_write_outside_of_a_transaction_is_refused),
		TEST_STORE(a_find_leaves_no_stale_view_behind),
		TEST_STORE(what_was_not_committed_is_not_there_after_a_restart),
		TEST_STORE(a_file_moved_away_stops_the_process),
		TEST_STORE(a_sound_file_passes_the_check_and_a_damaged_one_not),
	};

	return cmocka_run_group_tests(tests, watch_opened, NULL);
}
