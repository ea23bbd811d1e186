/* SPDX-License-Identifier: MIT */
/* percent.c - see percent.h. */
#include "base/percent.h"

int percent_add(struct buf *b, const char *s)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "abcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";

	while (*s) {
		size_t n = strspn(s, unreserved);

		if (buf_add(b, s, n))
			return -1;
		s += n;
		if (*s && buf_printf(b, "%%%02X", (unsigned char)*s++))
			return -1;
	}
	return 0;
}
