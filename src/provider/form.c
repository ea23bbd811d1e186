/* SPDX-License-Identifier: MIT */
/* form.c - percent-encoding; see form.h. */
#include "form.h"

#include <stdio.h>
#include <string.h>

int form_escape(struct buf *b, const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";

	while (*s) {
		size_t n = strspn(s, plain);

		if (buf_add(b, s, n))
			return -1;
		s += n;
		if (*s && buf_printf(b, "%%%02X", (unsigned char)*s++))
			return -1;
	}
	return 0;
}

int form_add(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return 0;
	if ((b->len && buf_char(b, '&')) || buf_str(b, name) ||
	    buf_char(b, '='))
		return -1;
	return form_escape(b, value);
}

int form_add_int(struct buf *b, const char *name, long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", value);
	return form_add(b, name, text);
}
