/* SPDX-License-Identifier: MIT */
/*
 * idempotency_key.h - the Idempotency-Key header
 * (draft-ietf-httpapi-idempotency-key-header-07).
 *
 * The draft has a structured-field string, "…" in quotes; most clients send the
 * key bare. Both name the same key. It has 1 to 255 visible ASCII characters.
 */
#ifndef API_IDEMPOTENCY_KEY_H
#define API_IDEMPOTENCY_KEY_H

#include "api/header.h"
#include "base/err.h"

#define IDEMPOTENCY_KEY_SIZE 256

/* -1: IDEMPOTENCY_KEY_INVALID. */
int idempotency_key_read(struct text value, char out[IDEMPOTENCY_KEY_SIZE],
			 struct err *err);

#endif
