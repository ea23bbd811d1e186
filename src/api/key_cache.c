/* SPDX-License-Identifier: MIT */
/* key_cache.c - a small table by hash. The hashes are keyed: nobody can choose
 * keys that meet in one set. */
#include "key_cache.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_key(void)
{
	if (pthread_key_create(&key, free))
		abort(); /* before the first request, and only then */
}

struct key_cache *key_cache_get(void)
{
	struct key_cache *c;

	pthread_once(&once, make_key);
	c = pthread_getspecific(key);
	if (c)
		return c;
	c = calloc(1, sizeof(*c));
	if (c && pthread_setspecific(key, c)) {
		free(c);
		return NULL;
	}
	return c;
}

struct known_key *key_cache_find(struct key_cache *c,
				 const uint8_t hash[SEAL_HASH_SIZE],
				 uint64_t generation)
{
	struct known_key *set = c->keys[hash[0] % CACHE_SETS];

	for (int i = 0; i < CACHE_WAYS; i++)
		if (set[i].generation == generation &&
		    sodium_memcmp(set[i].hash, hash, SEAL_HASH_SIZE) == 0)
			return &set[i];
	return NULL;
}

struct known_key *key_cache_put(struct key_cache *c,
				const struct known_key *known)
{
	unsigned at = known->hash[0] % CACHE_SETS;
	struct known_key *to = &c->keys[at][c->turn[at]++ % CACHE_WAYS];

	*to = *known;
	return to;
}
