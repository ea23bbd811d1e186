/* SPDX-License-Identifier: MIT */
/* keys.h - the table of API keys. A key itself is never stored: only its keyed
 * hash (seal_hash), by which it is found. */
#ifndef STORE_KEYS_H
#define STORE_KEYS_H

#include "base/seal.h"
#include "store/store.h"

struct key_row {
	int64_t seq; /* order and cursor; given by the store */
	const char *id;
	const char *name;
	const char *scope;   /* read, write, admin */
	const uint8_t *hash; /* SEAL_HASH_SIZE bytes */
	int64_t created_ms;
	int64_t expires_ms;   /* 0: never */
	int64_t revoked_ms;   /* 0: not */
	int64_t last_used_ms; /* 0: never; kept to the minute */
};

/* Inserts or replaces by id (seq stays). */
int key_put(struct store *s, const struct key_row *row, struct err *err);
int key_find(struct store *s, const uint8_t hash[SEAL_HASH_SIZE],
	     struct key_row *row, struct err *err);
int key_by_id(struct store *s, const char *id, struct key_row *row,
	      struct err *err);
/* Notes a use, unless a later one is noted or the key is not there. */
int key_touch(struct store *s, const char *id, int64_t used_ms,
	      struct err *err);
/* Newest first, at most limit of those before this seq (0: all). Returns how
 * many, or -1. */
int key_list(struct store *s, int64_t before, int limit,
	     void (*each)(const struct key_row *row, void *arg), void *arg,
	     struct err *err);

#endif
