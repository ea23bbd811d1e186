/* SPDX-License-Identifier: MIT */
/*
 * tally.h - what the threads of the HTTP side count, for metrics.c.
 *
 * Each thread counts in a place of its own: a request costs a few stores to
 * memory that no other thread writes. Whoever wants to know adds the places up.
 * They belong to the process and stay when their thread has ended.
 */
#ifndef SRC_API_TALLY_H
#define SRC_API_TALLY_H

#include "api/routes.h"
#include "base/histogram.h"

/* How a request was answered. */
enum status_class {
	STATUS_NONE, /* not at all: the client was gone */
	STATUS_2XX,
	STATUS_3XX,
	STATUS_4XX,
	STATUS_5XX,
};
#define STATUS_CLASSES 5

/* Why a request was refused for its API key. */
enum refusal {
	REFUSAL_UNAUTHORIZED, /* 401: no key, or one that is not good */
	REFUSAL_THROTTLED,    /* 429: too many of those from its address */
	REFUSAL_FORBIDDEN,    /* 403: the key's scope is too small */
	REFUSAL_RATE_LIMITED, /* 429: the key's own limit */
};
#define REFUSALS 4

/* By row of routes.c; the last is for what has no route. */
struct tally {
	struct tally *next;
	struct counter answers[ROUTES_MAX + 1][STATUS_CLASSES];
	struct histogram durations[ROUTES_MAX + 1];
	struct counter refusals[REFUSALS];
};

/* One request that ended. route may be NULL; status 0: it got no answer. */
void tally_request(const struct route *route, int status, int64_t us);
void tally_refusal(enum refusal why);

/* All of them, one after the other; NULL: the first, and at the end. */
const struct tally *tally_next(const struct tally *t);

#endif
