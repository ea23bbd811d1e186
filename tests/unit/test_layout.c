/* SPDX-License-Identifier: MIT */
/* test_layout.c - a header as the HTTP library leaves it in its buffer: what
 * lies there without a gap is whole, all else is torn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/layout.h"

#define FIRST "GET\0/x?y\0HTTP/1.1"

static char buf[128];
static struct layout l;

/* With a request line whose target, of this length as it came, and version lie
 * at these places. */
static void begin(const char *bytes, size_t size, size_t target, size_t len,
		  size_t version)
{
	memcpy(buf, bytes, size);
	layout_begin(&l, buf, buf + target, len, buf + version);
}

static void take(const char *name, size_t size)
{
	const char *at = memmem(buf, size, name, strlen(name));
	const char *value = at + strlen(at) + 1;

	value += strspn(value, " \t");
	layout_field(&l, at, strlen(at), value, strlen(value));
}

/* The header is FIRST, then what has the fields Host and Last. */
static bool is_whole(const char *bytes, size_t size)
{
	begin(bytes, size, 4, 4, 9);
	take("Host", size);
	take("Last", size);
	return layout_whole(&l, buf + size, NULL);
}

#define WHOLE(bytes) is_whole(FIRST bytes, sizeof(FIRST bytes) - 1)

static void a_header_without_gaps_is_whole(void **state)
{
	begin(FIRST "\0\0\0\0", sizeof(FIRST) + 3, 4, 4, 9);
	assert_true(layout_whole(&l, buf + sizeof(FIRST) + 3, NULL));
	assert_true(WHOLE("\0\0Host\0 a\0\0Last\0b\0\0\0\0"));
	assert_true(WHOLE("\0\0Host\0\0\0Last\0 \t\0\0\0\0"));
}

static void a_line_that_is_no_field_tears_it(void **state)
{
	assert_false(WHOLE("\0\0Host\0 a\0\0Last\0b\0\0\0v\0\0"));
	assert_false(WHOLE("\0\0Host\0 a\0\0Last\0b\0\0\0\0\0"));
	assert_false(WHOLE("\0\0Host\0 a\0\0\0x\0\0Last\0b\0\0\0\0"));
	assert_false(WHOLE("\0\0\0\0Host\0 a\0\0Last\0b\0\0\0\0"));
}

static void a_bare_line_feed_tears_it(void **state)
{
	assert_false(WHOLE("\0Host\0 a\0\0Last\0b\0\0\0\0"));
	assert_false(WHOLE("\0\0Host\0 a\0Last\0b\0\0\0\0"));
	assert_false(WHOLE("\0\0Host\0 a\0\0Last\0b\0\0\0"));
}

static void what_is_left_of_a_cut_value_tears_it(void **state)
{
	assert_false(WHOLE("\0\0Host\0 a\0c\0\0Last\0b\0\0\0\0"));
	assert_false(WHOLE("\0\0Host\0 a\0\0Last\0b\0c\0\0\0\0"));
	/* Four bytes, as an end has, but one is none of its. */
	assert_false(WHOLE("\0\0Host\0 a\0\0Last\0b\0\0v\0"));
}

static void a_name_from_elsewhere_tears_it(void **state)
{
	static const char bytes[] = FIRST "\0\0Ho\0 a\0\0 st\0\0\0\0";
	const char *name = buf + sizeof(FIRST) + 1, *value = name + 4;

	begin(bytes, sizeof(bytes), 4, 4, 9);
	layout_field(&l, "Host", 4, value, 1);
	assert_true(l.torn);
	/* Joined in place, it lies over its own value. */
	begin(bytes, sizeof(bytes), 4, 4, 9);
	layout_field(&l, name, 4, value, 1);
	assert_true(l.torn);
	begin(bytes, sizeof(bytes), 4, 4, 9);
	layout_field(&l, name, 2, value, 1);
	assert_false(l.torn);
}

static void blanks_and_nuls_in_the_first_line_tear_it(void **state)
{
	begin("GET\0/x\0HTTP/1.1\0", 17, 4, 2, 7);
	assert_false(l.torn);
	begin("GET\0 /x\0HTTP/1.1\0", 18, 5, 2, 8);
	assert_true(l.torn);
	begin("GET\0/x\0y\0HTTP/1.1\0", 19, 4, 2, 9);
	assert_true(l.torn);
	begin("G\0T\0/x\0HTTP/1.1\0", 17, 4, 2, 7);
	assert_true(l.torn);
}

static void an_end_is_where_the_first_empty_line_was(void **state)
{
	static const char bytes[] = FIRST "\0\0\0\0Host\0 a\0\0\0\0";
	const char *end = buf + sizeof(FIRST) + 3;

	begin(bytes, sizeof(bytes), 4, 4, 9);
	assert_true(layout_whole(&l, end, end));
	assert_false(layout_whole(&l, end, end + 11));
	assert_false(layout_whole(&l, end, end - 1));
}

/* Where layout_end finds it if the version stands at this place of a page,
 * counted from behind that; -1 if it cannot be seen. */
static long end_at(size_t at, const char *bytes, size_t size)
{
	static char pages[2 * 4096] __attribute__((aligned(4096)));
	const char *end;

	memset(pages, 0, sizeof(pages));
	memcpy(pages + at, "HTTP/1.1", 8);
	memcpy(pages + at + 8, bytes, size);
	end = layout_end(pages + at);
	return end ? end - pages - (long)at - 8 : -1;
}

#define END(at, bytes) end_at(at, bytes, sizeof(bytes) - 1)

static void the_end_is_seen_where_it_has_come(void **state)
{
	assert_int_equal(END(9, "\0\0\r\n"), 4);
	assert_int_equal(END(9, "\0\0\r\nGET / HTTP/1.1\r\n\r\n"), 4);
	assert_int_equal(END(9, "\0\0A: b\r\n\r\nC: d\r\n\r\n"), 10);
	assert_int_equal(END(9, "\0\0A: b\n:\r\nC: d\r\n\r\n"), 18);
	assert_int_equal(END(9, "\0\0A: b\r\n\r"), -1);
	assert_int_equal(END(9, "\0\0"), -1);
	assert_int_equal(END(9, ""), -1);
}

static void with_a_nul_it_ends_nowhere(void **state)
{
	assert_int_equal(END(9, "\0\0A: b\0\r\n\r\n"), 0);
	assert_int_equal(END(9, "\0\0\0\r\n\r\n"), 0);
	assert_int_equal(END(9, "\0\0A: b\r\n\r\n\0"), 10);
}

static void no_other_page_is_looked_at(void **state)
{
	assert_int_equal(END(4096 - 18, "\0\0A: b\r\n\r\n"), 10);
	assert_int_equal(END(4096 - 17, "\0\0A: b\r\n\r\n"), -1);
	assert_int_equal(END(4096 - 12, "\0\0\r\n"), 4);
	assert_int_equal(END(4096 - 11, "\0\0\r\n"), -1);
	assert_int_equal(END(4096 - 9, "\0\0\r\n"), -1);
	assert_int_equal(END(4096 - 8, "\0\0\r\n"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_without_gaps_is_whole),
		cmocka_unit_test(a_line_that_is_no_field_tears_it),
		cmocka_unit_test(a_bare_line_feed_tears_it),
		cmocka_unit_test(what_is_left_of_a_cut_value_tears_it),
		cmocka_unit_test(a_name_from_elsewhere_tears_it),
		cmocka_unit_test(blanks_and_nuls_in_the_first_line_tear_it),
		cmocka_unit_test(an_end_is_where_the_first_empty_line_was),
		cmocka_unit_test(the_end_is_seen_where_it_has_come),
		cmocka_unit_test(with_a_nul_it_ends_nowhere),
		cmocka_unit_test(no_other_page_is_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
