/* SPDX-License-Identifier: MIT */
/*
 * shard.c - see shard.h.
 *
 * True between calls: every call is either under way, and then its easy handle
 * is in the multi handle of its shard, or in the ring of the ended. Easy
 * handles are used again; connections belong to a multi handle and stay warm
 * until nothing has called there for so long that libcurl would not use them
 * again: then the shard rests.
 */
#include "shard.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"

/* For reading, of each call. The least that libcurl takes: most answers have
 * one or two of these, and thousands of calls have one each. Over HTTP/2 it is
 * libcurl's own, 16 KiB, since an answer that does not fit has 7.88 stop its
 * stream for a while, a path that spoilt answers in 7.88.0. */
#define BUFFER	      1024L
#define BUFFER_HTTP2  16384L
#define REST_AFTER_MS ((CONNECTION_IDLE_S + 2) * INT64_C(1000))

/* --- the sockets --- */

/* An event tells the shard and the socket. Which may have another socket, or
 * none, when the event is read: libcurl does not mind. */
static uint64_t name_of(const struct shard *sh, curl_socket_t fd)
{
	return (uint64_t)(unsigned)sh->place << 32 | (unsigned)fd;
}

/* Called by libcurl: watch the socket from now on as `what` says. If that fails
 * it gives up, and all of its calls are lost. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
		     void *unused)
{
	struct shard *sh = arg;
	uint32_t events = 0;

	if (what != CURL_POLL_REMOVE && (what & CURL_POLL_IN))
		events |= EPOLLIN;
	if (what != CURL_POLL_REMOVE && (what & CURL_POLL_OUT))
		events |= EPOLLOUT;
	return watch_set(&sh->all->watch, fd, name_of(sh, fd), events);
}

static curl_socket_t on_open(void *arg, curlsocktype purpose,
			     struct curl_sockaddr *to)
{
	return watch_open(arg, to->family, to->socktype, to->protocol);
}

static int on_close(void *arg, curl_socket_t fd)
{
	return watch_close(arg, fd);
}

/* --- one shard --- */

static int open_multi(struct shard *sh, struct err *err)
{
	CURLM *m = curl_multi_init();

	if (m &&
	    curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket) ==
		    CURLM_OK &&
	    curl_multi_setopt(m, CURLMOPT_SOCKETDATA, sh) == CURLM_OK &&
	    curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, (long)SHARD_CALLS) ==
		    CURLM_OK &&
	    curl_multi_setopt(m, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX) ==
		    CURLM_OK) {
		sh->multi = m;
		sh->due = -1;
		sh->broken = false;
		return 0;
	}
	curl_multi_cleanup(m);
	return err_set(err, ERR_INTERNAL, "libcurl cannot start");
}

static void close_multi(struct shard *sh)
{
	curl_multi_cleanup(sh->multi);
	sh->multi = NULL;
	sh->due = -1;
}

static void call_ended(struct shard *sh, struct call *c)
{
	c->easy = NULL;
	ring_remove(c);
	ring_add(&sh->all->ended, c);
	sh->calls--;
}

/* libcurl failed as a whole: what it knows of its calls cannot be trusted. Each
 * may have been executed; none may be waited for. */
static void lose_all(struct shard *sh)
{
	while (!ring_empty(&sh->under_way)) {
		struct call *c = sh->under_way.next;

		curl_multi_remove_handle(sh->multi, c->easy);
		curl_easy_cleanup(c->easy);
		call_lose(c);
		call_ended(sh, c);
	}
	close_multi(sh);
}

static void collect(struct shard *sh)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(sh->multi, &left))) {
		CURLcode rc = m->data.result; /* m dies with the removal */
		CURL *easy = m->easy_handle;
		struct call *c = NULL;

		if (m->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&c))
			continue;
		call_judge(c, rc);
		curl_multi_remove_handle(sh->multi, easy);
		shards_keep(sh->all, easy);
		call_ended(sh, c);
	}
}

static bool has_room(const struct shard *sh)
{
	return sh->calls < sh->calls_max;
}

/* c is in no ring. */
static int begin(struct shard *sh, struct call *c, struct err *err)
{
	if (!sh->multi && open_multi(sh, err))
		return -1;
	if (curl_multi_add_handle(sh->multi, c->easy) != CURLM_OK)
		return err_set(err, ERR_INTERNAL,
			       "libcurl takes no more calls");
	ring_add(&sh->under_way, c);
	sh->calls++;
	sh->due = 0;
	return 0;
}

/* The next that wait for a place. One that libcurl refuses waits on, for as
 * long as it may. */
static void admit(struct shard *sh)
{
	struct call *waiting = &sh->host->waiting;

	while (has_room(sh) && !ring_empty(waiting)) {
		struct call *c = waiting->next;

		ring_remove(c);
		if (begin(sh, c, NULL) == 0)
			continue;
		ring_add(waiting->next, c); /* before the first */
		return;
	}
}

static void act(struct shard *sh, curl_socket_t fd, int what)
{
	int running;

	sh->touched = true;
	if (curl_multi_socket_action(sh->multi, fd, what, &running) != CURLM_OK)
		sh->broken = true;
}

/* After libcurl has worked. */
static void settle(struct shard *sh, int64_t now)
{
	long wait = -1;

	sh->touched = false;
	sh->quiet_since = now;
	if (sh->broken) {
		lose_all(sh);
		admit(sh);
		return;
	}
	collect(sh);
	if (curl_multi_timeout(sh->multi, &wait) != CURLM_OK)
		wait = 0;
	/* It counts finer than we do: better late than twice. */
	sh->due = wait < 0 ? -1 : wait == 0 ? 0 : now + wait + 1;
	admit(sh);
}

/* --- hosts --- */

/* The URL up to its path. */
static size_t origin_of(const char *url)
{
	const char *host = strstr(url, "://");

	return host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?#")
		    : strlen(url);
}

/* A handful, from the configuration: a list will do. */
static struct host *host_of(struct shards *s, const char *url)
{
	size_t n = origin_of(url);
	struct host *h = s->hosts;

	if (n >= HOST_MAX)
		return NULL;
	while (h && (strncmp(h->origin, url, n) != 0 || h->origin[n]))
		h = h->next;
	if (h)
		return h;
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	memcpy(h->origin, url, n);
	ring_init(&h->waiting);
	h->end = &h->first;
	h->next = s->hosts;
	s->hosts = h;
	return h;
}

/* Calls that one more shard of the host may have, 0 if there may be none. */
static int calls_left(const struct shards *s, const struct host *h)
{
	long left = s->max_connections - (long)h->count * SHARD_CALLS;

	if (!s->max_connections || left > SHARD_CALLS)
		return SHARD_CALLS;
	return left > 0 ? (int)left : 0;
}

static struct shard *new_shard(struct shards *s, struct host *h)
{
	struct shard **longer = reallocarray(s->shard, (size_t)s->count + 1,
					     sizeof(struct shard *));
	struct shard *sh;

	if (!longer)
		return NULL;
	s->shard = longer;
	sh = calloc(1, sizeof(*sh));
	if (!sh)
		return NULL;
	sh->all = s;
	sh->host = h;
	sh->place = s->count;
	sh->calls_max = calls_left(s, h);
	sh->due = -1;
	ring_init(&sh->under_way);
	s->shard[s->count++] = sh;
	*h->end = sh;
	h->end = &sh->next;
	h->count++;
	return sh;
}

/* The first with room, or a new one. NULL: not now; -1: out of memory. */
static int shard_for(struct shards *s, struct host *h, struct shard **out)
{
	struct shard *sh = h->first;

	while (sh && !has_room(sh))
		sh = sh->next;
	*out = sh;
	if (sh || calls_left(s, h) == 0)
		return 0;
	*out = new_shard(s, h);
	return *out ? 0 : -1;
}

/* --- what the transport calls --- */

int shards_open(struct shards *s, const struct curl_conf *conf, struct err *err)
{
	s->max_connections = conf->max_connections;
	s->patience_ms = conf->total_timeout_ms;
	s->buffer_size = conf->http2 && conf->tls ? BUFFER_HTTP2 : BUFFER;
	ring_init(&s->ended);
	if (watch_init(&s->watch, err))
		return -1;
	s->share = curl_share_init();
	if (s->share &&
	    curl_share_setopt(s->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) ==
		    CURLSHE_OK &&
	    curl_share_setopt(s->share, CURLSHOPT_SHARE,
			      CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK)
		return 0;
	return err_set(err, ERR_INTERNAL, "libcurl cannot start");
}

void call_free(struct call *c)
{
	curl_url_cleanup(c->url);
	http_request_release(&c->rq);
	http_response_release(&c->rs);
	free(c);
}

static void free_ring(struct call *head)
{
	while (!ring_empty(head)) {
		struct call *c = head->next;

		ring_remove(c);
		if (c->easy)
			curl_easy_cleanup(c->easy);
		call_free(c);
	}
}

void shards_close(struct shards *s)
{
	for (int i = 0; i < s->count; i++) {
		if (s->shard[i]->multi)
			lose_all(s->shard[i]);
		free(s->shard[i]);
	}
	free_ring(&s->ended);
	while (s->hosts) {
		struct host *h = s->hosts;

		s->hosts = h->next;
		free_ring(&h->waiting);
		free(h);
	}
	free(s->shard);
	while (s->idles)
		curl_easy_cleanup(s->idle[--s->idles]);
	if (s->share)
		curl_share_cleanup(s->share);
	watch_release(&s->watch);
}

/* What holds for every call. The size of its buffer can be set only while a
 * handle has none; one that still has its last one would write past its end. */
static bool fit(struct shards *s, CURL *easy)
{
	return curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, s->buffer_size) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SHARE, s->share) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &s->watch) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &s->watch) ==
		       CURLE_OK;
}

CURL *shards_easy(struct shards *s)
{
	CURL *easy;

	if (s->idles)
		return s->idle[--s->idles];
	easy = curl_easy_init();
	if (easy && !fit(s, easy)) {
		curl_easy_cleanup(easy);
		easy = NULL;
	}
	return easy;
}

void shards_keep(struct shards *s, CURL *easy)
{
	curl_easy_reset(easy); /* also forgets credentials */
	if (s->idles < EASIES_KEPT && fit(s, easy))
		s->idle[s->idles++] = easy;
	else
		curl_easy_cleanup(easy);
}

int shards_add(struct shards *s, struct call *c, int64_t now, struct err *err)
{
	struct host *h = host_of(s, c->rq.url.data);
	struct shard *sh;

	if (!h || shard_for(s, h, &sh))
		return err_set(err, ERR_INTERNAL, "out of memory");
	c->since = now;
	if (sh)
		return begin(sh, c, err);
	ring_add(&h->waiting, c);
	return 0;
}

/* The first has waited longest. */
static void drop_late(struct shards *s, struct host *h, int64_t now)
{
	while (!ring_empty(&h->waiting)) {
		struct call *c = h->waiting.next;

		if (now - c->since < s->patience_ms)
			return;
		call_drop(c);
		shards_keep(s, c->easy);
		c->easy = NULL;
		ring_remove(c);
		ring_add(&s->ended, c);
	}
}

void shards_work(struct shards *s, int64_t now)
{
	for (int i = 0; i < s->count; i++) {
		struct shard *sh = s->shard[i];

		if (sh->multi && sh->due >= 0 && sh->due <= now)
			act(sh, CURL_SOCKET_TIMEOUT, 0);
		if (sh->touched)
			settle(sh, now);
		else if (sh->multi && !sh->calls &&
			 now - sh->quiet_since > REST_AFTER_MS)
			close_multi(sh);
	}
	for (struct host *h = s->hosts; h; h = h->next)
		drop_late(s, h, now);
}

void shards_event(struct shards *s, uint64_t data, uint32_t events)
{
	struct shard *sh = s->shard[data >> 32];
	int fd = (int)(uint32_t)data, what = 0;

	if (!watch_wanted(&s->watch, fd))
		return;
	if (!sh->multi || sh->broken) /* it failed since the event was read */
		return;
	if (events & (EPOLLIN | EPOLLHUP))
		what |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (events & EPOLLERR)
		what |= CURL_CSELECT_ERR;
	act(sh, fd, what);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

int64_t shards_due(const struct shards *s)
{
	int64_t due = -1;

	for (int i = 0; i < s->count; i++)
		due = sooner(due, s->shard[i]->due);
	for (const struct host *h = s->hosts; h; h = h->next)
		if (!ring_empty(&h->waiting))
			due = sooner(due,
				     h->waiting.next->since + s->patience_ms);
	return due;
}
