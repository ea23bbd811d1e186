/* SPDX-License-Identifier: MIT */
/* test_histogram.c - durations fall into the bucket whose bound they do not
 * pass; one counts while others look. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/histogram.h"

static int64_t bound_us(int i)
{
	return (int64_t)(strtod(histogram_bound(i), NULL) * 1e6 + 0.5);
}

static struct histogram_view view_of(const struct histogram *h)
{
	struct histogram_view v = {.count = 0};

	histogram_read(&v, h);
	return v;
}

/* The bucket that one duration falls into. */
static int bucket_of(int64_t us)
{
	struct histogram h = {.sum_us = {0}};
	struct histogram_view v;
	int found = -1;

	histogram_add(&h, us);
	v = view_of(&h);
	assert_int_equal(v.count, 1);
	for (int i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		if (!v.buckets[i])
			continue;
		assert_int_equal(found, -1);
		found = i;
	}
	return found;
}

static void bounds_rise_and_end_in_infinity(void **state)
{
	for (int i = 1; i < HISTOGRAM_BOUNDS; i++)
		assert_true(bound_us(i) > bound_us(i - 1));
	assert_string_equal(histogram_bound(HISTOGRAM_BOUNDS), "+Inf");
}

/* "le" is less or equal. */
static void a_bound_belongs_to_its_bucket(void **state)
{
	for (int i = 0; i < HISTOGRAM_BOUNDS; i++) {
		assert_int_equal(bucket_of(bound_us(i)), i);
		assert_int_equal(bucket_of(bound_us(i) + 1), i + 1);
	}
	assert_int_equal(bucket_of(INT64_MAX / 2), HISTOGRAM_BOUNDS);
}

static void a_clock_that_went_back_counts_as_nothing(void **state)
{
	struct histogram h = {.sum_us = {0}};

	histogram_add(&h, -5000);
	assert_int_equal(view_of(&h).sum_us, 0);
	assert_int_equal(view_of(&h).buckets[0], 1);
}

static void several_add_up(void **state)
{
	struct histogram a = {.sum_us = {0}}, b = {.sum_us = {0}};
	struct histogram_view v = {.count = 0};

	histogram_add(&a, 50);
	histogram_add(&a, 700);
	histogram_add(&b, 60);
	histogram_read(&v, &a);
	histogram_read(&v, &b);
	assert_int_equal(v.count, 3);
	assert_int_equal(v.sum_us, 810);
	assert_int_equal(v.buckets[0], 2);
	assert_int_equal(v.buckets[3], 1);
	assert_int_equal(histogram_count(&a), 2);
}

#define ROUNDS 200000

static void *count(void *arg)
{
	for (int i = 0; i < ROUNDS; i++)
		histogram_add(arg, i % 2000);
	return NULL;
}

static void what_is_read_meanwhile_never_shrinks(void **state)
{
	struct histogram h = {.sum_us = {0}};
	int64_t count_before = 0, sum_before = 0;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, count, &h), 0);
	while (count_before < ROUNDS) {
		struct histogram_view v = view_of(&h);

		assert_true(v.count >= count_before);
		assert_true(v.sum_us >= sum_before);
		count_before = v.count;
		sum_before = v.sum_us;
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(view_of(&h).sum_us, (int64_t)ROUNDS / 2000 * 1999000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_rise_and_end_in_infinity),
		cmocka_unit_test(a_bound_belongs_to_its_bucket),
		cmocka_unit_test(a_clock_that_went_back_counts_as_nothing),
		cmocka_unit_test(several_add_up),
		cmocka_unit_test(what_is_read_meanwhile_never_shrinks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
