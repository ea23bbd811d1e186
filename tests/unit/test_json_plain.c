/* SPDX-License-Identifier: MIT */
/*
 * test_json_plain.c - what the fast reader takes, jansson takes and reads
 * alike; what programs send, it takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/base/json_plain.h"
#include "base/json.h"

#define DEPTH 4

static json_t *plain(const char *text)
{
	return json_plain_read(text, strlen(text), DEPTH);
}

/* The order of the members and each bit of a number count, too. */
static bool same(const json_t *a, const json_t *b)
{
	struct buf x = BUF_INIT(100000), y = BUF_INIT(100000);
	bool yes;

	json_add_value(&x, a);
	json_add_value(&y, b);
	yes = json_equal((json_t *)a, (json_t *)b) && x.len == y.len &&
	      memcmp(x.data, y.data, x.len) == 0;
	buf_release(&x);
	buf_release(&y);
	return yes;
}

/* True if it was taken. */
static bool reads_as_jansson_does(const char *text, size_t len)
{
	json_t *fast = json_plain_read(text, len, DEPTH), *slow;

	if (!fast)
		return false;
	slow = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (!slow || !same(fast, slow))
		fail_msg("read otherwise: %.*s", (int)len, text);
	json_decref(fast);
	json_decref(slow);
	return true;
}

static void what_programs_send_is_taken(void **state)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		" \t\r\n{ } \n",
		"[[],{},[{}]]",
		"{\"a\":1,\"b\":[true,false,null],\"c\":{\"d\":\"e\"}}",
		"{\"a\" : \"b\" , \"c\" : [ 1 , 2 ] }",
		"{\"\":0}",
		"[\"\"]",
		"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
		"{\"uri\":\"\\/2010-04-01\\/Accounts\",\"b\":\"c\\n\"}",
		"[\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\x9e \x7f\"]",
		"[0,-0,7,-7,999999999999999,-999999999999999]",
		"[0.5,-0.5,0.0,-0.0,1.0,3.14159265358979,0.1,0.3]",
		"[123456789012.345,0.00000000000001]",
		"[[[[]]]]",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!reads_as_jansson_does(texts[i], strlen(texts[i])))
			fail_msg("not taken: %s", texts[i]);
}

static void a_zero_keeps_its_sign(void **state)
{
	json_t *j = plain("[-0.0]");

	assert_true(signbit(json_real_value(json_array_get(j, 0))));
	json_decref(j);
}

static void every_other_text_is_left_to_jansson(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"1",
		"\"a\"",
		"null",
		"{",
		"[",
		"[1",
		"{\"a\"",
		"{\"a\":",
		"{\"a\":1",
		"{\"a\":1,",
		"{\"a\":1,}",
		"[1,]",
		"[,1]",
		"{,}",
		"[1 2]",
		"{\"a\" 1}",
		"{a:1}",
		"{1:1}",
		"[01]",
		"[-]",
		"[+1]",
		"[.5]",
		"[1.]",
		"[-.5]",
		"[1e5]",
		"[1.5E1]",
		"[tru]",
		"[truex]",
		"[nul]",
		"[NaN]",
		"[1000000000000000]",
		"[0.1234567890123456]",
		"[\"a]",
		"[\"\\u0041\"]",
		"[\"\\x\"]",
		"[\"\\\"]",
		"[\"\t\"]",
		"[\"\x1f\"]",
		"[\"\xff\"]",
		"[\"\xc3\"]",
		"[\"\xed\xa0\x80\"]",
		"[\"\xc0\x80\"]",
		"[] []",
		"[]x",
		"{}}",
		"[[[[[]]]]]",
		"{\"a\":1,\"a\":2}",
		"{\"a\":1,\"b\":2,\"a\":1}",
		"{\"\\n\":1}",
		"[1]\f",
		"\xef\xbb\xbf[]",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (plain(texts[i]))
			fail_msg("taken: %s", texts[i]);
	assert_null(json_plain_read("[\0]", 3, DEPTH));
	assert_null(json_plain_read("[\"\0\"]", 5, DEPTH));
	assert_null(json_plain_read("[]\0", 3, DEPTH));
}

/* Cut anywhere it is no text, and no byte behind the cut is read (sanitizers
 * see to that: the copy ends there). */
static void a_text_that_is_cut_is_none(void **state)
{
	static const char text[] =
		"{\"a\":[true,false,null,-12.5],\"b\":\"c\\nd\xc3\xa9\"}";

	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		char *copy = malloc(n + 1);

		assert_non_null(copy);
		memcpy(copy, text, n);
		copy = realloc(copy, n ? n : 1);
		assert_non_null(copy);
		assert_null(json_plain_read(copy, n, DEPTH));
		free(copy);
	}
	assert_true(reads_as_jansson_does(text, sizeof(text) - 1));
}

/* Texts of pieces that fit now and then, from a fixed seed. */
static void random_texts_are_read_alike(void **state)
{
	static const char *const pieces[] = {
		"{",	 "}",	      "[",	"]",	   ",",
		":",	 "\"a\"",     "\"b\"",	"\"\\n\"", "\"\xc3\xa9\"",
		"1",	 "-0",	      "0.25",	"12.5",	   "true",
		"null",	 " ",	      "\"a\":", "\"b\":1", "0",
		"[1,2]", "{\"a\":1}", "1e2",	"\\",	   "\"",
	};
	unsigned long seed = 1;
	int taken = 0;

	for (int i = 0; i < 300000; i++) {
		char text[200] = "[";

		for (int n = (int)(seed >> 60); n >= 0; n--) {
			seed = seed * 6364136223846793005u +
			       1442695040888963407u;
			strcat(text,
			       pieces[(seed >> 33) %
				      (sizeof(pieces) / sizeof(pieces[0]))]);
		}
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		if (seed >> 63)
			strcat(text, "]");
		taken += reads_as_jansson_does(text, strlen(text));
	}
	assert_in_range(taken, 1000, 300000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_programs_send_is_taken),
		cmocka_unit_test(a_zero_keeps_its_sign),
		cmocka_unit_test(every_other_text_is_left_to_jansson),
		cmocka_unit_test(a_text_that_is_cut_is_none),
		cmocka_unit_test(random_texts_are_read_alike),
	};

	return cmocka_run_group_tests_name("json, plain", tests, NULL, NULL);
}
