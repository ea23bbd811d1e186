/* SPDX-License-Identifier: MIT */
/* test_utf8.c - every character there is, and everything that is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"

/* RFC 3629 read as arithmetic, where utf8.c has a table. */
static size_t encode(uint32_t point, char out[4])
{
	static const uint32_t ends[] = {0x80, 0x800, 0x10000, 0x110000};
	static const uint8_t marks[] = {0, 0xc0, 0xe0, 0xf0};
	size_t n = 1;

	while (point >= ends[n - 1])
		n++;
	for (size_t i = n - 1; i > 0; i--, point >>= 6)
		out[i] = (char)(0x80 | (point & 0x3f));
	out[0] = (char)(marks[n - 1] | point);
	return n;
}

static bool is_surrogate(uint32_t point)
{
	return point >= 0xd800 && point <= 0xdfff;
}

static void every_character_is_taken_whole_or_not_at_all(void **state)
{
	char text[4];

	for (uint32_t point = 0; point <= 0x10ffff; point++) {
		size_t n = encode(point, text);

		if (utf8_length(text, n) != (is_surrogate(point) ? 0 : n))
			fail_msg("U+%04X", point);
		for (size_t left = 0; left < n; left++)
			if (utf8_length(text, left))
				fail_msg("U+%04X after %zu bytes", point, left);
	}
}

/* As many as there are characters, so that nothing else was taken for one. */
static void nothing_else_is_taken(void **state)
{
	uint32_t taken[5] = {0};
	char text[4];

	for (uint32_t bytes = 0; bytes <= 0xffffff; bytes++) {
		size_t n;

		text[0] = (char)(bytes >> 16);
		text[1] = (char)(bytes >> 8);
		text[2] = (char)bytes;
		text[3] = (char)0x80;
		n = utf8_length(text, 4);
		assert_true(n <= 4);
		taken[n]++;
	}
	assert_int_equal(taken[1], 0x80 << 16);
	assert_int_equal(taken[2], (0x800 - 0x80) << 8);
	assert_int_equal(taken[3], 0x10000 - 0x800 - 0x800); /* surrogates */
	assert_int_equal(taken[4], 0x100000 >> 6); /* each with one last byte */
	text[0] = (char)0xf0;
	text[1] = (char)0x90;
	text[2] = (char)0x80;
	for (int last = 0; last <= 0xff; last++) {
		text[3] = (char)last;
		assert_int_equal(utf8_length(text, 4),
				 last >= 0x80 && last <= 0xbf ? 4 : 0);
	}
}

static void a_text_is_all_or_nothing(void **state)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\x9e";

	assert_true(utf8_valid(text, sizeof(text) - 1));
	assert_true(utf8_valid("", 0));
	assert_false(utf8_valid(text, sizeof(text) - 2));
	assert_false(utf8_valid(text + 2, 1));
	assert_int_equal(utf8_count(text), 4);
	assert_int_equal(utf8_count(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character_is_taken_whole_or_not_at_all),
		cmocka_unit_test(nothing_else_is_taken),
		cmocka_unit_test(a_text_is_all_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
