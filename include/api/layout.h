/* SPDX-License-Identifier: MIT */
/*
 * layout.h - did the HTTP library read a header as it came?
 *
 * libmicrohttpd before 1.0 ends a header at a line that begins with a colon or
 * a NUL, and takes what follows, fields to any proxy before us, for a request
 * of its own. It cuts a value at a NUL, and joins a folded line to the *name*
 * of the field before. It says nothing of that, but it parses in place: the
 * pieces of a header that it read as it came lie in its buffer without a gap,
 *
 *	GET /x HTTP/1.1__Host: a__Accept: b____
 *
 * where _ is a byte of CR LF, overwritten with NUL. So their places are
 * compared here, and a header that lies otherwise is torn; with a bare line
 * feed too, since it leaves room for doubt.
 *
 * One thing cannot be seen: the four NULs at the end may have been LF, a colon
 * or NUL, CR LF, or the same with the line ends exchanged. A proxy before us
 * would have to let through both the bare line feed and the nameless field. To
 * the library the next field is a request line then, with the field's colon in
 * the method; which is no token, and so nothing is run and the connection
 * closed (dispatch.c).
 */
#ifndef API_LAYOUT_H
#define API_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

struct layout {
	const char *at; /* where the line ends that was taken last */
	bool torn;
};

/* The request line; target_len is its length as it came. */
void layout_begin(struct layout *l, const char *method, const char *target,
		  size_t target_len, const char *version);
/* The next field, in the order in which they came. */
void layout_field(struct layout *l, const char *name, size_t name_len,
		  const char *value, size_t value_len);
/* The header has ended before this byte: was it whole? */
bool layout_whole(const struct layout *l, const char *end);

#endif
