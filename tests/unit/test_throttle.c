/* SPDX-License-Identifier: MIT */
/* test_throttle.c - so many a minute, for each name apart, in bounded memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "api/throttle.h"

#define NOW 1000000

static struct quota take(struct throttle *t, const char *name, int64_t now)
{
	return throttle_take(t, name, strlen(name), now);
}

/* How many of n tries at one moment are granted. */
static int granted(struct throttle *t, const char *name, int64_t now, int n)
{
	int count = 0;

	while (n--)
		count += take(t, name, now).granted;
	return count;
}

static void a_full_bucket_grants_its_depth_and_no_more(void **state)
{
	struct throttle *t = throttle_new(60, 0);

	assert_int_equal(granted(t, "a", NOW, 100), 60);
	throttle_free(t);
	t = throttle_new(60, 5);
	assert_int_equal(granted(t, "a", NOW, 100), 5);
	throttle_free(t);
}

static void it_refills_steadily_up_to_its_depth(void **state)
{
	struct throttle *t = throttle_new(60, 10); /* one a second */

	assert_int_equal(granted(t, "a", NOW, 20), 10);
	assert_int_equal(granted(t, "a", NOW + 999, 5), 0);
	assert_int_equal(granted(t, "a", NOW + 1000, 5), 1);
	assert_int_equal(granted(t, "a", NOW + 4000, 5), 3);
	assert_int_equal(granted(t, "a", NOW + 600000, 50), 10);
	throttle_free(t);
}

static void names_do_not_share(void **state)
{
	struct throttle *t = throttle_new(20, 0);

	assert_int_equal(granted(t, "a", NOW, 50), 20);
	assert_int_equal(granted(t, "b", NOW, 50), 20);
	assert_int_equal(granted(t, "", NOW, 50), 20);
	throttle_free(t);
}

static void a_quota_tells_how_the_bucket_stands(void **state)
{
	struct throttle *t = throttle_new(60, 3);
	struct quota q = take(t, "a", NOW);

	assert_true(q.granted);
	assert_int_equal(q.left, 2);
	assert_int_equal(q.full_s, 1);
	take(t, "a", NOW);
	q = take(t, "a", NOW);
	assert_int_equal(q.left, 0);
	assert_int_equal(q.full_s, 3);
	q = take(t, "a", NOW + 100);
	assert_false(q.granted);
	assert_int_equal(q.left, 0);
	assert_int_equal(q.full_s, 3); /* 2.9, rounded up */
	assert_int_equal(q.retry_s, 1);
	throttle_free(t);
}

static void waiting_as_told_is_enough(void **state)
{
	static const int64_t rates[] = {1, 7, 20, 59, 1000, 1000000};

	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct throttle *t = throttle_new(rates[i], 2);
		struct quota q;

		assert_int_equal(granted(t, "a", NOW, 3), 2);
		q = take(t, "a", NOW);
		assert_false(q.granted);
		assert_true(q.retry_s >= 1);
		assert_true(take(t, "a", NOW + 1000 * q.retry_s).granted);
		throttle_free(t);
	}
}

static void a_refused_try_costs_nothing(void **state)
{
	struct throttle *t = throttle_new(60, 1);

	assert_int_equal(granted(t, "a", NOW, 1000), 1);
	assert_int_equal(granted(t, "a", NOW + 1000, 1), 1);
	throttle_free(t);
}

/* Ten names for each place: those that are idle must not push out one that is
 * busy, again and again. */
static void a_flood_of_names_does_not_free_a_busy_one(void **state)
{
	struct throttle *t = throttle_new(20, 0);
	char name[16];
	int got = 0;

	assert_int_equal(granted(t, "busy", NOW, 20), 20);
	for (int i = 0; i < 10 * THROTTLE_PLACES; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		assert_true(take(t, name, NOW).granted);
	}
	got = granted(t, "busy", NOW, 20);
	assert_int_equal(got, 0);
	throttle_free(t);
}

#define THREADS 4
#define TRIES	2000

static struct throttle *common;

static void *hammer(void *count)
{
	for (int i = 0; i < TRIES; i++)
		*(int *)count += take(common, "a", NOW).granted;
	return NULL;
}

static void threads_get_no_more_than_there_is(void **state)
{
	pthread_t threads[THREADS];
	int counts[THREADS] = {0}, all = 0;

	common = throttle_new(1000, 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, hammer, &counts[i]),
			0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		all += counts[i];
	}
	assert_int_equal(all, 1000);
	throttle_free(common);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_bucket_grants_its_depth_and_no_more),
		cmocka_unit_test(it_refills_steadily_up_to_its_depth),
		cmocka_unit_test(names_do_not_share),
		cmocka_unit_test(a_quota_tells_how_the_bucket_stands),
		cmocka_unit_test(waiting_as_told_is_enough),
		cmocka_unit_test(a_refused_try_costs_nothing),
		cmocka_unit_test(a_flood_of_names_does_not_free_a_busy_one),
		cmocka_unit_test(threads_get_no_more_than_there_is),
	};

	return cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
}
