/* SPDX-License-Identifier: MIT */
/* headcount.c - a count, and a condition for its fall to none. */
#include "headcount.h"

#include <time.h>

void headcount_init(struct headcount *h)
{
	pthread_condattr_t attr;

	atomic_init(&h->count, 0);
	pthread_mutex_init(&h->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&h->none, &attr);
	pthread_condattr_destroy(&attr);
}

void headcount_release(struct headcount *h)
{
	pthread_cond_destroy(&h->none);
	pthread_mutex_destroy(&h->lock);
}

int headcount_enter(struct headcount *h)
{
	return atomic_fetch_add(&h->count, 1);
}

/* Told under the lock: who has just found somebody left waits by then. */
void headcount_leave(struct headcount *h)
{
	if (atomic_fetch_sub(&h->count, 1) > 1)
		return;
	pthread_mutex_lock(&h->lock);
	pthread_cond_broadcast(&h->none);
	pthread_mutex_unlock(&h->lock);
}

static struct timespec in_ms(int ms)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* this clock always is */
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000L;
	}
	return t;
}

bool headcount_await_none(struct headcount *h, int ms)
{
	struct timespec until = in_ms(ms);
	int rc = 0;
	bool none;

	pthread_mutex_lock(&h->lock);
	while (!(none = atomic_load(&h->count) == 0) && rc == 0)
		rc = pthread_cond_timedwait(&h->none, &h->lock, &until);
	pthread_mutex_unlock(&h->lock);
	return none;
}
