/* SPDX-License-Identifier: MIT */
/*
 * api_key.h - API keys: how one looks, how it is made, shown and revoked; for
 * the handlers of /v1/api-keys and for `trunkline key`, which work alike.
 *
 * A key is "tlk_" and 43 characters of base64url: 256 random bits. It is shown
 * once, when it is made; what is kept is its keyed hash.
 */
#ifndef API_API_KEY_H
#define API_API_KEY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/routes.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/seal.h"
#include "steps/spec.h"
#include "store/keys.h"

#define API_KEY_SIZE   48 /* "tlk_", 43 characters, NUL */
#define KEY_NAME_MAX   64 /* characters */
#define KEY_NAME_SIZE  (4 * KEY_NAME_MAX + 1)
#define KEY_EXPIRY_MAX 64 /* characters of expires_at */
#define KEY_PLACE      "/v1/api-keys"
#define KEY_RECORD_MAX 2048

/* May this be a key of ours? Spares a look for what cannot. */
bool api_key_shaped(const char *s, size_t len);
/* The hash by which a key (of any kind) is known. */
void api_key_hash(const struct seal *seal, const char *key, size_t len,
		  uint8_t out[SEAL_HASH_SIZE]);

/* Who orders a change; for the audit trail. */
struct key_by {
	const char *principal;
	const char *request_id; /* NULL if it was no request */
};

/* A key to be made. Holds the key itself: see key_order_free. */
struct key_order {
	char id[ID_SIZE];
	char name[KEY_NAME_SIZE];
	enum scope scope;
	int64_t created_ms, expires_ms; /* expires_ms 0: never */
	char key[API_KEY_SIZE];
	uint8_t hash[SEAL_HASH_SIZE];
};

/* From the body of a POST: {name, scope, expires_at}. NULL with err
 * INVALID_REQUEST and the faults. A fresh key is in it, kept nowhere yet. */
struct key_order *key_order_new(const json_t *body, const struct seal *seal,
				struct clock *clock, struct faults *faults,
				struct err *err);
/* Overwrites it. NULL is fine. */
void key_order_free(struct key_order *o);
/* Keeps it and appends its record, with the key. Within a transaction. */
int key_order_put(const struct key_order *o, struct store *s,
		  struct clock *clock, const struct key_by *by, struct buf *out,
		  struct err *err);

/* Revokes it, unless it was before, and appends its record. Within a
 * transaction. -1: NOT_FOUND. */
int key_revoke(struct store *s, const char *id, struct clock *clock,
	       const struct key_by *by, struct buf *out, struct err *err);

/* Appends its record: a JSON object. key: NULL but when it was just made. */
int key_view(struct buf *b, const struct key_row *row, int64_t now_ms,
	     const char *key);

#endif
