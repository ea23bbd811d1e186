/* SPDX-License-Identifier: MIT */
/*
 * curl.c - the transport on libcurl's multi interface: the loop and its lists.
 *
 * True between calls: every call is either under way, and then its easy handle
 * is in the multi handle, or ended and waiting for next. Easy handles are used
 * again; connections belong to the multi handle and stay warm.
 */
#include "net/transport.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "call.h"

#define WARM_CONNECTIONS 256L /* kept open, all hosts together; or more: */
#define HOSTS		 4L   /* times the connections each may have */
#define IDLE_HANDLES	 256  /* kept for the next calls */
#define LONGEST_WAIT_MS	 60000

struct curl_transport {
	struct transport face; /* first: the owner sees only this */
	struct dress dress;
	CURLM *multi;
	struct call under_way, ended; /* heads of rings */
	CURL *idle[IDLE_HANDLES];
	int idles;
	/* Not curl_multi_wakeup: the multi handle may have to be replaced while
	 * another thread wakes us. */
	int bell;   /* an eventfd, written when woken becomes true */
	bool woken; /* atomic: set by wakeup, cleared by poll */
};

static struct curl_transport *own(struct transport *t)
{
	return (struct curl_transport *)t;
}

/* ---- lists and handles ---- */

static void ring_init(struct call *head)
{
	head->prev = head->next = head;
}

static bool ring_empty(const struct call *head)
{
	return head->next == head;
}

static void ring_add(struct call *head, struct call *c)
{
	c->prev = head->prev;
	c->next = head;
	head->prev->next = c;
	head->prev = c;
}

static void ring_remove(struct call *c)
{
	c->prev->next = c->next;
	c->next->prev = c->prev;
}

static CURL *take_easy(struct curl_transport *t)
{
	return t->idles ? t->idle[--t->idles] : curl_easy_init();
}

static void keep_easy(struct curl_transport *t, CURL *easy)
{
	if (t->idles == IDLE_HANDLES) {
		curl_easy_cleanup(easy);
		return;
	}
	curl_easy_reset(easy); /* also forgets credentials */
	t->idle[t->idles++] = easy;
}

/* All but the easy handle, which may be used again. */
static void call_free(struct call *c)
{
	curl_url_cleanup(c->url);
	http_request_release(&c->rq);
	http_response_release(&c->rs);
	free(c);
}

/* ---- the multi handle ---- */

static int open_multi(struct curl_transport *t, struct err *err)
{
	long warm = HOSTS * t->dress.conf.max_connections;

	if (warm < WARM_CONNECTIONS)
		warm = WARM_CONNECTIONS;
	t->multi = curl_multi_init();
	if (t->multi &&
	    curl_multi_setopt(t->multi, CURLMOPT_MAXCONNECTS, warm) ==
		    CURLM_OK &&
	    curl_multi_setopt(t->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
			      t->dress.conf.max_connections) == CURLM_OK &&
	    curl_multi_setopt(t->multi, CURLMOPT_PIPELINING,
			      CURLPIPE_NOTHING) == CURLM_OK)
		return 0;
	return err_set(err, ERR_INTERNAL, "libcurl cannot start");
}

/* libcurl failed as a whole: what it knows of its calls cannot be trusted. Each
 * may have been executed; none may be waited for. */
static int start_over(struct curl_transport *t, struct err *err)
{
	while (!ring_empty(&t->under_way)) {
		struct call *c = t->under_way.next;

		curl_multi_remove_handle(t->multi, c->easy);
		curl_easy_cleanup(c->easy);
		c->easy = NULL;
		call_lose(c);
		ring_remove(c);
		ring_add(&t->ended, c);
	}
	curl_multi_cleanup(t->multi);
	return open_multi(t, err);
}

static void collect(struct curl_transport *t)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(t->multi, &left))) {
		CURLcode rc = m->data.result; /* m dies with the removal */
		CURL *easy = m->easy_handle;
		struct call *c = NULL;

		if (m->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&c))
			continue;
		call_judge(c, rc);
		curl_multi_remove_handle(t->multi, easy);
		keep_easy(t, easy);
		c->easy = NULL;
		ring_remove(c);
		ring_add(&t->ended, c);
	}
}

/* ---- what the owner calls ---- */

static int curl_send(struct transport *face, struct http_request *rq, void *tag,
		     struct err *err)
{
	struct curl_transport *t = own(face);
	struct call *c = calloc(1, sizeof(*c));

	if (!c) {
		http_request_release(rq);
		return err_set(err, ERR_INTERNAL, "out of memory");
	}
	c->rq = *rq;
	*rq = (struct http_request)HTTP_REQUEST_INIT;
	c->rs = (struct http_response)HTTP_RESPONSE_INIT;
	c->tag = tag;
	c->easy = take_easy(t);
	if (!c->easy) {
		err_set(err, ERR_INTERNAL, "out of memory");
		goto fail;
	}
	if (call_dress(c, &t->dress, err))
		goto fail;
	if (curl_multi_add_handle(t->multi, c->easy) != CURLM_OK) {
		err_set(err, ERR_INTERNAL, "libcurl takes no more calls");
		goto fail;
	}
	ring_add(&t->under_way, c);
	return 0;
fail:
	if (c->easy)
		keep_easy(t, c->easy);
	call_free(c);
	return -1;
}

/* One round: work on what is ready, then take what has ended. */
static int work(struct curl_transport *t, struct err *err)
{
	int running;

	if (curl_multi_perform(t->multi, &running) != CURLM_OK)
		return start_over(t, err);
	collect(t);
	return 0;
}

/* Sleeps until a socket or a timer of libcurl's has work, or the bell rings. */
static int sleep_ms(struct curl_transport *t, int64_t ms, struct err *err)
{
	struct curl_waitfd bell = {.fd = t->bell, .events = CURL_WAIT_POLLIN};
	eventfd_t rings;

	if (ms > LONGEST_WAIT_MS)
		ms = LONGEST_WAIT_MS;
	if (curl_multi_poll(t->multi, &bell, 1, (int)ms, NULL) != CURLM_OK)
		return start_over(t, err);
	/* Only silences it, woken tells; not ringing any more is fine too. */
	if (bell.revents)
		eventfd_read(t->bell, &rings);
	return 0;
}

static int curl_poll(struct transport *face, int timeout_ms, struct err *err)
{
	struct curl_transport *t = own(face);
	struct clock *clock = clock_system();
	int64_t end = clock->mono_ms(clock) + timeout_ms;

	for (;;) {
		int64_t left = LONGEST_WAIT_MS;

		if (work(t, err))
			return -1;
		if (timeout_ms >= 0)
			left = end - clock->mono_ms(clock);
		if (__atomic_exchange_n(&t->woken, false, __ATOMIC_ACQ_REL) ||
		    !ring_empty(&t->ended) || left <= 0)
			return 0;
		if (sleep_ms(t, left, err))
			return -1;
	}
}

static bool curl_next(struct transport *face, void **tag,
		      struct http_response *rs)
{
	struct curl_transport *t = own(face);
	struct call *c = t->ended.next;

	if (ring_empty(&t->ended))
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

static void free_ring(struct curl_transport *t, struct call *head)
{
	while (!ring_empty(head)) {
		struct call *c = head->next;

		if (c->easy) {
			curl_multi_remove_handle(t->multi, c->easy);
			curl_easy_cleanup(c->easy);
		}
		ring_remove(c);
		call_free(c);
	}
}

static void curl_free_all(struct transport *face)
{
	struct curl_transport *t = own(face);

	free_ring(t, &t->under_way);
	free_ring(t, &t->ended);
	while (t->idles)
		curl_easy_cleanup(t->idle[--t->idles]);
	curl_multi_cleanup(t->multi);
	dress_release(&t->dress);
	if (t->bell >= 0)
		close(t->bell);
	free(t);
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
	ring_init(&t->under_way);
	ring_init(&t->ended);
	t->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (t->bell < 0)
		err_set(err, ERR_INTERNAL, "no file descriptor is free");
	if (t->bell < 0 || dress_init(&t->dress, conf, err) ||
	    open_multi(t, err)) {
		curl_free_all(&t->face);
		return NULL;
	}
	return &t->face;
}
