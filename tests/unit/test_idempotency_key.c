/* SPDX-License-Identifier: MIT */
/* test_idempotency_key.c - which keys are taken, and as what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/idempotency_key.h"

static char key[IDEMPOTENCY_KEY_SIZE];

static int read_key(const char *s)
{
	struct err err = ERR_INIT;
	int rc = idempotency_key_read((struct text){s, strlen(s)}, key, &err);

	assert_int_equal(err.code, rc ? ERR_IDEMPOTENCY_KEY_INVALID : ERR_NONE);
	return rc;
}

static void bare_and_quoted_are_the_same_key(void **state)
{
	assert_int_equal(read_key("8e03978e-40d5-43e8-bc93-6894a57f9324"), 0);
	assert_string_equal(key, "8e03978e-40d5-43e8-bc93-6894a57f9324");
	assert_int_equal(read_key("\"8e03978e-40d5-43e8-bc93-6894a57f9324\""),
			 0);
	assert_string_equal(key, "8e03978e-40d5-43e8-bc93-6894a57f9324");
}

static void a_string_may_escape_quote_and_backslash_only(void **state)
{
	assert_int_equal(read_key("\"a\\\"b\\\\c\""), 0);
	assert_string_equal(key, "a\"b\\c");
	assert_int_equal(read_key("\"a\\n\""), -1);
	assert_int_equal(read_key("\"a\\\""), -1);
}

static void it_has_1_to_255_characters(void **state)
{
	char s[300];

	memset(s, 'k', sizeof(s));
	s[255] = '\0';
	assert_int_equal(read_key(s), 0);
	assert_int_equal(strlen(key), 255);
	s[255] = 'k';
	s[256] = '\0';
	assert_int_equal(read_key(s), -1);
	s[0] = s[256] = '"';
	s[257] = '\0';
	assert_int_equal(read_key(s), 0);
	assert_int_equal(read_key(""), -1);
	assert_int_equal(read_key("\"\""), -1);
	assert_int_equal(read_key("\""), -1);
}

static void it_is_visible_ascii(void **state)
{
	assert_int_equal(read_key("a b"), -1);
	assert_int_equal(read_key("\"a b\""), -1);
	assert_int_equal(read_key("a\tb"), -1);
	assert_int_equal(read_key("gr\xc3\xbc\xc3\x9f"), -1);
	assert_int_equal(read_key("a\x7f"), -1);
}

static void what_could_be_two_keys_or_parameters_is_refused(void **state)
{
	assert_int_equal(read_key("a,b"), -1);
	assert_int_equal(read_key("a;x=1"), -1);
	assert_int_equal(read_key("\"a\";x=1"), -1);
	assert_int_equal(read_key("\"a\", \"b\""), -1);
	assert_int_equal(read_key("a\"b"), -1);
}

static void none_at_all_is_refused(void **state)
{
	struct err err = ERR_INIT;

	assert_int_equal(
		idempotency_key_read((struct text){NULL, 0}, key, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bare_and_quoted_are_the_same_key),
		cmocka_unit_test(a_string_may_escape_quote_and_backslash_only),
		cmocka_unit_test(it_has_1_to_255_characters),
		cmocka_unit_test(it_is_visible_ascii),
		cmocka_unit_test(
			what_could_be_two_keys_or_parameters_is_refused),
		cmocka_unit_test(none_at_all_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
