/* SPDX-License-Identifier: MIT */
/*
 * request.c - the memory of requests.
 *
 * A thread of the HTTP library mostly has one request at a time, whatever the
 * number of its connections: they are taken up one after the other. So it keeps
 * that of the last for the next, and with it what is of a common size. The
 * kilobytes that these are would make the C library tidy up at each request.
 */
#include "request.h"

#include <pthread.h>
#include <stdlib.h>

#define KEPT_MAX (16 * 1024) /* bytes of an answer that are kept */

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void release(void *request)
{
	struct request *rq = request;

	buf_release(&rq->raw);
	buf_release(&rq->reply.body);
	free(rq);
}

static void make_key(void)
{
	if (pthread_key_create(&key, release))
		abort(); /* before the first request, and only then */
}

static void set_up(struct request *rq, struct buf raw, struct buf answer)
{
	*rq = (struct request){
		.raw = raw,
		.body = BUF_INIT(LIMIT_BODY),
		.reply = {.body = answer},
		.link = BUF_INIT(4 * LIMIT_TARGET),
	};
}

struct request *request_new(const char *target)
{
	struct request *rq;

	pthread_once(&once, make_key);
	rq = pthread_getspecific(key);
	if (rq) {
		(void)pthread_setspecific(key, NULL); /* needs no memory */
	} else {
		rq = malloc(sizeof(*rq));
		if (!rq)
			return NULL;
		set_up(rq, (struct buf)BUF_INIT(LIMIT_POOL),
		       (struct buf)BUF_INIT(LIMIT_ANSWER));
	}
	if (buf_str(&rq->raw, target)) {
		release(rq);
		return NULL;
	}
	return rq;
}

/* What is to be kept of it, empty. */
static struct buf keep(struct buf *b, size_t max, bool secret)
{
	if (secret)
		buf_release_secret(b);
	else if (b->size > KEPT_MAX)
		buf_release(b);
	else
		buf_clear(b);
	b->max = max; /* a reply of the engine's has another */
	return *b;
}

void request_free(struct request *rq)
{
	buf_release_secret(&rq->body);
	buf_release(&rq->link);
	set_up(rq, keep(&rq->raw, LIMIT_POOL, false),
	       keep(&rq->reply.body, LIMIT_ANSWER, rq->secret));
	if (pthread_getspecific(key) || pthread_setspecific(key, rq))
		release(rq);
}
