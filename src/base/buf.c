/* SPDX-License-Identifier: MIT */
/* buf.c - the growing byte string of buf.h. */
#include "base/buf.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char buf_empty[1] = "";

void buf_release(struct buf *b)
{
	if (b->size)
		free(b->data);
	*b = (struct buf)BUF_INIT(b->max);
}

void buf_release_secret(struct buf *b)
{
	if (b->size)
		sodium_memzero(b->data, b->size);
	buf_release(b);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->size)
		b->data[0] = '\0';
}

int buf_grow(struct buf *b, size_t n)
{
	size_t need, size;
	char *data;

	if (b->failed || n > b->max - b->len)
		goto fail;
	need = b->len + n + 1;
	if (need <= b->size)
		return 0;
	size = b->size ? b->size : 64;
	while (size < need)
		size *= 2;
	data = realloc(b->size ? b->data : NULL, size);
	if (!data)
		goto fail;
	data[b->len] = '\0';
	b->data = data;
	b->size = size;
	return 0;
fail:
	b->failed = true;
	return -1;
}

int buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0 || buf_reserve(b, (size_t)n)) {
		va_end(again);
		b->failed = true;
		return -1;
	}
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
	va_end(again);
	b->len += (size_t)n;
	return 0;
}

int buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = buf_vprintf(b, fmt, ap);
	va_end(ap);
	return rc;
}

char *buf_take(struct buf *b)
{
	char *data;

	if (b->failed)
		return NULL;
	data = b->size ? b->data : strdup("");
	*b = (struct buf)BUF_INIT(b->max);
	return data;
}
