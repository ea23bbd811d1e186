/* SPDX-License-Identifier: MIT */
/* counts.c - the oracle of what is counted for operators: the numbers by status
 * are those of the table, and when nothing goes on no level is left. */
#include "sim.h"

#include <string.h>

/* Before any fault of this run. */
void counts_begin(struct world *w)
{
	struct err err = ERR_INIT;

	w->numbers = (struct number_counts)NUMBER_COUNTS_INIT;
	number_counts_follow(&w->numbers, w->store);
	if (number_counts_start(&w->numbers, w->store, &err))
		broken(w, "counts", "cannot count: %s", err.detail);
}

static void check_numbers(struct world *w, const struct facts *f)
{
	int64_t counted[NUMBER_STATUSES], there[NUMBER_STATUSES] = {0};

	for (int i = 0; i < f->record_count; i++)
		for (int s = 0; s < NUMBER_STATUSES; s++)
			there[s] += strcmp(f->records[i].status,
					   number_status_name(s)) == 0;
	if (!number_counts_read(&w->numbers, counted))
		return;
	for (int s = 0; s < NUMBER_STATUSES; s++)
		if (counted[s] != there[s])
			broken(w, "counts", "%lld numbers are %s, not %lld",
			       (long long)there[s], number_status_name(s),
			       (long long)counted[s]);
}

static void check_level(struct world *w, const char *what,
			const struct counter by_provider[PROVIDERS])
{
	for (int p = 0; p < PROVIDERS; p++)
		if (counter_read(&by_provider[p]))
			broken(w, "counts", "%lld calls to %s are %s for ever",
			       (long long)counter_read(&by_provider[p]),
			       provider_name(p), what);
}

/* When nothing goes on. */
void counts_check(struct world *w, const struct facts *f)
{
	const struct engine_counts *c = engine_counts(w->engine);
	struct engine_stats stats;

	engine_stats(w->engine, &stats);
	check_numbers(w, f);
	if (!w->transport.flights) /* a sweep may read on */
		check_level(w, "in flight", c->calls_in_flight);
	check_level(w, "queued", c->calls_queued);
	if (stats.oldest_ms || stats.inbox)
		broken(w, "counts", "the oldest of no operations is of %lld",
		       (long long)stats.oldest_ms);
}
