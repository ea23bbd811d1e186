/* SPDX-License-Identifier: MIT */
/* database.h - opening what `serve` writes to: the store, the master key that
 * fits it, and the mark of this installation. */
#ifndef SRC_DATABASE_H
#define SRC_DATABASE_H

#include "base/clock.h"
#include "base/conf.h"
#include "base/seal.h"
#include "store/store.h"

#define INSTANCE_SIZE 9

/* The writing store, brought to this version. */
struct store *database_open(const struct conf *c, struct err *err);

/* The master key: TRUNKLINE_MASTER_KEY, or the key file beside the database,
 * made for a fresh one. A sealed text in the database proves that it is the
 * right one; if it is not, CONFIG, and nothing is changed. While the key is
 * being changed both must be given, and all that either sealed opens. */
struct seal *database_key(const struct conf *c, struct store *s,
			  struct clock *clock, struct err *err);

struct rekeyed {
	char former[SEAL_NAME_SIZE], name[SEAL_NAME_SIZE]; /* ids of the keys */
	bool resumed;  /* an earlier run had begun it */
	bool already;  /* there was nothing to do */
	int64_t moved; /* values sealed anew by this run */
};

/* Puts the database under another master key: TRUNKLINE_NEW_MASTER_KEY or, if
 * the present one is in a file, a new file, which takes its place. May be cut
 * off anywhere: called again it goes on. */
int database_rekey(const struct conf *c, struct store *s, struct clock *clock,
		   struct rekeyed *out, struct err *err);

/* What marks our resources at the providers; made on first use. */
int database_instance(struct store *s, struct clock *clock,
		      char out[INSTANCE_SIZE], struct err *err);

#endif
