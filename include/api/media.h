/* SPDX-License-Identifier: MIT */
/* media.h - Content-Type and Accept: is this JSON, may we answer JSON? */
#ifndef API_MEDIA_H
#define API_MEDIA_H

#include <stdbool.h>

#include "api/header.h"

/* Is the Content-Type this type, in UTF-8 (if it names a charset)? */
bool media_is(struct text content_type, const char *type);
/* Does Accept refuse application/json outright (q=0)? That it merely prefers
 * something else is not a reason to answer nothing. */
bool media_refuses_json(struct text accept);

#endif
