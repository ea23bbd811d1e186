/* SPDX-License-Identifier: MIT */
/*
 * json_plain.h - read the JSON that programs write, at a fifth of the cost.
 *
 * Jansson takes its input byte by byte through four functions. This takes what
 * providers and most clients send: objects, arrays, strings of UTF-8 with short
 * escapes, numbers of up to 15 digits without an exponent. It judges nothing
 * else, no error and no rarity: then json.c has jansson read the whole text.
 * What this takes, jansson takes too and reads alike (tests/fuzz/fuzz_json.c).
 */
#ifndef BASE_JSON_PLAIN_H
#define BASE_JSON_PLAIN_H

#include <jansson.h>
#include <stddef.h>

/* A new reference; NULL: ask jansson. */
json_t *json_plain_read(const char *text, size_t len, int depth_max);
/* Length of the well-formed UTF-8 sequence (RFC 3629) at s, 0 if there is none.
 * Two bytes or more: ASCII is the caller's. */
size_t json_utf8_sequence(const unsigned char *s, size_t left);

#endif
