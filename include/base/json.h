/* SPDX-License-Identifier: MIT */
/*
 * json.h - reading JSON from strangers, and writing it straight into a buf.
 *
 * Reading refuses duplicate keys, anything after the document, and nesting
 * deeper than asked for (counted before parsing, so that depth costs no stack).
 * Jansson's error text quotes its input and may hold a secret: it is never
 * shown or logged; only the byte position is.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

#define JSON_DEPTH_MAX 16

/* A new reference, or NULL with err filled: INVALID_JSON, or OVERLOADED if
 * there is no memory (then nothing is known of the text). */
json_t *json_read(const char *text, size_t len, int depth_max, struct err *err);

/* Adds s as a JSON string, quoted and escaped; NULL adds null. */
int json_add_str(struct buf *b, const char *s);
int json_add_strn(struct buf *b, const char *s, size_t len);
int json_add_text(struct buf *b, struct text t);
#define JSON_INT_SIZE 21 /* bytes of the longest, with its NUL */
int json_add_int(struct buf *b, int64_t value);
/* The same into out, ended with a NUL; returns its length. */
size_t json_int(int64_t value, char out[JSON_INT_SIZE]);
/* RFC 3339 text of Unix milliseconds; 0 adds null. */
int json_add_time(struct buf *b, int64_t wall_ms);
/* Adds ,"name": (or "name": right after '{') and then the value. The buf's
 * last byte decides about the comma, so objects are built front to back. */
int json_key(struct buf *b, const char *name);
int json_put_str(struct buf *b, const char *name, const char *value);
int json_put_int(struct buf *b, const char *name, int64_t value);
int json_put_bool(struct buf *b, const char *name, bool value);
/* The value is JSON text already. NULL adds null. */
int json_put_raw(struct buf *b, const char *name, const char *json);
int json_put_time(struct buf *b, const char *name, int64_t wall_ms);
/* Adds value in compact form, keys in the order they were inserted. (Not with
 * json_dumps, whose text may silently lack a name if memory runs out.) */
int json_add_value(struct buf *b, const json_t *value);
int json_put_value(struct buf *b, const char *name, const json_t *value);

#endif
