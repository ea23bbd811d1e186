/* SPDX-License-Identifier: MIT */
/*
 * What the store says when the disk or the memory fails, and whether it is
 * true.
 *
 * A VFS between SQLite and the system fails its n-th call; a malloc between
 * SQLite and the system does the same. After each failure the database is
 * looked at twice: through the store that lived through it, and in a copy of
 * the files as a crash at that moment would have left them. The answer of
 * store_commit must agree with both:
 *
 *   success     the row is there, and after the crash, too
 *   STORE_FULL  the row is not there, nor after the crash
 *   stop        nobody knows, so the process ends; the copy decides
 */
#include "sqlite_opened.h"
#include "store_fixture.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/db.h"
#include "store/numbers.h"
#include "store/trunks.h"

/* --- a VFS whose n-th call fails --- */

enum call { CALL_WRITE = 1, CALL_SYNC = 2, CALL_READ = 4, CALL_SHM = 8 };
#define CALL_ANY (CALL_WRITE | CALL_SYNC | CALL_READ | CALL_SHM)

static struct {
	unsigned calls; /* which kinds count */
	int countdown;	/* 1: the next one fails; 0: none does */
	bool for_good;	/* and all after it */
	int rc;		/* 0: what is usual for the call */
	int failed;
} fault;

static int mem_countdown; /* 1: the next allocation fails; 0: none does */
static int mem_failed;
static bool mem_after_sync; /* let the first one after each sync fail */

struct shim {
	sqlite3_file base;
	sqlite3_file *real;
};

static sqlite3_vfs *system_vfs;

static int fails(enum call call, int usual)
{
	if (!(fault.calls & call) || fault.countdown == 0)
		return 0;
	if (fault.countdown > 1) {
		fault.countdown--;
		return 0;
	}
	if (!fault.for_good)
		fault.countdown = 0;
	fault.failed++;
	return fault.rc ? fault.rc : usual;
}

#define REAL(file) (((struct shim *)(file))->real)

static int shim_close(sqlite3_file *file)
{
	return REAL(file)->pMethods->xClose(REAL(file));
}

static int shim_read(sqlite3_file *file, void *out, int n, sqlite3_int64 at)
{
	int rc = fails(CALL_READ, SQLITE_IOERR_READ);

	return rc ? rc : REAL(file)->pMethods->xRead(REAL(file), out, n, at);
}

static int shim_write(sqlite3_file *file, const void *data, int n,
		      sqlite3_int64 at)
{
	int rc = fails(CALL_WRITE, SQLITE_IOERR_WRITE);

	return rc ? rc : REAL(file)->pMethods->xWrite(REAL(file), data, n, at);
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return REAL(file)->pMethods->xTruncate(REAL(file), size);
}

static int shim_sync(sqlite3_file *file, int flags)
{
	int rc = fails(CALL_SYNC, SQLITE_IOERR_FSYNC);

	if (mem_after_sync)
		mem_countdown = 1;
	return rc ? rc : REAL(file)->pMethods->xSync(REAL(file), flags);
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return REAL(file)->pMethods->xFileSize(REAL(file), size);
}

static int shim_lock(sqlite3_file *file, int level)
{
	return REAL(file)->pMethods->xLock(REAL(file), level);
}

static int shim_unlock(sqlite3_file *file, int level)
{
	return REAL(file)->pMethods->xUnlock(REAL(file), level);
}

static int shim_reserved(sqlite3_file *file, int *out)
{
	return REAL(file)->pMethods->xCheckReservedLock(REAL(file), out);
}

static int shim_control(sqlite3_file *file, int op, void *arg)
{
	return REAL(file)->pMethods->xFileControl(REAL(file), op, arg);
}

static int shim_sector(sqlite3_file *file)
{
	return REAL(file)->pMethods->xSectorSize(REAL(file));
}

static int shim_device(sqlite3_file *file)
{
	return REAL(file)->pMethods->xDeviceCharacteristics(REAL(file));
}

static int shim_map(sqlite3_file *file, int page, int size, int extend,
		    void volatile **out)
{
	int rc = fails(CALL_SHM, SQLITE_IOERR_SHMMAP);

	return rc ? rc
		  : REAL(file)->pMethods->xShmMap(REAL(file), page, size,
						  extend, out);
}

static int shim_shm_lock(sqlite3_file *file, int at, int n, int flags)
{
	return REAL(file)->pMethods->xShmLock(REAL(file), at, n, flags);
}

static void shim_barrier(sqlite3_file *file)
{
	REAL(file)->pMethods->xShmBarrier(REAL(file));
}

static int shim_unmap(sqlite3_file *file, int delete)
{
	return REAL(file)->pMethods->xShmUnmap(REAL(file), delete);
}

static const sqlite3_io_methods shim_methods = {
	.iVersion = 2,
	.xClose = shim_close,
	.xRead = shim_read,
	.xWrite = shim_write,
	.xTruncate = shim_truncate,
	.xSync = shim_sync,
	.xFileSize = shim_size,
	.xLock = shim_lock,
	.xUnlock = shim_unlock,
	.xCheckReservedLock = shim_reserved,
	.xFileControl = shim_control,
	.xSectorSize = shim_sector,
	.xDeviceCharacteristics = shim_device,
	.xShmMap = shim_map,
	.xShmLock = shim_shm_lock,
	.xShmBarrier = shim_barrier,
	.xShmUnmap = shim_unmap,
};

static int shim_open(sqlite3_vfs *vfs, sqlite3_filename name,
		     sqlite3_file *file, int flags, int *out)
{
	struct shim *shim = (struct shim *)file;
	int rc;

	shim->real = (sqlite3_file *)(shim + 1);
	rc = system_vfs->xOpen(system_vfs, name, shim->real, flags, out);
	file->pMethods = shim->real->pMethods ? &shim_methods : NULL;
	return rc;
}

/* --- a malloc whose n-th call fails --- */

static sqlite3_mem_methods system_mem;

static bool mem_fails(void)
{
	if (mem_countdown == 0 || --mem_countdown > 0)
		return false;
	mem_failed++;
	return true;
}

static void *mem_malloc(int n)
{
	return mem_fails() ? NULL : system_mem.xMalloc(n);
}

static void *mem_realloc(void *p, int n)
{
	return mem_fails() ? NULL : system_mem.xRealloc(p, n);
}

static int install(void **state)
{
	static sqlite3_vfs shim_vfs;
	sqlite3_mem_methods mem;

	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_mem))
		return -1;
	mem = system_mem;
	mem.xMalloc = mem_malloc;
	mem.xRealloc = mem_realloc;
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &mem))
		return -1;
	system_vfs = sqlite3_vfs_find(NULL);
	shim_vfs = *system_vfs;
	shim_vfs.zName = "shim";
	shim_vfs.szOsFile += (int)sizeof(struct shim);
	shim_vfs.xOpen = shim_open;
	if (sqlite3_vfs_register(&shim_vfs, 1))
		return -1;
	return watch_opened(state);
}

/* --- what a crash at this moment would leave --- */

static void copy(const char *from, const char *to)
{
	static char page[1 << 16];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	size_t n;

	assert_non_null(in);
	assert_non_null(out);
	while ((n = fread(page, 1, sizeof(page), in)))
		assert_int_equal(fwrite(page, 1, n, out), n);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

/* Is the trunk there after a crash at this moment? Fails on a damaged file. */
static bool there_after_a_crash(struct fixture *f, const char *id)
{
	char path[112], url[128], end[128], from[112];
	struct trunk_row row;
	struct store *s;
	int found;

	snprintf(path, sizeof(path), "%s/crashed", f->dir);
	snprintf(url, sizeof(url), "sqlite:%s", path);
	copy(f->path, path);
	snprintf(from, sizeof(from), "%s-wal", f->path);
	snprintf(end, sizeof(end), "%s-wal", path);
	copy(from, end);
	s = store_open(url, STORE_WRITER, &f->err);
	if (!s)
		fail_msg("after the crash: %s", f->err.detail);
	assert_ok(f, store_check(s, &f->err));
	found = trunk_find(s, id, &row, &f->err);
	assert_ok(f, found);
	store_close(s);
	assert_int_equal(unlink(path), 0);
	snprintf(end, sizeof(end), "%s.lock", path);
	assert_int_equal(unlink(end), 0);
	return found;
}

static bool there(struct fixture *f, const char *id)
{
	struct trunk_row row;
	int found = trunk_find(f->store, id, &row, &f->err);

	assert_ok(f, found);
	return found;
}

static int stopped_with, stops;

static void note_stop(int code)
{
	stopped_with = code;
	stops++;
}

static int watch(void **state)
{
	memset(&fault, 0, sizeof(fault));
	mem_countdown = mem_failed = stops = stopped_with = 0;
	mem_after_sync = false;
	db_on_unknown(note_stop);
	return fixture_store(state);
}

static int unwatch(void **state)
{
	memset(&fault, 0, sizeof(fault));
	mem_countdown = 0;
	db_on_unknown(NULL);
	return fixture_release(state);
}

static int write_trunk(struct fixture *f, const char *id, struct err *err)
{
	struct trunk_row row = {
		.id = id, .kind = "dedicated", .account_sid = "AC"};

	if (store_begin(f->store, err))
		return -1;
	if (trunk_put(f->store, &row, err)) {
		store_rollback(f->store);
		return -1;
	}
	return store_commit(f->store, err);
}

/* --- the tests --- */

static void a_commit_whose_sync_fails_is_unknown_and_stops(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	fault.calls = CALL_SYNC;
	fault.countdown = 1;
	assert_int_equal(write_trunk(f, "trk_1", &err), -1);
	assert_int_equal(stops, 1);
	assert_int_equal(stopped_with, SQLITE_IOERR_FSYNC);
	assert_int_equal(err.code, ERR_STORE);
	/* The reason for all this: it looks undone, and is not. */
	assert_false(there(f, "trk_1"));
	assert_true(there_after_a_crash(f, "trk_1"));
}

static void without_a_hook_the_process_ends_with_70(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		db_on_unknown(NULL);
		fault.calls = CALL_SYNC;
		fault.countdown = 1;
		(void)write_trunk(f, "trk_1", &err);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 70);
}

static void a_full_disk_writes_nothing_and_reading_goes_on(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	assert_int_equal(write_trunk(f, "trk_1", &f->err), 0);
	fault.calls = CALL_WRITE;
	fault.countdown = 1;
	fault.for_good = true;
	fault.rc = SQLITE_FULL;
	assert_int_equal(write_trunk(f, "trk_2", &err), -1);
	assert_int_equal(err.code, ERR_STORE_FULL);
	assert_int_equal(stops, 0);
	assert_true(there(f, "trk_1"));
	assert_false(there(f, "trk_2"));
	assert_false(there_after_a_crash(f, "trk_2"));
	fault.countdown = 0; /* there is room again */
	assert_int_equal(write_trunk(f, "trk_3", &f->err), 0);
	assert_true(there_after_a_crash(f, "trk_3"));
	assert_false(there_after_a_crash(f, "trk_2"));
}

/* Checks the answer against both views; returns whether the fault struck. */
static void check_answer(struct fixture *f, const char *id, int rc,
			 const struct err *err)
{
	if (rc == 0) {
		assert_true(there(f, id));
		assert_true(there_after_a_crash(f, id));
		return;
	}
	assert_false(there(f, id));
	if (stops == 0)
		assert_false(there_after_a_crash(f, id));
	else
		(void)there_after_a_crash(f, id); /* either, but sound */
	assert_true(err->code == ERR_STORE_FULL || err->code == ERR_STORE);
}

/* Full is what only a write can find; a sync that fails for lack of room is an
 * I/O error to SQLite. */
static int torture(struct fixture *f, bool for_good, int rc)
{
	int n, struck = 0;

	for (n = 1;; n++) {
		struct err err = ERR_INIT;
		char id[48];
		int answer;

		snprintf(id, sizeof(id), "trk_%d_%d_%d", n, for_good, rc);
		stops = 0;
		fault.calls = rc == SQLITE_FULL ? CALL_WRITE : CALL_ANY;
		fault.countdown = n;
		fault.for_good = for_good;
		fault.rc = rc;
		fault.failed = 0;
		answer = write_trunk(f, id, &err);
		fault.countdown = 0;
		if (fault.failed && rc == SQLITE_FULL)
			assert_int_equal(stops, 0);
		check_answer(f, id, answer, &err);
		if (!fault.failed)
			return struck;
		struck++;
	}
}

static void any_failing_call_leaves_all_or_nothing(void **state)
{
	struct fixture *f = *state;

	assert_true(torture(f, false, 0) > 1);
	assert_true(torture(f, true, 0) > 1);
	assert_true(torture(f, false, SQLITE_FULL) > 1);
	assert_true(torture(f, true, SQLITE_FULL) > 1);
}

static void any_failing_allocation_leaves_all_or_nothing(void **state)
{
	struct fixture *f = *state;

	for (int n = 1;; n++) {
		struct err err = ERR_INIT;
		char id[16];
		int answer;

		/* Nothing prepared: each round prepares and allocates anew. */
		store_close(f->store);
		f->store = store_open(f->url, STORE_WRITER, &f->err);
		assert_non_null(f->store);
		assert_int_equal(write_trunk(f, "trk_0", &f->err), 0);
		snprintf(id, sizeof(id), "trk_%d", n);
		stops = mem_failed = 0;
		mem_countdown = n;
		answer = write_trunk(f, id, &err);
		mem_countdown = 0;
		check_answer(f, id, answer, &err);
		if (answer)
			assert_int_equal(err.code,
					 stops ? ERR_STORE : ERR_STORE_FULL);
		if (!mem_failed)
			return;
	}
}

static void opening_without_memory_fails_and_leaks_nothing(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	f->store = NULL;
	for (int n = 1; !f->store; n++) {
		struct err err = ERR_INIT;

		assert_true(n < 10000);
		mem_failed = 0;
		mem_countdown = n;
		f->store = store_open(f->url, STORE_WRITER, &err);
		mem_countdown = 0;
		if (!f->store)
			assert_int_not_equal(err.code, ERR_NONE);
	}
}

/* A page of the log, with its header (sqlite.org/fileformat2.html, 4.1). */
#define FRAME (8192 + 24)

static void grow_wal(struct fixture *f, int frames)
{
	static char spec[8000]; /* a page each */
	char id[16], phone[16], wal[112];
	struct number_row row = {.id = id,
				 .phone_number = phone,
				 .status = "active",
				 .provider = "twilio",
				 .spec = spec};
	struct stat st = {.st_size = 0};

	memset(spec, ' ', sizeof(spec) - 1);
	snprintf(wal, sizeof(wal), "%s-wal", f->path);
	for (int i = 0; st.st_size < frames * FRAME; i += 50) {
		in_transaction(f);
		for (int k = i; k < i + 50; k++) {
			snprintf(id, sizeof(id), "apn_%d", k);
			snprintf(phone, sizeof(phone), "+%d", k);
			assert_ok(f, number_put(f->store, &row, &f->err));
		}
		committed(f);
		assert_int_equal(stat(wal, &st), 0);
	}
}

/*
 * COMMIT allocates after it has synced: when the WAL outgrows a page of its
 * index (at 4062 frames, then every 4096). NOMEM, elsewhere a plain "not
 * written", is then said of a row that is on disk.
 */
static void memory_that_runs_out_after_the_sync_stops(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	sqlite3 *reader;
	char id[16];
	int rc = 0;

	/* A reader that stays keeps the WAL from being reset. */
	assert_int_equal(sqlite3_open(f->path, &reader), SQLITE_OK);
	assert_int_equal(sqlite3_exec(reader,
				      "BEGIN; SELECT count(*) FROM numbers",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	grow_wal(f, 3950);
	for (int n = 0; n < 400 && rc == 0; n++) {
		snprintf(id, sizeof(id), "trk_%d", n);
		mem_after_sync = true;
		rc = write_trunk(f, id, &err);
		mem_after_sync = false;
		mem_countdown = 0;
	}
	assert_int_equal(sqlite3_close(reader), SQLITE_OK);
	assert_int_equal(rc, -1);
	assert_int_equal(stopped_with & 0xff, SQLITE_NOMEM);
	assert_int_equal(stops, 1);
	assert_false(there(f, id));
	assert_true(there_after_a_crash(f, id));
}

static void a_file_size_limit_is_an_error_and_no_death(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		struct rlimit limit = {4096, 4096};
		struct err err = ERR_INIT;

		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit))
			_exit(2);
		_exit(write_trunk(f, "trk_1", &err) == -1 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_lock_held_from_outside_is_busy_for_now(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	sqlite3 *other;

	sqlite3_busy_timeout(opened, 20); /* a shorter patience for the test */
	assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(write_trunk(f, "trk_1", &err), -1);
	assert_int_equal(err.code, ERR_STORE_FULL);
	assert_int_equal(stops, 0);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	assert_int_equal(write_trunk(f, "trk_1", &f->err), 0);
}

#define TEST_FAULT(test) cmocka_unit_test_setup_teardown(test, watch, unwatch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_FAULT(a_commit_whose_sync_fails_is_unknown_and_stops),
		TEST_FAULT(without_a_hook_the_process_ends_with_70),
		TEST_FAULT(a_full_disk_writes_nothing_and_reading_goes_on),
		TEST_FAULT(any_failing_call_leaves_all_or_nothing),
		TEST_FAULT(any_failing_allocation_leaves_all_or_nothing),
		TEST_FAULT(opening_without_memory_fails_and_leaks_nothing),
		TEST_FAULT(memory_that_runs_out_after_the_sync_stops),
		TEST_FAULT(a_file_size_limit_is_an_error_and_no_death),
		TEST_FAULT(a_lock_held_from_outside_is_busy_for_now),
	};

	return cmocka_run_group_tests(tests, install, NULL);
}
