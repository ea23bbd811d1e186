/* SPDX-License-Identifier: MIT */
/*
 * test_transport.c - what becomes of a call when the other side misbehaves.
 *
 * The calls are real, the server (raw_server.h) is a socket that answers what
 * the test wants. Two functions below stand in for those of the libraries, so
 * that a resolver can hang and libcurl can fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <netdb.h>
#include <signal.h>
#include <time.h>

#include "../../src/net/call.h"
#include "base/clock.h"
#include "raw_server.h"

/* ---- stand-ins ---- */

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

static int resolver_is_mended; /* an eventfd: hung.test is stuck until then */

int getaddrinfo(const char *node, const char *service,
		const struct addrinfo *hints, struct addrinfo **res)
{
	static int (*real)(const char *, const char *, const struct addrinfo *,
			   struct addrinfo **);
	struct pollfd mended = {.fd = resolver_is_mended, .events = POLLIN};

	if (node && strcmp(node, "none.test") == 0)
		return EAI_NONAME;
	if (node && strcmp(node, "hung.test") == 0) {
		poll(&mended, 1, 5000);
		return EAI_NONAME;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(node, service, hints, res);
}

/* ---- helpers ---- */

static struct transport *new_transport(long total_timeout_ms)
{
	struct curl_conf conf = {.connect_timeout_ms = 5000,
				 .total_timeout_ms = total_timeout_ms,
				 .max_connections = 8};
	struct err err = ERR_INIT;
	struct transport *t = transport_curl_new(&conf, &err);

	assert_non_null(t);
	return t;
}

static struct http_request request_to(const char *url)
{
	struct http_request rq = HTTP_REQUEST_INIT;

	rq.name = "test";
	assert_int_equal(buf_str(&rq.url, url), 0);
	return rq;
}

static struct http_request request_for(struct server *s)
{
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/path", s->port);
	return request_to(url);
}

static struct http_request post_for(struct server *s)
{
	struct http_request rq = request_for(s);

	rq.method = HTTP_POST;
	rq.body_type = HTTP_BODY_FORM;
	assert_int_equal(buf_str(&rq.body, "FriendlyName=x"), 0);
	return rq;
}

static void start_call(struct transport *t, struct http_request *rq, void *tag)
{
	struct err err = ERR_INIT;

	assert_int_equal(t->send(t, rq, tag, &err), 0);
	assert_int_equal(rq->url.len, 0); /* swallowed */
}

static void *await(struct transport *t, struct http_response *rs)
{
	struct err err = ERR_INIT;
	void *tag;

	while (!t->next(t, &tag, rs))
		assert_int_equal(t->poll(t, -1, &err), 0);
	return tag;
}

static void call(struct transport *t, struct http_request rq,
		 struct http_response *rs)
{
	start_call(t, &rq, rs);
	assert_ptr_equal(await(t, rs), rs);
}

static void assert_lost(const struct http_response *rs, const char *why)
{
	assert_string_equal(rs->error, why);
	assert_int_equal(rs->fate, HTTP_LOST);
	assert_int_equal(rs->body.len, 0);
}

static void assert_not_sent(const struct http_response *rs, const char *why)
{
	assert_string_equal(rs->error, why);
	assert_int_equal(rs->fate, HTTP_NOT_SENT);
}

static int64_t now(void)
{
	return clock_system()->mono_ms(clock_system());
}

/* ---- parts for the server ---- */

/* Answers every request with the text in arg, and keeps the connection. */
static void answers(struct server *s, int fd)
{
	while (server_read(s, fd) && server_write(fd, s->arg))
		;
}

/* Answers one request with the text in arg and closes. */
static void answers_once(struct server *s, int fd)
{
	if (server_read(s, fd))
		server_write(fd, s->arg);
}

#define OK_JSON                                                 \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" \
	"Content-Length: 2\r\n\r\n{}"

/* Plays part on a fresh server for one POST; what was seen of it is in *rs. */
static void post_to(void (*part)(struct server *, int), const char *arg,
		    long timeout_ms, struct http_response *rs)
{
	struct server *s = server_start(part, arg);
	struct transport *t = new_transport(timeout_ms);

	call(t, post_for(s), rs);
	t->free(t);
	server_stop(s);
	assert_int_equal(s->requests, 1);
	server_free(s);
}

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

#define OK_CLOSE "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"

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

/* ---- what did not happen ---- */

static void a_refused_connection_sends_nothing(void **state)
{
	struct server *s = server_start(answers, OK_JSON);
	struct transport *t = new_transport(5000);
	struct http_request rq = post_for(s);
	struct http_response rs;

	server_free(s); /* its port is free now */
	call(t, rq, &rs);
	assert_not_sent(&rs, "refused");
	assert_int_equal(rs.status, 0);
	http_response_release(&rs);
	t->free(t);
}

static void an_unknown_host_gets_nothing(void **state)
{
	struct transport *t = new_transport(5000);
	struct http_response rs;

	call(t, request_to("https://none.test/"), &rs);
	assert_not_sent(&rs, "dns");
	http_response_release(&rs);
	t->free(t);
}

/* Says something to whatever the client greets with, and it is not TLS. */
static void speaks_no_tls(struct server *s, int fd)
{
	if (server_wait(s, fd, -1))
		server_write(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
}

static void without_tls_nothing_is_sent(void **state)
{
	struct server *s = server_start(speaks_no_tls, NULL);
	struct transport *t = new_transport(5000);
	struct http_response rs;
	char url[64];

	snprintf(url, sizeof(url), "https://127.0.0.1:%d/", s->port);
	call(t, request_to(url), &rs);
	assert_not_sent(&rs, "tls");
	http_response_release(&rs);
	t->free(t);
	server_free(s);
}

static void a_hung_resolver_stops_no_other_call(void **state)
{
	struct server *s = server_start(answers_once, OK_CLOSE);
	struct transport *t = new_transport(200);
	struct http_request rq = request_to("https://hung.test/");
	struct http_response rs;
	int64_t start = now();

	start_call(t, &rq, NULL);
	for (int i = 0; i < 20; i++) {
		rq = request_for(s);
		start_call(t, &rq, s);
	}
	for (int i = 0; i < 21; i++) {
		if (await(t, &rs))
			assert_int_equal(rs.fate, HTTP_ANSWERED);
		else
			assert_not_sent(&rs, "timeout");
		http_response_release(&rs);
	}
	t->free(t);
	/* The resolver is stuck for as long as this test wants. */
	assert_true(now() - start < 3000);
	eventfd_write(resolver_is_mended, 1);
	server_free(s);
}

static void a_name_must_lead_to_a_public_address(void **state)
{
	static const char *const bad[] = {"127.0.0.1",
					  "10.1.2.3",
					  "172.31.255.255",
					  "192.168.0.1",
					  "169.254.169.254",
					  "100.64.0.1",
					  "0.0.0.0",
					  "224.0.0.1",
					  "255.255.255.255",
					  "::1",
					  "::",
					  "fe80::1",
					  "fd00::1",
					  "::ffff:10.0.0.1",
					  "::ffff:8.8.8.8",
					  "64:ff9b::a00:1",
					  "2002:a00:1::1",
					  "fec0::1",
					  "ff02::1",
					  "",
					  "unix"};
	static const char *const good[] = {"8.8.8.8",	   "172.32.0.1",
					   "11.0.0.1",	   "100.128.0.1",
					   "2600:1f18::1", "64:ff9b::808:808",
					   "2a00:1450::1"};
	char none[] = "";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct call c = {.local = false};
		char *peer = strdup(bad[i]);

		assert_int_equal(call_on_ready(&c, peer, none, 443, 1),
				 CURL_PREREQFUNC_ABORT);
		assert_string_equal(c.stop, "blocked");
		assert_false(c.let_go);
		free(peer);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct call c = {.local = false};
		char *peer = strdup(good[i]);

		assert_int_equal(call_on_ready(&c, peer, none, 443, 1),
				 CURL_PREREQFUNC_OK);
		c = (struct call){.local = true}; /* but localhost may not */
		assert_int_equal(call_on_ready(&c, peer, none, 443, 1),
				 CURL_PREREQFUNC_ABORT);
		free(peer);
	}
}

/* ---- what may have happened ---- */

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
		cmocka_unit_test(a_refused_connection_sends_nothing),
		cmocka_unit_test(an_unknown_host_gets_nothing),
		cmocka_unit_test(without_tls_nothing_is_sent),
		cmocka_unit_test(a_hung_resolver_stops_no_other_call),
		cmocka_unit_test(a_name_must_lead_to_a_public_address),
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
		cmocka_unit_test(a_redirect_is_an_answer_and_not_followed),
		cmocka_unit_test(a_401_is_an_answer_and_not_tried_again),
		cmocka_unit_test(interim_answers_are_passed_over),
		cmocka_unit_test(only_json_is_called_json),
		cmocka_unit_test(retry_after_is_seconds_or_a_date),
		cmocka_unit_test(wakeup_ends_a_poll),
		cmocka_unit_test(a_poll_without_work_sleeps),
		cmocka_unit_test(free_ends_calls_under_way),
		cmocka_unit_test(a_file_without_certificates_is_refused),
	};

	signal(SIGPIPE, SIG_IGN);
	alarm(300); /* a call that never ends must not hang the build */
	resolver_is_mended = eventfd(0, EFD_CLOEXEC);
	return cmocka_run_group_tests_name("transport", tests, NULL, NULL);
}
