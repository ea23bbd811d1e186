/* SPDX-License-Identifier: MIT */
/*
 * clock.h - time and chance: the two things the saga core may not make up.
 *
 * Production gives the system's; the simulation gives a virtual clock and a
 * seeded generator, so that a run can be repeated to the letter.
 *
 * Durations, deadlines and back-off use mono_ms, which never goes back and
 * knows nothing of wall time. wall_ms (Unix time) is for what people read.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clock {
	int64_t (*mono_ms)(struct clock *);
	int64_t (*mono_us)(struct clock *); /* the same time, finer; NULL: it
					     * has none finer */
	int64_t (*wall_ms)(struct clock *);
	void (*random)(struct clock *, void *out, size_t n);
	uint64_t last_id; /* id.c's, to keep ids in order; 0 at first */
};

/* The system's clock and the kernel's randomness. Any thread may use it. */
struct clock *clock_system(void);

/* mono_us, or what mono_ms knows of it: to measure with. */
int64_t clock_mono_us(struct clock *c);

/* A number from 0 up to, not including, n; n > 0. */
uint64_t clock_chance(struct clock *c, uint64_t n);
/* The same from 64 random bits, for who has drawn many at once. */
uint64_t clock_chance_of(uint64_t random, uint64_t n);

/* RFC 3339 in UTC with milliseconds, "2026-11-20T05:16:42.123Z": 24 bytes and
 * the NUL. */
#define TIMESTAMP_SIZE 25
void timestamp_format(int64_t wall_ms, char out[TIMESTAMP_SIZE]);
/* Any RFC 3339 date and time from 1970 on; what is finer than a millisecond is
 * cut off. False if it is none. */
bool timestamp_parse(const char *s, int64_t *wall_ms);

#endif
