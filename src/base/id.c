/* SPDX-License-Identifier: MIT */
/* id.c - TypeIDs that sort by time of making, random names and passwords. */
#include "base/id.h"

#include <assert.h>
#include <string.h>

#define SUFFIX 26 /* base32 characters of a UUID */

/* Crockford's base32: no i, l, o, u, so that nothing is misread. */
static const char base32[] = "0123456789abcdefghjkmnpqrstvwxyz";

/*
 * The high 60 bits of the UUID but for its version: milliseconds, then 12 bits
 * of counter. Taking the clock's last value + 1 when time stands still or goes
 * back keeps ids in order; a full counter borrows from the next millisecond,
 * as RFC 9562 6.2 allows. The clock remembers, so two clocks do not disturb
 * each other, and a simulated one gives the same ids on every run.
 */
static uint64_t next_stamp(struct clock *clock, unsigned start)
{
	int64_t ms = clock->wall_ms(clock);
	uint64_t fresh = (uint64_t)(ms > 0 ? ms : 0) << 12 | (start & 2047);
	uint64_t last = __atomic_load_n(&clock->last_id, __ATOMIC_RELAXED);
	uint64_t stamp;

	do {
		stamp = fresh > last ? fresh : last + 1;
	} while (!__atomic_compare_exchange_n(&clock->last_id, &last, stamp,
					      true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return stamp & ((UINT64_C(1) << 60) - 1);
}

/* The last bits of n, five to each character. */
static void put(char *out, int characters, uint64_t n)
{
	while (characters--) {
		out[characters] = base32[n & 31];
		n >>= 5;
	}
}

/* 128 bits, two of them zeros in front, as 26 characters of 5 bits. */
static void encode(char *out, uint64_t high, uint64_t low)
{
	put(out, 2, high >> 56);
	put(out + 2, 12, high << 4 | low >> 60);
	put(out + 14, 12, low);
	out[SUFFIX] = '\0';
}

void id_new(struct clock *clock, const char *prefix, char out[ID_SIZE])
{
	struct {
		uint64_t low;
		uint64_t start;
	} random;
	size_t n = strlen(prefix);
	uint64_t stamp, high, low;

	assert(n + 1 + SUFFIX < ID_SIZE);
	clock->random(clock, &random, sizeof(random));
	stamp = next_stamp(clock, (unsigned)random.start);
	high = (stamp >> 12) << 16 | 7 << 12 | (stamp & 0xfff); /* version 7 */
	low = UINT64_C(2) << 62 | random.low >> 2;		/* variant 10 */
	memcpy(out, prefix, n);
	out[n] = '_';
	encode(out + n + 1, high, low);
}

/* Looked at without a branch for each, which nobody could foresee: letters and
 * digits come at random. */
static bool is_suffix(const char *s)
{
	static const uint8_t base32_has[256] = {
		['0' ... '9'] = 1, ['a' ... 'h'] = 1, ['j' ... 'k'] = 1,
		['m' ... 'n'] = 1, ['p' ... 't'] = 1, ['v' ... 'z'] = 1,
	};
	uint8_t all = 1;

	for (int i = 0; i < SUFFIX; i++)
		all &= base32_has[(unsigned char)s[i]];
	/* 26 characters have 130 bits: a first one above 7 would overflow. */
	return all && s[0] <= '7';
}

bool id_valid(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (!s || strncmp(s, prefix, n) != 0 || s[n] != '_')
		return false;
	s += n + 1;
	return strlen(s) == SUFFIX && is_suffix(s);
}

void id_random(struct clock *clock, char *out, size_t n)
{
	clock->random(clock, out, n);
	for (size_t i = 0; i < n; i++)
		out[i] = base32[(unsigned char)out[i] & 31];
	out[n] = '\0';
}

#define PASSWORD 24

void id_password(struct clock *clock, char out[PASSWORD + 1])
{
	static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz"
				  "0123456789";
	uint64_t random[2 * PASSWORD], *next = random;

	clock->random(clock, random, sizeof(random));
	out[0] = all[clock_chance_of(*next++, 26)];
	out[1] = all[26 + clock_chance_of(*next++, 26)];
	out[2] = all[52 + clock_chance_of(*next++, 10)];
	for (int i = 3; i < PASSWORD; i++)
		out[i] = all[clock_chance_of(*next++, 62)];
	for (unsigned i = PASSWORD - 1; i > 0; i--) { /* shuffle */
		uint64_t k = clock_chance_of(*next++, i + 1);
		char c = out[i];

		out[i] = out[k];
		out[k] = c;
	}
	out[PASSWORD] = '\0';
	explicit_bzero(random, sizeof(random));
}
