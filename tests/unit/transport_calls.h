/* SPDX-License-Identifier: MIT */
/*
 * transport_calls.h - real calls to a server that answers what a test wants
 * (raw_server.h), and what may have become of them.
 */
#ifndef TESTS_TRANSPORT_CALLS_H
#define TESTS_TRANSPORT_CALLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/transport.h"
#include "raw_server.h"

static inline struct transport *new_transport(long total_timeout_ms)
{
	struct curl_conf conf = {.connect_timeout_ms = 5000,
				 .total_timeout_ms = total_timeout_ms,
				 .max_connections = 8};
	struct err err = ERR_INIT;
	struct transport *t = transport_curl_new(&conf, &err);

	assert_non_null(t);
	return t;
}

static inline struct http_request request_to(const char *url)
{
	struct http_request rq = HTTP_REQUEST_INIT;

	rq.name = "test";
	assert_int_equal(buf_str(&rq.url, url), 0);
	return rq;
}

static inline struct http_request request_for(struct server *s)
{
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/path", s->port);
	return request_to(url);
}

static inline struct http_request post_for(struct server *s)
{
	struct http_request rq = request_for(s);

	rq.method = HTTP_POST;
	rq.body_type = HTTP_BODY_FORM;
	assert_int_equal(buf_str(&rq.body, "FriendlyName=x"), 0);
	return rq;
}

static inline void start_call(struct transport *t, struct http_request *rq,
			      void *tag)
{
	struct err err = ERR_INIT;

	assert_int_equal(t->send(t, rq, tag, &err), 0);
	assert_int_equal(rq->url.len, 0); /* swallowed */
}

static inline void *await(struct transport *t, struct http_response *rs)
{
	struct err err = ERR_INIT;
	void *tag;

	while (!t->next(t, &tag, rs))
		assert_int_equal(t->poll(t, -1, &err), 0);
	return tag;
}

static inline void call(struct transport *t, struct http_request rq,
			struct http_response *rs)
{
	start_call(t, &rq, rs);
	assert_ptr_equal(await(t, rs), rs);
}

static inline void assert_lost(const struct http_response *rs, const char *why)
{
	assert_string_equal(rs->error, why);
	assert_int_equal(rs->fate, HTTP_LOST);
	assert_int_equal(rs->body.len, 0);
}

static inline void assert_not_sent(const struct http_response *rs,
				   const char *why)
{
	assert_string_equal(rs->error, why);
	assert_int_equal(rs->fate, HTTP_NOT_SENT);
}

static inline int64_t now(void)
{
	return clock_system()->mono_ms(clock_system());
}

/* ---- parts for the server ---- */

/* Answers every request with the text in arg, and keeps the connection. */
static inline void answers(struct server *s, int fd)
{
	while (server_read(s, fd) && server_write(fd, s->arg))
		;
}

/* Answers one request with the text in arg and closes. */
static inline void answers_once(struct server *s, int fd)
{
	if (server_read(s, fd))
		server_write(fd, s->arg);
}

#define OK_JSON                                                 \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" \
	"Content-Length: 2\r\n\r\n{}"

#define OK_CLOSE "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"

/* Plays part on a fresh server for one POST; what was seen of it is in *rs. */
static inline void post_to(void (*part)(struct server *, int), const char *arg,
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

#endif
