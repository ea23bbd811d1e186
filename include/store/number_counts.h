/* SPDX-License-Identifier: MIT */
/*
 * number_counts.h - how many numbers there are of each status, at any time and
 * for nothing.
 *
 * Counting a million rows takes a tenth of a second and megabytes of reads: too
 * much for a start, and for each look. So the writing store adds up what its
 * commits change, and one count in the background, through a reader, says what
 * there was before. The two fit because the count's snapshot is taken under a
 * lock that the writer holds during a commit: what it has added up until then
 * is in the snapshot, what comes after is not. Nothing of it is kept in the
 * database, so nothing can be wrong for longer than a start.
 */
#ifndef STORE_NUMBER_COUNTS_H
#define STORE_NUMBER_COUNTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/histogram.h"
#include "store/store.h"

enum number_status { NUMBER_ACTIVE, NUMBER_DELETING, NUMBER_CORRUPTED };
#define NUMBER_STATUSES 3

const char *number_status_name(enum number_status s);

struct number_counts {
	pthread_mutex_t lock;			 /* held during a commit */
	struct counter changed[NUMBER_STATUSES]; /* since the start */
	int64_t before[NUMBER_STATUSES];
	atomic_bool counted; /* before is filled, and final */
};

#define NUMBER_COUNTS_INIT                        \
	{                                         \
		.lock = PTHREAD_MUTEX_INITIALIZER \
	}

/* From now on the writer's commits are added up here. c must outlive it, and
 * whoever else uses c. */
void number_counts_follow(struct number_counts *c, struct store *writer);
/* Counts what there was before, once, on any thread. */
int number_counts_start(struct number_counts *c, struct store *reader,
			struct err *err);
/* By status; any thread. False: not counted yet. */
bool number_counts_read(const struct number_counts *c,
			int64_t out[NUMBER_STATUSES]);

#endif
