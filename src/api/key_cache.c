/* SPDX-License-Identifier: MIT */
/* key_cache.c - a small table by tag. The tags are keyed: nobody can choose API
 * keys that meet in one set. */
#include "key_cache.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

_Static_assert(CACHE_TAG == crypto_shorthash_siphashx24_BYTES &&
		       CACHE_TAG == crypto_verify_16_BYTES &&
		       CACHE_TAG_KEY == crypto_shorthash_siphashx24_KEYBYTES,
	       "as libsodium makes and compares them");

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
	if (c)
		randombytes_buf(c->tag_key, sizeof(c->tag_key));
	return c;
}

void key_cache_tag(const struct key_cache *c, struct text api_key,
		   uint8_t tag[CACHE_TAG])
{
	(void)crypto_shorthash_siphashx24(
		tag, (const unsigned char *)api_key.at, api_key.len,
		c->tag_key); /* never fails */
}

struct known_key *key_cache_find(struct key_cache *c,
				 const uint8_t tag[CACHE_TAG],
				 uint64_t generation)
{
	struct known_key *set = c->keys[tag[0] % CACHE_SETS];

	for (int i = 0; i < CACHE_WAYS; i++)
		if (set[i].generation == generation &&
		    crypto_verify_16(set[i].tag, tag) == 0)
			return &set[i];
	return NULL;
}

struct known_key *key_cache_put(struct key_cache *c,
				const struct known_key *known)
{
	unsigned at = known->tag[0] % CACHE_SETS;
	struct known_key *to = &c->keys[at][c->turn[at]++ % CACHE_WAYS];

	*to = *known;
	return to;
}
