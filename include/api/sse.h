/* SPDX-License-Identifier: MIT */
/*
 * sse.h - server-sent events as bytes, and ids from which a stream resumes.
 *
 * An id says what the client knows, not how far it came: it is a row of marks,
 * one for each thing in the state that the client was told. So it can be worked
 * out from what is stored, needs no counter and survives a restart: whatever
 * has no mark in the id is told (again).
 */
#ifndef API_SSE_H
#define API_SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "api/header.h"
#include "base/buf.h"

#define CONTENT_SSE "text/event-stream"

#define SSE_MARK  6 /* characters of a mark: a 35-bit hash in base 62 */
#define SSE_MARKS 1024

/* Adds an event. data is one line of len bytes. */
int sse_event(struct buf *b, const char *event, const char *id,
	      const char *data, size_t len);

/* The mark of a text. */
void sse_mark(const char *text, size_t len, char out[SSE_MARK]);
bool sse_has(const struct buf *marks, const char mark[SSE_MARK]);
/* Is it an id made of marks? */
bool sse_marks_valid(struct text id);

/* Calls each for every object in the text of a JSON array of objects, which
 * must be well formed, with the very bytes that stand there. */
void sse_objects(const char *array,
		 void (*each)(const char *object, size_t len, void *arg),
		 void *arg);

#endif
