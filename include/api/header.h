/* SPDX-License-Identifier: MIT */
/*
 * header.h - the header fields of one request, checked and sorted.
 *
 * The HTTP library lets through what RFC 9110 and 9112 forbid (two lengths, a
 * length beside a transfer coding, names that are no tokens), and some of it is
 * a way to smuggle a second request. So every field passes here first. Nothing
 * is copied: the texts borrow the library's memory, which lives as long as the
 * request.
 */
#ifndef API_HEADER_H
#define API_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/prefer.h"
#include "base/err.h"
#include "base/text.h"

/* The fields that we read. The rows of header.c say which may come only once.
 */
enum header {
	HEADER_ACCEPT,
	HEADER_AUTHORIZATION,
	HEADER_CONTENT_ENCODING,
	HEADER_CONTENT_LENGTH,
	HEADER_CONTENT_TYPE,
	HEADER_EXPECT,
	HEADER_HOST,
	HEADER_IDEMPOTENCY_KEY,
	HEADER_IF_MATCH,
	HEADER_IF_NONE_MATCH,
	HEADER_LAST_EVENT_ID,
	HEADER_PREFER,
	HEADER_REQUEST_ID,
	HEADER_TRACEPARENT,
	HEADER_TRANSFER_ENCODING,
	HEADER_COUNT
};

struct headers {
	/* The first, without outer blanks; at is NULL if it was not sent. */
	struct text value[HEADER_COUNT];
	uint8_t seen[HEADER_COUNT]; /* how often, up to 255 */
	enum header twice; /* came again and must not; 0 (Accept may): none */
	struct prefer prefer; /* of all Prefer fields */
	unsigned fields;
	size_t bytes;
	bool malformed;		 /* a name or value that HTTP forbids */
	bool torn, unseen;	 /* set by the caller, see layout.h */
	bool has_body, chunked;	 /* set by headers_check */
	uint64_t content_length; /* set by headers_check; 0 if chunked */
};

/* Takes one field in. */
void headers_add(struct headers *h, const char *name, size_t name_len,
		 const char *value, size_t value_len);

/* Is this a request that we may read on? -1 with err if not. *close: what
 * follows it on the connection can not be trusted, which may be so in either
 * case. version is "HTTP/1.1". */
int headers_check(struct headers *h, const char *version, bool *close,
		  struct err *err);

/* RFC 9110 5.6.2, as names of methods and fields are. */
bool is_token(const char *s, size_t len);
/* Equal but for ASCII case? NULL never is. */
bool text_is(struct text t, const char *s);
/* Without blanks and tabs at both ends. */
struct text text_trim(struct text t);
/* Cuts the part before the first `at` off the front of *rest, trimmed. False
 * at the end. Quoted strings are kept whole. */
bool text_next(struct text *rest, char at, struct text *part);

#endif
