/* SPDX-License-Identifier: MIT */
/* test_e164.c - telephone numbers, and what a log may show of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/e164.h"

static bool valid(const char *s)
{
	return e164_valid(s, strlen(s));
}

static void numbers_of_7_to_15_digits_are_taken(void **state)
{
	assert_true(valid("+14155550123"));
	assert_true(valid("+1234567"));
	assert_true(valid("+123456789012345"));
	assert_false(valid("+123456"));
	assert_false(valid("+1234567890123456"));
	assert_false(valid("+"));
	assert_false(valid(""));
}

static void a_number_without_plus_is_refused(void **state)
{
	assert_false(valid("14155550123"));
	assert_false(valid("0014155550123"));
	assert_false(valid(" +14155550123"));
}

static void a_country_code_does_not_begin_with_zero(void **state)
{
	assert_false(valid("+04155550123"));
}

static void only_ascii_digits_are_digits(void **state)
{
	assert_false(valid("+1415555012a"));
	assert_false(valid("+1 415 555 0123"));
	assert_false(valid("+1(415)5550123"));
	assert_false(valid("+1415555\xd9\xa0\xd9\xa1"));
	assert_false(valid("+14155550123\n"));
	assert_false(e164_valid("+1415\0550123", 12));
	assert_false(e164_valid("+14155550123\0", 13));
}

static void assert_masked(const char *number, const char *masked)
{
	char out[E164_SIZE];

	e164_mask(number, out);
	assert_string_equal(out, masked);
}

static void a_mask_hides_the_middle(void **state)
{
	assert_masked("+14155550123", "+1415***0123");
	assert_masked("+123456789012345", "+1234*******2345");
	assert_masked("+12345678", "+1***5678");
	assert_masked("+1234567", "+***4567"); /* never fewer than three */
}

static void what_is_no_number_is_hidden_whole(void **state)
{
	assert_masked("", "***");
	assert_masked("secret", "***");
	assert_masked("+1415555012345678901234567890", "***");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_7_to_15_digits_are_taken),
		cmocka_unit_test(a_number_without_plus_is_refused),
		cmocka_unit_test(a_country_code_does_not_begin_with_zero),
		cmocka_unit_test(only_ascii_digits_are_digits),
		cmocka_unit_test(a_mask_hides_the_middle),
		cmocka_unit_test(what_is_no_number_is_hidden_whole),
	};

	return cmocka_run_group_tests_name("e164", tests, NULL, NULL);
}
