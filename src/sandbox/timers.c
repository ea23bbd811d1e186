/* SPDX-License-Identifier: MIT */
/* timers.c - the heap of timers.h. */
#include "timers.h"

#include "must.h"

#include <stdbool.h>
#include <stdlib.h>

static bool before(const struct timer *a, const struct timer *b)
{
	return a->at_us < b->at_us || (a->at_us == b->at_us && a->seq < b->seq);
}

static void swap(struct timer *a, struct timer *b)
{
	struct timer t = *a;

	*a = *b;
	*b = t;
}

void timers_add(struct timers *t, int64_t at_us, timer_fn *run, void *arg)
{
	size_t i = t->n++;

	if (t->n > t->room) {
		t->room = t->room ? t->room * 2 : 256;
		t->heap = must(realloc(t->heap, t->room * sizeof(*t->heap)));
	}
	t->heap[i] = (struct timer){at_us, t->seq++, run, arg};
	for (; i && before(&t->heap[i], &t->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&t->heap[i], &t->heap[(i - 1) / 2]);
}

int64_t timers_next(const struct timers *t)
{
	return t->n ? t->heap[0].at_us : -1;
}

static void sink(struct timers *t)
{
	size_t i = 0;

	for (;;) {
		size_t least = i, left = 2 * i + 1;

		for (size_t k = left; k < left + 2 && k < t->n; k++)
			if (before(&t->heap[k], &t->heap[least]))
				least = k;
		if (least == i)
			return;
		swap(&t->heap[i], &t->heap[least]);
		i = least;
	}
}

int timers_run_one(struct timers *t, int64_t now_us)
{
	struct timer due;

	if (!t->n || t->heap[0].at_us > now_us)
		return 0;
	due = t->heap[0];
	t->heap[0] = t->heap[--t->n];
	sink(t);
	due.run(due.arg);
	return 1;
}

void timers_release(struct timers *t)
{
	free(t->heap);
	*t = (struct timers){0};
}
