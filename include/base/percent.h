/* SPDX-License-Identifier: MIT */
/* percent.h - percent-encoding for targets and forms: all but the unreserved
 * characters of RFC 3986 becomes %XX. */
#ifndef BASE_PERCENT_H
#define BASE_PERCENT_H

#include "base/buf.h"

/* Appends s, encoded. -1: as all that adds to a buf. */
int percent_add(struct buf *b, const char *s);

#endif
