/* SPDX-License-Identifier: MIT */
/* test_store_number_counts.c - the counts by status are those of the table,
 * whenever the writer began, committed, rolled back or was counted. */
#include "store_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "store/number_counts.h"
#include "store/numbers.h"

static const char *const statuses[] = {"active", "deleting", "corrupted"};

static void put(struct fixture *f, int i, const char *status)
{
	char id[24], phone_number[24];
	struct number_row row = {.id = id,
				 .phone_number = phone_number,
				 .status = status,
				 .provider = "twilio",
				 .version = 1,
				 .spec = "{}"};

	snprintf(id, sizeof(id), "apn_%06d", i);
	snprintf(phone_number, sizeof(phone_number), "+1415%07d", i);
	assert_ok(f, number_put(f->store, &row, &f->err));
}

static void drop(struct fixture *f, int i)
{
	char id[24];

	snprintf(id, sizeof(id), "apn_%06d", i);
	assert_ok(f, number_delete(f->store, id, &f->err));
}

static void ignore(const struct number_shown *n, void *arg)
{
}

static int64_t in_table(struct fixture *f, const char *status)
{
	struct number_filter filter = {.assigned = -1, .status = status};
	int n = number_list(f->store, &filter, 1 << 20, ignore, NULL, &f->err);

	assert_ok(f, n);
	return n;
}

static void assert_counts(const struct number_counts *c, int64_t active,
			  int64_t deleting, int64_t corrupted)
{
	int64_t out[NUMBER_STATUSES];

	assert_true(number_counts_read(c, out));
	assert_int_equal(out[NUMBER_ACTIVE], active);
	assert_int_equal(out[NUMBER_DELETING], deleting);
	assert_int_equal(out[NUMBER_CORRUPTED], corrupted);
}

static void start(struct fixture *f, struct number_counts *c)
{
	struct store *reader = store_open(f->url, STORE_READER, &f->err);

	assert_non_null(reader);
	assert_ok(f, number_counts_start(c, reader, &f->err));
	store_close(reader);
}

static void statuses_have_the_names_of_the_table(void **state)
{
	for (int i = 0; i < NUMBER_STATUSES; i++)
		assert_string_equal(number_status_name(i), statuses[i]);
}

static void nothing_is_said_before_it_is_counted(void **state)
{
	struct number_counts c = NUMBER_COUNTS_INIT;
	int64_t out[NUMBER_STATUSES];

	number_counts_follow(&c, ((struct fixture *)*state)->store);
	assert_false(number_counts_read(&c, out));
}

static void what_was_there_and_what_came_add_up(void **state)
{
	struct number_counts c = NUMBER_COUNTS_INIT;
	struct fixture *f = *state;

	in_transaction(f);
	for (int i = 0; i < 10; i++)
		put(f, i, statuses[i % 3]);
	committed(f);
	number_counts_follow(&c, f->store);
	in_transaction(f); /* before the count */
	put(f, 0, "deleting");
	put(f, 10, "active");
	committed(f);
	start(f, &c);
	assert_counts(&c, 4, 4, 3);
	in_transaction(f); /* and after it */
	put(f, 1, "corrupted");
	put(f, 1, "corrupted"); /* no change */
	drop(f, 3);
	drop(f, 3);
	put(f, 11, "active");
	drop(f, 11);
	committed(f);
	assert_counts(&c, 3, 3, 4);
}

static void what_is_rolled_back_never_was(void **state)
{
	struct number_counts c = NUMBER_COUNTS_INIT;
	struct fixture *f = *state;

	number_counts_follow(&c, f->store);
	start(f, &c);
	in_transaction(f);
	put(f, 0, "active");
	store_rollback(f->store);
	assert_counts(&c, 0, 0, 0);
	in_transaction(f);
	put(f, 1, "active");
	committed(f);
	assert_counts(&c, 1, 0, 0);
}

/* --- counted while the writer is at work --------------------------------- */

#define BEFORE	30
#define COMMITS 300

struct work {
	struct fixture *f;
	atomic_bool done;
};

static void *write_on(void *arg)
{
	struct work *w = arg;

	for (int i = 0; i < COMMITS; i++) {
		in_transaction(w->f);
		put(w->f, BEFORE + i, statuses[i % 3]);
		put(w->f, i % BEFORE, statuses[i % 2]);
		if (i % 7 == 0)
			drop(w->f, i / 2);
		committed(w->f);
	}
	atomic_store(&w->done, true);
	return NULL;
}

/* Wherever the writer is, the count comes to the same: what there was before
 * its first commit. */
static void a_count_in_the_middle_of_commits_misses_none(void **state)
{
	struct number_counts c = NUMBER_COUNTS_INIT;
	struct work w = {.f = *state};
	pthread_t thread;

	in_transaction(w.f);
	for (int i = 0; i < BEFORE; i++)
		put(w.f, i, "active");
	committed(w.f);
	number_counts_follow(&c, w.f->store);
	assert_int_equal(pthread_create(&thread, NULL, write_on, &w), 0);
	do {
		start(w.f, &c);
		assert_int_equal(c.before[NUMBER_ACTIVE], BEFORE);
		assert_int_equal(c.before[NUMBER_DELETING], 0);
		assert_int_equal(c.before[NUMBER_CORRUPTED], 0);
	} while (!atomic_load(&w.done));
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_counts(&c, in_table(w.f, "active"), in_table(w.f, "deleting"),
		      in_table(w.f, "corrupted"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses_have_the_names_of_the_table),
		TEST_STORE(nothing_is_said_before_it_is_counted),
		TEST_STORE(what_was_there_and_what_came_add_up),
		TEST_STORE(what_is_rolled_back_never_was),
		TEST_STORE(a_count_in_the_middle_of_commits_misses_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
