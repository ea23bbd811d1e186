/* SPDX-License-Identifier: MIT */
/*
 * test_transport.c - what a call sends, what is never sent, and how the loop
 * waits. What becomes of a call when the other side misbehaves is in
 * test_transport_unsent.c and test_transport_lost.c.
 */
#include "transport_calls.h"

#include <signal.h>
#include <time.h>

/* ---- what goes well ---- */

static void an_answer_comes_with_its_tag(void **state)
{
	struct http_response rs;

	post_to(answers, OK_JSON, 5000, &rs);
	assert_int_equal(rs.fate, HTTP_ANSWERED);
	assert_int_equal(rs.status, 200);
	assert_string_equal(rs.body.data, "{}");
	assert_true(rs.json);
	assert_int_equal(rs.retry_after_ms, -1);
	assert_string_equal(rs.error, "");
	http_response_release(&rs);
}

static void a_connection_is_used_again(void **state)
{
	struct server *s = server_start(answers, OK_JSON);
	struct transport *t = new_transport(5000);
	struct http_response rs;

	for (int i = 0; i < 5; i++) {
		call(t, i % 2 ? post_for(s) : request_for(s), &rs);
		assert_int_equal(rs.fate, HTTP_ANSWERED);
		http_response_release(&rs);
	}
	t->free(t);
	server_stop(s);
	assert_int_equal(s->requests, 5);
	assert_int_equal(s->connections, 1);
	server_free(s);
}

static void many_calls_run_at_once(void **state)
{
	static char tags[100];
	struct server *s = server_start(answers_once, OK_CLOSE);
	struct transport *t = new_transport(10000);
	struct http_response rs;

	memset(tags, 0, sizeof(tags));
	for (int i = 0; i < 100; i++) {
		struct http_request rq = request_for(s);

		start_call(t, &rq, &tags[i]);
	}
	for (int i = 0; i < 100; i++) {
		++*(char *)await(t, &rs);
		assert_int_equal(rs.status, 204);
		http_response_release(&rs);
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(tags[i], 1);
	t->free(t);
	server_free(s);
}

/* ---- what is sent ---- */

static void a_post_carries_its_form_and_credentials(void **state)
{
	struct server *s = server_start(answers, OK_JSON);
	struct transport *t = new_transport(5000);
	struct http_request rq = post_for(s);
	struct http_response rs;

	rq.auth = HTTP_AUTH_BASIC;
	buf_str(&rq.user, "user");
	buf_str(&rq.secret, "pass:word");
	call(t, rq, &rs);
	assert_true(server_saw(s, "POST /path HTTP/1.1\r\n"));
	assert_true(
		server_saw(s, "Authorization: Basic dXNlcjpwYXNzOndvcmQ=\r\n"));
	assert_true(server_saw(s, "User-Agent: trunkline/" TRUNKLINE_VERSION
				  "\r\n"));
	assert_true(server_saw(s, "Accept: application/json\r\n"));
	assert_true(server_saw(
		s, "Content-Type: application/x-www-form-urlencoded"));
	assert_true(server_saw(s, "\r\n\r\nFriendlyName=x"));
	assert_false(server_saw(s, "Accept-Encoding"));
	http_response_release(&rs);
	t->free(t);
	server_free(s);
}

static void credentials_belong_to_one_call(void **state)
{
	struct server *s = server_start(answers, OK_JSON);
	struct transport *t = new_transport(5000);
	struct http_request rq = request_for(s);
	struct http_response rs;

	rq.auth = HTTP_AUTH_BEARER;
	buf_str(&rq.secret, "key_1");
	call(t, rq, &rs);
	assert_true(server_saw(s, "GET /path HTTP/1.1\r\n"));
	assert_true(server_saw(s, "Authorization: Bearer key_1\r\n"));
	http_response_release(&rs);

	call(t, request_for(s), &rs); /* the same handle and connection */
	assert_false(server_saw(s, "Authorization"));
	assert_false(server_saw(s, "Content-Type"));
	http_response_release(&rs);
	t->free(t);
	server_stop(s);
	assert_int_equal(s->connections, 1);
	server_free(s);
}

static void patch_and_delete_carry_their_names(void **state)
{
	struct server *s = server_start(answers, OK_JSON);
	struct transport *t = new_transport(5000);
	struct http_request rq = request_for(s);
	struct http_response rs;

	rq.method = HTTP_PATCH;
	rq.body_type = HTTP_BODY_JSON;
	buf_str(&rq.body, "{\"a\":1}");
	call(t, rq, &rs);
	assert_true(server_saw(s, "PATCH /path HTTP/1.1\r\n"));
	assert_true(server_saw(s, "Content-Type: application/json\r\n"));
	assert_true(server_saw(s, "\r\n\r\n{\"a\":1}"));
	http_response_release(&rs);

	rq = request_for(s);
	rq.method = HTTP_DELETE;
	call(t, rq, &rs);
	assert_true(server_saw(s, "DELETE /path HTTP/1.1\r\n"));
	assert_false(server_saw(s, "Content-"));
	http_response_release(&rs);

	rq = request_for(s);
	rq.method = HTTP_POST; /* without a body */
	call(t, rq, &rs);
	assert_true(server_saw(s, "POST /path HTTP/1.1\r\n"));
	assert_true(server_saw(s, "Content-Length: 0\r\n"));
	assert_false(server_saw(s, "Content-Type"));
	http_response_release(&rs);
	t->free(t);
	server_free(s);
}

static void a_large_body_waits_for_no_permission(void **state)
{
	struct server *s = server_start(answers, OK_JSON);
	struct transport *t = new_transport(5000);
	struct http_request rq = post_for(s);
	struct http_response rs;

	while (rq.body.len < 60000)
		assert_int_equal(buf_str(&rq.body, "&Name=0123456789"), 0);
	call(t, rq, &rs);
	assert_int_equal(rs.fate, HTTP_ANSWERED);
	assert_false(server_saw(s, "Expect"));
	http_response_release(&rs);
	t->free(t);
	server_free(s);
}

static void what_cannot_be_sent_is_refused_at_once(void **state)
{
	struct transport *t = new_transport(5000);
	struct http_response rs;
	struct err err = ERR_INIT;
	void *tag;
	struct http_request rq = request_to("https://example.com/");

	assert_int_not_equal(buf_reserve(&rq.body, 2 * HTTP_BODY_MAX),
			     0); /* too long */
	assert_int_equal(t->send(t, &rq, NULL, &err), -1);
	assert_int_equal(rq.url.len, 0); /* swallowed all the same */

	rq = request_to("https://example.com/");
	rq.auth = HTTP_AUTH_BEARER;
	buf_str(&rq.secret, "key\r\nX-Forged: 1");
	assert_int_equal(t->send(t, &rq, NULL, &err), -1);

	rq = request_to("https://example.com/");
	rq.auth = HTTP_AUTH_BASIC;
	buf_str(&rq.user, "user:x");
	assert_int_equal(t->send(t, &rq, NULL, &err), -1);

	assert_int_equal(t->poll(t, 0, &err), 0);
	assert_false(t->next(t, &tag, &rs));
	t->free(t);
}

static void other_schemes_are_refused(void **state)
{
	static const char *const urls[] = {"file:///etc/passwd",
					   "/etc/passwd",
					   "gopher:x",
					   "",
					   "https://user:pass@example.com/",
					   "http://a b/"};
	struct transport *t = new_transport(5000);
	struct http_response rs;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct http_request rq = request_to(urls[i]);
		struct err err = ERR_INIT;

		if (t->send(t, &rq, NULL, &err) == 0) {
			await(t, &rs);
			assert_int_equal(rs.fate, HTTP_NOT_SENT);
			http_response_release(&rs);
		}
	}
	/* No TLS only to this machine. */
	call(t, request_to("http://192.0.2.1/"), &rs);
	assert_not_sent(&rs, "scheme");
	http_response_release(&rs);
	call(t, request_to("ftp://127.0.0.1/"), &rs);
	assert_not_sent(&rs, "scheme");
	http_response_release(&rs);
	t->free(t);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
	struct server *proxy = server_start(answers, OK_JSON);
	struct server *s = server_start(answers, OK_JSON);
	struct transport *t = new_transport(5000);
	struct http_response rs;
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d", proxy->port);
	setenv("http_proxy", url, 1);
	setenv("ALL_PROXY", url, 1);
	call(t, request_for(s), &rs);
	assert_int_equal(rs.fate, HTTP_ANSWERED);
	http_response_release(&rs);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	t->free(t);
	server_stop(proxy);
	assert_int_equal(proxy->connections, 0);
	server_free(proxy);
	server_free(s);
}

/* ---- the loop ---- */

static void *rings(void *t)
{
	((struct transport *)t)->wakeup(t);
	return NULL;
}

static void wakeup_ends_a_poll(void **state)
{
	struct transport *t = new_transport(5000);
	struct err err = ERR_INIT;
	pthread_t thread;

	for (int i = 0; i < 200; i++) {
		assert_int_equal(pthread_create(&thread, NULL, rings, t), 0);
		assert_int_equal(t->poll(t, -1, &err), 0);
		pthread_join(thread, NULL);
	}
	t->wakeup(t); /* before the poll, and twice: one poll returns */
	t->wakeup(t);
	assert_int_equal(t->poll(t, -1, &err), 0);
	t->free(t);
}

static int64_t cpu_ms(void)
{
	struct timespec ts;

	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts), 0);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void a_poll_without_work_sleeps(void **state)
{
	struct transport *t = new_transport(5000);
	struct err err = ERR_INIT;
	int64_t start = now(), cpu = cpu_ms();

	t->wakeup(t);
	assert_int_equal(t->poll(t, 10000, &err), 0); /* at once */
	assert_int_equal(t->poll(t, 200, &err), 0);
	assert_in_range(now() - start, 199, 5000);
	assert_in_range(cpu_ms() - cpu, 0, 100);
	assert_int_equal(t->poll(t, 0, &err), 0);
	t->free(t);
}

static void listens_only(struct server *s, int fd)
{
	char byte;

	if (server_read(s, fd) && server_wait(s, fd, -1))
		assert(recv(fd, &byte, 1, 0) <= 0); /* the peer left */
}

static void free_ends_calls_under_way(void **state)
{
	struct server *s = server_start(listens_only, NULL);
	struct transport *t = new_transport(60000);
	struct http_request rq = post_for(s);
	struct err err = ERR_INIT;

	start_call(t, &rq, NULL);
	while (__atomic_load_n(&s->requests, __ATOMIC_SEQ_CST) == 0)
		assert_int_equal(t->poll(t, 1, &err), 0);
	t->free(t);
	server_free(s);
}

static void a_file_without_certificates_is_refused(void **state)
{
	struct curl_conf conf = {.total_timeout_ms = 1000,
				 .ca_file = "/dev/null"};
	struct err err = ERR_INIT;

	assert_null(transport_curl_new(&conf, &err));
	assert_int_equal(err.code, ERR_CONFIG);
	conf.ca_file = "/nonexistent";
	err_clear(&err);
	assert_null(transport_curl_new(&conf, &err));
	assert_int_equal(err.code, ERR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_comes_with_its_tag),
		cmocka_unit_test(a_connection_is_used_again),
		cmocka_unit_test(many_calls_run_at_once),
		cmocka_unit_test(a_post_carries_its_form_and_credentials),
		cmocka_unit_test(credentials_belong_to_one_call),
		cmocka_unit_test(patch_and_delete_carry_their_names),
		cmocka_unit_test(a_large_body_waits_for_no_permission),
		cmocka_unit_test(what_cannot_be_sent_is_refused_at_once),
		cmocka_unit_test(other_schemes_are_refused),
		cmocka_unit_test(proxies_of_the_environment_are_ignored),
		cmocka_unit_test(wakeup_ends_a_poll),
		cmocka_unit_test(a_poll_without_work_sleeps),
		cmocka_unit_test(free_ends_calls_under_way),
		cmocka_unit_test(a_file_without_certificates_is_refused),
	};

	signal(SIGPIPE, SIG_IGN);
	alarm(300); /* a call that never ends must not hang the build */
	return cmocka_run_group_tests_name("transport", tests, NULL, NULL);
}
