/* SPDX-License-Identifier: MIT */
/*
 * test_transport_many.c - many calls at once: how many connections they take,
 * and that none waits for another without need.
 *
 * The server is one thread with a poll. It answers a request when `want`
 * requests are there to be answered, so that a test knows how many calls were
 * under way together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/transport.h"

#define PEERS_MAX 2000

#define OK_JSON                                                 \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" \
	"Content-Length: 2\r\n\r\n{}"

/* ---- the server ---- */

struct crowd {
	int want; /* requests that are answered together */
	int port;
	int listener, halt;
	pthread_t thread;
	struct pollfd peers[PEERS_MAX + 2]; /* the first two: not peers */
	bool asked[PEERS_MAX + 2];	    /* and not answered yet */
	int count, waiting;
	int connections, most; /* in all; open at once. Read after crowd_end */
};

static void peer_comes(struct crowd *s)
{
	int fd = accept(s->listener, NULL, NULL);

	assert_true(fd >= 0 && s->count < PEERS_MAX + 2);
	s->asked[s->count] = false;
	s->peers[s->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
	s->connections++;
	if (s->count - 2 > s->most)
		s->most = s->count - 2;
}

static void peer_leaves(struct crowd *s, int i)
{
	close(s->peers[i].fd);
	s->waiting -= s->asked[i];
	s->peers[i] = s->peers[--s->count];
	s->asked[i] = s->asked[s->count];
}

/* A GET comes in one piece. */
static void peer_asks(struct crowd *s, int i)
{
	char text[4096];

	if (recv(s->peers[i].fd, text, sizeof(text), 0) <= 0) {
		peer_leaves(s, i);
		return;
	}
	s->asked[i] = true;
	s->waiting++;
}

static void answer_all(struct crowd *s)
{
	for (int i = 2; i < s->count; i++) {
		if (!s->asked[i])
			continue;
		s->asked[i] = false;
		send(s->peers[i].fd, OK_JSON, strlen(OK_JSON), MSG_NOSIGNAL);
	}
	s->waiting = 0;
}

static void *crowd_run(void *arg)
{
	struct crowd *s = arg;

	for (;;) {
		int n = poll(s->peers, (nfds_t)s->count, -1);

		if (n < 0 && errno != EINTR)
			return NULL;
		if (s->peers[1].revents)
			return NULL;
		for (int i = s->count - 1; i > 1; i--)
			if (s->peers[i].revents)
				peer_asks(s, i);
		if (s->peers[0].revents)
			peer_comes(s);
		if (s->waiting >= s->want)
			answer_all(s);
	}
}

static struct crowd *crowd_begin(int want)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	struct crowd *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->want = want;
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	s->halt = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(s->listener, PEERS_MAX), 0);
	assert_int_equal(getsockname(s->listener, (struct sockaddr *)&a, &len),
			 0);
	s->port = ntohs(a.sin_port);
	s->peers[0] = (struct pollfd){.fd = s->listener, .events = POLLIN};
	s->peers[1] = (struct pollfd){.fd = s->halt, .events = POLLIN};
	s->count = 2;
	assert_int_equal(pthread_create(&s->thread, NULL, crowd_run, s), 0);
	return s;
}

static void crowd_end(struct crowd *s)
{
	eventfd_write(s->halt, 1);
	pthread_join(s->thread, NULL);
	while (s->count)
		close(s->peers[--s->count].fd);
}

/* ---- helpers ---- */

static struct transport *patient_for(long ms, long max_connections)
{
	struct curl_conf conf = {.connect_timeout_ms = ms,
				 .total_timeout_ms = ms,
				 .max_connections = max_connections};
	struct err err = ERR_INIT;
	struct transport *t = transport_curl_new(&conf, &err);

	assert_non_null(t);
	return t;
}

static struct transport *new_transport(long max_connections)
{
	return patient_for(60000, max_connections);
}

static void start_calls(struct transport *t, const struct crowd *s, int n)
{
	for (int i = 0; i < n; i++) {
		struct http_request rq = HTTP_REQUEST_INIT;
		struct err err = ERR_INIT;

		rq.name = "test";
		buf_printf(&rq.url, "http://127.0.0.1:%d/", s->port);
		assert_int_equal(t->send(t, &rq, (void *)s, &err), 0);
	}
}

static const struct crowd *await_end(struct transport *t,
				     struct http_response *rs)
{
	struct err err = ERR_INIT;
	void *from;

	while (!t->next(t, &from, rs))
		assert_int_equal(t->poll(t, -1, &err), 0);
	return from;
}

static const struct crowd *await_one(struct transport *t)
{
	struct http_response rs;
	const struct crowd *from = await_end(t, &rs);

	assert_string_equal(rs.error, "");
	assert_int_equal(rs.fate, HTTP_ANSWERED);
	http_response_release(&rs);
	return from;
}

static void await_all(struct transport *t, int n)
{
	while (n--)
		await_one(t);
}

/* ---- tests ---- */

static void a_thousand_calls_are_under_way_at_once(void **state)
{
	struct crowd *s = crowd_begin(1000);
	struct transport *t = new_transport(0);

	start_calls(t, s, 1000);
	await_all(t, 1000); /* else the server would wait for ever */
	t->free(t);
	crowd_end(s);
	assert_int_equal(s->connections, 1000);
	free(s);
}

static void what_is_warm_is_used_first(void **state)
{
	struct crowd *s = crowd_begin(1);
	struct transport *t = new_transport(0);

	start_calls(t, s, 100);
	await_all(t, 100);
	for (int i = 0; i < 10; i++) {
		start_calls(t, s, 100);
		await_all(t, 100);
	}
	t->free(t);
	crowd_end(s);
	assert_in_range(s->connections, 1, 100);
	free(s);
}

static void a_host_gets_no_more_connections_than_allowed(void **state)
{
	static const int limits[] = {1, 8, 64, 65, 100, 200};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct crowd *s = crowd_begin(limits[i]);
		struct transport *t = new_transport(limits[i]);

		/* As many rounds as it takes, each with all connections. */
		start_calls(t, s, 4 * limits[i]);
		await_all(t, 4 * limits[i]);
		t->free(t);
		crowd_end(s);
		assert_int_equal(s->most, limits[i]);
		free(s);
	}
}

static void a_silent_host_stops_no_other(void **state)
{
	struct crowd *silent = crowd_begin(INT32_MAX);
	struct crowd *s = crowd_begin(1);
	struct transport *t = new_transport(10);

	start_calls(t, silent, 100);
	start_calls(t, s, 100);
	for (int i = 0; i < 100; i++)
		assert_ptr_equal(await_one(t), s);
	t->free(t);
	crowd_end(silent);
	crowd_end(s);
	assert_int_equal(silent->connections, 10);
	free(silent);
	free(s);
}

static void what_finds_no_connection_in_time_was_not_sent(void **state)
{
	struct crowd *silent = crowd_begin(INT32_MAX);
	struct transport *t = patient_for(50, 1);
	int unsent = 0;

	start_calls(t, silent, 20);
	for (int i = 0; i < 20; i++) {
		struct http_response rs;

		await_end(t, &rs);
		assert_string_equal(rs.error, "timeout");
		unsent += rs.fate == HTTP_NOT_SENT;
		http_response_release(&rs);
	}
	t->free(t);
	crowd_end(silent);
	/* One had the connection, one more when the first was given up. */
	assert_in_range(unsent, 18, 19);
	free(silent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thousand_calls_are_under_way_at_once),
		cmocka_unit_test(what_is_warm_is_used_first),
		cmocka_unit_test(a_host_gets_no_more_connections_than_allowed),
		cmocka_unit_test(a_silent_host_stops_no_other),
		cmocka_unit_test(what_finds_no_connection_in_time_was_not_sent),
	};

	return cmocka_run_group_tests_name("transport, many calls", tests, NULL,
					   NULL);
}
