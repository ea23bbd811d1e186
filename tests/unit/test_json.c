/* SPDX-License-Identifier: MIT */
/* test_json.c - reading what strangers send, writing what anyone can read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

/* ---- reading ---- */

static json_t *read_text(const char *text, struct err *err)
{
	return json_read(text, strlen(text), JSON_DEPTH_MAX, err);
}

static void assert_refused(const char *text, size_t len, const char *detail)
{
	struct err err = ERR_INIT;

	assert_null(json_read(text, len, JSON_DEPTH_MAX, &err));
	assert_int_equal(err.code, ERR_INVALID_JSON);
	if (detail)
		assert_string_equal(err.detail, detail);
}

static void a_document_is_read(void **state)
{
	struct err err = ERR_INIT;
	json_t *j = read_text(" {\"a\": [1, true, null, \"\\u00e9\"]}\n", &err);

	assert_non_null(j);
	assert_int_equal(json_array_size(json_object_get(j, "a")), 4);
	json_decref(j);
}

static void what_is_not_one_json_document_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"{",
		"{}{}",
		"{} x",
		"[1,]",
		"{\"a\":1,}",
		"{a:1}",
		"'a'",
		"1",
		"\"text\"",
		"null",
		"[NaN]",
		"[1e400]",
		"[9223372036854775808]",
		"[01]",
		"[\"\\x\"]",
		"\xef\xbb\xbf{}",
		"[\"\xff\"]",
		"[\"\xc0\x80\"]",
		"[\"\xed\xa0\x80\"]",
		"[\"\n\"]",
		"// c\n{}",
		"]",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_refused(texts[i], strlen(texts[i]), NULL);
}

static void a_nul_is_refused_raw_and_escaped(void **state)
{
	assert_refused("{}\0", 3, NULL);
	assert_refused("[\"a\0b\"]", 7, NULL);
	assert_refused("[\"\\u0000\"]", 10, NULL);
	assert_refused("{\"\\u0000\":1}", 12, NULL);
}

static void a_duplicate_key_is_refused(void **state)
{
	const char text[] = "{\"a\":1,\"a\":2}";

	assert_refused(text, strlen(text), "byte 10: duplicate key");
}

static void an_error_gives_the_place_and_not_the_text(void **state)
{
	const char text[] = "{\"password\": hunter2}";

	assert_refused(text, strlen(text), "byte 19: not valid JSON");
}

static char *nested(int depth)
{
	char *text = calloc(1, 2 * (size_t)depth + 1);

	assert_non_null(text);
	memset(text, '[', (size_t)depth);
	memset(text + depth, ']', (size_t)depth);
	return text;
}

static void depth_is_limited(void **state)
{
	struct err err = ERR_INIT;
	char *text = nested(JSON_DEPTH_MAX);
	json_t *j = read_text(text, &err);

	assert_non_null(j);
	json_decref(j);
	free(text);
	text = nested(JSON_DEPTH_MAX + 1);
	assert_refused(text, strlen(text),
		       "byte 16: nested deeper than 16 levels");
	free(text);
	text = nested(1000000); /* no stack for it is needed */
	assert_refused(text, strlen(text),
		       "byte 16: nested deeper than 16 levels");
	free(text);
}

static void brackets_in_strings_are_not_depth(void **state)
{
	struct err err = ERR_INIT;
	json_t *j = read_text(
		"[\"[[[[[[[[[[[[[[[[[[\\\"[[[[[[[[[[[[[[[[[[\\\\\",[1]]", &err);

	assert_non_null(j);
	json_decref(j);
}

/* ---- writing ---- */

static void assert_written(const char *s, size_t len, const char *json)
{
	struct buf b = BUF_INIT(1000);

	assert_int_equal(json_add_strn(&b, s, len), 0);
	assert_string_equal(b.data, json);
	buf_release(&b);
}

static void special_characters_are_escaped(void **state)
{
	assert_written("", 0, "\"\"");
	assert_written("plain text", 10, "\"plain text\"");
	assert_written("a\"b\\c", 5, "\"a\\\"b\\\\c\"");
	assert_written("\b\t\n\v\f\r", 6, "\"\\b\\t\\n\\u000b\\f\\r\"");
	assert_written("\0\x1f\x7f", 3, "\"\\u0000\\u001f\\u007f\"");
	/* U+009B begins terminal commands as ESC [ does. */
	assert_written("\xc2\x9b", 2, "\"\\u009b\"");
	assert_written("/\xc2\xa0", 3, "\"/\xc2\xa0\"");
}

/* Eight bytes are looked at together: each must be seen at each place. */
static void a_byte_is_seen_wherever_it_stands(void **state)
{
	for (size_t len = 1; len < 20; len++) {
		for (size_t at = 0; at < len; at++) {
			for (int c = 1; c < 128; c++) {
				struct buf b = BUF_INIT(100);
				char s[20] = "";
				json_t *back;

				memset(s, 'a', len);
				s[at] = (char)c;
				json_add_strn(&b, s, len);
				back = json_loadb(b.data, b.len,
						  JSON_DECODE_ANY, NULL);
				assert_non_null(back);
				assert_string_equal(json_string_value(back), s);
				assert_int_equal(b.len > len + 2,
						 c < ' ' || c == '"' ||
							 c == '\\' ||
							 c == 0x7f);
				json_decref(back);
				buf_release(&b);
			}
		}
	}
}

static void utf8_passes_and_what_is_none_is_replaced(void **state)
{
#define BAD "\xef\xbf\xbd"
	assert_written("\xc3\xa9", 2, "\"\xc3\xa9\"");
	assert_written("\xe2\x82\xac\xf0\x9f\x93\x9e", 7,
		       "\"\xe2\x82\xac\xf0\x9f\x93\x9e\"");
	assert_written("\xff", 1, "\"" BAD "\"");
	assert_written("\xc3", 1, "\"" BAD "\"");	  /* cut */
	assert_written("\xc0\x80", 2, "\"" BAD BAD "\""); /* overlong */
	assert_written("\xe0\x80\x80", 3, "\"" BAD BAD BAD "\"");
	assert_written("\xed\xa0\x80", 3,
		       "\"" BAD BAD BAD "\""); /* surrogate */
	assert_written("\xf4\x90\x80\x80", 4, "\"" BAD BAD BAD BAD "\"");
	assert_written("\xe2\x82x", 3, "\"" BAD BAD "x\"");
}

static void any_bytes_give_valid_json(void **state)
{
	struct clock *c = clock_system();
	struct buf b = BUF_INIT(2000);

	for (int i = 0; i < 20000; i++) {
		unsigned char bytes[40];
		size_t n = clock_chance(c, sizeof(bytes) + 1);
		json_t *j;

		c->random(c, bytes, n);
		buf_clear(&b);
		json_add_strn(&b, (char *)bytes, n);
		j = json_loadb(b.data, b.len, JSON_DECODE_ANY | JSON_ALLOW_NUL,
			       NULL);
		assert_non_null(j);
		json_decref(j);
	}
	buf_release(&b);
}

static void objects_are_written_front_to_back(void **state)
{
	struct buf b = BUF_INIT(1000);

	buf_char(&b, '{');
	json_put_str(&b, "s", "x");
	json_put_str(&b, "none", NULL);
	json_put_int(&b, "least", INT64_MIN);
	json_put_int(&b, "most", INT64_MAX);
	json_put_int(&b, "zero", 0);
	json_put_bool(&b, "yes", true);
	json_put_bool(&b, "no", false);
	json_put_raw(&b, "raw", "[1]");
	json_put_raw(&b, "nothing", NULL);
	json_put_time(&b, "at", 1795151802123);
	json_put_time(&b, "never", 0);
	json_key(&b, "in");
	buf_str(&b, "{");
	json_put_int(&b, "a", 1);
	buf_str(&b, "}");
	assert_int_equal(buf_char(&b, '}'), 0);
	assert_string_equal(
		b.data,
		"{\"s\":\"x\",\"none\":null,\"least\":-9223372036854775808,"
		"\"most\":9223372036854775807,\"zero\":0,\"yes\":true,"
		"\"no\":false,\"raw\":[1],\"nothing\":null,"
		"\"at\":\"2026-11-20T05:16:42.123Z\",\"never\":null,"
		"\"in\":{\"a\":1}}");
	buf_release(&b);
}

static void a_value_is_written_as_it_was_read(void **state)
{
	static const char text[] =
		"{\"z\":[],\"a\":{},\"m\":[1,-2,true,false,null,\"\xc3\xa9\","
		"\"\\n\"],\"reals\":[0.5,0.1,0.30000000000000004,1e300,-1.5,"
		"3.0,0.3333333333333333],\"n\":{\"b\":1,\"a\":2}}";
	struct err err = ERR_INIT;
	struct buf b = BUF_INIT(1000);
	json_t *j = read_text(text, &err);

	assert_non_null(j);
	assert_int_equal(json_add_value(&b, j), 0);
	assert_string_equal(b.data, text);
	json_decref(j);
	buf_clear(&b);
	json_add_value(&b, NULL);
	assert_string_equal(b.data, "null");
	buf_release(&b);
}

static void a_comma_in_the_locale_stays_out_of_json(void **state)
{
	struct buf b = BUF_INIT(100);
	json_t *j = json_real(0.5);

	if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") &&
	    !setlocale(LC_NUMERIC, "fr_FR.UTF-8")) {
		json_decref(j);
		skip();
	}
	json_add_value(&b, j);
	setlocale(LC_NUMERIC, "C");
	assert_string_equal(b.data, "0.5");
	json_decref(j);
	buf_release(&b);
}

static void what_does_not_fit_fails(void **state)
{
	struct buf b = BUF_INIT(10);

	assert_int_equal(json_add_str(&b, "0123456789"), -1);
	assert_true(b.failed);
	assert_true(b.len <= 10);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_read),
		cmocka_unit_test(what_is_not_one_json_document_is_refused),
		cmocka_unit_test(a_nul_is_refused_raw_and_escaped),
		cmocka_unit_test(a_duplicate_key_is_refused),
		cmocka_unit_test(an_error_gives_the_place_and_not_the_text),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(brackets_in_strings_are_not_depth),
		cmocka_unit_test(special_characters_are_escaped),
		cmocka_unit_test(a_byte_is_seen_wherever_it_stands),
		cmocka_unit_test(utf8_passes_and_what_is_none_is_replaced),
		cmocka_unit_test(any_bytes_give_valid_json),
		cmocka_unit_test(objects_are_written_front_to_back),
		cmocka_unit_test(a_value_is_written_as_it_was_read),
		cmocka_unit_test(a_comma_in_the_locale_stays_out_of_json),
		cmocka_unit_test(what_does_not_fit_fails),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
