/* SPDX-License-Identifier: MIT */
/*
 * test_transport_lost.c - calls that may have happened: what was sent to a
 * server that misbehaves.
 *
 * curl_multi_socket_action() below stands in for libcurl's, so that it can
 * fail.
 */
#include "transport_calls.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <signal.h>

static bool multi_fails; /* only the testing thread */

CURLMcode curl_multi_socket_action(CURLM *multi, curl_socket_t fd, int what,
				   int *running)
{
	static CURLMcode (*real)(CURLM *, curl_socket_t, int, int *);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "curl_multi_socket_action");
	if (!multi_fails)
		return real(multi, fd, what, running);
	multi_fails = false;
	return CURLM_INTERNAL_ERROR;
}

/* Answers the first request, then closes on reading the second. */
static void dies_on_the_second(struct server *s, int fd)
{
	if (server_read(s, fd) && server_write(fd, s->arg))
		server_read(s, fd);
}

static void a_post_on_a_dying_connection_is_sent_once(void **state)
{
	struct server *s = server_start(dies_on_the_second, OK_JSON);
	struct transport *t = new_transport(5000);
	struct http_response rs;

	call(t, request_for(s), &rs); /* now a connection is open */
	assert_int_equal(rs.fate, HTTP_ANSWERED);
	http_response_release(&rs);

	call(t, post_for(s), &rs);
	assert_lost(&rs, "reset");
	http_response_release(&rs);
	server_stop(s);
	assert_int_equal(s->requests, 2); /* the GET and one POST */
	t->free(t);
	server_free(s);
}

/* The same, and nobody can connect any more. */
static void dies_for_good(struct server *s, int fd)
{
	if (server_read(s, fd) && server_write(fd, s->arg) &&
	    server_read(s, fd))
		shutdown(s->listener, SHUT_RDWR);
}

static void a_post_that_cannot_be_sent_again_is_lost_too(void **state)
{
	struct server *s = server_start(dies_for_good, OK_JSON);
	struct transport *t = new_transport(5000);
	struct http_response rs;

	call(t, request_for(s), &rs);
	http_response_release(&rs);
	call(t, post_for(s), &rs); /* libcurl reports a refused connection */
	assert_lost(&rs, "reset");
	http_response_release(&rs);
	t->free(t);
	server_free(s);
}

static void closes_unanswered(struct server *s, int fd)
{
	server_read(s, fd);
}

static void resets(struct server *s, int fd)
{
	struct linger hard = {.l_onoff = 1, .l_linger = 0};

	if (server_read(s, fd) && server_write(fd, s->arg))
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

static void a_connection_that_breaks_loses_the_call(void **state)
{
	struct http_response rs;

	post_to(closes_unanswered, NULL, 5000, &rs);
	assert_lost(&rs, "reset");
	assert_int_equal(rs.status, 0);
	http_response_release(&rs);

	post_to(resets,
		"HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{\"sid\"",
		5000, &rs);
	assert_int_equal(rs.fate, HTTP_LOST);
	http_response_release(&rs);
}

static void half_an_answer_is_none(void **state)
{
	static const char *const halves[] = {
		"HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{\"sid\"",
		"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
		"6\r\n{\"sid\"\r\n"};
	struct http_response rs;

	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
		post_to(answers_once, halves[i], 5000, &rs);
		assert_lost(&rs, "truncated");
		assert_int_equal(rs.status, 201); /* what was seen */
		http_response_release(&rs);
	}
}

static void what_is_not_http_is_lost(void **state)
{
	static const char *const garbage[] = {
		"SSH-2.0-OpenSSH_9.2p1\r\n",
		"\r\n\r\n\r\n",
		"HTTP/0.9\r\n\r\n",
		"HTTP/1.1 OK\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"
		"more bytes",
		"{\"sid\":\"TK5a\"}"};
	struct http_response rs;

	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		post_to(answers_once, garbage[i], 2000, &rs);
		assert_int_equal(rs.fate, HTTP_LOST);
		assert_string_not_equal(rs.error, "");
		http_response_release(&rs);
	}
}

/* One byte at a time, for as long as the other side listens. */
static void drips(struct server *s, int fd)
{
	const char *p = s->arg;
	char byte[2] = "";

	if (!server_read(s, fd))
		return;
	for (byte[0] = *p; server_write(fd, byte); byte[0] = *p) {
		if (p[1])
			p++;
		if (!server_wait(s, fd, 20))
			return;
	}
}

static void a_slow_answer_ends_at_the_time_limit(void **state)
{
	static const char *const slow[] = {
		"HTTP/1.1 200 OK\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n  "};
	struct http_response rs;
	int64_t start = now();

	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
		post_to(drips, slow[i], 300, &rs);
		assert_lost(&rs, "timeout");
		http_response_release(&rs);
	}
	assert_in_range(now() - start, 590, 3000);
}

/* Answers with the head in arg and then fills, until nobody listens. */
static void floods(struct server *s, int fd)
{
	static const char chunk[] = "10\r\n0123456789abcdef\r\n";

	if (!server_read(s, fd) || !server_write(fd, s->arg))
		return;
	while (server_write(fd, chunk))
		;
}

static void an_endless_body_is_cut(void **state)
{
	struct http_response rs;

	post_to(floods, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		5000, &rs);
	assert_lost(&rs, "too_large");
	http_response_release(&rs);
	post_to(floods, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 5000,
		&rs);
	assert_lost(&rs, "too_large");
	http_response_release(&rs);
	post_to(answers_once,
		"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\nx", 5000,
		&rs);
	assert_lost(&rs, "too_large");
	http_response_release(&rs);
}

static void answers_one_mebibyte(struct server *s, int fd)
{
	static char body[HTTP_RESPONSE_MAX + 1];

	memset(body, 'x', HTTP_RESPONSE_MAX);
	if (server_read(s, fd) &&
	    server_write(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"))
		server_write(fd, body);
}

static void a_body_of_the_limit_is_taken(void **state)
{
	struct http_response rs;

	post_to(answers_one_mebibyte, NULL, 5000, &rs);
	assert_int_equal(rs.fate, HTTP_ANSWERED);
	assert_int_equal(rs.body.len, HTTP_RESPONSE_MAX);
	http_response_release(&rs);
}

/* A POST whose answer has something n times in its head. */
static void post_head(const char *before, const char *middle, int n,
		      const char *after, struct http_response *rs)
{
	struct buf text = BUF_INIT(200000);

	buf_str(&text, before);
	while (n--)
		buf_str(&text, middle);
	assert_int_equal(buf_str(&text, after), 0);
	post_to(answers, text.data, 5000, rs);
	buf_release(&text);
}

static void a_head_has_its_limits(void **state)
{
	static const struct {
		const char *before, *middle, *after;
		int fit, too_many;
	} rows[] = {
		/* lines; bytes; interim answers */
		{"HTTP/1.1 204 Fine\r\n", "A: b\r\n", "\r\n", 98, 99},
		{"HTTP/1.1 204 Fine\r\nX: ", "0123456789", "\r\n\r\n", 3200,
		 3300},
		{"", "HTTP/1.1 100 Continue\r\n\r\n", OK_JSON, 19, 20},
	};
	struct http_response rs;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		post_head(rows[i].before, rows[i].middle, rows[i].fit,
			  rows[i].after, &rs);
		assert_int_equal(rs.fate, HTTP_ANSWERED);
		http_response_release(&rs);
		post_head(rows[i].before, rows[i].middle, rows[i].too_many,
			  rows[i].after, &rs);
		assert_lost(&rs, "too_large");
		http_response_release(&rs);
	}
}

/* Repeats the second line of arg for ever, after its first. */
static void repeats(struct server *s, int fd)
{
	const char *second = strchr(s->arg, '\n') + 1;

	if (!server_read(s, fd) || !server_write(fd, s->arg))
		return;
	while (server_write(fd, second))
		;
}

static void an_endless_head_is_cut(void **state)
{
	static const char *const heads[] = {
		"HTTP/1.1 200 OK\r\nA: b\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n"};
	struct http_response rs;

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		post_to(repeats, heads[i], 5000, &rs);
		assert_lost(&rs, "too_large");
		http_response_release(&rs);
	}
}

static void an_encoded_answer_is_lost(void **state)
{
	struct http_response rs;

	post_to(answers,
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
		"Content-Length: 4\r\n\r\n\x1f\x8b\x08\x01",
		5000, &rs);
	assert_lost(&rs, "encoding");
	http_response_release(&rs);
	post_to(answers,
		"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n"
		"Content-Length: 2\r\n\r\n{}",
		5000, &rs);
	assert_int_equal(rs.fate, HTTP_ANSWERED);
	http_response_release(&rs);
}

static void a_failing_libcurl_loses_all_calls_and_starts_over(void **state)
{
	struct server *s = server_start(answers, OK_JSON);
	struct transport *t = new_transport(5000);
	struct http_response rs;
	struct err err = ERR_INIT;

	for (int i = 0; i < 3; i++) {
		struct http_request rq = post_for(s);

		start_call(t, &rq, NULL);
	}
	multi_fails = true;
	assert_int_equal(t->poll(t, -1, &err), 0);
	for (int i = 0; i < 3; i++) {
		await(t, &rs);
		assert_lost(&rs, "transport");
		http_response_release(&rs);
	}
	call(t, post_for(s), &rs);
	assert_int_equal(rs.fate, HTTP_ANSWERED);
	http_response_release(&rs);
	t->free(t);
	server_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_post_on_a_dying_connection_is_sent_once),
		cmocka_unit_test(a_post_that_cannot_be_sent_again_is_lost_too),
		cmocka_unit_test(a_connection_that_breaks_loses_the_call),
		cmocka_unit_test(half_an_answer_is_none),
		cmocka_unit_test(what_is_not_http_is_lost),
		cmocka_unit_test(a_slow_answer_ends_at_the_time_limit),
		cmocka_unit_test(an_endless_body_is_cut),
		cmocka_unit_test(a_body_of_the_limit_is_taken),
		cmocka_unit_test(a_head_has_its_limits),
		cmocka_unit_test(an_endless_head_is_cut),
		cmocka_unit_test(an_encoded_answer_is_lost),
		cmocka_unit_test(
			a_failing_libcurl_loses_all_calls_and_starts_over),
	};

	signal(SIGPIPE, SIG_IGN);
	alarm(300); /* a call that never ends must not hang the build */
	return cmocka_run_group_tests_name("transport_lost", tests, NULL, NULL);
}
