/* SPDX-License-Identifier: MIT */
/* test_transport_answer.c - what an answer that came whole says. */
#include "transport_calls.h"

#include <signal.h>
#include <time.h>

/* ---- what an answer says ---- */

static void a_redirect_is_an_answer_and_not_followed(void **state)
{
	static const int statuses[] = {301, 302, 303, 307, 308};
	struct server *other = server_start(answers, OK_JSON);
	struct http_response rs;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		char text[200];

		snprintf(text, sizeof(text),
			 "HTTP/1.1 %d Elsewhere\r\nLocation: "
			 "http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n",
			 statuses[i], other->port);
		post_to(answers, text, 5000, &rs);
		assert_int_equal(rs.fate, HTTP_ANSWERED);
		assert_int_equal(rs.status, statuses[i]);
		http_response_release(&rs);
	}
	server_stop(other);
	assert_int_equal(other->connections, 0);
	server_free(other);
}

static void a_401_is_an_answer_and_not_tried_again(void **state)
{
	struct server *s = server_start(
		answers, "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x"
			 "\r\nContent-Length: 0\r\n\r\n");
	struct transport *t = new_transport(5000);
	struct http_response rs;

	for (int i = HTTP_AUTH_NONE; i <= HTTP_AUTH_BEARER; i++) {
		struct http_request rq = post_for(s);

		rq.auth = (enum http_auth)i;
		buf_str(&rq.user, "user");
		buf_str(&rq.secret, "password");
		call(t, rq, &rs);
		assert_int_equal(rs.fate, HTTP_ANSWERED);
		assert_int_equal(rs.status, 401);
		http_response_release(&rs);
	}
	t->free(t);
	server_stop(s);
	assert_int_equal(s->requests, 3);
	server_free(s);
}

static void interim_answers_are_passed_over(void **state)
{
	struct http_response rs;

	post_to(answers,
		"HTTP/1.1 103 Early Hints\r\nContent-Type: text/html\r\n"
		"Content-Encoding: gzip\r\n\r\n"
		"HTTP/1.1 100 Continue\r\n\r\n" OK_JSON,
		5000, &rs);
	assert_int_equal(rs.fate, HTTP_ANSWERED);
	assert_int_equal(rs.status, 200);
	assert_true(rs.json);
	http_response_release(&rs);
}

static void only_json_is_called_json(void **state)
{
	static const struct {
		const char *head;
		bool json;
	} rows[] = {
		{"Content-Type: application/json\r\n", true},
		{"content-type:Application/JSON; charset=utf-8\r\n", true},
		{"Content-Type: application/problem+json\r\n", true},
		{"Content-Type: application/json;x\r\n", true},
		{"Content-Type: application/jsonp\r\n", false},
		{"Content-Type: application/+json\r\n", false},
		{"Content-Type: text/html\r\n", false},
		{"Content-Type: text/json\r\n", false},
		{"Content-Type: text/html; application/json\r\n", false},
		{"Content-Type:\r\n", false},
		{"", false},
		{"Content-Type: application/json\r\n"
		 "Content-Type: text/html\r\n",
		 false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_response rs;
		char text[200];

		snprintf(text, sizeof(text),
			 "HTTP/1.1 200 OK\r\n%sContent-Length: 0\r\n\r\n",
			 rows[i].head);
		post_to(answers, text, 5000, &rs);
		assert_int_equal(rs.fate, HTTP_ANSWERED);
		assert_int_equal(rs.json, rows[i].json);
		http_response_release(&rs);
	}
}

static int64_t retry_after(const char *value)
{
	struct http_response rs;
	char text[200];

	snprintf(text, sizeof(text),
		 "HTTP/1.1 429 Slow\r\nRetry-After: %s\r\n"
		 "Content-Length: 0\r\n\r\n",
		 value);
	post_to(answers, text, 5000, &rs);
	assert_int_equal(rs.status, 429);
	http_response_release(&rs);
	return rs.retry_after_ms;
}

static void retry_after_is_seconds_or_a_date(void **state)
{
	char date[64];
	time_t soon = time(NULL) + 60;
	struct tm tm;

	assert_int_equal(retry_after("0"), 0);
	assert_int_equal(retry_after("7"), 7000);
	assert_int_equal(retry_after("86400"), 86400000);
	assert_true(retry_after("99999999999999999999") > 86400000);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT",
		 gmtime_r(&soon, &tm));
	assert_in_range(retry_after(date), 50000, 60000);
	assert_int_equal(retry_after("Thu, 01 Jan 1970 00:00:00 GMT"), -1);
	assert_int_equal(retry_after("-1"), -1);
	assert_int_equal(retry_after("1.5"), -1);
	assert_int_equal(retry_after("abc"), -1);
	assert_int_equal(retry_after("7, 8"), -1);
	assert_int_equal(retry_after("Jan 2099"), -1);
	assert_int_equal(retry_after(""), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_redirect_is_an_answer_and_not_followed),
		cmocka_unit_test(a_401_is_an_answer_and_not_tried_again),
		cmocka_unit_test(interim_answers_are_passed_over),
		cmocka_unit_test(only_json_is_called_json),
		cmocka_unit_test(retry_after_is_seconds_or_a_date),
	};

	signal(SIGPIPE, SIG_IGN);
	alarm(300); /* a call that never ends must not hang the build */
	return cmocka_run_group_tests_name("transport_answer", tests, NULL,
					   NULL);
}
