/* SPDX-License-Identifier: MIT */
/* utf8.c - the table of well-formed sequences. */
#include "base/utf8.h"

#include <stdint.h>

#define PLAIN 0x80 /* below it a byte is a character */

static bool continues(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

size_t utf8_length(const char *text, size_t left)
{
	/* First byte, from and to; the second, likewise; how many. */
	static const struct {
		uint8_t first, last, low, high, len;
	} rows[] = {
		{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	const unsigned char *s = (const unsigned char *)text;

	if (left && s[0] < PLAIN)
		return 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && left; i++) {
		size_t n = rows[i].len;

		if (s[0] < rows[i].first || s[0] > rows[i].last)
			continue;
		if (n > left || s[1] < rows[i].low || s[1] > rows[i].high)
			return 0;
		for (size_t k = 2; k < n; k++)
			if (!continues(s[k]))
				return 0;
		return n;
	}
	return 0;
}

bool utf8_valid(const char *s, size_t len)
{
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		/* Nearly all text is: no call for each of its bytes. */
		n = (unsigned char)s[i] < PLAIN ? 1
						: utf8_length(s + i, len - i);
		if (!n)
			return false;
	}
	return true;
}

size_t utf8_count(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += !continues((unsigned char)*s);
	return n;
}
