/* SPDX-License-Identifier: MIT */
/* test_target.c - paths, their segments and queries, as they came over the
 * wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/limits.h"
#include "api/routes.h"
#include "api/target.h"

static char raw[2 * LIMIT_TARGET];
static struct target target;
static struct err err;

static int parse(const char *s)
{
	err = (struct err)ERR_INIT;
	strcpy(raw, s);
	return target_parse(raw, &target, &err);
}

static void path_and_query_are_split(void **state)
{
	assert_int_equal(parse("/a/b?x=1?2"), 0);
	assert_string_equal(target.path, "/a/b");
	assert_string_equal(target.query, "x=1?2");
	assert_int_equal(parse("/a"), 0);
	assert_null(target.query);
	assert_int_equal(parse("/a?"), 0);
	assert_string_equal(target.query, "");
	assert_int_equal(parse("*"), 0);
	assert_string_equal(target.path, "*");
}

static void an_absolute_form_loses_its_front(void **state)
{
	assert_int_equal(parse("HTTP://example.com:80/a?b"), 0);
	assert_string_equal(target.path, "/a");
	assert_string_equal(target.query, "b");
	assert_int_equal(parse("https://example.com/"), 0);
	assert_string_equal(target.path, "/");
}

static void what_is_no_path_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"a",
		"example.com:80",
		"ftp://x/a",
		"http:///a",
		"http://x",
		"http://x?a",
		"/a#b",
		"/a b",
		"/\xc3\xa9",
		"/a\x01",
		"**",
		"mailto:x/@y",
		"http://u@x/a",
		"http://u:p@x:80/a",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(bad[i]), -1);
		assert_int_equal(err.code, ERR_MALFORMED);
	}
}

static void each_of_its_characters_is_looked_at(void **state)
{
	for (size_t len = 2; len <= 24; len++)
		for (size_t at = 1; at < len; at++)
			for (int c = 1; c <= 0xff; c++) {
				char s[32] = "";

				memset(s, '/', len);
				s[at] = (char)c;
				assert_int_equal(parse(s),
						 c <= ' ' || c > '~' || c == '#'
							 ? -1
							 : 0);
			}
}

static void it_has_a_limit(void **state)
{
	char s[LIMIT_TARGET + 2];

	memset(s, '/', sizeof(s));
	s[LIMIT_TARGET] = '\0';
	assert_int_equal(parse(s), 0);
	s[LIMIT_TARGET] = '/';
	s[LIMIT_TARGET + 1] = '\0';
	assert_int_equal(parse(s), -1);
	assert_int_equal(err.code, ERR_TARGET_TOO_LONG);
}

static bool fits(const char *path, const char *template, const char *arg)
{
	const char *at;
	size_t len;

	if (!target_match(path, template, &at, &len))
		return false;
	if (!arg)
		return at == NULL && len == 0;
	return len == strlen(arg) && memcmp(at, arg, len) == 0;
}

static void a_template_takes_one_segment(void **state)
{
	assert_true(fits("/v1/n", "/v1/n", NULL));
	assert_true(fits("/v1/n/x%2Fy", "/v1/n/{id}", "x%2Fy"));
	assert_true(fits("/v1/n/x/force", "/v1/n/{id}/force", "x"));
	assert_false(fits("/v1/n/", "/v1/n", NULL));
	assert_false(fits("/v1/n", "/v1/n/", NULL));
	assert_false(fits("/v1/n/", "/v1/n/{id}", ""));
	assert_false(fits("/v1/n/x/", "/v1/n/{id}", "x"));
	assert_false(fits("/v1/n/x/y", "/v1/n/{id}", "x/y"));
	assert_false(fits("/v1//n", "/v1/n", NULL));
	assert_false(fits("/V1/n", "/v1/n", NULL));
	assert_false(fits("/v%31/n", "/v1/n", NULL));
}

static int decode(const char *s, enum decode as, char out[32])
{
	err = (struct err)ERR_INIT;
	return target_decode(s, strlen(s), as, out, 32, &err);
}

static void escapes_are_decoded_once_and_plus_stays(void **state)
{
	char out[32];

	assert_int_equal(decode("%2B1415+%e2%82%ac%252e", DECODE_SEGMENT, out),
			 0);
	assert_string_equal(out, "+1415+\xe2\x82\xac%2e");
}

static void an_escape_is_seen_wherever_it_stands(void **state)
{
	for (size_t at = 0; at <= 20; at++) {
		char s[32], expected[32], out[32];

		memset(s, 'x', sizeof(s));
		memset(expected, 'x', sizeof(expected));
		memcpy(s + at, "%C3%A9+x", sizeof("%C3%A9+x"));
		memcpy(expected + at, "\xc3\xa9 x", sizeof("\xc3\xa9 x"));
		assert_int_equal(decode(s, DECODE_QUERY, out), 0);
		assert_string_equal(out, expected);
		memcpy(s + at, "\xc3+x", sizeof("\xc3+x"));
		assert_int_equal(decode(s, DECODE_QUERY, out), -1);
	}
}

static void bad_escapes_are_refused(void **state)
{
	static const char *const bad[] = {
		"%",	  "%2",	    "%zz",	 "%2g",		 "a%00b",
		"%c0%af", "%ff",    "%e2%82",	 "%ed%a0%80",	 "%f4%90%80%80",
		"%80",	  "%c1%bf", "%e0%80%80", "%f0%80%80%80",
	};
	char out[32];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(decode(bad[i], DECODE_SEGMENT, out), -1);
		assert_int_equal(err.code, ERR_MALFORMED);
		assert_int_equal(decode(bad[i], DECODE_QUERY, out), -1);
	}
}

static void a_slash_is_refused_in_a_segment_only(void **state)
{
	char out[32];

	assert_int_equal(decode("a%2Fb", DECODE_SEGMENT, out), -1);
	assert_int_equal(decode("a%2Fb", DECODE_QUERY, out), 0);
	assert_string_equal(out, "a/b");
}

static void what_does_not_fit_is_refused(void **state)
{
	char out[32];

	assert_int_equal(
		decode("1234567890123456789012345678901", DECODE_SEGMENT, out),
		0);
	assert_int_equal(
		decode("12345678901234567890123456789012", DECODE_SEGMENT, out),
		-1);
}

static char limit[8], label[16];
static struct param params[] = {
	{"limit", limit, sizeof(limit), false, ERR_NONE, true},
	{"label", label, sizeof(label), false, ERR_INVALID_CURSOR, false},
};

static enum err_code query(const char *s)
{
	int rc;

	err = (struct err)ERR_INIT;
	rc = query_read(s, params, 2, &err);
	assert_int_equal(rc, err.code ? -1 : 0);
	return err.code;
}

static void parameters_are_read(void **state)
{
	assert_int_equal(query("label=a%20b+c%2Bd&limit=5"), ERR_NONE);
	assert_string_equal(label, "a b c+d");
	assert_string_equal(limit, "5");
	assert_int_equal(query("&&l%69mit=5=6&"), ERR_NONE);
	assert_string_equal(limit, "5=6");
	assert_false(params[1].given);
	assert_string_equal(label, "");
	assert_int_equal(query("limit=+1415"), ERR_NONE);
	assert_string_equal(limit, "+1415");
	assert_int_equal(query(NULL), ERR_NONE);
	assert_false(params[0].given);
}

static void unknown_and_repeated_ones_are_named(void **state)
{
	assert_int_equal(query("colour=red"), ERR_INVALID_PARAMETER);
	assert_non_null(strstr(err.detail, "colour"));
	assert_int_equal(query("limit=1&limit=1"), ERR_INVALID_PARAMETER);
	assert_non_null(strstr(err.detail, "limit"));
	assert_int_equal(query("Limit=1"), ERR_INVALID_PARAMETER);
	assert_int_equal(query("%ff=1"), ERR_INVALID_PARAMETER);
}

static void a_name_that_may_be_a_secret_is_not_shown(void **state)
{
	assert_int_equal(query("key_9f8e7d6c5b4a=1"), ERR_INVALID_PARAMETER);
	assert_null(strstr(err.detail, "9f8e"));
}

static void values_must_be_there_and_fit(void **state)
{
	assert_int_equal(query("limit"), ERR_INVALID_PARAMETER);
	assert_int_equal(query("limit="), ERR_INVALID_PARAMETER);
	assert_int_equal(query("limit=12345678"), ERR_INVALID_PARAMETER);
	assert_int_equal(query("label=%00"), ERR_INVALID_CURSOR);
}

static const struct route *route;
static char allow[ALLOW_SIZE];

static enum err_code find(const char *method, const char *path, bool admin)
{
	const char *arg;
	size_t len;
	int rc;

	err = (struct err)ERR_INIT;
	rc = route_find(method, path, admin, &route, &arg, &len, allow, &err);
	assert_int_equal(rc, err.code ? -1 : 0);
	return err.code;
}

static void every_row_is_found_by_its_own_path(void **state)
{
	for (int i = 0; route_at(i); i++) {
		const struct route *r = route_at(i);

		assert_int_equal(
			find(r->method, r->path, r->flags & ROUTE_ADMIN),
			ERR_NONE);
		assert_ptr_equal(route, r);
	}
}

static void head_is_get(void **state)
{
	assert_int_equal(find("HEAD", "/healthz", false), ERR_NONE);
	assert_string_equal(route->method, "GET");
}

static void allow_lists_the_methods_of_the_path(void **state)
{
	assert_int_equal(find("PUT", "/v1/agent-phone-numbers/x", false),
			 ERR_METHOD_NOT_ALLOWED);
	assert_string_equal(allow, "GET, HEAD, PATCH, DELETE, OPTIONS");
	assert_int_equal(find("OPTIONS", "/v1/agent-phone-numbers", false),
			 ERR_NONE);
	assert_null(route);
	assert_string_equal(allow, "GET, HEAD, POST, OPTIONS");
	assert_int_equal(find("OPTIONS", "*", false), ERR_NONE);
	assert_int_equal(find("GET", "*", false), ERR_MALFORMED);
}

static void the_listeners_share_no_path(void **state)
{
	assert_int_equal(find("GET", "/metrics", false), ERR_NOT_FOUND);
	assert_int_equal(find("GET", "/healthz", true), ERR_NOT_FOUND);
	assert_int_equal(find("OPTIONS", "/metrics", false), ERR_NOT_FOUND);
}

static void an_unknown_method_is_not_implemented(void **state)
{
	assert_int_equal(find("FOO", "/healthz", false), ERR_NOT_IMPLEMENTED);
	assert_int_equal(find("get", "/healthz", false), ERR_NOT_IMPLEMENTED);
	assert_int_equal(find("TRACE", "/healthz", false),
			 ERR_METHOD_NOT_ALLOWED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_and_query_are_split),
		cmocka_unit_test(an_absolute_form_loses_its_front),
		cmocka_unit_test(what_is_no_path_is_refused),
		cmocka_unit_test(each_of_its_characters_is_looked_at),
		cmocka_unit_test(it_has_a_limit),
		cmocka_unit_test(a_template_takes_one_segment),
		cmocka_unit_test(escapes_are_decoded_once_and_plus_stays),
		cmocka_unit_test(an_escape_is_seen_wherever_it_stands),
		cmocka_unit_test(bad_escapes_are_refused),
		cmocka_unit_test(a_slash_is_refused_in_a_segment_only),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(parameters_are_read),
		cmocka_unit_test(unknown_and_repeated_ones_are_named),
		cmocka_unit_test(a_name_that_may_be_a_secret_is_not_shown),
		cmocka_unit_test(values_must_be_there_and_fit),
		cmocka_unit_test(every_row_is_found_by_its_own_path),
		cmocka_unit_test(head_is_get),
		cmocka_unit_test(allow_lists_the_methods_of_the_path),
		cmocka_unit_test(the_listeners_share_no_path),
		cmocka_unit_test(an_unknown_method_is_not_implemented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
