/* SPDX-License-Identifier: MIT */
/* keys.h - the table of API keys. A key itself is never stored: only its keyed
 * hash (seal_hash), by which it is found. */
#ifndef STORE_KEYS_H
#define STORE_KEYS_H

#include "base/seal.h"
#include "store/store.h"

struct key_row {
	const char *id;
	const char *name;
	const char *scope;   /* read, write, admin */
	const uint8_t *hash; /* SEAL_HASH_SIZE bytes */
	int64_t created_ms;
	int64_t expires_ms;   /* 0: never */
	int64_t revoked_ms;   /* 0: not */
	int64_t last_used_ms; /* 0: never; kept to the minute */
};

int key_put(struct store *s, const struct key_row *row, struct err *err);
int key_find(struct store *s, const uint8_t hash[SEAL_HASH_SIZE],
	     struct key_row *row, struct err *err);
int key_list(struct store *s,
	     void (*each)(const struct key_row *row, void *arg), void *arg,
	     struct err *err);

#endif
