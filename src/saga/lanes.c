/* SPDX-License-Identifier: MIT */
/*
 * lanes.c - how many calls a provider account may have in flight.
 *
 * Twilio's 429 is a limit on concurrent calls of an account, of unpublished
 * size. Each account has a lane whose cap is halved when a 429 comes back (at
 * most once a second, so that one burst counts once) and grows by one for each
 * full lane of successes, up to the configured cap. Retry-After closes the
 * whole lane for that time. Whose call is next when one may go: turns.c.
 *
 * Each lane has a circuit breaker: after BREAK_AFTER calls in a row without a
 * sensible answer it opens; those lost with one connection are one. While it is
 * open no call leaves, creates that would need it are refused before anything
 * is on disk, and removals wait. Then one call probes; its answer closes the
 * lane or opens it again, for longer.
 *
 *   closed --BREAK_AFTER failures--> open --time--> probing --answer--> closed
 *                                     ^                |
 *                                     +---failure------+
 */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "saga.h"

#define SHRINK_EVERY_MS 1000
#define CLOSED_MAX_MS	60000
#define BREAK_AFTER	10
#define OPEN_MS		5000
#define OPEN_MAX_MS	60000
#define LANES_KEPT	64

static void lane_key(enum provider p, const struct spec *spec, char key[64])
{
	const char *sid = spec_str(spec, "twilio_account_sid");

	if (p == PROVIDER_TWILIO)
		snprintf(key, 64, "twilio:%s", sid ? sid : "");
	else
		snprintf(key, 64, "retell");
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct lane *)a)->key,
		      ((const struct lane *)b)->key);
}

static struct lane *lane_find(const struct engine *e, enum provider p,
			      const struct spec *spec)
{
	struct lane key, **found;

	lane_key(p, spec, key.key);
	found = tfind(&key, &e->lanes_by_key, by_key);
	return found ? *found : NULL;
}

/* --- lanes come and go ---------------------------------------------------- */

static void free_lane(struct engine *e, struct lane *l)
{
	tdelete(l, &e->lanes_by_key, by_key);
	*(l->prev ? &l->prev->next : &e->lanes) = l->next;
	if (l->next)
		l->next->prev = l->prev;
	e->lane_count--;
	free(l);
}

/* Nothing of what it knows is of use. */
static bool is_new(const struct engine *e, const struct lane *l)
{
	return !l->failures && !l->open_until && e->now >= l->not_before &&
	       l->cap >= (double)e->conf.concurrency;
}

/* Accounts with troubles that nobody uses any more, when there are many. */
static void forget_lanes(struct engine *e)
{
	struct lane *next;

	for (struct lane *l = e->lanes; l; l = next) {
		next = l->next;
		if (l->holders || e->now < l->not_before ||
		    e->now < l->open_until)
			continue;
		if (l->open_until)
			counter_add(&e->counts.breakers_open[l->provider], -1);
		free_lane(e, l);
	}
}

static struct lane *new_lane(struct engine *e, enum provider p,
			     const struct spec *spec)
{
	struct lane *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	if (e->lane_count >= LANES_KEPT)
		forget_lanes(e);
	lane_key(p, spec, l->key);
	if (!tsearch(l, &e->lanes_by_key, by_key)) {
		free(l);
		return NULL;
	}
	l->provider = p;
	l->cap = (double)e->conf.concurrency;
	l->next = e->lanes;
	if (l->next)
		l->next->prev = l;
	e->lanes = l;
	e->lane_count++;
	return l;
}

static void release_lane(struct engine *e, struct lane *l)
{
	if (--l->holders == 0 && is_new(e, l))
		free_lane(e, l);
}

/* From the first call of the saga there to its end. -1: out of memory. */
static int join(struct saga *sg, enum provider p)
{
	struct engine *e = sg->engine;
	struct lane *l = lane_find(e, p, &sg->spec);

	if (sg->lane[p])
		return 0;
	if (!l)
		l = new_lane(e, p, &sg->spec);
	if (!l)
		return -1;
	l->holders++;
	sg->turn[p] = turn_hold(&l->turns, sg->principal);
	if (!sg->turn[p]) {
		release_lane(e, l);
		return -1;
	}
	sg->lane[p] = l;
	return 0;
}

void lanes_leave(struct saga *sg)
{
	for (int p = 0; p < PROVIDERS; p++) {
		if (!sg->lane[p])
			continue;
		turn_drop(sg->turn[p]);
		release_lane(sg->engine, sg->lane[p]);
		sg->turn[p] = NULL;
		sg->lane[p] = NULL;
	}
}

/* --- tasks wait and go ---------------------------------------------------- */

static struct counter *queued_of(struct engine *e, const struct lane *l)
{
	return &e->counts.calls_queued[l->provider];
}

void lane_enqueue(struct task *t)
{
	enum provider p = t->row->step->provider;
	struct saga *sg = t->saga;

	if (join(sg, p) || turn_put(sg->turn[p], t)) {
		t->state = TASK_WAITING;
		t->due = sg->engine->now + SHRINK_EVERY_MS;
		return;
	}
	t->state = TASK_QUEUED;
	counter_add(queued_of(sg->engine, sg->lane[p]), 1);
}

void lane_remove(struct task *t)
{
	enum provider p = t->row->step->provider;

	turn_remove(t->saga->turn[p], t);
	counter_add(queued_of(t->saga->engine, t->saga->lane[p]), -1);
}

static struct task *take_next(struct engine *e, struct lane *l)
{
	struct task *t = turns_take(&l->turns);

	if (t)
		counter_add(queued_of(e, l), -1);
	return t;
}

static bool lane_admits(const struct engine *e, const struct lane *l)
{
	return l->flying < (int)l->cap && e->now >= l->not_before &&
	       e->now >= l->open_until && !l->probing;
}

/* Launching may queue more (a refused request turns its saga back), also in a
 * lane that was passed: begin anew until nothing moves. */
void lanes_drain(struct engine *e)
{
	bool moved;

	do {
		moved = false;
		for (struct lane *l = e->lanes; l; l = l->next) {
			struct task *t;

			while (lane_admits(e, l) && (t = take_next(e, l))) {
				l->flying++;
				l->probing = l->open_until != 0;
				task_launch(t);
				moved = true;
			}
		}
	} while (moved);
}

static void shrink(struct engine *e, struct lane *l)
{
	if (l->shrunk_at && e->now - l->shrunk_at < SHRINK_EVERY_MS)
		return;
	l->shrunk_at = e->now;
	l->cap = l->cap / 2 < 1 ? 1 : l->cap / 2;
	log_warn("provider_cap_shrunk", L_STR("account", l->key),
		 L_INT("cap", (int64_t)l->cap));
}

/* The second of several calls that were lost in one moment: with the connection
 * that carried them all. */
static bool is_lost_along(const struct engine *e, struct lane *l,
			  const struct answer *a)
{
	bool lost = a->kind == ANSWER_UNKNOWN && a->status < 500 &&
		    a->error == ERR_PROVIDER_UNAVAILABLE;
	bool again = lost && l->lost_us == e->now_us;

	if (lost)
		l->lost_us = e->now_us;
	return again;
}

/* What an answer says of the account's health. */
static void judge(struct engine *e, struct lane *l, const struct answer *a)
{
	bool failed = a->kind == ANSWER_UNKNOWN ||
		      (a->kind == ANSWER_BUSY && a->status == 0);
	int64_t wait = OPEN_MS;

	l->probing = false;
	if (!failed) {
		if (l->open_until) {
			log_info("breaker_closed", L_STR("account", l->key));
			counter_add(&e->counts.breakers_open[l->provider], -1);
		}
		l->failures = 0;
		l->open_until = 0;
		return;
	}
	if (is_lost_along(e, l, a))
		return;
	if (++l->failures < BREAK_AFTER || e->now < l->open_until)
		return;
	for (int i = BREAK_AFTER; i < l->failures && wait < OPEN_MAX_MS; i++)
		wait *= 2;
	if (!l->open_until)
		counter_add(&e->counts.breakers_open[l->provider], 1);
	l->open_until = e->now + (wait < OPEN_MAX_MS ? wait : OPEN_MAX_MS);
	log_error("breaker_open", L_STR("account", l->key),
		  L_INT("ms", l->open_until - e->now));
}

static int64_t closed_ms(const struct engine *e, enum provider p,
			 const struct spec *spec)
{
	const struct lane *l = lane_find(e, p, spec);

	if (!l || !l->open_until)
		return 0;
	/* One that is due for a probe takes the next comer as its probe. */
	return l->open_until > e->now ? l->open_until - e->now
	       : l->probing	      ? OPEN_MS
				      : 0;
}

int64_t lanes_closed_ms(const struct engine *e, const struct spec *spec,
			enum provider *which)
{
	int64_t ms = closed_ms(e, PROVIDER_RETELL, spec);

	*which = PROVIDER_RETELL;
	if (!ms && spec_is_twilio(spec)) {
		*which = PROVIDER_TWILIO;
		ms = closed_ms(e, PROVIDER_TWILIO, spec);
	}
	return ms;
}

void lane_return(struct task *t, const struct answer *a)
{
	struct engine *e = t->saga->engine;
	struct lane *l = t->saga->lane[t->row->step->provider];
	int64_t wait = a ? a->retry_after_ms : -1;

	l->flying--;
	if (a)
		judge(e, l, a);
	else
		l->probing = false;
	if (wait > CLOSED_MAX_MS)
		wait = CLOSED_MAX_MS;
	if (wait > 0 && e->now + wait > l->not_before)
		l->not_before = e->now + wait;
	if (a && a->status == 429) {
		shrink(e, l);
	} else if (a && a->kind == ANSWER_OK) {
		l->cap += 1 / l->cap;
		if (l->cap > (double)e->conf.concurrency)
			l->cap = (double)e->conf.concurrency;
	}
}

int64_t lanes_wake(const struct engine *e)
{
	int64_t wake = -1;

	for (const struct lane *l = e->lanes; l; l = l->next) {
		int64_t at = l->not_before > l->open_until ? l->not_before
							   : l->open_until;

		if (!l->turns.first)
			continue;
		/* Not drained while the database could not be written. */
		if (lane_admits(e, l))
			return e->now;
		if (at > e->now && (wake < 0 || at < wake))
			wake = at;
	}
	return wake;
}

void lanes_free(struct engine *e)
{
	while (e->lanes)
		free_lane(e, e->lanes);
}
