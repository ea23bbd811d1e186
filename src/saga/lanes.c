/* SPDX-License-Identifier: MIT */
/*
 * lanes.c - how many calls a provider account may have in flight.
 *
 * Twilio's 429 is a limit on concurrent calls of an account, of unpublished
 * size. Each account has a lane whose cap is halved when a 429 comes back (at
 * most once a second, so that one burst counts once) and grows by one for each
 * full lane of successes, up to the configured cap. Retry-After closes the
 * whole lane for that time. Undoing goes before doing.
 *
 * Each lane has a circuit breaker: after BREAK_AFTER calls in a row without a
 * sensible answer it opens. While it is open no call leaves, creates that would
 * need it are refused before anything is on disk, and removals wait. Then one
 * call probes; its answer closes the lane or opens it again, for longer.
 *
 *   closed --BREAK_AFTER failures--> open --time--> probing --answer--> closed
 *                                     ^                |
 *                                     +---failure------+
 */
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

static void lane_key(enum provider p, const struct spec *spec, char key[64])
{
	const char *sid = spec_str(spec, "twilio_account_sid");

	if (p == PROVIDER_TWILIO)
		snprintf(key, 64, "twilio:%s", sid ? sid : "");
	else
		snprintf(key, 64, "retell");
}

static struct lane *lane_find(const struct engine *e, const char *key)
{
	struct lane *l = e->lanes;

	while (l && strcmp(l->key, key) != 0)
		l = l->next;
	return l;
}

/* One account, or a handful: a list will do. NULL: out of memory. */
static struct lane *lane_of(struct task *t)
{
	struct engine *e = t->saga->engine;
	struct lane *l;
	char key[64];

	if (t->lane)
		return t->lane;
	lane_key(t->row->step->provider, &t->saga->spec, key);
	l = lane_find(e, key);
	if (!l) {
		l = calloc(1, sizeof(*l));
		if (!l)
			return NULL;
		strcpy(l->key, key);
		l->provider = t->row->step->provider;
		l->cap = (double)e->conf.concurrency;
		l->next = e->lanes;
		e->lanes = l;
	}
	t->lane = l;
	return l;
}

static struct counter *queued_of(struct engine *e, const struct lane *l)
{
	return &e->counts.calls_queued[l->provider];
}

void lane_enqueue(struct task *t)
{
	struct lane *l = lane_of(t);
	int queue = saga_undoing(t->saga) ? 0 : 1;

	if (!l) {
		t->state = TASK_WAITING;
		t->due = t->saga->engine->now + SHRINK_EVERY_MS;
		return;
	}
	t->state = TASK_QUEUED;
	t->next = NULL;
	if (l->last[queue])
		l->last[queue]->next = t;
	else
		l->first[queue] = t;
	l->last[queue] = t;
	counter_add(queued_of(t->saga->engine, l), 1);
}

void lane_remove(struct task *t)
{
	struct lane *l = t->lane;

	for (int q = 0; q < 2; q++) {
		struct task *before = NULL;

		for (struct task *i = l->first[q]; i; before = i, i = i->next) {
			if (i != t)
				continue;
			if (before)
				before->next = t->next;
			else
				l->first[q] = t->next;
			if (l->last[q] == t)
				l->last[q] = before;
			counter_add(queued_of(t->saga->engine, l), -1);
			t->next = NULL;
			return;
		}
	}
}

static struct task *lane_pop(struct lane *l)
{
	int q = l->first[0] ? 0 : 1;
	struct task *t = l->first[q];

	if (!t)
		return NULL;
	l->first[q] = t->next;
	if (!l->first[q])
		l->last[q] = NULL;
	t->next = NULL;
	counter_add(queued_of(t->saga->engine, l), -1);
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

			while (lane_admits(e, l) && (t = lane_pop(l))) {
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
	const struct lane *l;
	char key[64];

	lane_key(p, spec, key);
	l = lane_find(e, key);
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
	struct lane *l = t->lane;
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

		/* Not drained while the database could not be written. */
		if ((l->first[0] || l->first[1]) && lane_admits(e, l))
			return e->now;
		if ((l->first[0] || l->first[1]) && at > e->now &&
		    (wake < 0 || at < wake))
			wake = at;
	}
	return wake;
}

void lanes_free(struct engine *e)
{
	while (e->lanes) {
		struct lane *l = e->lanes;

		e->lanes = l->next;
		free(l);
	}
}
