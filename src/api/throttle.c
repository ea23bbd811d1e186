/* SPDX-License-Identifier: MIT */
/*
 * throttle.c - token buckets as one number each: the time at which the bucket
 * will be full (the generic cell rate algorithm).
 *
 * A token is worth `token` microseconds; a bucket that will be full in n of
 * them has n tokens missing. Names are kept as keyed hashes, so that nobody can
 * choose names that meet in one set.
 */
#include "api/throttle.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define WAYS   8 /* places that a name can have */
#define SETS   (THROTTLE_PLACES / WAYS)
#define LOCKS  16
#define MINUTE INT64_C(60000000)

struct bucket {
	uint64_t name;
	int64_t full_at; /* microseconds */
};

struct throttle {
	int64_t token, depth; /* microseconds: of one, of a whole bucket */
	unsigned char key[crypto_shorthash_KEYBYTES];
	pthread_mutex_t locks[LOCKS]; /* of every LOCKS-th set */
	struct bucket sets[SETS][WAYS];
};

struct throttle *throttle_new(int64_t per_minute, int64_t burst)
{
	struct throttle *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	clock_system(); /* libsodium is ready after it */
	t->token = MINUTE / per_minute;
	t->depth = t->token * (burst ? burst : per_minute);
	crypto_shorthash_keygen(t->key);
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_init(&t->locks[i], NULL);
	return t;
}

void throttle_free(struct throttle *t)
{
	if (!t)
		return;
	for (int i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&t->locks[i]);
	free(t);
}

/* The bucket with this name, or the fullest, to become it. */
static struct bucket *find(struct bucket set[WAYS], uint64_t name)
{
	struct bucket *fullest = &set[0];

	for (int i = 0; i < WAYS; i++) {
		if (set[i].name == name)
			return &set[i];
		if (set[i].full_at < fullest->full_at)
			fullest = &set[i];
	}
	fullest->name = name;
	fullest->full_at = 0;
	return fullest;
}

static int64_t seconds_up(int64_t us)
{
	return (us + 999999) / 1000000;
}

static struct quota draw(const struct throttle *t, struct bucket *b,
			 int64_t now)
{
	int64_t missing = b->full_at > now ? b->full_at - now : 0;
	struct quota q = {.granted = missing + t->token <= t->depth};

	if (q.granted)
		missing += t->token;
	else
		q.retry_s = seconds_up(missing + t->token - t->depth);
	b->full_at = now + missing;
	q.left = (t->depth - missing) / t->token;
	q.full_s = seconds_up(missing);
	return q;
}

struct quota throttle_take(struct throttle *t, const void *name, size_t len,
			   int64_t now_ms)
{
	uint8_t hash[crypto_shorthash_BYTES];
	pthread_mutex_t *lock;
	struct quota q;
	uint64_t id;

	crypto_shorthash(hash, name, len, t->key);
	memcpy(&id, hash, sizeof(id));
	lock = &t->locks[id % SETS % LOCKS];
	pthread_mutex_lock(lock);
	q = draw(t, find(t->sets[id % SETS], id), now_ms * 1000);
	pthread_mutex_unlock(lock);
	return q;
}
