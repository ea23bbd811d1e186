/* SPDX-License-Identifier: MIT */
/* confine_parts.h - the two locks of confine.h, one by one. */
#ifndef SRC_CONFINE_PARTS_H
#define SRC_CONFINE_PARTS_H

#include "confine.h"

#define CONFINE_TEXT 256

/* Each is applied whole or, on -1, not at all; err (CONFIG) has the reason. */

/* *abi: the version of Landlock that is applied. lacks: what that version does
 * not know yet, for people, "" if nothing. */
int confine_landlock(const struct confine_needs *n, int *abi,
		     char lacks[CONFINE_TEXT], struct err *err);

int confine_seccomp(struct err *err);

#endif
