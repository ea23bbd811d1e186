/* SPDX-License-Identifier: MIT */
/* stats.c - what the engine says of itself, to other threads. */
#include "saga.h"

static int64_t sum(const struct counter by_provider[PROVIDERS])
{
	int64_t all = 0;

	for (int i = 0; i < PROVIDERS; i++)
		all += counter_read(&by_provider[i]);
	return all;
}

void engine_stats(struct engine *e, struct engine_stats *out)
{
	bool stopping;

	pthread_mutex_lock(&e->lock);
	stopping = e->stopping;
	out->inbox = e->inbox_count;
	pthread_mutex_unlock(&e->lock);
	out->writable = !atomic_load(&e->stalled);
	out->not_ready = !atomic_load(&e->recovered) ? "recovery is running"
			 : stopping	  ? "the service is shutting down"
			 : !out->writable ? "the database cannot be written"
					  : NULL;
	out->ready = !out->not_ready;
	out->operations = atomic_load(&e->operations);
	out->oldest_ms = atomic_load(&e->oldest_ms);
	out->calls_in_flight = sum(e->counts.calls_in_flight);
	out->commits = histogram_count(&e->counts.commits);
	out->last_tick_ms = atomic_load(&e->last_tick);
	out->breakers_open = sum(e->counts.breakers_open);
}

const struct engine_counts *engine_counts(const struct engine *e)
{
	return &e->counts;
}

void engine_count_answer(struct engine *e, const struct http_request *rq,
			 const struct answer *a)
{
	counter_add(&e->counts.calls[rq->call][a->kind], 1);
}
