/* SPDX-License-Identifier: MIT */
/*
 * curl.c - the transport on libcurl: the face of transport.h and its loop.
 *
 * One epoll descriptor has the sockets of all calls (shard.c) and a bell, which
 * other threads ring.
 */
#include "net/transport.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "shard.h"

#define LONGEST_WAIT_MS 60000
#define EVENTS		256
#define BELL		UINT64_MAX

struct curl_transport {
	struct transport face; /* first: the owner sees only this */
	struct dress dress;
	struct shards shards;
	int warming; /* calls for their connections alone */
	int bell;    /* an eventfd, written when woken becomes true */
	bool woken;  /* atomic: set by wakeup, cleared by poll */
};

static struct curl_transport *own(struct transport *t)
{
	return (struct curl_transport *)t;
}

/* Always swallows rq. */
static struct call *new_call(struct http_request *rq)
{
	struct call *c = calloc(1, sizeof(*c));

	if (!c) {
		http_request_release(rq);
		return NULL;
	}
	c->rq = *rq;
	*rq = (struct http_request)HTTP_REQUEST_INIT;
	c->rs = (struct http_response)HTTP_RESPONSE_INIT;
	return c;
}

/* Always swallows c, which may be NULL. */
static int start(struct curl_transport *t, struct call *c, struct err *err)
{
	int64_t now = clock_system()->mono_ms(clock_system());

	if (!c)
		return err_set(err, ERR_INTERNAL, "out of memory");
	c->easy = shards_easy(&t->shards);
	if (!c->easy)
		err_set(err, ERR_INTERNAL, "out of memory");
	else if (call_dress(c, &t->dress, err) == 0 &&
		 shards_add(&t->shards, c, now, err) == 0)
		return 0;
	if (c->easy)
		shards_keep(&t->shards, c->easy);
	call_free(c);
	return -1;
}

static int curl_send(struct transport *face, struct http_request *rq, void *tag,
		     struct err *err)
{
	struct call *c = new_call(rq);

	if (c)
		c->tag = tag;
	return start(own(face), c, err);
}

/* --- calls for their connections alone --- */

static int warm(struct curl_transport *t, const char *url, int more,
		struct err *err)
{
	struct http_request rq = HTTP_REQUEST_INIT;
	struct call *c;

	rq.name = "warm";
	buf_str(&rq.url, url);
	c = new_call(&rq);
	if (c) {
		c->warms = true;
		c->warm_more = more;
	}
	if (start(t, c, err))
		return -1;
	t->warming++;
	return 0;
}

int transport_curl_warm(struct transport *face, const char *url,
			int connections, struct err *err)
{
	/* The first tells what the host speaks. */
	return connections > 0 ? warm(own(face), url, connections, err) : 0;
}

/* Over HTTP/1 they are made anew, all at once, since the first is idle now. */
static void warm_ended(struct curl_transport *t, struct call *c)
{
	bool answered = c->rs.fate == HTTP_ANSWERED;

	t->warming--;
	if (c->warm_more)
		log_info("provider_warm", L_STR("url", c->rq.url.data),
			 L_INT("http",
			       c->version == CURL_HTTP_VERSION_2_0 ? 2 : 1),
			 L_STR("fate", answered ? NULL : c->rs.error));
	if (!answered || c->version == CURL_HTTP_VERSION_2_0)
		return;
	/* With the first, which one of them uses again. */
	for (int i = 0; i < c->warm_more && c->warm_more > 1; i++)
		if (warm(t, c->rq.url.data, 0, NULL))
			return;
}

static void take_warm(struct curl_transport *t)
{
	struct call *next, *head = &t->shards.ended;

	if (!t->warming)
		return;
	for (struct call *c = head->next; c != head; c = next) {
		next = c->next;
		if (!c->warms)
			continue;
		ring_remove(c);
		warm_ended(t, c);
		call_free(c);
	}
}

/* --- the loop --- */

/* Sleeps for at most wait_ms until there are events, and works on them: on all
 * there are, so that what has ended together is handed out together. */
static int take_events(struct curl_transport *t, int wait_ms, struct err *err)
{
	struct epoll_event events[EVENTS];
	eventfd_t rings;
	int n;

	do {
		n = epoll_wait(t->shards.watch.epoll, events, EVENTS, wait_ms);
		if (n < 0 && errno != EINTR)
			return err_set(err, ERR_INTERNAL,
				       "epoll_wait failed (%d)", errno);
		for (int i = 0; i < n; i++) {
			/* Only silences it, woken tells; not ringing any more
			 * is fine too. */
			if (events[i].data.u64 == BELL)
				eventfd_read(t->bell, &rings);
			else
				shards_event(&t->shards, events[i].data.u64,
					     events[i].events);
		}
		wait_ms = 0;
	} while (n == EVENTS);
	return 0;
}

static bool has_news(struct curl_transport *t)
{
	/* Both, always: a bell that was heard must not ring again. */
	bool woken = __atomic_exchange_n(&t->woken, false, __ATOMIC_ACQ_REL);

	return woken || !ring_empty(&t->shards.ended);
}

static int curl_poll(struct transport *face, int timeout_ms, struct err *err)
{
	struct curl_transport *t = own(face);
	struct clock *clock = clock_system();
	int64_t now = clock->mono_ms(clock), end = now + timeout_ms;
	bool news;

	shards_work(&t->shards, now); /* what was sent leaves */
	take_warm(t);
	news = has_news(t);
	for (;;) {
		int64_t due = shards_due(&t->shards), wait = LONGEST_WAIT_MS;

		if (timeout_ms >= 0 && end - now < wait)
			wait = end - now;
		if (due >= 0 && due - now < wait)
			wait = due - now;
		if (news || wait < 0)
			wait = 0;
		if (take_events(t, (int)wait, err))
			return -1;
		now = clock->mono_ms(clock);
		shards_work(&t->shards, now);
		take_warm(t);
		news = has_news(t) || news;
		if (news || (timeout_ms >= 0 && now >= end))
			return 0;
	}
}

static bool curl_next(struct transport *face, void **tag,
		      struct http_response *rs)
{
	struct curl_transport *t = own(face);
	struct call *c = t->shards.ended.next;

	if (ring_empty(&t->shards.ended))
		return false;
	*tag = c->tag;
	*rs = c->rs;
	c->rs = (struct http_response)HTTP_RESPONSE_INIT;
	ring_remove(c);
	call_free(c);
	return true;
}

static void curl_wakeup(struct transport *face)
{
	struct curl_transport *t = own(face);

	/* Who sets it rings; a ring fails only when 2^64 are not heard yet. */
	if (!__atomic_exchange_n(&t->woken, true, __ATOMIC_ACQ_REL))
		eventfd_write(t->bell, 1);
}

static void curl_free_all(struct transport *face)
{
	struct curl_transport *t = own(face);

	shards_close(&t->shards);
	dress_release(&t->dress);
	if (t->bell >= 0)
		close(t->bell);
	free(t);
}

static int hang_bell(struct curl_transport *t, struct err *err)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u64 = BELL};

	t->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (t->bell < 0 ||
	    epoll_ctl(t->shards.watch.epoll, EPOLL_CTL_ADD, t->bell, &ev))
		return err_set(err, ERR_INTERNAL, "no file descriptor is free");
	return 0;
}

/* Once a process; never undone, since a resolver thread may outlive us. */
static CURLcode global_state;

static void global_init(void)
{
	global_state = curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct transport *transport_curl_new(const struct curl_conf *conf,
				     struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct curl_transport *t;

	if (pthread_once(&once, global_init) || global_state != CURLE_OK) {
		err_set(err, ERR_INTERNAL, "libcurl cannot start");
		return NULL;
	}
	t = calloc(1, sizeof(*t));
	if (!t) {
		err_set(err, ERR_INTERNAL, "out of memory");
		return NULL;
	}
	t->face = (struct transport){
		.send = curl_send,
		.poll = curl_poll,
		.next = curl_next,
		.wakeup = curl_wakeup,
		.free = curl_free_all,
	};
	t->bell = -1;
	if (shards_open(&t->shards, conf, err) || hang_bell(t, err) ||
	    dress_init(&t->dress, conf, err)) {
		curl_free_all(&t->face);
		return NULL;
	}
	return &t->face;
}
