/* SPDX-License-Identifier: MIT */
/*
 * test_transport_unsent.c - calls of which no byte left: they did not happen.
 *
 * getaddrinfo() below stands in for the C library's, so that a resolver can
 * hang.
 */
#include "transport_calls.h"

#include <dlfcn.h>
#include <netdb.h>
#include <signal.h>

#include "../../src/net/call.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_connection_sends_nothing),
		cmocka_unit_test(an_unknown_host_gets_nothing),
		cmocka_unit_test(without_tls_nothing_is_sent),
		cmocka_unit_test(a_hung_resolver_stops_no_other_call),
		cmocka_unit_test(a_name_must_lead_to_a_public_address),
	};

	signal(SIGPIPE, SIG_IGN);
	alarm(300); /* a call that never ends must not hang the build */
	resolver_is_mended = eventfd(0, EFD_CLOEXEC);
	return cmocka_run_group_tests_name("transport_unsent", tests, NULL,
					   NULL);
}
