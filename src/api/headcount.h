/* SPDX-License-Identifier: MIT */
/*
 * headcount.h - how many there are of something, and a wait until there is
 * nobody left.
 *
 * Any thread may enter and leave. Entering and leaving cost an atomic addition;
 * only who leaves last takes the lock.
 */
#ifndef SRC_API_HEADCOUNT_H
#define SRC_API_HEADCOUNT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct headcount {
	atomic_int count; /* to be read as it is */
	pthread_mutex_t lock;
	pthread_cond_t none;
};

void headcount_init(struct headcount *h);
/* The threads that entered and left must have ended. */
void headcount_release(struct headcount *h);
/* How many there were before. */
int headcount_enter(struct headcount *h);
void headcount_leave(struct headcount *h);
/* Returns once there is nobody, or so many milliseconds are over; true: there
 * was nobody. */
bool headcount_await_none(struct headcount *h, int ms);

#endif
