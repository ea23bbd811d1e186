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

static void a_time_is_read_back(void **state)
{
	for (int64_t ms = 0; ms < INT64_C(253402300799999);
	     ms += INT64_C(86399999 * 97)) {
		char text[TIMESTAMP_SIZE];
		int64_t got = -1;

		timestamp_format(ms, text);
		assert_true(timestamp_parse(text, &got));
		assert_int_equal(got, ms);
	}
}

static void every_form_of_rfc_3339_is_read(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2026-11-20t05:16:42.123z", 1795151802123},
		{"2026-11-20 05:16:42.1239Z", 1795151802123},
		{"2026-11-20T05:16:42.1Z", 1795151802100},
		{"2026-11-20T06:46:42.123+01:30", 1795151802123},
		{"2026-11-19T21:16:42.123-08:00", 1795151802123},
		{"2000-02-29T00:00:00-00:00", 951782400000},
		{"9999-12-31T23:59:59.999Z", 253402300799999},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t got = -1;

		assert_true(timestamp_parse(rows[i].text, &got));
		assert_int_equal(got, rows[i].ms);
	}
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"tomorrow",
		"2026-11-20",
		"2026-11-20T05:16:42",
		"2026-11-20T05:16Z",
		"2026-11-20T05:16:42.Z",
		"2026-11-20T05:16:42Zx",
		"2026-11-20T05:16:42+0100",
		"2026-11-20T05:16:42+24:00",
		"2026-11-20T24:00:00Z",
		"2026-11-20T05:60:42Z",
		"2026-11-20T05:16:60Z",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-02-29T00:00:00Z",
		"2026-04-31T00:00:00Z",
		"2026-01-00T00:00:00Z",
		"1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+00:01",
		"+026-11-20T05:16:42Z",
		" 2026-11-20T05:16:42Z",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		int64_t got;

		assert_false(timestamp_parse(wrong[i], &got));
	}
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
		cmocka_unit_test(a_time_is_read_back),
		cmocka_unit_test(every_form_of_rfc_3339_is_read),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(the_time_zone_does_not_matter),
		cmocka_unit_test(the_system_clock_goes_on),
		cmocka_unit_test(chance_stays_in_range_and_reaches_all_of_it),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
