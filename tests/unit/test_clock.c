/* SPDX-License-Identifier: MIT */
/* test_clock.c - time as people read it, and fair chance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

static void assert_reads(int64_t ms, const char *text)
{
	char out[TIMESTAMP_SIZE];

	timestamp_format(ms, out);
	assert_string_equal(out, text);
}

static void a_time_reads_as_rfc_3339(void **state)
{
	assert_reads(0, "1970-01-01T00:00:00.000Z");
	assert_reads(1795151802123, "2026-11-20T05:16:42.123Z");
	assert_reads(951782400000, "2000-02-29T00:00:00.000Z");
	assert_reads(4107542399999, "2100-02-28T23:59:59.999Z");
	assert_reads(4107542400000, "2100-03-01T00:00:00.000Z");
	assert_reads(2147483648000, "2038-01-19T03:14:08.000Z");
}

static void what_four_digits_cannot_say_is_clamped(void **state)
{
	assert_reads(-1, "1970-01-01T00:00:00.000Z");
	assert_reads(INT64_MIN, "1970-01-01T00:00:00.000Z");
	assert_reads(253402300799999, "9999-12-31T23:59:59.999Z");
	assert_reads(INT64_MAX, "9999-12-31T23:59:59.999Z");
}

static void every_day_agrees_with_the_c_library(void **state)
{
	for (int64_t day = 0; day < 200000; day++) {
		time_t t = day * 86400 + day % 86400;
		char text[TIMESTAMP_SIZE];
		struct tm tm;

		assert_non_null(gmtime_r(&t, &tm));
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
		assert_reads((int64_t)t * 1000, text);
	}
}

static void the_time_zone_does_not_matter(void **state)
{
	setenv("TZ", "America/New_York", 1);
	tzset();
	assert_reads(1795151802123, "2026-11-20T05:16:42.123Z");
	unsetenv("TZ");
	tzset();
}

static void the_system_clock_goes_on(void **state)
{
	struct clock *c = clock_system();
	int64_t mono = c->mono_ms(c);

	while (c->mono_ms(c) == mono)
		;
	assert_true(c->mono_ms(c) > mono);
	assert_in_range(c->wall_ms(c) / 1000, time(NULL) - 5, time(NULL) + 5);
}

static void chance_stays_in_range_and_reaches_all_of_it(void **state)
{
	struct clock *c = clock_system();
	int seen[10] = {0};

	for (int i = 0; i < 10000; i++) {
		uint64_t n = clock_chance(c, 10);

		assert_in_range(n, 0, 9);
		seen[n]++;
	}
	for (int i = 0; i < 10; i++)
		assert_in_range(seen[i], 700, 1300); /* ten deviations */
	assert_int_equal(clock_chance(c, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_reads_as_rfc_3339),
		cmocka_unit_test(what_four_digits_cannot_say_is_clamped),
		cmocka_unit_test(every_day_agrees_with_the_c_library),
		cmocka_unit_test(the_time_zone_does_not_matter),
		cmocka_unit_test(the_system_clock_goes_on),
		cmocka_unit_test(chance_stays_in_range_and_reaches_all_of_it),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
