/* SPDX-License-Identifier: MIT */
/*
 * cursor.h - where a list goes on, as a token that only we can make.
 *
 * It holds the position and a keyed hash over position and scope (which list,
 * which filters), so that it can be neither made up nor carried to another
 * list. It needs no state and does not expire.
 */
#ifndef API_CURSOR_H
#define API_CURSOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/seal.h"

#define CURSOR_SIZE 33 /* 24 bytes in base64url, NUL */

void cursor_write(const struct seal *seal, const void *scope, size_t scope_len,
		  int64_t seq, char out[CURSOR_SIZE]);
/* -1: INVALID_CURSOR. */
int cursor_read(const struct seal *seal, const void *scope, size_t scope_len,
		const char *cursor, int64_t *seq, struct err *err);

#endif
