/* SPDX-License-Identifier: MIT */
/* clock.c - virtual time, which only the transport moves, and chance from the
 * seed (splitmix64, prng.di.unimi.it/splitmix64.c). */
#include <string.h>

#include "sim.h"

#define BORN_MS INT64_C(1763600000000) /* wall time at virtual zero */

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void chance_init(struct chance *c, uint64_t seed, uint64_t stream)
{
	c->state = mix(seed * 0x9e3779b97f4a7c15u + stream);
}

uint64_t chance_next(struct chance *c)
{
	return mix(c->state += 0x9e3779b97f4a7c15u);
}

int64_t chance_from(struct chance *c, int64_t low, int64_t high)
{
	return low + (int64_t)(chance_next(c) % (uint64_t)(high - low + 1));
}

bool chance_percent(struct chance *c, int percent)
{
	return chance_from(c, 0, 99) < percent;
}

static int64_t mono_ms(struct clock *c)
{
	return ((struct sim_clock *)c)->now;
}

static int64_t wall_ms(struct clock *c)
{
	return BORN_MS + ((struct sim_clock *)c)->now;
}

static void fill(struct clock *c, void *out, size_t n)
{
	struct sim_clock *clock = (struct sim_clock *)c;
	unsigned char *at = out;

	while (n > 0) {
		uint64_t word = chance_next(&clock->chance);
		size_t part = n < sizeof(word) ? n : sizeof(word);

		memcpy(at, &word, part);
		at += part;
		n -= part;
	}
}

void sim_clock_init(struct sim_clock *c, uint64_t seed)
{
	*c = (struct sim_clock){
		.base = {.mono_ms = mono_ms,
			 .wall_ms = wall_ms,
			 .random = fill},
		.now = 1000,
	};
	chance_init(&c->chance, seed, 1);
}
