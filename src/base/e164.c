/* SPDX-License-Identifier: MIT */
/* e164.c - is it a telephone number, and how much of it may a log show? */
#include "base/e164.h"

#include <string.h>

bool e164_valid(const char *s, size_t len)
{
	if (len < 8 || len > 16 || s[0] != '+' || s[1] < '1' || s[1] > '9')
		return false;
	for (size_t i = 2; i < len; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

void e164_mask(const char *number, char out[E164_SIZE])
{
	size_t len = strnlen(number, E164_SIZE);
	size_t head;

	/* What is no number may be anything, also a secret in a wrong place. */
	if (!e164_valid(number, len)) {
		memcpy(out, "***", 4);
		return;
	}
	head = len >= 12 ? 5 : len - 7; /* at least three stay hidden */
	memcpy(out, number, len + 1);
	memset(out + head, '*', len - 4 - head);
}
