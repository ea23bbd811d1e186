/* SPDX-License-Identifier: MIT */
/* test_cursor.c - a cursor works for its list and for nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "api/cursor.h"
#include "base/clock.h"

static struct seal *seal_of(const char *key)
{
	struct err err = ERR_INIT;
	struct seal *s = seal_new(key, &err);

	assert_non_null(s);
	return s;
}

#define KEY   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define OTHER "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

static int read_it(const struct seal *s, const char *scope, const char *cursor,
		   int64_t *seq)
{
	struct err err = ERR_INIT;
	int rc = cursor_read(s, scope, strlen(scope), cursor, seq, &err);

	assert_int_equal(err.code, rc ? ERR_INVALID_CURSOR : ERR_NONE);
	return rc;
}

static void what_was_written_is_read(void **state)
{
	static const int64_t seqs[] = {1, 255, 256, 1LL << 40, INT64_MAX};
	struct seal *s = seal_of(KEY);
	char cursor[CURSOR_SIZE];
	int64_t seq;

	for (size_t i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++) {
		cursor_write(s, "list", 4, seqs[i], cursor);
		assert_int_equal(strlen(cursor), CURSOR_SIZE - 1);
		assert_int_equal(strspn(cursor,
					"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
					"mnopqrstuvwxyz0123456789-_"),
				 CURSOR_SIZE - 1);
		assert_int_equal(read_it(s, "list", cursor, &seq), 0);
		assert_true(seq == seqs[i]);
	}
	seal_free(s);
}

static void another_scope_or_key_refuses_it(void **state)
{
	struct seal *s = seal_of(KEY), *other = seal_of(OTHER);
	char cursor[CURSOR_SIZE];
	int64_t seq;

	cursor_write(s, "list", 4, 9, cursor);
	assert_int_equal(read_it(s, "list2", cursor, &seq), -1);
	assert_int_equal(read_it(s, "", cursor, &seq), -1);
	assert_int_equal(read_it(other, "list", cursor, &seq), -1);
	seal_free(s);
	seal_free(other);
}

static void no_character_of_it_can_be_changed(void **state)
{
	struct seal *s = seal_of(KEY);
	char cursor[CURSOR_SIZE];
	int64_t seq;

	for (int i = 0; i < CURSOR_SIZE - 1; i++) {
		cursor_write(s, "list", 4, 9, cursor);
		cursor[i] = cursor[i] == 'A' ? 'B' : 'A';
		assert_int_equal(read_it(s, "list", cursor, &seq), -1);
	}
	seal_free(s);
}

static void what_is_no_cursor_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"====",
		"\xff",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	struct seal *s = seal_of(KEY);
	int64_t seq;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(read_it(s, "list", bad[i], &seq), -1);
	seal_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(another_scope_or_key_refuses_it),
		cmocka_unit_test(no_character_of_it_can_be_changed),
		cmocka_unit_test(what_is_no_cursor_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
