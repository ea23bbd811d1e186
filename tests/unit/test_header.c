/* SPDX-License-Identifier: MIT */
/* test_header.c - header fields: what is read, and what is refused before a
 * body. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/header.h"
#include "api/limits.h"
#include "api/media.h"
#include "api/trace.h"

static struct headers h;
static struct err err;
static bool closing;

static void add(const char *name, const char *value)
{
	headers_add(&h, name, strlen(name), value, strlen(value));
}

static void fresh(void)
{
	memset(&h, 0, sizeof(h));
	err = (struct err)ERR_INIT;
	add("Host", "example.com:8080");
}

static int check_as(const char *version)
{
	return headers_check(&h, version, &closing, &err);
}

/* Checks a request with one more field; the code of what is wrong with it. What
 * is wrong, or comes in chunks, ends the connection. */
static enum err_code with(const char *name, const char *value)
{
	int rc;

	fresh();
	add(name, value);
	rc = check_as("HTTP/1.1");
	assert_int_equal(rc, err.code ? -1 : 0);
	assert_int_equal(closing, err.code != ERR_NONE || h.chunked);
	return err.code;
}

static void a_plain_request_passes(void **state)
{
	fresh();
	assert_int_equal(check_as("HTTP/1.1"), 0);
	assert_false(closing);
	assert_false(h.has_body);
}

static void names_know_no_case_and_values_no_outer_blanks(void **state)
{
	fresh();
	add("cOnTeNt-TyPe", " \tapplication/json \t");
	assert_true(text_is(h.value[HEADER_CONTENT_TYPE], "application/JSON"));
	assert_int_equal(h.seen[HEADER_CONTENT_TYPE], 1);
}

static void names_are_tokens_and_values_have_no_controls(void **state)
{
	assert_int_equal(with("X-A", "a\tb \xc3\xa9"), ERR_NONE);
	assert_int_equal(with("X A", "a"), ERR_MALFORMED);
	assert_int_equal(with("X-A ", "a"), ERR_MALFORMED);
	assert_int_equal(with("", "a"), ERR_MALFORMED);
	assert_int_equal(with("X(A)", "a"), ERR_MALFORMED);
	assert_int_equal(with("X\xc3\xa9", "a"), ERR_MALFORMED);
	assert_int_equal(with("X-A", "a\rb"), ERR_MALFORMED);
	assert_int_equal(with("X-A", "a\x01"), ERR_MALFORMED);
	assert_int_equal(with("X-A", "a\x7f"), ERR_MALFORMED);
}

/* Is a value of so many characters good, with this one among them? */
static bool takes(size_t len, size_t at, char c)
{
	char value[32];

	memset(value, 'x', sizeof(value));
	value[at] = c;
	memset(&h, 0, sizeof(h));
	headers_add(&h, "X-A", 3, value, len);
	return !h.malformed;
}

static void a_control_is_seen_wherever_it_stands(void **state)
{
	for (size_t len = 1; len <= 24; len++) {
		for (size_t at = 0; at < len; at++) {
			for (int c = 0; c < 0x20; c++)
				assert_int_equal(takes(len, at, (char)c),
						 c == '\t');
			for (int c = 0x20; c <= 0xff; c++)
				assert_int_equal(takes(len, at, (char)c),
						 c != 0x7f);
		}
		assert_true(takes(len, len, '\0')); /* behind it */
	}
}

static void a_name_is_a_token_in_each_of_its_characters(void **state)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	for (int c = 0; c <= 0xff; c++) {
		char name[] = {'X', (char)c, 'X'};
		bool is = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			  (c >= 'A' && c <= 'Z') ||
			  memchr(marks, c, sizeof(marks) - 1);

		assert_int_equal(is_token(name, sizeof(name)), is);
	}
	assert_false(is_token("", 0));
}

static void a_torn_header_is_refused(void **state)
{
	fresh();
	h.torn = true;
	assert_int_equal(check_as("HTTP/1.1"), -1);
	assert_int_equal(err.code, ERR_MALFORMED);
	assert_true(closing);
}

static void a_length_is_a_plain_number(void **state)
{
	static const char *const bad[] = {
		"",    "+5",  "-1",  "5,5",
		"0x5", "5 5", "5.0", "12345678901234567890"};

	assert_int_equal(with("Content-Length", "65536"), ERR_NONE);
	assert_true(h.has_body);
	assert_int_equal(h.content_length, 65536);
	assert_int_equal(with("Content-Length", "0"), ERR_NONE);
	assert_false(h.has_body);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(with("Content-Length", bad[i]), ERR_MALFORMED);
}

static void the_only_transfer_coding_is_chunked(void **state)
{
	assert_int_equal(with("Transfer-Encoding", "chunked"), ERR_NONE);
	assert_true(h.has_body && h.chunked && closing);
	assert_int_equal(with("Transfer-Encoding", "Chunked"), ERR_NONE);
	assert_int_equal(with("Transfer-Encoding", "gzip, chunked"),
			 ERR_NOT_IMPLEMENTED);
	assert_int_equal(with("Transfer-Encoding", "xchunked"),
			 ERR_NOT_IMPLEMENTED);
	assert_int_equal(with("Transfer-Encoding", "chunked "),
			 ERR_NOT_IMPLEMENTED);
	assert_int_equal(with("Transfer-Encoding", ""), ERR_NOT_IMPLEMENTED);
	fresh();
	add("Transfer-Encoding", "chunked");
	assert_int_equal(check_as("HTTP/1.0"), -1);
}

static void a_body_has_one_end(void **state)
{
	fresh();
	add("Content-Length", "3");
	add("Content-Length", "3");
	assert_int_equal(check_as("HTTP/1.1"), -1);
	assert_true(closing);
	fresh();
	add("Content-Length", "3");
	add("Transfer-Encoding", "chunked");
	assert_int_equal(check_as("HTTP/1.1"), -1);
	assert_int_equal(err.code, ERR_MALFORMED);
	fresh();
	add("Transfer-Encoding", "chunked");
	add("Transfer-Encoding", "chunked");
	assert_int_equal(check_as("HTTP/1.1"), -1);
}

static void some_fields_come_only_once(void **state)
{
	static const char *const names[] = {"Authorization", "content-type",
					    "If-Match", "Expect"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fresh();
		add(names[i], "a");
		add(names[i], "a");
		assert_int_equal(check_as("HTTP/1.1"), -1);
		assert_int_equal(err.code, ERR_MALFORMED);
	}
	fresh();
	add("Idempotency-Key", "a");
	add("Idempotency-Key", "a");
	assert_int_equal(check_as("HTTP/1.1"), -1);
	assert_int_equal(err.code, ERR_IDEMPOTENCY_KEY_INVALID);
	fresh();
	add("Prefer", "respond-async");
	add("Prefer", "wait=3");
	assert_int_equal(check_as("HTTP/1.1"), 0);
	assert_true(h.prefer.async && h.prefer.wait_s == 3);
}

static void host_is_there_once_and_is_a_host(void **state)
{
	memset(&h, 0, sizeof(h));
	err = (struct err)ERR_INIT;
	assert_int_equal(check_as("HTTP/1.1"), -1);
	err = (struct err)ERR_INIT;
	assert_int_equal(check_as("HTTP/1.0"), 0);
	assert_int_equal(with("Host", "example.com"), ERR_MALFORMED);
	memset(&h, 0, sizeof(h));
	add("Host", "[::1]:8080");
	assert_int_equal(check_as("HTTP/1.1"), 0);
	memset(&h, 0, sizeof(h));
	add("Host", "user@example.com");
	assert_int_equal(check_as("HTTP/1.1"), -1);
	memset(&h, 0, sizeof(h));
	add("Host", "example.com/path");
	assert_int_equal(check_as("HTTP/1.1"), -1);
}

static void fields_and_bytes_are_limited(void **state)
{
	static char big[LIMIT_HEADER];

	fresh();
	for (int i = 1; i < LIMIT_FIELDS; i++)
		add("X", "y");
	assert_int_equal(check_as("HTTP/1.1"), 0);
	add("X", "y");
	assert_int_equal(check_as("HTTP/1.1"), -1);
	assert_int_equal(err.code, ERR_HEADERS_TOO_LARGE);
	memset(big, 'y', sizeof(big) - 1);
	assert_int_equal(with("X", big), ERR_HEADERS_TOO_LARGE);
}

static struct text text(const char *s)
{
	return (struct text){s, strlen(s)};
}

static void a_list_is_cut_outside_of_quotes(void **state)
{
	struct text rest = text(" a , \"b,\\\"c\" ,, d"), part;

	assert_true(text_next(&rest, ',', &part) && text_is(part, "a"));
	assert_true(text_next(&rest, ',', &part) &&
		    text_is(part, "\"b,\\\"c\""));
	assert_true(text_next(&rest, ',', &part) && text_is(part, ""));
	assert_true(text_next(&rest, ',', &part) && text_is(part, "d"));
	assert_false(text_next(&rest, ',', &part));
}

static void a_content_type_is_json_in_utf_8(void **state)
{
	static const char json[] = "application/json";

	assert_true(media_is(text("application/json"), json));
	assert_true(media_is(text("Application/JSON ; charset=UTF-8"), json));
	assert_true(media_is(text("application/json;charset=\"utf-8\""), json));
	assert_true(media_is(text("application/json; x=y;"), json));
	assert_false(media_is(text("application/json; charset=latin1"), json));
	assert_false(media_is(text("application/jsonx"), json));
	assert_false(media_is(text("text/plain"), json));
	assert_false(media_is(text(""), json));
	assert_false(media_is((struct text){NULL, 0}, json));
}

static void accept_refuses_json_only_in_so_many_words(void **state)
{
	assert_true(media_refuses_json(text("application/json;q=0")));
	assert_true(media_refuses_json(
		text("text/html, application/json ; Q=0.000")));
	assert_false(media_refuses_json(text("text/html")));
	assert_false(media_refuses_json(text("application/json;q=0.01")));
	assert_false(media_refuses_json(text("*/*;q=0.1, application/json")));
	assert_false(media_refuses_json((struct text){NULL, 0}));
}

static void request_ids_are_short_and_plain(void **state)
{
	char longest[66];

	memset(longest, 'a', 65);
	longest[65] = '\0';
	assert_true(trace_id_valid(text("Az-09._")));
	assert_true(trace_id_valid((struct text){longest, 64}));
	assert_false(trace_id_valid((struct text){longest, 65}));
	assert_false(trace_id_valid(text("")));
	assert_false(trace_id_valid(text("a b")));
	assert_false(trace_id_valid((struct text){NULL, 0}));
}

static void a_trace_parent_is_of_version_00_and_not_all_zero(void **state)
{
	static const char good[] =
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

	assert_true(trace_parent_valid(text(good)));
	assert_false(trace_parent_valid(text(good + 1)));
	assert_false(trace_parent_valid(text(
		"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")));
	assert_false(trace_parent_valid(text(
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01")));
	assert_false(trace_parent_valid(text(
		"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01")));
	assert_false(trace_parent_valid(text(
		"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01")));
	assert_false(trace_parent_valid(text(
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_request_passes),
		cmocka_unit_test(names_know_no_case_and_values_no_outer_blanks),
		cmocka_unit_test(names_are_tokens_and_values_have_no_controls),
		cmocka_unit_test(a_control_is_seen_wherever_it_stands),
		cmocka_unit_test(a_name_is_a_token_in_each_of_its_characters),
		cmocka_unit_test(a_torn_header_is_refused),
		cmocka_unit_test(a_length_is_a_plain_number),
		cmocka_unit_test(the_only_transfer_coding_is_chunked),
		cmocka_unit_test(a_body_has_one_end),
		cmocka_unit_test(some_fields_come_only_once),
		cmocka_unit_test(host_is_there_once_and_is_a_host),
		cmocka_unit_test(fields_and_bytes_are_limited),
		cmocka_unit_test(a_list_is_cut_outside_of_quotes),
		cmocka_unit_test(a_content_type_is_json_in_utf_8),
		cmocka_unit_test(accept_refuses_json_only_in_so_many_words),
		cmocka_unit_test(request_ids_are_short_and_plain),
		cmocka_unit_test(
			a_trace_parent_is_of_version_00_and_not_all_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
