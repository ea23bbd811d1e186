/* SPDX-License-Identifier: MIT */
/* form.h - percent-encoding for request targets and form bodies: everything but
 * the unreserved characters of RFC 3986 becomes %XX, in UTF-8. */
#ifndef PROVIDER_FORM_H
#define PROVIDER_FORM_H

#include "base/buf.h"

int form_escape(struct buf *b, const char *s);
/* name=value, with & before it unless the buf is empty; NULL adds nothing. */
int form_add(struct buf *b, const char *name, const char *value);
int form_add_int(struct buf *b, const char *name, long value);

#endif
