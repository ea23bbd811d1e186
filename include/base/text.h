/* SPDX-License-Identifier: MIT */
/* text.h - bytes that lie elsewhere: borrowed, and not NUL-terminated. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>
#include <string.h>

/* at is NULL if there is no text, which is another thing than an empty one. */
struct text {
	const char *at;
	size_t len;
};

/* All of a string, or none. */
static inline struct text text_from(const char *s)
{
	return (struct text){s, s ? strlen(s) : 0};
}

#endif
