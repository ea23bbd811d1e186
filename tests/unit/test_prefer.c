/* SPDX-License-Identifier: MIT */
/* test_prefer.c - which preferences count, and how long a client waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/prefer.h"

#define MAX_MS 90000

static struct prefer read_one(const char *value)
{
	struct prefer p = {0};

	prefer_add(&p, value, strlen(value));
	return p;
}

static int64_t wait_of(const char *value)
{
	struct prefer p = read_one(value);

	return prefer_wait_ms(&p, MAX_MS);
}

static void nothing_preferred_waits_as_long_as_allowed(void **state)
{
	assert_int_equal(wait_of(""), MAX_MS);
	assert_int_equal(wait_of("return=minimal, handling=lenient"), MAX_MS);
}

static void respond_async_does_not_wait(void **state)
{
	assert_int_equal(wait_of("respond-async"), 0);
	assert_int_equal(wait_of("Respond-Async"), 0);
	assert_int_equal(wait_of("return=minimal,respond-async; foo=bar"), 0);
	assert_int_equal(wait_of("respond-async=\"\""), 0);
}

static void wait_is_in_seconds_and_capped(void **state)
{
	assert_int_equal(wait_of("wait=5"), 5000);
	assert_int_equal(wait_of("wait = \"5\""), 5000);
	assert_int_equal(wait_of("wait=0"), 0);
	assert_int_equal(wait_of("wait=100"), MAX_MS);
	assert_int_equal(wait_of("wait=99999999999999999999999"), MAX_MS);
}

static void with_both_the_client_waits_first(void **state)
{
	struct prefer p = read_one("respond-async, wait=10");

	assert_true(p.async);
	assert_int_equal(prefer_wait_ms(&p, MAX_MS), 10000);
}

static void the_first_of_several_counts(void **state)
{
	struct prefer p = read_one("wait=1, wait=2");

	prefer_add(&p, "wait=3", 6);
	assert_int_equal(p.wait_s, 1);
}

static void a_malformed_wait_is_ignored(void **state)
{
	assert_int_equal(wait_of("wait"), MAX_MS);
	assert_int_equal(wait_of("wait="), MAX_MS);
	assert_int_equal(wait_of("wait=-1"), MAX_MS);
	assert_int_equal(wait_of("wait=1s"), MAX_MS);
	assert_int_equal(wait_of(",,;=,\"wait=1"), MAX_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_preferred_waits_as_long_as_allowed),
		cmocka_unit_test(respond_async_does_not_wait),
		cmocka_unit_test(wait_is_in_seconds_and_capped),
		cmocka_unit_test(with_both_the_client_waits_first),
		cmocka_unit_test(the_first_of_several_counts),
		cmocka_unit_test(a_malformed_wait_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
