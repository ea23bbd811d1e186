/* SPDX-License-Identifier: MIT */
/*
 * throttle.h - so many a minute for each of many: token buckets in bounded
 * memory.
 *
 * A bucket is full at first and refills steadily. One that is full again tells
 * nothing, so it may be forgotten: that is how a fixed number of places serves
 * any number of names. Only when more than that are busy at once, the fullest
 * makes room, which forgives its owner a little. Any thread may call.
 */
#ifndef API_THROTTLE_H
#define API_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THROTTLE_PLACES 4096

struct throttle;

/* What a bucket says. */
struct quota {
	bool granted;
	int64_t left;	 /* tokens in it now */
	int64_t full_s;	 /* seconds until it is full again, rounded up */
	int64_t retry_s; /* if not granted: until there is one, at least 1 */
};

/* per_minute > 0 tokens, at most burst at once (0: per_minute). NULL: no
 * memory. */
struct throttle *throttle_new(int64_t per_minute, int64_t burst);
void throttle_free(struct throttle *t); /* NULL is fine */

/* Takes a token from the bucket of this name, if it has one. */
struct quota throttle_take(struct throttle *t, const void *name, size_t len,
			   int64_t now_ms);

#endif
