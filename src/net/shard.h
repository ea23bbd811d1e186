/* SPDX-License-Identifier: MIT */
/*
 * shard.h - the multi handles of libcurl: few calls in each, many of them.
 *
 * For each call that begins or ends libcurl 7.88 walks through all connections
 * of its multi handle, so that n calls in one of them cost n times n. Here a
 * host has as many as its calls need, SHARD_CALLS in each; a call goes to the
 * first with room, where connections are warm. No two hosts share one.
 *
 * One epoll descriptor has the sockets of all (watch.h). What they have in
 * common are names that were looked up and TLS sessions.
 */
#ifndef NET_SHARD_H
#define NET_SHARD_H

#include <stdint.h>

#include "call.h"
#include "watch.h"

#define SHARD_CALLS 64
#define EASIES_KEPT 256
#define HOST_MAX    128

struct shard {
	struct shards *all;
	struct host *host;
	struct shard *next;    /* of the host */
	CURLM *multi;	       /* NULL: it rests */
	int place;	       /* in all->shard */
	int calls_max;	       /* each may need a connection of its own */
	struct call under_way; /* head of a ring */
	int calls;	       /* in that ring */
	bool touched;	       /* libcurl has worked: calls may have ended */
	bool broken;	       /* libcurl failed */
	int64_t due;	       /* mono ms: libcurl wants to work; -1: no */
	int64_t quiet_since;   /* mono ms; while there are no calls */
};

struct host {
	struct host *next;
	char origin[HOST_MAX]; /* "https://api.twilio.com" */
	struct shard *first, **end;
	int count;
	struct call waiting; /* head of a ring: all connections are in use */
};

struct shards {
	struct host *hosts;
	struct shard **shard; /* of all hosts */
	int count;
	long max_connections; /* of a host; 0: no limit */
	int64_t patience_ms;  /* how long a call may wait for one */
	long buffer_size;     /* for reading, of each call */
	struct watch watch;
	CURLSH *share;
	CURL *idle[EASIES_KEPT]; /* for the next calls */
	int idles;
	struct call ended; /* head of the ring of what has ended */
};

int shards_open(struct shards *s, const struct curl_conf *conf,
		struct err *err);
/* Frees all, and the calls that are under way or ended. Also after a failed
 * open. */
void shards_close(struct shards *s);

/* A handle to dress for a call, NULL if there is no memory. */
CURL *shards_easy(struct shards *s);
/* Gives it back, if shards_add did not take it. */
void shards_keep(struct shards *s, CURL *easy);

/* Begins the call, which is dressed, now or when a connection is free. now:
 * mono ms. -1: nothing has happened. */
int shards_add(struct shards *s, struct call *c, int64_t now, struct err *err);

/* Lets libcurl work where it is time to, and takes what has ended. */
void shards_work(struct shards *s, int64_t now);
/* Lets libcurl work on what an event of the epoll descriptor tells. */
void shards_event(struct shards *s, uint64_t data, uint32_t events);
/* Mono ms when there is work again without an event; -1: never. */
int64_t shards_due(const struct shards *s);

/* Frees all but the easy handle. */
void call_free(struct call *c);

#endif
