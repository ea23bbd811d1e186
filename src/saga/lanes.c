/* SPDX-License-Identifier: MIT */
/*
 * lanes.c - how many calls a provider account may have in flight.
 *
 * Twilio's 429 is a limit on concurrent calls of an account, of unpublished
 * size. Each account has a lane whose cap is halved when a 429 comes back (at
 * most once a second, so that one burst counts once) and grows by one for each
 * full lane of successes, up to the configured cap. Retry-After closes the
 * whole lane for that time. Undoing goes before doing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "saga.h"

#define SHRINK_EVERY_MS 1000
#define CLOSED_MAX_MS	60000

static void lane_key(const struct task *t, char key[64])
{
	const struct saga *sg = t->saga;
	const char *sid = spec_str(&sg->spec, "twilio_account_sid");

	if (t->row->step->provider == PROVIDER_TWILIO)
		snprintf(key, 64, "twilio:%s", sid ? sid : "");
	else
		snprintf(key, 64, "retell");
}

/* One account, or a handful: a list will do. NULL: out of memory. */
static struct lane *lane_of(struct task *t)
{
	struct engine *e = t->saga->engine;
	struct lane *l;
	char key[64];

	if (t->lane)
		return t->lane;
	lane_key(t, key);
	for (l = e->lanes; l; l = l->next)
		if (strcmp(l->key, key) == 0)
			break;
	if (!l) {
		l = calloc(1, sizeof(*l));
		if (!l)
			return NULL;
		strcpy(l->key, key);
		l->cap = (double)e->conf.concurrency;
		l->next = e->lanes;
		e->lanes = l;
	}
	t->lane = l;
	return l;
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
	atomic_fetch_add(&t->saga->engine->waiting, 1);
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
			atomic_fetch_sub(&t->saga->engine->waiting, 1);
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
	atomic_fetch_sub(&t->saga->engine->waiting, 1);
	return t;
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

			while (l->flying < (int)l->cap &&
			       e->now >= l->not_before && (t = lane_pop(l))) {
				l->flying++;
				atomic_fetch_add(&e->in_flight, 1);
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

void lane_return(struct task *t, const struct answer *a)
{
	struct engine *e = t->saga->engine;
	struct lane *l = t->lane;
	int64_t wait = a ? a->retry_after_ms : -1;

	l->flying--;
	atomic_fetch_sub(&e->in_flight, 1);
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

	for (const struct lane *l = e->lanes; l; l = l->next)
		if ((l->first[0] || l->first[1]) && l->not_before > e->now &&
		    (wake < 0 || l->not_before < wake))
			wake = l->not_before;
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
