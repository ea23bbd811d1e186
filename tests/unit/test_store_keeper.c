/* SPDX-License-Identifier: MIT */
/* Readers that keep their snapshot: they show the latest all the same, do not
 * let the log grow, and copy nothing of the file. */
#include "sqlite_opened.h"
#include "store_fixture.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>

static struct store *keeper(struct fixture *f)
{
	struct store *k = store_open(f->url, STORE_KEEPER, &f->err);

	if (!k)
		fail_msg("keeper: %s", f->err.detail);
	return k;
}

static bool keeps_a_snapshot(sqlite3 *db)
{
	return sqlite3_txn_state(db, "main") == SQLITE_TXN_READ;
}

static void put(struct fixture *f, long n)
{
	char value[24];

	snprintf(value, sizeof(value), "%ld", n);
	in_transaction(f);
	assert_ok(f, meta_put(f->store, "n", value, &f->err));
	committed(f);
}

/* What the key "n" shows through this store; 0 if it is not there. */
static long get(struct store *s)
{
	struct err err = ERR_INIT;
	char value[24] = "0";

	if (meta_get(s, "n", value, sizeof(value), &err) < 0)
		fail_msg("get: %s", err.detail);
	return strtol(value, NULL, 10);
}

static void only_a_keeper_keeps_its_snapshot(void **state)
{
	struct fixture *f = *state;
	struct store *reader = store_open(f->url, STORE_READER, &f->err);

	assert_non_null(reader);
	assert_int_equal(get(reader), 0);
	assert_false(keeps_a_snapshot(opened));
	store_close(reader);

	reader = keeper(f);
	assert_int_equal(get(reader), 0);
	assert_true(keeps_a_snapshot(opened));
	store_close(reader);
}

static void a_keeper_shows_every_commit_at_once(void **state)
{
	struct fixture *f = *state;
	struct store *k = keeper(f);

	for (long n = 1; n < 100; n++) {
		put(f, n);
		assert_int_equal(get(k), n);
	}
	store_close(k);
}

static void a_transaction_that_is_rolled_back_is_never_seen(void **state)
{
	struct fixture *f = *state;
	struct store *k = keeper(f);

	put(f, 1);
	in_transaction(f);
	assert_ok(f, meta_put(f->store, "n", "2", &f->err));
	assert_int_equal(get(k), 1);
	store_rollback(f->store);
	assert_int_equal(get(k), 1);
	store_close(k);
}

/* --- every thread, at once ------------------------------------------------ */

#define READERS 4

struct watch {
	pthread_t threads[READERS];
	struct store *keepers[READERS];
	atomic_int taken;
	atomic_long told; /* as a client is told: after the commit */
	atomic_bool over;
	atomic_long reads, stale;
};

static void *read_on(void *arg)
{
	struct watch *w = arg;
	struct store *k = w->keepers[atomic_fetch_add(&w->taken, 1)];

	while (!atomic_load(&w->over)) {
		long told = atomic_load(&w->told);

		if (get(k) < told)
			atomic_fetch_add(&w->stale, 1);
		atomic_fetch_add(&w->reads, 1);
	}
	return NULL;
}

static void watch_start(struct fixture *f, struct watch *w)
{
	for (int i = 0; i < READERS; i++) {
		w->keepers[i] = keeper(f);
		assert_int_equal(
			pthread_create(&w->threads[i], NULL, read_on, w), 0);
	}
}

static void watch_stop(struct watch *w)
{
	atomic_store(&w->over, true);
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_join(w->threads[i], NULL), 0);
	for (int i = 0; i < READERS; i++)
		store_close(w->keepers[i]);
}

static void what_was_told_is_read_by_every_thread(void **state)
{
	struct fixture *f = *state;
	struct watch w = {.told = 0};

	watch_start(f, &w);
	for (long n = 1; n <= 300; n++) {
		long reads = atomic_load(&w.reads);

		put(f, n);
		atomic_store(&w.told, n);
		if (n % 3 == 0)
			store_let_go(); /* as from the thread that keeps time */
		while (atomic_load(&w.reads) == reads)
			sched_yield();
	}
	watch_stop(&w);
	assert_int_equal(atomic_load(&w.stale), 0);
}

/* --- others ----------------------------------------------------------------
 */

static void once_let_go_of_it_keeps_nothing_and_sees_what_others_wrote(
	void **state)
{
	struct fixture *f = *state;
	struct store *k = keeper(f);
	sqlite3 *kept = opened, *other;

	put(f, 1);
	assert_int_equal(get(k), 1);
	assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "UPDATE meta SET value = '2'",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	store_let_go();
	assert_false(keeps_a_snapshot(kept));
	assert_int_equal(get(k), 2);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	store_close(k);
}

static void letting_go_of_none_or_twice_is_nothing(void **state)
{
	struct fixture *f = *state;
	struct store *k;

	store_let_go();
	k = keeper(f);
	assert_int_equal(get(k), 0);
	store_let_go();
	store_let_go();
	assert_int_equal(get(k), 0);
	store_close(k);
	store_let_go();
}

/* --- the log ---------------------------------------------------------------
 */

/* Copied back from 1,000 pages on; a transaction and some tries may come on
 * top. */
#define LOG_MAX (4000 * 4120)

static off_t log_bytes(const struct fixture *f)
{
	char name[112];
	struct stat st;

	snprintf(name, sizeof(name), "%s-wal", f->path);
	assert_int_equal(stat(name, &st), 0);
	return st.st_size;
}

/* Adds a little more than so many pages to the log, in one transaction. What
 * does not change is not written: so each time it is another text, of nothing
 * but what is returned. */
static char write_pages(struct fixture *f, int pages)
{
	static char text[4000];

	memset(text, text[0] == 'x' ? 'y' : 'x', sizeof(text) - 1);
	in_transaction(f);
	for (int i = 0; i < pages; i++) {
		char name[16];

		snprintf(name, sizeof(name), "page %d", i);
		assert_ok(f, meta_put(f->store, name, text, &f->err));
	}
	committed(f);
	return text[0];
}

static void the_log_stays_short_under_steady_reads(void **state)
{
	struct fixture *f = *state;
	struct watch w = {.told = 0};

	watch_start(f, &w);
	for (int i = 0; i < 100; i++)
		write_pages(f, 100);
	watch_stop(&w);
	assert_in_range(log_bytes(f), 1, LOG_MAX);
}

/* None lets go by itself: each reads once between two commits. */
static void the_log_stays_short_under_reads_between_commits(void **state)
{
	struct fixture *f = *state;
	struct store *k = keeper(f);

	for (int i = 0; i < 60; i++) {
		write_pages(f, 100);
		(void)get(k);
	}
	assert_in_range(log_bytes(f), 1, LOG_MAX);
	store_close(k);
}

static void the_log_stays_short_under_a_reader_that_sleeps(void **state)
{
	struct fixture *f = *state;
	struct store *k = keeper(f);

	write_pages(f, 10);
	(void)get(k);
	for (int i = 0; i < 60; i++)
		write_pages(f, 100);
	assert_in_range(log_bytes(f), 1, LOG_MAX);
	store_close(k);
}

/* --- the file, mapped ------------------------------------------------------
 */

/* What write_pages has written goes into the file, and the log is empty. */
static void copy_back(struct fixture *f)
{
	sqlite3 *other;

	store_let_go();
	assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "PRAGMA wal_checkpoint(TRUNCATE)",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	assert_int_equal(log_bytes(f), 0);
}

/* Reads them all; how many pages had to be copied for it. */
static int copies(struct store *s, sqlite3 *db, int pages, char of)
{
	char value[4001];
	int copied, highest;

	assert_int_equal(sqlite3_db_status(db, SQLITE_DBSTATUS_CACHE_MISS,
					   &copied, &highest, true),
			 SQLITE_OK);
	for (int i = 0; i < pages; i++) {
		struct err err = ERR_INIT;
		char name[16];

		snprintf(name, sizeof(name), "page %d", i);
		assert_int_equal(meta_get(s, name, value, sizeof(value), &err),
				 1);
		assert_int_equal(strlen(value), 3999);
		assert_int_equal(value[0], of);
		assert_int_equal(value[3998], of);
	}
	assert_int_equal(sqlite3_db_status(db, SQLITE_DBSTATUS_CACHE_MISS,
					   &copied, &highest, true),
			 SQLITE_OK);
	return copied;
}

#define COPIES_FEW 5 /* the first page always is */

static void a_keeper_copies_no_page_of_the_file(void **state)
{
	struct fixture *f = *state;
	struct store *k = keeper(f), *reader;
	sqlite3 *kept = opened;
	char of = write_pages(f, 200);

	copy_back(f);
	assert_in_range(copies(k, kept, 200, of), 0, COPIES_FEW);
	reader = store_open(f->url, STORE_READER, &f->err);
	assert_non_null(reader);
	assert_in_range(copies(reader, opened, 200, of), 100, 1000);
	store_close(reader);
	store_close(k);
}

static void what_is_added_to_the_file_or_changed_is_shown_too(void **state)
{
	struct fixture *f = *state;
	struct store *k = keeper(f);
	sqlite3 *kept = opened;

	for (int pages = 100; pages <= 800; pages *= 2) {
		char of = write_pages(f, pages);

		assert_in_range(copies(k, kept, pages, of), pages / 4, 4000);
		copy_back(f);
		assert_in_range(copies(k, kept, pages, of), 0, COPIES_FEW);
	}
	store_close(k);
}

/* Whatever else needs addresses meanwhile has a gigabyte of them. */
static void where_the_file_cannot_be_mapped_it_is_copied(void **state)
{
	struct fixture *f = *state;
	struct rlimit before, little;
	unsigned long used = 0;
	FILE *statm = fopen("/proc/self/statm", "r");
	struct store *k;
	sqlite3 *kept;
	char of;

	assert_non_null(statm);
	assert_int_equal(fscanf(statm, "%lu", &used), 1);
	fclose(statm);
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	little = before;
	little.rlim_cur = used * (rlim_t)sysconf(_SC_PAGESIZE) + (1 << 30);
	assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);
	k = keeper(f);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);

	kept = opened;
	of = write_pages(f, 200);
	copy_back(f);
	assert_in_range(copies(k, kept, 200, of), 100, 1000);
	store_close(k);
}

static void a_file_put_in_place_of_another_is_not_taken_for_it(void **state)
{
	struct fixture *f = *state;
	struct store *of_the_old = keeper(f), *of_the_new;
	char aside[128];

	put(f, 1);
	copy_back(f);
	assert_int_equal(get(of_the_old), 1);
	store_close(f->store);
	snprintf(aside, sizeof(aside), "%s.moved", f->path);
	assert_int_equal(rename(f->path, aside), 0);
	f->store = store_open(f->url, STORE_WRITER, &f->err);
	assert_non_null(f->store);
	assert_ok(f, store_migrate(f->store, &f->err));
	put(f, 2);
	copy_back(f);

	of_the_new = keeper(f);
	assert_int_equal(get(of_the_new), 2);
	assert_int_equal(get(of_the_old), 1);
	store_close(of_the_new);
	store_close(of_the_old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_STORE(only_a_keeper_keeps_its_snapshot),
		TEST_STORE(a_keeper_shows_every_commit_at_once),
		TEST_STORE(a_transaction_that_is_rolled_back_is_never_seen),
		TEST_STORE(what_was_told_is_read_by_every_thread),
		TEST_STORE(
			once_let_go_of_it_keeps_nothing_and_sees_what_others_wrote),
		TEST_STORE(letting_go_of_none_or_twice_is_nothing),
		TEST_STORE(the_log_stays_short_under_steady_reads),
		TEST_STORE(the_log_stays_short_under_reads_between_commits),
		TEST_STORE(the_log_stays_short_under_a_reader_that_sleeps),
		TEST_STORE(a_keeper_copies_no_page_of_the_file),
		TEST_STORE(what_is_added_to_the_file_or_changed_is_shown_too),
		TEST_STORE(where_the_file_cannot_be_mapped_it_is_copied),
		TEST_STORE(a_file_put_in_place_of_another_is_not_taken_for_it),
	};

	return cmocka_run_group_tests(tests, watch_opened, NULL);
}
