/* SPDX-License-Identifier: MIT */
/* timers.c - sagas by the time they want to be woken: a binary heap. */
#include <stdlib.h>

#include "saga.h"

static void put(struct timers *t, int at, struct saga *sg)
{
	t->heap[at] = sg;
	sg->heap_at = at;
}

static void sift_up(struct timers *t, int at)
{
	struct saga *sg = t->heap[at];

	while (at > 0 && t->heap[(at - 1) / 2]->wake > sg->wake) {
		put(t, at, t->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put(t, at, sg);
}

static void sift_down(struct timers *t, int at)
{
	struct saga *sg = t->heap[at];
	int child;

	while ((child = 2 * at + 1) < t->count) {
		if (child + 1 < t->count &&
		    t->heap[child + 1]->wake < t->heap[child]->wake)
			child++;
		if (t->heap[child]->wake >= sg->wake)
			break;
		put(t, at, t->heap[child]);
		at = child;
	}
	put(t, at, sg);
}

int timers_set(struct timers *t, struct saga *sg, int64_t wake)
{
	sg->wake = wake;
	if (sg->heap_at < 0) {
		if (t->count == t->size) {
			int size = t->size ? 2 * t->size : 64;
			struct saga **heap =
				realloc(t->heap, (size_t)size * sizeof(*heap));

			if (!heap)
				return -1;
			t->heap = heap;
			t->size = size;
		}
		put(t, t->count++, sg);
	}
	sift_up(t, sg->heap_at);
	sift_down(t, sg->heap_at);
	return 0;
}

void timers_drop(struct timers *t, struct saga *sg)
{
	int at = sg->heap_at;
	struct saga *last;

	if (at < 0)
		return;
	last = t->heap[--t->count];
	sg->heap_at = -1;
	if (last == sg)
		return;
	put(t, at, last);
	sift_up(t, at);
	sift_down(t, last->heap_at);
}

struct saga *timers_first(const struct timers *t)
{
	return t->count ? t->heap[0] : NULL;
}
