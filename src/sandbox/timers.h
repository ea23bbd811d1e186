/* SPDX-License-Identifier: MIT */
/*
 * timers.h - things to do later, in order of time and then of setting.
 */
#ifndef SANDBOX_TIMERS_H
#define SANDBOX_TIMERS_H

#include <stddef.h>
#include <stdint.h>

typedef void timer_fn(void *arg);

struct timer {
	int64_t at_us;
	uint64_t seq;
	timer_fn *run;
	void *arg;
};

/* A binary heap; {0} is empty. */
struct timers {
	struct timer *heap;
	size_t n, room;
	uint64_t seq;
};

void timers_add(struct timers *t, int64_t at_us, timer_fn *run, void *arg);
/* When the next is due, or -1 if there is none. */
int64_t timers_next(const struct timers *t);
/* Runs one that is due at now_us; 0 if none was. */
int timers_run_one(struct timers *t, int64_t now_us);
/* Forgets all without running them. */
void timers_release(struct timers *t);

#endif
