/* SPDX-License-Identifier: MIT */
/*
 * key_cache.h - the API keys that a thread has lately found to be good.
 *
 * Each is known by a tag, SipHash-2-4 of 128 bits under a key that the thread
 * has drawn for itself: a tenth of what the hash in the database costs, and as
 * little to be met by chance. Neither the tag nor its key ever leaves here.
 *
 * Each thread has its own, so nothing is locked. A key counts as known only in
 * the generation in which it was read; every change of the table of keys begins
 * another (auth.h), before whoever ordered it is answered. So
 * a revoked key is refused at once. Whether a key has expired is for the caller
 * to see, at every request. What is not good is not kept.
 */
#ifndef SRC_API_KEY_CACHE_H
#define SRC_API_KEY_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/routes.h"
#include "base/id.h"
#include "base/text.h"

#define CACHE_SETS    64
#define CACHE_WAYS    4
#define CACHE_TAG     16
#define CACHE_TAG_KEY 16

struct known_key {
	uint8_t tag[CACHE_TAG];
	uint64_t generation; /* 0: the place is free */
	char id[ID_SIZE];    /* "root" for that of the configuration */
	bool root;
	enum scope scope;
	int64_t expires_ms;
	int64_t used_ms; /* the last use that was noted */
};

struct key_cache {
	struct known_key keys[CACHE_SETS][CACHE_WAYS];
	uint8_t turn[CACHE_SETS]; /* which of the set is replaced next */
	uint8_t tag_key[CACHE_TAG_KEY];
};

/* This thread's, freed when the thread ends; NULL if there is no memory. */
struct key_cache *key_cache_get(void);

/* By what this cache knows that API key. */
void key_cache_tag(const struct key_cache *c, struct text api_key,
		   uint8_t tag[CACHE_TAG]);
/* Borrowed until the next put; NULL if it is not known. */
struct known_key *key_cache_find(struct key_cache *c,
				 const uint8_t tag[CACHE_TAG],
				 uint64_t generation);
/* Keeps a copy, in the place of the longest kept; returns it. */
struct known_key *key_cache_put(struct key_cache *c,
				const struct known_key *key);

#endif
