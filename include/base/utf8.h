/* SPDX-License-Identifier: MIT */
/*
 * utf8.h - which bytes are UTF-8 (RFC 3629): nothing overlong, no surrogates,
 * nothing above U+10FFFF.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* How many bytes the character at s has, of which `left` may be read; 0 if it
 * is none. A NUL is one. */
size_t utf8_length(const char *s, size_t left);
bool utf8_valid(const char *s, size_t len);
/* How many characters, of a text that is UTF-8. */
size_t utf8_count(const char *s);

#endif
