/* SPDX-License-Identifier: MIT */
/*
 * replies.h - the table of idempotency records: which request a key belongs to,
 * and the answer to give again (draft-ietf-httpapi-idempotency-key-header-07).
 *
 * A record begins unfinished, with the operation that works on it, and is
 * finished in the transaction that ends the operation. Finished ones are kept
 * 72 h; unfinished ones are never dropped.
 */
#ifndef STORE_REPLIES_H
#define STORE_REPLIES_H

#include "base/seal.h"
#include "store/store.h"

struct reply_row {
	const char *principal;
	const char *key;
	const uint8_t *fingerprint; /* SEAL_HASH_SIZE bytes of the request */
	const char *operation_id;
	int64_t created_ms;
	int64_t finished_ms; /* 0: unfinished, and what follows is unset */
	int status;
	int retry_after_s; /* 0: none */
	const char *content_type;
	const char *location, *etag; /* NULL if none */
	const char *body;
	size_t body_size;
};

int reply_put(struct store *s, const struct reply_row *row, struct err *err);
int reply_find(struct store *s, const char *principal, const char *key,
	       struct reply_row *row, struct err *err);
/* The one (if any) that waits for this operation. */
int reply_of_operation(struct store *s, const char *operation_id,
		       struct reply_row *row, struct err *err);
/* Drops finished ones older than this; returns how many, at most 500 a call. */
int reply_expire(struct store *s, int64_t finished_before_ms, struct err *err);

#endif
