/* SPDX-License-Identifier: MIT */
/* number_changes.h - what a transaction changes of the counts of numbers, for
 * the store's own files; see store/number_counts.h. */
#ifndef SRC_STORE_NUMBER_CHANGES_H
#define SRC_STORE_NUMBER_CHANGES_H

#include "store/number_counts.h"

struct number_changes {
	struct number_counts *counts; /* NULL: nobody wants to know */
	int64_t pending[NUMBER_STATUSES];
};

/* The number is about to have this status; NULL: to be gone. To be called
 * before its row is written. */
int number_change(struct store *s, const char *id, const char *status,
		  struct err *err);
/* Commits, and if that works, counts what changed. */
int number_changes_commit(struct store *s, struct err *err);
/* The transaction has ended, or none has begun. */
void number_changes_forget(struct store *s);

#endif
