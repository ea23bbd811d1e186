/* SPDX-License-Identifier: MIT */
/* test_process.c - waiting for what ends the service. A wait that is not ended
 * lasts as long as all tests may: the alarm is the verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "process.h"

#define FOR_EVER_MS (24 * 3600 * 1000)
#define LIMIT_S	    60

static void *wake(void *arg)
{
	process_wake();
	return NULL;
}

static void a_wake_from_another_thread_ends_the_wait(void **state)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, wake, NULL), 0);
	assert_int_equal(process_signal(FOR_EVER_MS), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void a_wake_before_the_wait_is_not_lost(void **state)
{
	process_wake();
	process_wake(); /* two are as good as one */
	assert_int_equal(process_signal(FOR_EVER_MS), 0);
}

static void a_wake_hides_no_signal(void **state)
{
	process_wake();
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(process_signal(FOR_EVER_MS), 0);
	assert_int_equal(process_signal(FOR_EVER_MS), SIGTERM);
}

static void without_either_the_wait_ends_in_time(void **state)
{
	assert_int_equal(process_signal(1), 0);
}

static int settle(void **state)
{
	struct err err = ERR_INIT;

	alarm(LIMIT_S);
	return process_settle(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wake_from_another_thread_ends_the_wait),
		cmocka_unit_test(a_wake_before_the_wait_is_not_lost),
		cmocka_unit_test(a_wake_hides_no_signal),
		cmocka_unit_test(without_either_the_wait_ends_in_time),
	};

	return cmocka_run_group_tests(tests, settle, NULL);
}
