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
 * The end is looked for before that, in the bytes as they came: those four
 * NULs may have been LF, a colon or NUL, CR LF as well. When the library tells
 * of the request line, it has not touched what lies behind that; as a rule the
 * whole header does. Its buffer is whole pages, zero where nothing has come, so
 * the rest of the page can be read, and no more. Of a header that did not all
 * lie there, since it came in pieces or is too long, the end is taken on trust,
 * but nothing behind it is: it is the last of its connection.
 */
#ifndef API_LAYOUT_H
#define API_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

struct layout {
	const char *at; /* where the line ends that was taken last */
	bool torn;
};

/* The request line is in, and nothing behind it was read: the first byte behind
 * the header; NULL if that cannot be seen; if the header holds a NUL, a place
 * where none ends. */
const char *layout_end(const char *version);

/* The request line; target_len is its length as it came. */
void layout_begin(struct layout *l, const char *method, const char *target,
		  size_t target_len, const char *version);
/* The next field, in the order in which they came. */
void layout_field(struct layout *l, const char *name, size_t name_len,
		  const char *value, size_t value_len);
/* The header has ended before this byte: was it whole? seen is what layout_end
 * said. */
bool layout_whole(const struct layout *l, const char *end, const char *seen);

#endif
