/* SPDX-License-Identifier: MIT */
/*
 * target.h - the request target: path and query as they came over the wire.
 *
 * Everything is read from the raw bytes, since the library's decoded path ends
 * at a %00 and takes %2F for a slash, and its query makes a blank of a plus
 * also where a telephone number begins with one. There is one spelling of each
 * path: fixed segments are compared undecoded.
 */
#ifndef API_TARGET_H
#define API_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct target {
	char *path;  /* begins with '/', or is "*" */
	char *query; /* what follows the '?'; NULL if there is none */
};

/* Takes raw apart in place. An absolute form (http://host/path) loses its
 * front. -1: MALFORMED, TARGET_TOO_LONG. */
int target_parse(char *raw, struct target *t, struct err *err);

/* Does path fit a template as "/v1/numbers/{id}", which has braces once at
 * most? If so, *arg is where they are, undecoded (NULL and 0 if there are
 * none). */
bool target_match(const char *path, const char *template, const char **arg,
		  size_t *arg_len);

enum decode {
	DECODE_SEGMENT, /* of the path: an escaped slash is refused */
	DECODE_QUERY,	/* a plus is a blank, as form encoders write it */
	DECODE_PLUS,	/* of the query too, but a plus is a plus */
};

/* Decodes %XX of one path segment or query part. -1 (MALFORMED): a bad escape,
 * NUL, a slash (in a segment), invalid UTF-8; also if out is too small. */
int target_decode(const char *s, size_t len, enum decode as, char *out,
		  size_t size, struct err *err);

/* A query parameter that a handler takes; value has room for size bytes. */
struct param {
	const char *name;
	char *value;
	size_t size;
	bool given;
	enum err_code fault; /* for a bad value; ERR_NONE: INVALID_PARAMETER */
	bool plus;	     /* a plus is meant: a telephone number */
};

/* Reads the query into params. A name that is not among them, one that comes
 * twice or a value that is empty or too long is INVALID_PARAMETER. query may be
 * NULL. Values not given become "". */
int query_read(const char *query, struct param *params, size_t count,
	       struct err *err);

#endif
