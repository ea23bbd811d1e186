/* SPDX-License-Identifier: MIT */
/* test_err.c - the first cause wins, and the list of errors is sound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

static void the_first_cause_wins(void **state)
{
	struct err err = ERR_INIT;

	assert_int_equal(err_set(&err, ERR_NOT_FOUND, "no %s", "number"), -1);
	assert_int_equal(err_set(&err, ERR_INTERNAL, "clean-up failed"), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.detail, "no number");
}

static void a_cleared_err_takes_another(void **state)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_NOT_FOUND, "no number");
	snprintf(err.step, sizeof(err.step), "twilio_trunk");
	err_clear(&err);
	assert_int_equal(err.code, ERR_NONE);
	assert_string_equal(err.detail, "");
	assert_string_equal(err.step, "");
	err_set(&err, ERR_INTERNAL, "other");
	assert_int_equal(err.code, ERR_INTERNAL);
}

static void nobody_has_to_listen(void **state)
{
	assert_int_equal(err_set(NULL, ERR_INTERNAL, "unheard"), -1);
}

static void a_long_detail_is_cut(void **state)
{
	struct err err = ERR_INIT;
	char text[1000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&err, ERR_INTERNAL, "%s", text);
	assert_int_equal(strlen(err.detail), sizeof(err.detail) - 1);
}

static void every_code_is_a_name_of_its_own(void **state)
{
	for (int c = ERR_NONE + 1; c < ERR_COUNT; c++) {
		const struct err_def *d = err_def((enum err_code)c);

		assert_true(d->code[0]);
		assert_int_equal(strspn(d->code, "abcdefghijklmnopqrstuvwxyz-"),
				 strlen(d->code)); /* fits into a path */
		assert_in_range(d->http, 400, 599);
		assert_in_range(d->again_s, 0, 60);
		if (err_public((enum err_code)c) &&
		    (d->http == 503 || d->http == 429))
			assert_true(d->again_s);
		assert_true(d->title[0]);
		assert_int_equal(err_by_name(d->code), c);
	}
	assert_int_equal(err_by_name("no-such-code"), ERR_NONE);
}

static void codes_out_of_range_are_internal_errors(void **state)
{
	assert_ptr_equal(err_def(ERR_NONE), err_def(ERR_INTERNAL));
	assert_ptr_equal(err_def(ERR_COUNT), err_def(ERR_INTERNAL));
	assert_ptr_equal(err_def((enum err_code) - 1), err_def(ERR_INTERNAL));
}

static void start_up_errors_have_no_public_page(void **state)
{
	assert_true(err_public(ERR_NOT_FOUND));
	assert_false(err_public(ERR_CONFIG));
	assert_false(err_public(ERR_STORE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_cause_wins),
		cmocka_unit_test(a_cleared_err_takes_another),
		cmocka_unit_test(nobody_has_to_listen),
		cmocka_unit_test(a_long_detail_is_cut),
		cmocka_unit_test(every_code_is_a_name_of_its_own),
		cmocka_unit_test(codes_out_of_range_are_internal_errors),
		cmocka_unit_test(start_up_errors_have_no_public_page),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
