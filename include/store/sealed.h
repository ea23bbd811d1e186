/* SPDX-License-Identifier: MIT */
/*
 * sealed.h - every sealed value of the database, wherever it stands: for the
 * change of the master key.
 *
 * The rows of sealed.c name the columns. Whoever adds a column with sealed
 * values adds a row there, or the next master key leaves its values behind.
 * (What meta keeps sealed belongs to src/database_key.c.)
 */
#ifndef STORE_SEALED_H
#define STORE_SEALED_H

#include "base/buf.h"
#include "store/store.h"

#define SEALED_VALUE_MAX (1 << 20)

/* A walk over all of them, and the value that it has come to. */
struct sealed {
	int column;	/* the walk's: where it is */
	char key[64];	/* the walk's */
	char place[80]; /* as it was sealed with: "numbers/apn_…" */
	struct buf value;
};

#define SEALED_INIT                                 \
	{                                           \
		.value = BUF_INIT(SEALED_VALUE_MAX) \
	}

/* On to the next value: 1, 0 at the end, or -1. */
int sealed_next(struct store *s, struct sealed *at, struct err *err);
/* Puts another value in the place of the one that the walk has come to. */
int sealed_put(struct store *s, const struct sealed *at, const void *value,
	       size_t size, struct err *err);

#endif
