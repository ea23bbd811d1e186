/* SPDX-License-Identifier: MIT */
/* test_headcount.c - who waits until nobody is left is told, and not before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

#include "api/headcount.h"

#define THREADS 8
#define VISITS	20000
#define HUNG_S	60 /* a wait that is told nothing ends the test */

static int begin(void **state)
{
	static struct headcount h;

	headcount_init(&h);
	*state = &h;
	alarm(HUNG_S);
	return 0;
}

static int end(void **state)
{
	alarm(0);
	headcount_release(*state);
	return 0;
}

static void *leave(void *h)
{
	headcount_leave(h);
	return NULL;
}

static void *come_and_go(void *h)
{
	for (int i = 0; i < VISITS; i++) {
		headcount_enter(h);
		headcount_leave(h);
	}
	headcount_leave(h);
	return NULL;
}

static void nobody_is_not_waited_for(void **state)
{
	assert_true(headcount_await_none(*state, INT_MAX));
}

static void who_enters_is_told_how_many_there_were(void **state)
{
	assert_int_equal(headcount_enter(*state), 0);
	assert_int_equal(headcount_enter(*state), 1);
	headcount_leave(*state);
	assert_int_equal(headcount_enter(*state), 1);
}

static void a_wait_ends_with_its_time_when_somebody_stays(void **state)
{
	headcount_enter(*state);
	headcount_enter(*state);
	headcount_leave(*state);
	assert_false(headcount_await_none(*state, 1));
	assert_false(headcount_await_none(*state, 0));
}

static void a_wait_ends_when_the_last_one_leaves(void **state)
{
	pthread_t thread;

	headcount_enter(*state);
	assert_int_equal(pthread_create(&thread, NULL, leave, *state), 0);
	assert_true(headcount_await_none(*state, INT_MAX));
	pthread_join(thread, NULL);
}

static void no_leaving_is_missed_among_many(void **state)
{
	struct headcount *h = *state;
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		headcount_enter(h);
		assert_int_equal(
			pthread_create(&threads[i], NULL, come_and_go, h), 0);
	}
	assert_true(headcount_await_none(h, INT_MAX));
	assert_int_equal(h->count, 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_is_not_waited_for, begin,
						end),
		cmocka_unit_test_setup_teardown(
			who_enters_is_told_how_many_there_were, begin, end),
		cmocka_unit_test_setup_teardown(
			a_wait_ends_with_its_time_when_somebody_stays, begin,
			end),
		cmocka_unit_test_setup_teardown(
			a_wait_ends_when_the_last_one_leaves, begin, end),
		cmocka_unit_test_setup_teardown(no_leaving_is_missed_among_many,
						begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
