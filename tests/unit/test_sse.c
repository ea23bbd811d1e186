/* SPDX-License-Identifier: MIT */
/* test_sse.c - events as bytes, and ids that say what a client knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "api/sse.h"

static struct text text(const char *s)
{
	return (struct text){s, strlen(s)};
}

static void an_event_is_three_lines_and_a_blank_one(void **state)
{
	struct buf b = BUF_INIT(256);

	assert_int_equal(sse_event(&b, "step", "abc", "{\"a\":1}xx", 7), 0);
	assert_string_equal(b.data,
			    "event: step\nid: abc\ndata: {\"a\":1}\n\n");
	buf_release(&b);
}

static void an_event_that_does_not_fit_is_told(void **state)
{
	struct buf b = BUF_INIT(16);

	assert_int_equal(sse_event(&b, "step", "abc", "{}", 2), -1);
	buf_release(&b);
}

static void marks_are_found_where_they_stand_and_nowhere_else(void **state)
{
	struct buf marks = BUF_INIT(64);
	char one[SSE_MARK], two[SSE_MARK], across[SSE_MARK];

	sse_mark("one", 3, one);
	sse_mark("two", 3, two);
	assert_memory_not_equal(one, two, SSE_MARK);
	assert_false(sse_has(&marks, one));
	buf_add(&marks, one, SSE_MARK);
	assert_true(sse_has(&marks, one));
	assert_false(sse_has(&marks, two));
	buf_add(&marks, two, SSE_MARK);
	assert_true(sse_has(&marks, two));
	memcpy(across, marks.data + SSE_MARK / 2, SSE_MARK);
	assert_false(sse_has(&marks, across));
	assert_true(sse_marks_valid((struct text){marks.data, marks.len}));
	buf_release(&marks);
}

static void a_mark_depends_on_every_byte(void **state)
{
	char s[] = "{\"state\":\"present\",\"attempts\":1}";
	char before[SSE_MARK], after[SSE_MARK];

	sse_mark(s, strlen(s), before);
	for (size_t i = 0; s[i]; i++) {
		s[i] ^= 1;
		sse_mark(s, strlen(s), after);
		assert_memory_not_equal(before, after, SSE_MARK);
		s[i] ^= 1;
	}
}

/* The birthday bound for 10,000 of 62^6 is one clash in a thousand runs. */
static void marks_of_many_steps_differ(void **state)
{
	struct buf marks = BUF_INIT(64 * 1024);
	char one[SSE_MARK], step[32];

	for (int i = 0; i < 5000; i++) {
		int n = snprintf(step, sizeof(step), "{\"attempts\":%d}", i);

		sse_mark(step, (size_t)n, one);
		assert_false(sse_has(&marks, one));
		buf_add(&marks, one, SSE_MARK);
	}
	buf_release(&marks);
}

static void only_our_ids_are_taken(void **state)
{
	static char longest[SSE_MARK * SSE_MARKS + SSE_MARK + 1];

	assert_true(sse_marks_valid(text("abcdef")));
	assert_true(sse_marks_valid(text("abcDEF012345")));
	assert_false(sse_marks_valid((struct text){NULL, 0}));
	assert_false(sse_marks_valid(text("")));
	assert_false(sse_marks_valid(text("abcde")));
	assert_false(sse_marks_valid(text("abcdefg")));
	assert_false(sse_marks_valid(text("end-17")));
	assert_false(sse_marks_valid(text("abc\ndf")));
	assert_false(sse_marks_valid((struct text){"abc\0ef", 6}));
	memset(longest, 'a', SSE_MARK * SSE_MARKS);
	assert_true(sse_marks_valid(text(longest)));
	memset(longest, 'a', SSE_MARK * SSE_MARKS + SSE_MARK);
	assert_false(sse_marks_valid(text(longest)));
}

static void collect(const char *object, size_t len, void *arg)
{
	buf_add(arg, object, len);
	buf_char(arg, '|');
}

static void check_objects(const char *array, const char *expected)
{
	struct buf found = BUF_INIT(256);

	sse_objects(array, collect, &found);
	assert_string_equal(found.data, expected);
	buf_release(&found);
}

static void objects_are_found_with_their_own_bytes(void **state)
{
	check_objects("[]", "");
	check_objects("[{}]", "{}|");
	check_objects("[{\"a\": 1},{\"b\":{\"c\":[{}]}}]",
		      "{\"a\": 1}|{\"b\":{\"c\":[{}]}}|");
	check_objects("[{\"a\":\"}{\\\"}\"},{\"b\":\"\\\\\"}]",
		      "{\"a\":\"}{\\\"}\"}|{\"b\":\"\\\\\"}|");
}

static void what_is_cut_off_is_left_out(void **state)
{
	check_objects("", "");
	check_objects("[{\"a\":1},{\"b\":", "{\"a\":1}|");
	check_objects("[{\"a\":\"", "");
	check_objects("[{\"a\":\"\\", "");
	check_objects("}}{}", "{}|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_three_lines_and_a_blank_one),
		cmocka_unit_test(an_event_that_does_not_fit_is_told),
		cmocka_unit_test(
			marks_are_found_where_they_stand_and_nowhere_else),
		cmocka_unit_test(a_mark_depends_on_every_byte),
		cmocka_unit_test(marks_of_many_steps_differ),
		cmocka_unit_test(only_our_ids_are_taken),
		cmocka_unit_test(objects_are_found_with_their_own_bytes),
		cmocka_unit_test(what_is_cut_off_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
