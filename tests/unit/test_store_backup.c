/* SPDX-License-Identifier: MIT */
/*
 * Copies of a live database: whole or not there, whatever happens meanwhile.
 *
 * The calls to the system that a backup makes come through here (a program's
 * own definition goes before the library's, also for SQLite), so that a test
 * can look at their order, let one fail, or end the process at the n-th.
 */
#include "store_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "store/backup.h"
#include "store/numbers.h"
#include "store/trunks.h"

#define ROWS 200

/* --- the system ---------------------------------------------------------- */

static struct {
	int die_at, calls;    /* SIGKILL before the n-th call */
	int no_space;	      /* writes fail */
	int rename_errno;     /* the next rename fails so */
	const char *in_a_way; /* somebody makes this file before the rename */
	const char *tidied;   /* somebody tidies this directory at each fsync */
	int damage;	      /* the next file that is fsynced is damaged */
	uint64_t room;	      /* 0: as it is */
	char order[256];      /* what was called */
} sys;

static pthread_mutex_t sys_lock = PTHREAD_MUTEX_INITIALIZER;

static void called(const char *name)
{
	pthread_mutex_lock(&sys_lock);
	if (++sys.calls == sys.die_at)
		(void)raise(SIGKILL);
	if (name && strlen(sys.order) + strlen(name) + 2 < sizeof(sys.order))
		strcat(strcat(sys.order, name), " ");
	pthread_mutex_unlock(&sys_lock);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	called(NULL);
	if (sys.no_space) {
		errno = ENOSPC;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, data, n, at);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	return pwrite64(fd, data, n, at);
}

/* A page in the middle loses its content. */
static void damage(int fd)
{
	static const char nothing[4096];
	char path[64];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_WRONLY);
	assert_true(again >= 0);
	assert_int_equal(
		syscall(SYS_pwrite64, again, nothing, sizeof(nothing), 40960),
		sizeof(nothing));
	close(again);
}

int fsync(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	called(S_ISDIR(st.st_mode) ? "sync-directory" : "sync-file");
	if (sys.damage-- > 0)
		damage(fd);
	if (sys.tidied)
		backup_tidy(sys.tidied);
	return (int)syscall(SYS_fsync, fd);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to,
	      unsigned flags)
{
	called("rename");
	if (sys.in_a_way) {
		FILE *f = fopen(sys.in_a_way, "w");

		assert_non_null(f);
		fputs("mine", f);
		fclose(f);
	}
	if (sys.rename_errno) {
		errno = sys.rename_errno;
		sys.rename_errno = 0;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int statvfs(const char *path, struct statvfs *out)
{
	memset(out, 0, sizeof(*out));
	out->f_frsize = 1;
	out->f_bavail = sys.room ? sys.room : (uint64_t)1 << 40;
	return 0;
}

/* --- fixtures ------------------------------------------------------------ */

static char copy_path[128]; /* where the tests put the copy */
static struct backup copy;

static void put_number(struct fixture *f, int i)
{
	char id[40], phone[24];
	const struct number_row row = {
		.id = id,
		.phone_number = phone,
		.status = "active",
		.label = i % 2 ? "odd" : NULL,
		.provider = "twilio",
		.operation_id = "op_0",
		.version = 1,
		.created_ms = 1,
		.updated_ms = 1,
		.spec = "{}",
		.built = "{}",
		.secrets = "sealed",
		.secrets_size = 6,
	};

	snprintf(id, sizeof(id), "apn_%d", i);
	snprintf(phone, sizeof(phone), "+1415%07d", i);
	assert_ok(f, number_put(f->store, &row, &f->err));
}

static int set_up(void **state)
{
	struct fixture *f;

	memset(&sys, 0, sizeof(sys));
	fixture_store(state);
	f = *state;
	snprintf(copy_path, sizeof(copy_path), "%s/copy.db", f->dir);
	in_transaction(f);
	for (int i = 0; i < ROWS; i++)
		put_number(f, i);
	assert_ok(f, meta_put(f->store, "instance", "k3m9p2qa", &f->err));
	committed(f);
	return 0;
}

static int tear_down(void **state)
{
	memset(&sys, 0, sizeof(sys));
	(void)unlink(copy_path);
	return fixture_release(state);
}

static int back_up(struct fixture *f)
{
	err_clear(&f->err);
	return store_backup(f->url, copy_path, NULL, &copy, &f->err);
}

/* How many files of this kind of name are in the folder. */
static int count_files(struct fixture *f, const char *prefix)
{
	DIR *d = opendir(f->dir);
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += strncmp(e->d_name, prefix, strlen(prefix)) == 0;
	closedir(d);
	return n;
}

static void assert_nothing_made(struct fixture *f)
{
	assert_int_equal(count_files(f, "copy"), 0);
	assert_int_equal(count_files(f, BACKUP_TEMP_PREFIX), 0);
}

static void assert_refused(struct fixture *f, enum err_code code)
{
	assert_int_equal(back_up(f), -1);
	assert_int_equal(f->err.code, code);
}

static int64_t ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st;
	int64_t value;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	value = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return value;
}

/* An outside look at both. */
static sqlite3 *open_both(struct fixture *f)
{
	char sql[192];
	sqlite3 *db;

	assert_int_equal(
		sqlite3_open_v2(copy_path, &db, SQLITE_OPEN_READONLY, NULL),
		SQLITE_OK);
	snprintf(sql, sizeof(sql), "ATTACH 'file:%s?mode=ro' AS live", f->path);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	return db;
}

static int compare_table(void *both, int n, char **values, char **names)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "SELECT (SELECT count(*) FROM (SELECT * FROM main.%s EXCEPT"
		 " SELECT * FROM live.%s)) + abs((SELECT count(*) FROM main.%s)"
		 " - (SELECT count(*) FROM live.%s))",
		 values[0], values[0], values[0], values[0]);
	if (ask(both, sql))
		fail_msg("the table %s differs", values[0]);
	return 0;
}

static void assert_equal_to_live(struct fixture *f)
{
	sqlite3 *db = open_both(f);

	assert_int_equal(sqlite3_exec(db,
				      "SELECT name FROM live.sqlite_schema"
				      " WHERE type = 'table'",
				      compare_table, db, NULL),
			 SQLITE_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM (SELECT type, name, sql"
				 " FROM main.sqlite_schema EXCEPT"
				 " SELECT type, name, sql FROM"
				 " live.sqlite_schema)"),
			 0);
	assert_int_equal(ask(db, "PRAGMA main.application_id"), 0x54524c4e);
	sqlite3_close(db);
}

/* --- the copy ------------------------------------------------------------ */

static void test_a_copy_equals_the_original(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	int applied, known;

	assert_ok(f, back_up(f));
	assert_equal_to_live(f);
	assert_int_equal(stat(copy_path, &st), 0);
	assert_int_equal(copy.bytes, st.st_size);
	assert_ok(f, store_version(f->store, &applied, &known, &f->err));
	assert_int_equal(copy.version, applied);
	assert_string_equal(copy.file, copy_path);
	assert_int_equal(count_files(f, BACKUP_TEMP_PREFIX), 0);
}

static void test_a_copy_is_a_store_to_go_on_with(void **state)
{
	struct fixture *f = *state;
	struct number_row row;
	char url[160];

	assert_ok(f, back_up(f));
	store_close(f->store);
	assert_int_equal(rename(copy_path, f->path), 0);
	snprintf(url, sizeof(url), "%s-wal", f->path);
	(void)unlink(url);
	f->store = store_open(f->url, STORE_WRITER, &f->err);
	assert_non_null(f->store);
	assert_int_equal(number_find(f->store, "apn_7", &row, &f->err), 1);
	assert_int_equal(store_migrate(f->store, &f->err), 0);
	in_transaction(f);
	put_number(f, ROWS);
	committed(f);
}

static void test_only_its_owner_may_read_it(void **state)
{
	mode_t before = umask(0);
	struct fixture *f = *state;
	struct stat st;

	assert_ok(f, back_up(f));
	umask(before);
	assert_int_equal(stat(copy_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_it_is_on_disk_before_it_has_its_name(void **state)
{
	struct fixture *f = *state;

	assert_ok(f, back_up(f));
	assert_string_equal(sys.order, "sync-file rename sync-directory ");
}

static void *back_up_in_thread(void *fixture)
{
	struct fixture *f = fixture;
	static struct err err;

	err = (struct err)ERR_INIT;
	return store_backup(f->url, copy_path, NULL, &copy, &err) ? &err : NULL;
}

/* Each transaction adds two: a copy of one moment has an even number, and all
 * that was committed before it was begun. */
static void test_writes_go_on_meanwhile(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;
	void *failure;
	sqlite3 *db;
	int rows = ROWS;

	for (int round = 0; round < 3; round++) {
		int before = rows;
		int64_t in_copy;

		assert_int_equal(
			pthread_create(&thread, NULL, back_up_in_thread, f), 0);
		for (int i = 0; i < 100; i++, rows += 2) {
			in_transaction(f);
			put_number(f, rows);
			put_number(f, rows + 1);
			committed(f);
		}
		pthread_join(thread, &failure);
		assert_null(failure);
		db = open_both(f);
		in_copy = ask(db, "SELECT count(*) FROM main.numbers");
		sqlite3_close(db);
		assert_in_range(in_copy, before, rows);
		assert_int_equal(in_copy % 2, 0);
		assert_int_equal(unlink(copy_path), 0);
	}
}

/* --- what must not happen ------------------------------------------------ */

static void write_mine(void)
{
	FILE *file = fopen(copy_path, "w");

	assert_non_null(file);
	fputs("mine", file);
	fclose(file);
}

static void assert_still_mine(void)
{
	char text[8] = "";
	FILE *file = fopen(copy_path, "r");

	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_string_equal(text, "mine");
}

static void test_an_existing_file_is_not_overwritten(void **state)
{
	struct fixture *f = *state;

	write_mine();
	assert_refused(f, ERR_CONFIG);
	assert_still_mine();
	assert_int_equal(count_files(f, BACKUP_TEMP_PREFIX), 0);
}

static void test_nor_is_one_that_comes_in_the_way_at_the_end(void **state)
{
	struct fixture *f = *state;

	for (int linked = 0; linked < 2; linked++) {
		sys.in_a_way = copy_path;
		sys.rename_errno = linked ? EINVAL : 0;
		assert_refused(f, ERR_CONFIG);
		assert_still_mine();
		assert_int_equal(count_files(f, BACKUP_TEMP_PREFIX), 0);
		assert_int_equal(unlink(copy_path), 0);
	}
}

static void test_a_file_system_that_cannot_rename_so_links(void **state)
{
	struct fixture *f = *state;

	sys.rename_errno = EINVAL;
	assert_ok(f, back_up(f));
	assert_equal_to_live(f);
	assert_int_equal(count_files(f, BACKUP_TEMP_PREFIX), 0);
}

static void test_a_damaged_copy_is_found_out(void **state)
{
	struct fixture *f = *state;

	sys.damage = 1;
	assert_refused(f, ERR_STORE);
	assert_nothing_made(f);
	assert_ok(f, back_up(f));
}

/* Changes the first place in the database's file where this text stands. */
static void flip(struct fixture *f, const char *text)
{
	static char all[4 << 20];
	FILE *file = fopen(f->path, "r+");
	char *at;
	size_t n;

	assert_non_null(file);
	n = fread(all, 1, sizeof(all), file);
	at = memmem(all, n, text, strlen(text));
	assert_non_null(at);
	assert_int_equal(fseek(file, at - all, SEEK_SET), 0);
	assert_int_not_equal(fputc('X', file), EOF);
	assert_int_equal(fclose(file), 0);
}

/* A bit flips in a value that an index holds as well. The copy would get a new
 * index, and look sound. */
static void test_a_damaged_original_is_not_copied(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	f->store = NULL;
	flip(f, "apn_123");
	assert_refused(f, ERR_STORE);
	assert_nothing_made(f);
}

static void test_a_full_disk_is_told_and_left_clean(void **state)
{
	struct fixture *f = *state;

	sys.no_space = 1;
	assert_refused(f, ERR_STORE_FULL);
	assert_nothing_made(f);
	sys.no_space = 0;
	assert_ok(f, back_up(f));
}

static void test_it_does_not_begin_where_it_would_fill_the_disk(void **state)
{
	struct fixture *f = *state;

	sys.room = 1 << 20;
	assert_refused(f, ERR_STORE_FULL);
	assert_nothing_made(f);
}

static void test_places_that_are_none_are_refused(void **state)
{
	static const char *const places[] = {
		"/nowhere/at/all.db",
		"",
		"/tmp/",
		"/proc/version/x.db",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		err_clear(&f->err);
		assert_int_equal(
			store_backup(f->url, places[i], NULL, &copy, &f->err),
			-1);
		assert_int_equal(f->err.code, ERR_CONFIG);
	}
}

static void test_without_a_database_nothing_is_made(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(store_backup("sqlite:/nowhere/t.db", copy_path, NULL,
				      &copy, &f->err),
			 -1);
	assert_int_equal(f->err.code, ERR_CONFIG);
	assert_nothing_made(f);
}

static void test_one_that_is_stopped_leaves_nothing(void **state)
{
	struct backup_stop stop = BACKUP_STOP_INIT;
	struct fixture *f = *state;

	backup_stop(&stop);
	assert_int_equal(store_backup(f->url, copy_path, &stop, &copy, &f->err),
			 -1);
	assert_int_equal(f->err.code, ERR_SHUTTING_DOWN);
	assert_nothing_made(f);
}

/* --- kills and leftovers ------------------------------------------------- */

/* Copies in a process that dies before its n-th call; how it ended. */
static int die_at(struct fixture *f, int n)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		sys.calls = 0;
		sys.die_at = n;
		_exit(back_up(f) ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* The name stands for a whole copy or is not there. */
static void test_a_kill_at_any_call_leaves_a_whole_copy_or_none(void **state)
{
	struct fixture *f = *state;
	int made = 0, n, status;

	for (n = 1; (status = die_at(f, n)) != 0; n++) {
		assert_true(WIFSIGNALED(status));
		if (access(copy_path, F_OK) == 0) {
			assert_equal_to_live(f);
			assert_int_equal(unlink(copy_path), 0);
			made++;
		}
		assert_in_range(count_files(f, BACKUP_TEMP_PREFIX), 0, 2);
		backup_tidy(f->dir);
		assert_int_equal(count_files(f, BACKUP_TEMP_PREFIX), 0);
	}
	assert_equal_to_live(f);
	assert_true(n > 20);	   /* pages written */
	assert_int_equal(made, 1); /* killed before the directory's sync */
}

static void test_the_next_backup_removes_what_a_killed_one_left(void **state)
{
	struct fixture *f = *state;

	assert_true(WIFSIGNALED(die_at(f, 10)));
	assert_true(count_files(f, BACKUP_TEMP_PREFIX) > 0);
	assert_ok(f, back_up(f));
	assert_int_equal(count_files(f, BACKUP_TEMP_PREFIX), 0);
}

static void test_one_under_way_is_no_leftover(void **state)
{
	struct fixture *f = *state;

	sys.tidied = f->dir;
	assert_ok(f, back_up(f));
	assert_equal_to_live(f);
}

static void test_tidying_takes_nothing_else(void **state)
{
	static const char *const others[] = {
		"copy.db",
		BACKUP_TEMP_PREFIX "abc",
		BACKUP_TEMP_PREFIX "abcdef.db",
		BACKUP_TEMP_PREFIX "abcdef-journals",
	};
	struct fixture *f = *state;
	char path[160];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", f->dir, others[i]);
		file = fopen(path, "w");
		assert_non_null(file);
		fclose(file);
		backup_tidy(f->dir);
		assert_int_equal(unlink(path), 0);
	}
	backup_tidy("/nowhere/at/all");
}

/* --- moving -------------------------------------------------------------- */

static void move_to(struct fixture *f, char to[128])
{
	snprintf(to, 128, "%s/moved.db", f->dir);
	assert_ok(f, back_up(f));
}

static void assert_moved(struct fixture *f, const char *to)
{
	assert_int_equal(access(copy_path, F_OK), -1);
	assert_int_equal(rename(to, copy_path), 0);
	assert_equal_to_live(f);
	assert_int_equal(count_files(f, BACKUP_TEMP_PREFIX), 0);
}

static void test_a_copy_is_moved(void **state)
{
	struct fixture *f = *state;
	char to[128];

	move_to(f, to);
	assert_ok(f, backup_move(copy_path, to, &f->err));
	assert_moved(f, to);
}

static void test_a_copy_is_moved_to_another_file_system(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	char to[128];

	move_to(f, to);
	sys.order[0] = '\0';
	sys.rename_errno = EXDEV;
	assert_ok(f, backup_move(copy_path, to, &f->err));
	assert_string_equal(sys.order,
			    "rename sync-file rename sync-directory ");
	assert_int_equal(stat(to, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_moved(f, to);
}

static void test_a_move_overwrites_nothing(void **state)
{
	struct fixture *f = *state;
	char to[128];

	move_to(f, to);
	assert_int_equal(backup_move(to, copy_path, &f->err), -1);
	assert_int_equal(f->err.code, ERR_CONFIG);
	assert_equal_to_live(f);
}

#define TEST_BACKUP(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_BACKUP(test_a_copy_equals_the_original),
		TEST_BACKUP(test_a_copy_is_a_store_to_go_on_with),
		TEST_BACKUP(test_only_its_owner_may_read_it),
		TEST_BACKUP(test_it_is_on_disk_before_it_has_its_name),
		TEST_BACKUP(test_writes_go_on_meanwhile),
		TEST_BACKUP(test_an_existing_file_is_not_overwritten),
		TEST_BACKUP(test_nor_is_one_that_comes_in_the_way_at_the_end),
		TEST_BACKUP(test_a_file_system_that_cannot_rename_so_links),
		TEST_BACKUP(test_a_damaged_copy_is_found_out),
		TEST_BACKUP(test_a_damaged_original_is_not_copied),
		TEST_BACKUP(test_a_full_disk_is_told_and_left_clean),
		TEST_BACKUP(
			test_it_does_not_begin_where_it_would_fill_the_disk),
		TEST_BACKUP(test_places_that_are_none_are_refused),
		TEST_BACKUP(test_without_a_database_nothing_is_made),
		TEST_BACKUP(test_one_that_is_stopped_leaves_nothing),
		TEST_BACKUP(
			test_a_kill_at_any_call_leaves_a_whole_copy_or_none),
		TEST_BACKUP(
			test_the_next_backup_removes_what_a_killed_one_left),
		TEST_BACKUP(test_one_under_way_is_no_leftover),
		TEST_BACKUP(test_tidying_takes_nothing_else),
		TEST_BACKUP(test_a_copy_is_moved),
		TEST_BACKUP(test_a_copy_is_moved_to_another_file_system),
		TEST_BACKUP(test_a_move_overwrites_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
