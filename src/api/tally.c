/* SPDX-License-Identifier: MIT */
/* tally.c - a place to count for each thread, in a list that only grows. */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64

static _Atomic(struct tally *) all;
static _Thread_local struct tally *own;

/* On lines of its own, so that two threads never write to the same. */
static struct tally *make(void)
{
	size_t size = (sizeof(struct tally) + CACHE_LINE - 1) / CACHE_LINE *
		      CACHE_LINE;
	struct tally *t = aligned_alloc(CACHE_LINE, size);

	if (!t)
		return NULL;
	memset(t, 0, size);
	t->next = atomic_load(&all);
	while (!atomic_compare_exchange_weak(&all, &t->next, t))
		;
	return t;
}

/* NULL: no memory; then it goes uncounted, which harms nobody. */
static struct tally *mine(void)
{
	if (!own)
		own = make();
	return own;
}

static enum status_class class_of(int status)
{
	switch (status / 100) {
	case 2:
		return STATUS_2XX;
	case 3:
		return STATUS_3XX;
	case 4:
		return STATUS_4XX;
	case 5:
		return STATUS_5XX;
	default:
		return STATUS_NONE;
	}
}

void tally_request(const struct route *route, int status, int64_t us)
{
	struct tally *t = mine();
	int row = route ? route_index(route) : ROUTES_MAX;

	if (!t)
		return;
	counter_add(&t->answers[row][class_of(status)], 1);
	histogram_add(&t->durations[row], us);
}

void tally_refusal(enum refusal why)
{
	struct tally *t = mine();

	if (t)
		counter_add(&t->refusals[why], 1);
}

const struct tally *tally_next(const struct tally *t)
{
	return t ? t->next : atomic_load(&all);
}
