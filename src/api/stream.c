/* SPDX-License-Identifier: MIT */
/*
 * stream.c - the streams of a server: handing out bytes, sleeping, waking.
 *
 *   writing --nothing new--> suspended --commit, heartbeat, closing--> writing
 *      |  look() says that was all, time is up, closing
 *      v
 *     end
 *
 * Suspending and resuming happen under the lock only, each after a look at
 * what the other side set, so that no wake-up is lost and no connection is
 * resumed twice. A suspended connection cannot end by itself.
 */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "listener.h"
#include "metrics.h"
#include "request.h"

#define BLOCK_SIZE 4096

/* After how long a client is asked to come again when a stream breaks. */
#define GREETING "retry: 2000\n\n"
#define BEAT	 ":\n\n"

struct stream {
	struct server *server;
	struct request *rq; /* as long as the library asks for bytes */
	const struct stream_source *source;
	void *arg;
	struct grant grant;
	struct buf out;
	size_t at;     /* of out: handed over so far */
	bool last;     /* nothing comes after out */
	int64_t until; /* mono ms */
	/* Under streams.lock: */
	struct MHD_Connection *connection;
	bool due; /* something was committed since the last look */
	bool suspended;
	int64_t beat_at;
	struct stream *prev, *next;
};

static int64_t now_ms(const struct server *s)
{
	return s->clock->mono_ms(s->clock);
}

/* --- the list ------------------------------------------------------------ */

static bool take_place(struct server *s)
{
	if (atomic_fetch_add(&s->streams.count, 1) <
	    LIMIT_WATCHING(s->conf.connections))
		return true;
	atomic_fetch_sub(&s->streams.count, 1);
	return false;
}

static void link_in(struct stream *st)
{
	struct streams *all = &st->server->streams;

	pthread_mutex_lock(&all->lock);
	st->next = all->first;
	if (st->next)
		st->next->prev = st;
	all->first = st;
	pthread_mutex_unlock(&all->lock);
}

int stream_begin(struct request *rq, const struct stream_source *source,
		 void *arg, struct err *err)
{
	struct server *s = rq->server;
	bool place = take_place(s);
	struct stream *st = place ? calloc(1, sizeof(*st)) : NULL;

	if (!st) {
		if (place)
			atomic_fetch_sub(&s->streams.count, 1);
		source->free(arg);
		return err_set(err, ERR_OVERLOADED,
			       "too many clients watch operations already; "
			       "read the operation instead");
	}
	st->server = s;
	st->rq = rq;
	st->connection = rq->connection;
	st->source = source;
	st->arg = arg;
	st->grant = rq->grant;
	st->out = (struct buf)BUF_INIT(LIMIT_ANSWER);
	st->due = true;
	st->until = now_ms(s) + auth_left_ms(s, &st->grant, LIMIT_STREAM_MS);
	st->beat_at = now_ms(s) + LIMIT_BEAT_MS;
	(void)buf_str(&st->out, GREETING); /* give sees the failure */
	link_in(st);
	rq->stream = st;
	rq->streams = true;
	return 0;
}

void stream_free(void *stream)
{
	struct stream *st = stream;
	struct streams *all;

	if (!st)
		return;
	all = &st->server->streams;
	pthread_mutex_lock(&all->lock);
	if (st->prev)
		st->prev->next = st->next;
	else
		all->first = st->next;
	if (st->next)
		st->next->prev = st->prev;
	pthread_mutex_unlock(&all->lock);
	st->source->free(st->arg);
	buf_release(&st->out);
	free(st);
	atomic_fetch_sub(&all->count, 1);
}

/* --- what the library's thread does -------------------------------------- */

static ssize_t hand_out(struct stream *st, char *to, size_t max)
{
	size_t n = st->out.len - st->at;

	if (n > max)
		n = max;
	memcpy(to, st->out.data + st->at, n);
	st->at += n;
	st->rq->size += n;
	stamp_busy(st->rq->stamp, now_ms(st->server) + LIMIT_WRITE_MS);
	return (ssize_t)n;
}

/* Looks for what is new, or else whether it is time for a heartbeat. Who may
 * not look any more gets an end, comes again and is told why. */
static void fill(struct stream *st)
{
	struct streams *all = &st->server->streams;
	int64_t now = now_ms(st->server);
	struct err err = ERR_INIT;
	bool due, closing, beat;

	st->at = 0;
	buf_clear(&st->out);
	if (auth_recheck(st->server, &st->grant, &err)) {
		if (err.code != ERR_UNAUTHORIZED)
			log_error("stream_broken",
				  L_STR("request_id", st->rq->id), L_ERR(&err));
		st->last = true;
		return;
	}
	pthread_mutex_lock(&all->lock);
	closing = all->closing;
	due = st->due || closing;
	beat = now >= st->beat_at;
	st->due = false;
	pthread_mutex_unlock(&all->lock);
	if (due && st->source->look(st->arg, &st->out))
		st->last = true;
	if (closing || now >= st->until)
		st->last = true;
	if (beat && !st->out.len && !st->last)
		(void)buf_str(&st->out, BEAT); /* give sees the failure */
	if (!st->out.len)
		return;
	pthread_mutex_lock(&all->lock);
	st->beat_at = now + LIMIT_BEAT_MS;
	pthread_mutex_unlock(&all->lock);
}

/* False: something came up meanwhile. */
static bool rest(struct stream *st)
{
	struct streams *all = &st->server->streams;
	bool idle;

	pthread_mutex_lock(&all->lock);
	idle = !st->due && !all->closing;
	if (idle) {
		st->suspended = true;
		stamp_busy(st->rq->stamp, STAMP_NEVER);
		MHD_suspend_connection(st->connection);
	}
	pthread_mutex_unlock(&all->lock);
	return idle;
}

static ssize_t give(void *stream, uint64_t pos, char *to, size_t max)
{
	struct stream *st = stream;

	for (;;) {
		if (st->out.failed)
			return MHD_CONTENT_READER_END_WITH_ERROR;
		if (st->at < st->out.len)
			return hand_out(st, to, max);
		if (st->last)
			return MHD_CONTENT_READER_END_OF_STREAM;
		fill(st);
		if (!st->out.failed && !st->out.len && !st->last && rest(st))
			return 0;
	}
}

struct MHD_Response *stream_response(struct request *rq)
{
	struct MHD_Response *r = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, BLOCK_SIZE, give, rq->stream, stream_free);

	if (!r)
		return NULL;
	rq->stream = NULL;
	/* To HEAD the library sends the last chunk of a body that it does not
	 * send, which the client takes for the next answer. */
	if (rq->method && strcmp(rq->method, "HEAD") == 0 &&
	    MHD_set_response_options(r, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT,
				     MHD_RO_END) != MHD_YES) {
		MHD_destroy_response(r);
		return NULL;
	}
	return r;
}

/* --- what the main thread does ------------------------------------------- */

/* Under the lock. */
static void wake(struct stream *st)
{
	if (!st->suspended)
		return;
	st->suspended = false;
	MHD_resume_connection(st->connection);
}

void streams_look(struct server *s)
{
	struct streams *all = &s->streams;
	int64_t now = now_ms(s);
	uint64_t keys = atomic_load(&s->auth.generation);
	struct engine_stats stats;
	bool moved;

	/* A stream that begins now looks for itself. */
	if (!atomic_load(&all->count) || !server_engine_stats(s, &stats))
		return;
	moved = stats.commits != all->commits || keys != all->keys;
	all->commits = stats.commits;
	all->keys = keys;
	pthread_mutex_lock(&all->lock);
	for (struct stream *st = all->first; st; st = st->next) {
		st->due |= moved;
		if (st->due || now >= st->beat_at || now >= st->until)
			wake(st);
	}
	pthread_mutex_unlock(&all->lock);
}

void streams_close(struct server *s)
{
	struct streams *all = &s->streams;

	pthread_mutex_lock(&all->lock);
	all->closing = true;
	for (struct stream *st = all->first; st; st = st->next)
		wake(st);
	pthread_mutex_unlock(&all->lock);
}
