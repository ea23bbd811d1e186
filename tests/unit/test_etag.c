/* SPDX-License-Identifier: MIT */
/* test_etag.c - lists of entity tags under If-Match and If-None-Match. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/etag.h"

#define MAX 3

static struct {
	bool any;
	int count;
	int64_t versions[MAX];
	struct err err;
} got;

static struct text text(const char *s)
{
	return (struct text){s, strlen(s)};
}

static int match(const char *s)
{
	got.err = (struct err)ERR_INIT;
	return etag_versions(text(s), &got.any, got.versions, MAX, &got.count,
			     &got.err);
}

static void one_tag_is_one_version(void **state)
{
	assert_int_equal(match("\"7\""), 0);
	assert_false(got.any);
	assert_int_equal(got.count, 1);
	assert_int_equal(got.versions[0], 7);
}

static void a_star_is_any(void **state)
{
	assert_int_equal(match("*"), 0);
	assert_true(got.any);
}

static void a_list_holds_several_and_empty_elements_do_not_count(void **state)
{
	assert_int_equal(match("\"1\", ,\"22\",\t\"333\" ,"), 0);
	assert_int_equal(got.count, 3);
	assert_int_equal(got.versions[2], 333);
}

static void what_is_not_a_version_of_ours_never_holds(void **state)
{
	assert_int_equal(
		match("W/\"1\", \"abc\", \"\", \"01\", \"-1\", \"a,b\""), 0);
	assert_false(got.any);
	assert_int_equal(got.count, 0);
}

static void garbage_is_refused(void **state)
{
	static const char *const bad[] = {
		"",	   " ",	  ",",	       "7",	  "\"7",
		"7\"",	   "\"",  "* , \"1\"", "w/\"1\"", "\"1\" \"2\"",
		"\"a b\"", "W/7", "W/",	       "\"1\"x",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(match(bad[i]), -1);
		assert_int_equal(got.err.code, ERR_MALFORMED);
	}
}

static void more_versions_than_are_kept_are_refused(void **state)
{
	assert_int_equal(match("\"1\",\"2\",\"3\""), 0);
	assert_int_equal(match("\"1\",\"2\",\"3\",\"4\""), -1);
}

static void if_none_match_compares_weakly(void **state)
{
	assert_true(etag_listed(text("\"3\""), "\"3\""));
	assert_true(etag_listed(text("W/\"3\""), "\"3\""));
	assert_true(etag_listed(text("\"x\", \"3\""), "\"3\""));
	assert_true(etag_listed(text("*"), "\"3\""));
	assert_false(etag_listed(text("\"33\""), "\"3\""));
	assert_false(etag_listed(text("3"), "\"3\""));
	assert_false(etag_listed(text(""), "\"3\""));
	assert_false(etag_listed(text("\"x"), "\"3\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_tag_is_one_version),
		cmocka_unit_test(a_star_is_any),
		cmocka_unit_test(
			a_list_holds_several_and_empty_elements_do_not_count),
		cmocka_unit_test(what_is_not_a_version_of_ours_never_holds),
		cmocka_unit_test(garbage_is_refused),
		cmocka_unit_test(more_versions_than_are_kept_are_refused),
		cmocka_unit_test(if_none_match_compares_weakly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
