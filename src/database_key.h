/* SPDX-License-Identifier: MIT */
/*
 * database_key.h - which master key a database is under, and its change; for
 * database_key.c, which finds the one in force, and database_rekey.c.
 *
 * What proves a key lies in meta, sealed and in base64:
 *
 *   canary    a known text, under the key in force
 *   hash_key  the random key of seal_hash, under the key in force; so hashes
 *             (of API keys, of requests) outlive a master key
 *   next_key  the known text under the key to come, while a change is under
 *             way; else empty or not there
 *
 *   SETTLED --next_key is written--> MOVING
 *      ^                               |  canary and hash_key put under the key
 *      +-------------------------------+  to come, next_key emptied: one commit
 *
 * True at every line, and after a crash at any line:
 *  (1) The key in force, and no other, opens canary and hash_key.
 *  (2) Every sealed value is under the key in force or, while MOVING, under
 *      that or the one to come.
 *  (3) A key file is replaced only after the new key has come into force. If
 *      we die in between, the next start does it.
 */
#ifndef SRC_DATABASE_KEY_H
#define SRC_DATABASE_KEY_H

#include <sodium.h>

#include "database.h"

#define FACT_MAX 256 /* bytes of one of them, sealed */
#define FACT_SIZE \
	sodium_base64_ENCODED_LEN(FACT_MAX, sodium_base64_VARIANT_ORIGINAL)

enum fact { CANARY, HASH_KEY, NEXT_KEY, FACTS };

/* As they stand in meta: base64, "" for what is not there. */
struct facts {
	char text[FACTS][FACT_SIZE];
};

/* The keys that the settings, or the files beside the database, give. */
struct given {
	struct seal *key;	/* TRUNKLINE_MASTER_KEY or the key file */
	struct seal *next;	/* the one to come; NULL if none */
	char *path, *next_path; /* of their files; NULL: given by a setting */
};

int facts_read(struct store *s, struct facts *f, struct err *err);
/* Writes one, sealed; within a transaction. */
int fact_put(struct store *s, const struct seal *seal, struct clock *clock,
	     enum fact which, const void *data, size_t len, struct err *err);
/* Appends what the fact holds; release it with buf_release_secret. */
int fact_open(const struct seal *seal, const struct facts *f, enum fact which,
	      struct buf *clear, struct err *err);
/* Does this key open this fact and find the known text? NULL opens nothing. */
bool fact_proves(const struct seal *seal, const struct facts *f,
		 enum fact which);
/* Canary and hash key; within a transaction. */
int proofs_put(struct store *s, const struct seal *seal, struct clock *clock,
	       const uint8_t hash_key[SEAL_KEY_SIZE], struct err *err);
/* Writes next_key; within a transaction. */
int next_key_put(struct store *s, const struct seal *next, struct clock *clock,
		 struct err *err);

/* fresh: nothing was sealed yet, a key file may be made. */
int given_key(struct given *g, const struct conf *c, bool fresh,
	      struct err *err);
/* make: nothing says which it is, a file may be made for it. */
int given_next(struct given *g, const struct conf *c, bool make,
	       struct err *err);
void given_release(struct given *g);
/* Leaves the key in force in g->key: the key to come takes the place of the
 * other, also as a file, if it is that. CONFIG if neither is, or if a change is
 * under way and the key to come is not given. */
int given_check(struct given *g, const struct facts *f, struct err *err);
/* The sealer for all work, taken out of g: while a change is under way that of
 * the key to come, which opens the other's values too. */
struct seal *given_take(struct given *g, const struct facts *f);

#endif
