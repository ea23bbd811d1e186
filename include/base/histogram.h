/* SPDX-License-Identifier: MIT */
/*
 * histogram.h - counting while others look: how often, and how long it took.
 *
 * One thread adds, any thread may read at the same time. So adding is a load
 * and a store without a lock or a locked instruction: a few nanoseconds, on a
 * cache line that nobody else writes. Where several threads count, each has its
 * own and the reader adds them up. Zeroed memory is ready for use; nothing is
 * ever set back.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

/* Goes up; where a level is kept in place of a count, down too. */
struct counter {
	atomic_int_fast64_t n;
};

static inline void counter_add(struct counter *c, int64_t n)
{
	int64_t now = atomic_load_explicit(&c->n, memory_order_relaxed);

	atomic_store_explicit(&c->n, now + n, memory_order_relaxed);
}

static inline int64_t counter_read(const struct counter *c)
{
	return atomic_load_explicit(&c->n, memory_order_relaxed);
}

/* Upper bounds of the buckets, from 100 us to 250 s: the same for every
 * histogram, so that they can be added up and compared. One bucket more is for
 * what lies beyond. */
#define HISTOGRAM_BOUNDS 20

struct histogram {
	struct counter buckets[HISTOGRAM_BOUNDS + 1];
	struct counter sum_us;
};

/* Something took so long; less than nothing counts as nothing. */
void histogram_add(struct histogram *h, int64_t us);

/* What one or several histograms held, bucket by bucket (not cumulative). */
struct histogram_view {
	int64_t buckets[HISTOGRAM_BOUNDS + 1];
	int64_t sum_us;
	int64_t count; /* always that of all buckets together */
};

/* Adds h to the view, which begins as all zero. */
void histogram_read(struct histogram_view *view, const struct histogram *h);
/* How many in all. */
int64_t histogram_count(const struct histogram *h);

/* The bound of the i-th bucket in seconds, as text ("0.0025"); "+Inf" for the
 * last. */
const char *histogram_bound(int i);

#endif
