/* SPDX-License-Identifier: MIT */
/* auth.h - who asks, may they, and how often? */
#ifndef SRC_API_AUTH_H
#define SRC_API_AUTH_H

#include <stdatomic.h>

#include "api/server.h"
#include "api/throttle.h"
#include "base/id.h"
#include "key_uses.h"

#define BAD_KEYS  20 /* wrong keys a minute that an address gets a 401 for */
#define RATE_SIZE 64

struct request;
struct server;

/* What a request was let in by, for as long as it lasts. */
struct grant {
	char principal[ID_SIZE]; /* an API key's id, "root"; "" if none */
	int64_t expires_ms;	 /* wall clock; 0: never */
	/* Of the keys, when it was good; 0: none of them, good for ever. */
	uint64_t generation;
};

/* What the threads share about keys. Written once at start but for what locks
 * itself. */
struct auth {
	uint8_t root_hash[SEAL_HASH_SIZE];
	/* Goes up with every change of the table of keys: see key_cache.h. */
	atomic_uint_fast64_t generation;
	struct key_uses uses;
	struct throttle *bad_keys; /* by address */
	struct throttle *rates;	   /* by key; NULL: no limit */
};

int auth_init(struct auth *a, const struct server_conf *conf,
	      const struct seal *seal, struct err *err);
/* Of one that auth_init has seen, also if it failed. */
void auth_release(struct auth *a);

/* Takes the API key out of Authorization (Bearer only), sets rq->grant and
 * compares its scope with the route's. -1: UNAUTHORIZED, FORBIDDEN,
 * TOO_MANY_REQUESTS, or the database's failure. */
int auth_check(struct request *rq, struct err *err);
/* Is it still good? It has not expired, and if keys have changed since, it is
 * looked up again, on any thread. -1: UNAUTHORIZED, or the database's failure.
 */
int auth_recheck(struct server *s, struct grant *g, struct err *err);
/* How long it is good, if nobody revokes it; at most max_ms. */
int64_t auth_left_ms(struct server *s, const struct grant *g, int64_t max_ms);
/* RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-11);
 * "" if there is no limit. */
void auth_rate(const struct request *rq, char policy[RATE_SIZE],
	       char rate[RATE_SIZE]);

#endif
