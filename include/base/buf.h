/* SPDX-License-Identifier: MIT */
/*
 * buf.h - a growing string of bytes that is born with a ceiling.
 *
 * Always true: data is NUL-terminated (the NUL is not counted in len), so it
 * can be used as a C string at any time; len never exceeds max. An append that
 * would pass the ceiling, or that finds no memory, adds nothing and sets
 * `failed`, which stays set: build first, check once at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct buf {
	char *data;
	size_t len;
	size_t size; /* bytes allocated, 0 while data is the shared "" */
	size_t max;  /* ceiling for len */
	bool failed;
};

#define BUF_INIT(ceiling)                           \
	{                                           \
		.data = buf_empty, .max = (ceiling) \
	}

extern char buf_empty[1];

/* Frees what is in it; the buf is empty and usable again, same ceiling. */
void buf_release(struct buf *b);
/* As buf_release, but overwrites the bytes first: for secrets. */
void buf_release_secret(struct buf *b);
/* Forgets the content, keeps the memory, clears `failed`. */
void buf_clear(struct buf *b);

/* Makes room for at least n more bytes, so that data + len can be written.
 * This, and all that add, return 0, or -1 when `failed` is (or was) set. */
int buf_grow(struct buf *b, size_t n); /* the long way of buf_reserve */

/* Answers are made of hundreds of small pieces: to add one that fits takes no
 * call. */
static inline int buf_reserve(struct buf *b, size_t n)
{
	if (!b->failed && n < b->size - b->len && n <= b->max - b->len)
		return 0;
	return buf_grow(b, n);
}

static inline int buf_add(struct buf *b, const void *data, size_t len)
{
	if (buf_reserve(b, len))
		return -1;
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

static inline int buf_str(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

static inline int buf_char(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int buf_vprintf(struct buf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* The string is yours now, free() it; never NULL unless `failed`. */
char *buf_take(struct buf *b);

#endif
