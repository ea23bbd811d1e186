/* SPDX-License-Identifier: MIT */
/*
 * task.c - one act of one step: start it, send it, see what its answer means.
 *
 *   make --done-------------------------------> present
 *    | refused -> absent, the saga turns back
 *    | busy    -> make again, later
 *    | unknown, clash
 *    v
 *   find --found and ours---------------------> present
 *    | absent once  -> find again after the settle time (reads lag)
 *    | absent twice -> make again; while undoing: absent
 *
 *   undo --done, or absent twice--------------> gone
 *    | busy, unknown -> undo again, later (a removal may be repeated)
 *    | refused, or the deadline is over ------> stuck
 *
 * An act that is begun again begins from its first request.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "saga.h"

#define TRIES_MAX	  5	/* of a make that fails by itself */
#define BACKOFF_MS	  200	/* the first ceiling; doubles each time */
#define BACKOFF_DO_MS	  8000	/* the last one while doing */
#define BACKOFF_UNDO_MS	  30000 /* and while undoing */
#define RETRY_AFTER_MS	  60000 /* more than this is not believed */
#define ABSENCES_BELIEVED 2

static const struct act *act_of(const struct task *t)
{
	const struct step *step = t->row->step;

	return t->act == ACT_MAKE   ? &step->make
	       : t->act == ACT_FIND ? &step->find
				    : &step->undo;
}

static const char *act_name(enum act_kind act)
{
	static const char *const names[] = {"make", "find", "undo"};

	return names[act];
}

static struct step_cx context(struct task *t)
{
	struct saga *sg = t->saga;

	return (struct step_cx){
		.settings = &sg->engine->conf.settings,
		.spec = &sg->spec,
		.former = sg->former.pub ? &sg->former : NULL,
		.number_id = sg->number_id,
		.phone_number = sg->phone_number,
		.clock = sg->engine->clock,
		.row = t->row,
		.rows = sg->rows,
		.row_count = sg->row_count,
	};
}

static void begin(struct task *t, enum act_kind act)
{
	t->act = act;
	t->row->phase = 0;
	buf_clear(&t->row->next_page);
}

void task_start(struct task *t, enum act_kind act)
{
	begin(t, act);
	lane_enqueue(t);
}

void task_wait(struct task *t, enum act_kind act, int64_t ms)
{
	begin(t, act);
	t->state = TASK_WAITING;
	t->due = t->saga->engine->now + ms;
}

void task_cancel(struct task *t)
{
	if (t->state == TASK_QUEUED)
		lane_remove(t);
	if (t->state != TASK_FLYING)
		t->state = TASK_IDLE;
}

/* A look does not count as a try of the make it is about. */
static int *tries_of(struct task *t)
{
	return t->act == ACT_FIND && !saga_undoing(t->saga) ? &t->looks
							    : &t->tries;
}

/* Full jitter: any time up to the ceiling, which doubles with each try
 * (aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter). */
static int64_t backoff(struct task *t)
{
	int64_t last = saga_undoing(t->saga) ? BACKOFF_UNDO_MS : BACKOFF_DO_MS;
	int64_t ceiling = BACKOFF_MS;

	for (int i = 1; i < *tries_of(t) && ceiling < last; i++)
		ceiling *= 2;
	if (ceiling > last)
		ceiling = last;
	return 1 +
	       (int64_t)clock_chance(t->saga->engine->clock, (uint64_t)ceiling);
}

/* --- what can come of an act --------------------------------------------- */

/* The last error stays until the step is done: a look that finds nothing does
 * not tell why the make before it went wrong. */
static void keep_error(struct task *t, const struct err *err)
{
	bool own_credentials = json_is_true(
		spec_get(&t->saga->spec, "has_twilio_credentials"));

	if (err->code == ERR_NONE)
		return;
	task_forget(t);
	t->trouble = (struct trouble){
		.code = err->code,
		.provider_status = err->provider_status,
		.provider_code = err->provider_code,
		.detail = err->detail[0] ? strdup(err->detail) : NULL,
	};
	if (err->code == ERR_PROVIDER_AUTH && own_credentials &&
	    t->row->step->provider == PROVIDER_TWILIO)
		t->trouble.code = ERR_CREDENTIALS_REFUSED;
}

void task_forget(struct task *t)
{
	free(t->trouble.detail);
	t->trouble = (struct trouble){.code = ERR_NONE};
}

struct err task_err(const struct task *t)
{
	struct err err = ERR_INIT;

	if (t->trouble.code == ERR_NONE)
		return err;
	err_set(&err, t->trouble.code, "%s",
		t->trouble.detail ? t->trouble.detail : "");
	err.provider_status = t->trouble.provider_status;
	err.provider_code = t->trouble.provider_code;
	snprintf(err.step, sizeof(err.step), "%s", t->row->step->name);
	snprintf(err.provider, sizeof(err.provider), "%s",
		 provider_name(t->row->step->provider));
	return err;
}

static void turn_back(struct task *t)
{
	struct err err = task_err(t);

	saga_turn_back(t->saga, &err);
}

static void stuck(struct task *t)
{
	struct err err = task_err(t);

	log_warn("undo_stuck", L_STR("operation_id", t->saga->id),
		 L_STR("id", t->row->external_id), L_ERR(&err));
	row_move(t, ROW_STUCK);
}

void task_give_up(struct task *t)
{
	struct err err = task_err(t);

	task_cancel(t);
	err_set(&err, ERR_DEADLINE,
		"it could not be taken back before the deadline");
	keep_error(t, &err);
	stuck(t);
	turn_back(t);
}

static void done(struct task *t)
{
	task_forget(t);
	t->absences = 0;
	if (t->saga->recoveries) { /* a step forward: not poisonous */
		t->saga->recoveries = 0;
		t->saga->op_dirty = true;
	}
	if (t->act == ACT_UNDO) {
		row_move(t, ROW_GONE);
		return;
	}
	t->unknown = false;
	row_move(t, ROW_PRESENT);
}

static void refused(struct task *t)
{
	switch (t->act) {
	case ACT_MAKE: /* an earlier try may have had its effect */
		if (!t->unknown)
			row_move(t, ROW_ABSENT);
		break;
	case ACT_FIND:
		if (saga_undoing(t->saga))
			stuck(t);
		break;
	case ACT_UNDO:
		stuck(t);
		break;
	}
	turn_back(t);
}

/* Not done, or idempotent: the same act again, unless it is time to give up. */
static void again(struct task *t, int64_t retry_after_ms, bool throttled)
{
	struct saga *sg = t->saga;
	int64_t wait = backoff(t);

	if (retry_after_ms > RETRY_AFTER_MS)
		retry_after_ms = RETRY_AFTER_MS;
	if (retry_after_ms > wait)
		wait = retry_after_ms;
	if (saga_undoing(sg)) {
		if (t->act == ACT_MAKE) {
			if (!t->unknown)
				row_move(t, ROW_ABSENT);
			return;
		}
		if (sg->engine->now >= sg->deadline) {
			task_give_up(t);
			return;
		}
		t->absences = 0; /* a look that failed is no look */
	} else if (*tries_of(t) >= TRIES_MAX && !throttled) {
		if (t->act == ACT_MAKE && !t->unknown)
			row_move(t, ROW_ABSENT);
		turn_back(t);
		return;
	}
	task_wait(t, t->act, wait);
}

/* Whether it happened is not known. A read, a PATCH and a removal are simply
 * repeated; what a make may have left behind must be looked for. */
static void unknown(struct task *t)
{
	if (t->act == ACT_MAKE && t->row->step->undo.request)
		t->unknown = true;
	if (t->act != ACT_MAKE || t->row->step->idempotent) {
		again(t, -1, false);
		return;
	}
	counter_add(&t->saga->engine->counts
			     .unknown_outcomes[t->row->step->provider],
		    1);
	sweep_expect(t->saga);
	if (!saga_undoing(t->saga))
		task_wait(t, ACT_FIND, backoff(t));
}

static void absent(struct task *t)
{
	struct saga *sg = t->saga;

	if (++t->absences < ABSENCES_BELIEVED) {
		task_wait(t, t->act, sg->engine->conf.settle_ms);
		return;
	}
	t->absences = 0;
	if (t->act == ACT_UNDO) {
		done(t);
		return;
	}
	t->unknown = false;
	if (saga_undoing(sg)) {
		row_move(t, ROW_ABSENT);
	} else if (t->tries >= TRIES_MAX) {
		row_move(t, ROW_ABSENT);
		turn_back(t);
	} else {
		task_start(t, ACT_MAKE);
	}
}

static void clash(struct task *t)
{
	t->row->clash = true;
	t->unknown = true;
	if (!saga_undoing(t->saga))
		task_start(t, ACT_FIND);
}

static void apply(struct task *t, enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_DONE:
		done(t);
		break;
	case OUTCOME_MORE:
		if (t->act == ACT_UNDO) /* it goes on: something was there */
			t->absences = 0;
		t->row->phase++;
		lane_enqueue(t);
		break;
	case OUTCOME_ABSENT:
		absent(t);
		break;
	case OUTCOME_REFUSED:
		refused(t);
		break;
	case OUTCOME_CLASH:
		clash(t);
		break;
	case OUTCOME_UNKNOWN:
		unknown(t);
		break;
	}
}

/* --- out and back -------------------------------------------------------- */

static void mark_intent(struct task *t)
{
	const struct step *step = t->row->step;

	t->row->attempts++;
	t->dirty = true;
	if (t->act == ACT_MAKE) {
		/* A read leaves nothing behind: no need to be on disk first. */
		saga_touch(t->saga, step->kind || step->undo.request);
	} else if (t->act == ACT_UNDO) {
		row_move(t, ROW_UNDOING);
		saga_touch(t->saga, false);
	}
}

void task_launch(struct task *t)
{
	struct engine *e = t->saga->engine;
	struct step_cx cx = context(t);
	struct call *call = calloc(1, sizeof(*call));
	struct err err = ERR_INIT;

	if (!call) {
		lane_return(t, NULL);
		task_wait(t, t->act, BACKOFF_MS);
		saga_schedule(t->saga);
		return;
	}
	call->rq = (struct http_request)HTTP_REQUEST_INIT;
	if (t->row->phase == 0 && t->row->next_page.len == 0)
		(*tries_of(t))++;
	if (t->act == ACT_MAKE)
		t->looks = 0;
	if (t->act == ACT_MAKE && t->row->state != ROW_INTENDED)
		row_move(t, ROW_INTENDED);
	if (act_of(t)->request(&cx, &call->rq, &err)) {
		http_request_release(&call->rq);
		free(call);
		lane_return(t, NULL);
		t->state = TASK_IDLE;
		keep_error(t, &err);
		if (err.code == ERR_OVERLOADED) /* no memory: not its fault */
			again(t, -1, false);
		else
			refused(t);
		saga_advance(t->saga);
		return;
	}
	mark_intent(t);
	t->state = TASK_FLYING;
	call->task = t;
	engine_send(e, call);
}

static void log_answer(const struct task *t, const struct http_request *rq,
		       const struct http_response *rs, const struct answer *a)
{
	if (a->kind == ANSWER_OK || a->kind == ANSWER_GONE)
		log_debug("provider_call", L_STR("operation_id", t->saga->id),
			  L_STR("call", rq->name),
			  L_STR("act", act_name(t->act)),
			  L_INT("status", rs->status));
	else
		log_warn("provider_call_failed",
			 L_STR("operation_id", t->saga->id),
			 L_STR("call", rq->name),
			 L_STR("act", act_name(t->act)),
			 L_INT("status", rs->status), L_INT("code", a->code),
			 L_STR("fate", rs->error[0] ? rs->error : NULL));
}

void task_answered(struct task *t, const struct http_request *rq,
		   const struct http_response *rs)
{
	struct step_cx cx = context(t);
	struct err err = ERR_INIT;
	struct answer a;

	answer_read(&a, t->row->step->provider, rq, rs);
	engine_count_answer(t->saga->engine, rq, &a);
	lane_return(t, &a);
	log_answer(t, rq, rs, &a);
	t->state = TASK_IDLE;
	/* A removal that meets "not now" (409) is tried again. */
	if (t->act == ACT_UNDO && a.kind == ANSWER_CLASH)
		a.kind = ANSWER_BUSY;
	if (a.kind == ANSWER_BUSY || a.kind == ANSWER_UNKNOWN) {
		answer_error(&a, t->row->step->provider, &err);
		keep_error(t, &err);
		if (a.kind == ANSWER_BUSY)
			again(t, a.retry_after_ms, a.status == 429);
		else
			unknown(t);
	} else {
		enum outcome outcome = act_of(t)->read(&cx, &a, &err);

		err.provider_status = a.status;
		keep_error(t, &err);
		if (outcome == OUTCOME_REFUSED && err.code == ERR_OVERLOADED)
			outcome = OUTCOME_UNKNOWN; /* no memory to read it */
		apply(t, outcome);
	}
	answer_release(&a);
	saga_touch(t->saga, false);
	saga_advance(t->saga);
}
