/* SPDX-License-Identifier: MIT */
/*
 * stream.h - an answer that goes on: events as they happen, with no thread of
 * its own.
 *
 *   handler            stream_begin(): the answer is to be a stream
 *   answer             stream_response(): the library asks it for bytes
 *   library's thread   look() says what is new; if nothing is, the connection
 *                      is suspended
 *   main thread        streams_look(): resumes them after a commit, a change of
 *                      the API keys, and for the heartbeat
 *
 * A client that went away is noticed when a write fails: at the second
 * heartbeat, at the latest. A stream ends by itself, after LIMIT_STREAM_MS (the
 * client comes again), when its API key is revoked or expires (it comes again
 * and gets 401), or when the engine has gone. None is suspended after
 * streams_close.
 */
#ifndef SRC_API_STREAM_H
#define SRC_API_STREAM_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct request;
struct server;
struct stream;

/* All of a server. */
struct streams {
	atomic_int count;
	/* What streams_look has seen; its own: */
	int64_t commits;
	uint64_t keys;	      /* the generation of auth.h */
	pthread_mutex_t lock; /* guards what follows, and every stream */
	struct stream *first;
	bool closing;
};

/* Where a stream's events come from. Called by the connection's thread. */
struct stream_source {
	/* Adds what is new. 0: there may be more; 1: that was all; -1: it
	 * cannot be told now, let the client come again. */
	int (*look)(void *arg, struct buf *out);
	void (*free)(void *arg);
};

/* Makes the answer a stream; arg is swallowed in any case. -1: OVERLOADED. */
int stream_begin(struct request *rq, const struct stream_source *source,
		 void *arg, struct err *err);
/* rq->stream as a response, which owns it from then on. NULL: no memory. */
struct MHD_Response *stream_response(struct request *rq);
/* Of a request that never came to its response. NULL is fine. */
void stream_free(void *stream);

void streams_look(struct server *s);
/* The engine has gone: all end, after a last look. */
void streams_close(struct server *s);

#endif
