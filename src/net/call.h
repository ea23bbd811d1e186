/* SPDX-License-Identifier: MIT */
/*
 * call.h - one call on its way through libcurl, shared by the files here.
 *
 * Life: made by send (curl.c), dressed by request.c, given to a multi handle of
 * its host (shard.c), judged by response.c, handed out by next (curl.c). A call
 * is in one ring at a time: waiting at its host, under way in a shard, ended.
 */
#ifndef NET_CALL_H
#define NET_CALL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/http.h"
#include "net/transport.h"

/* A connection that was idle for longer is not used again. */
#define CONNECTION_IDLE_S 118

struct call {
	struct call *prev, *next;
	CURL *easy;
	CURLU *url;
	struct http_request rq; /* libcurl points into it: lives to the end */
	struct http_response rs;
	void *tag;
	int64_t since;	   /* mono ms: when it was sent, as its owner sees it */
	bool warms;	   /* for its connection alone: nobody's */
	int warm_more;	   /* so many more, unless over HTTP/2 */
	long version;	   /* of HTTP, as libcurl numbers them; 0: unknown */
	bool local;	   /* the URL's host is this machine */
	bool multiplexed;  /* if the host speaks HTTP/2 */
	bool let_go;	   /* libcurl was allowed to send the request */
	bool again;	   /* it wanted to send it a second time */
	const char *stop;  /* why we stopped the call, NULL if we did not */
	size_t head_bytes; /* of all answers, interim ones too */
	int head_lines;	   /* of the present answer */
	int answers;	   /* status lines seen */
};

/* A ring of calls: the head is no call. */
static inline void ring_init(struct call *head)
{
	head->prev = head->next = head;
}

static inline bool ring_empty(const struct call *head)
{
	return head->next == head;
}

static inline void ring_add(struct call *head, struct call *c)
{
	c->prev = head->prev;
	c->next = head;
	head->prev->next = c;
	head->prev = c;
}

static inline void ring_remove(struct call *c)
{
	c->prev->next = c->next;
	c->next->prev = c->prev;
}

/* What all calls share. Made with the transport, never changed after. */
struct dress {
	struct curl_conf conf;
	char *ca_file;
	struct curl_slist *headers[HTTP_BODY_JSON + 1]; /* by body type */
};

int dress_init(struct dress *d, const struct curl_conf *conf, struct err *err);
void dress_release(struct dress *d);

/* Sets every option on c->easy, which is new or reset. */
int call_dress(struct call *c, const struct dress *d, struct err *err);

/* libcurl's callbacks; c is the call. */
size_t call_on_head(char *line, size_t size, size_t n, void *c);
size_t call_on_body(char *data, size_t size, size_t n, void *c);
int call_on_ready(void *c, char *peer, char *local, int peer_port,
		  int local_port);

/* Fills c->rs when libcurl is done with the call. */
void call_judge(struct call *c, CURLcode rc);
/* The same when libcurl itself failed and nothing can be known. */
void call_lose(struct call *c);
/* The same when it waited too long for its turn. */
void call_drop(struct call *c);

/* Is the address (as text) one of the public internet? Only that may be behind
 * a name: what a resolver says must not lead a call into our own network. */
bool peer_is_public(const char *address);

#endif
