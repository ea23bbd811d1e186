/* SPDX-License-Identifier: MIT */
/* test_buf.c - a string that never passes its ceiling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static void an_empty_buf_is_an_empty_string(void **state)
{
	struct buf b = BUF_INIT(10);
	char *taken;

	assert_string_equal(b.data, "");
	taken = buf_take(&b);
	assert_string_equal(taken, "");
	free(taken);
	buf_release(&b); /* nothing to free */
}

static void appends_add_up(void **state)
{
	struct buf b = BUF_INIT(1000);

	assert_int_equal(buf_str(&b, "one"), 0);
	assert_int_equal(buf_char(&b, ' '), 0);
	assert_int_equal(buf_printf(&b, "%d%s", 2, " three"), 0);
	assert_int_equal(buf_add(&b, "\0x", 2), 0);
	assert_int_equal(b.len, 13);
	assert_memory_equal(b.data, "one 2 three\0x", 14);
	buf_release(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
}

static void the_ceiling_is_reached_but_not_passed(void **state)
{
	struct buf b = BUF_INIT(8);

	assert_int_equal(buf_str(&b, "12345678"), 0);
	assert_false(b.failed);
	assert_int_equal(buf_char(&b, '9'), -1);
	assert_true(b.failed);
	assert_string_equal(b.data, "12345678"); /* nothing was added */
	buf_release(&b);
}

static void a_failure_stays(void **state)
{
	struct buf b = BUF_INIT(4);

	assert_int_equal(buf_printf(&b, "%s", "too long"), -1);
	assert_int_equal(buf_char(&b, 'x'), -1); /* would fit */
	assert_int_equal(buf_str(&b, ""), -1);
	assert_string_equal(b.data, "");
	assert_null(buf_take(&b));
	buf_clear(&b);
	assert_int_equal(buf_char(&b, 'x'), 0);
	buf_release(&b);
}

static void a_huge_length_does_not_overflow(void **state)
{
	struct buf b = BUF_INIT(100);

	buf_str(&b, "abc");
	assert_int_equal(buf_reserve(&b, SIZE_MAX), -1);
	assert_int_equal(b.len, 3);
	buf_release(&b);
}

static void a_cleared_buf_keeps_its_memory(void **state)
{
	struct buf b = BUF_INIT(1000);
	const char *memory;

	buf_str(&b, "some text");
	memory = b.data;
	buf_clear(&b);
	assert_string_equal(b.data, "");
	buf_str(&b, "other");
	assert_ptr_equal(b.data, memory);
	buf_release_secret(&b);
	assert_string_equal(b.data, "");
}

static void what_is_taken_is_the_callers(void **state)
{
	struct buf b = BUF_INIT(1000);
	char *taken;

	buf_str(&b, "mine");
	taken = buf_take(&b);
	buf_str(&b, "yours");
	assert_string_equal(taken, "mine");
	assert_int_equal(b.max, 1000);
	free(taken);
	buf_release(&b);
}

static void it_grows_one_byte_at_a_time_to_any_size(void **state)
{
	struct buf b = BUF_INIT(100000);

	for (int i = 0; i < 100000; i++) {
		assert_int_equal(buf_char(&b, (char)('a' + i % 26)), 0);
		assert_int_equal(b.data[b.len], '\0');
	}
	for (int i = 0; i < 100000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buf_is_an_empty_string),
		cmocka_unit_test(appends_add_up),
		cmocka_unit_test(the_ceiling_is_reached_but_not_passed),
		cmocka_unit_test(a_failure_stays),
		cmocka_unit_test(a_huge_length_does_not_overflow),
		cmocka_unit_test(a_cleared_buf_keeps_its_memory),
		cmocka_unit_test(what_is_taken_is_the_callers),
		cmocka_unit_test(it_grows_one_byte_at_a_time_to_any_size),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
