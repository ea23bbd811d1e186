/* SPDX-License-Identifier: MIT */
/*
 * eight.h - looking at eight bytes of a text at once, for what is rare in it.
 *
 *	w = eight_at(s);
 *	if (eight_any(eight_below(w, ' ') | eight_is(w, '%')))
 *		one of them is that, or is not ASCII: look at each
 *
 * In w - n the high bit of a byte tells that it was below n, of the lowest such
 * byte at least: what it borrows from those above it may make one of them look
 * the same, but never hides one.
 */
#ifndef BASE_EIGHT_H
#define BASE_EIGHT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define EIGHT	   sizeof(uint64_t)
#define EIGHT_ONES UINT64_C(0x0101010101010101)

/* They may lie anywhere. */
static inline uint64_t eight_at(const void *s)
{
	uint64_t w;

	memcpy(&w, s, sizeof(w));
	return w;
}

/* Is a byte below n (up to 0x80), or not ASCII? */
static inline uint64_t eight_below(uint64_t w, unsigned char n)
{
	return w | (w - EIGHT_ONES * n);
}

/* Is a byte this ASCII character? To be asked with eight_below. */
static inline uint64_t eight_is(uint64_t w, char c)
{
	return (w ^ EIGHT_ONES * (unsigned char)c) - EIGHT_ONES;
}

static inline bool eight_any(uint64_t asked)
{
	return (asked & EIGHT_ONES << 7) != 0;
}

#endif
