/* SPDX-License-Identifier: MIT */
/* form.c - bodies of forms; see form.h. */
#include "form.h"

#include <stdio.h>

#include "base/percent.h"

int form_add(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return 0;
	if ((b->len && buf_char(b, '&')) || buf_str(b, name) ||
	    buf_char(b, '='))
		return -1;
	return percent_add(b, value);
}

int form_add_int(struct buf *b, const char *name, long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", value);
	return form_add(b, name, text);
}
