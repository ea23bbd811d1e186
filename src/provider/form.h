/* SPDX-License-Identifier: MIT */
/* form.h - bodies of forms, application/x-www-form-urlencoded. */
#ifndef PROVIDER_FORM_H
#define PROVIDER_FORM_H

#include "base/buf.h"

/* name=value, with & before it unless the buf is empty; NULL adds nothing. */
int form_add(struct buf *b, const char *name, const char *value);
int form_add_int(struct buf *b, const char *name, long value);

#endif
