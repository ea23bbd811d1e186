/* SPDX-License-Identifier: MIT */
/* auth.h - who asks, may they, and how often? */
#ifndef SRC_API_AUTH_H
#define SRC_API_AUTH_H

#include <stdatomic.h>

#include "api/server.h"
#include "api/throttle.h"
#include "key_uses.h"

#define BAD_KEYS  20 /* wrong keys a minute that an address gets a 401 for */
#define RATE_SIZE 64

struct request;

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

/* Takes the API key out of Authorization (Bearer only), sets rq->principal and
 * compares its scope with the route's. -1: UNAUTHORIZED, FORBIDDEN,
 * TOO_MANY_REQUESTS, or the database's failure. */
int auth_check(struct request *rq, struct err *err);
/* RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-11);
 * "" if there is no limit. */
void auth_rate(const struct request *rq, char policy[RATE_SIZE],
	       char rate[RATE_SIZE]);

#endif
