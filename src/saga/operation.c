/* SPDX-License-Identifier: MIT */
/*
 * operation.c - decide what a saga does next, and when it has ended.
 *
 *   create, update:  running --all present-----------------> succeeded
 *                       | a step refused, deadline, cancel
 *                    undoing --nothing left----------------> failed
 *                       | something cannot be taken back
 *                       +----------------------------------> stuck
 *   delete:          running --nothing left----------------> succeeded
 *                       | something cannot be taken back --> stuck
 *   force:           running ------------------------------> succeeded
 *
 * True whenever saga_advance returns:
 *  (1) every row that may move has a task that moves it;
 *  (2) a row is undone only after those that need it, and by no call of its
 *      own if what it dies with is gone;
 *  (3) a saga has ended only if no task of it is under way.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "saga.h"

static const char *const kinds[] = {"create", "update", "delete", "force"};
static const char *const states[] = {"running", "undoing", "succeeded",
				     "failed", "stuck"};

static const unsigned allowed[] = {
	[OP_RUNNING] = 1u << OP_UNDOING | 1u << OP_SUCCEEDED | 1u << OP_STUCK,
	[OP_UNDOING] = 1u << OP_FAILED | 1u << OP_STUCK,
	[OP_SUCCEEDED] = 0,
	[OP_FAILED] = 0,
	[OP_STUCK] = 0,
};

const char *op_kind_name(enum op_kind k)
{
	return kinds[k];
}

const char *op_state_name(enum op_state s)
{
	return states[s];
}

static int parse(const char *const *names, int n, const char *s)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], s) == 0)
			return i;
	return -1;
}

int op_kind_parse(const char *s)
{
	return parse(kinds, 4, s);
}

int op_state_parse(const char *s)
{
	return parse(states, 5, s);
}

bool op_ended(enum op_state s)
{
	return s >= OP_SUCCEEDED;
}

struct saga *saga_new(struct engine *e)
{
	struct saga *sg = calloc(1, sizeof(*sg));

	if (!sg)
		return NULL;
	sg->engine = e;
	sg->heap_at = -1;
	sg->reply.body = (struct buf)BUF_INIT(REPLY_BODY_MAX);
	return sg;
}

void saga_free(struct saga *sg)
{
	if (!sg)
		return;
	for (int i = 0; i < sg->row_count; i++) {
		json_decref(sg->rows[i].data);
		buf_release(&sg->rows[i].next_page);
		task_forget(&sg->tasks[i]);
	}
	free(sg->rows);
	free(sg->tasks);
	free(sg->built);
	spec_release(&sg->spec);
	spec_release(&sg->former);
	buf_release(&sg->reply.body);
	free(sg);
}

int64_t saga_wall_ms(const struct saga *sg)
{
	struct clock *clock = sg->engine->clock;
	int64_t now = clock->wall_ms(clock);

	return now > sg->updated_ms ? now : sg->updated_ms;
}

void saga_touch(struct saga *sg, bool must_commit)
{
	struct engine *e = sg->engine;

	if (must_commit)
		e->must_commit = true;
	if (!e->lazy_since)
		e->lazy_since = e->now;
	if (sg->touched)
		return;
	sg->touched = true;
	sg->next_touched = NULL;
	*e->touched_end = sg;
	e->touched_end = &sg->next_touched;
}

bool saga_undoing(const struct saga *sg)
{
	return sg->state == OP_UNDOING || sg->kind == OP_DELETE;
}

int64_t saga_progress(const struct saga *sg, int64_t *total)
{
	int64_t done = 0;

	*total = sg->row_count;
	for (int i = 0; i < sg->row_count; i++)
		done += saga_undoing(sg) ? row_settled(&sg->rows[i])
					 : sg->rows[i].state == ROW_PRESENT;
	return done;
}

/* --- turning points ------------------------------------------------------ */

static void move(struct saga *sg, enum op_state to)
{
	assert(allowed[sg->state] & (1u << to));
	sg->state = to;
	sg->op_dirty = true;
	saga_touch(sg, true);
}

void saga_turn_back(struct saga *sg, const struct err *cause)
{
	struct engine *e = sg->engine;

	if (sg->cause.code == ERR_NONE)
		sg->cause = *cause;
	if (saga_undoing(sg))
		return;
	log_info("operation_turns_back", L_STR("operation_id", sg->id),
		 L_ERR(&sg->cause));
	move(sg, OP_UNDOING);
	sg->deadline = e->now + e->conf.undo_deadline_ms;
	for (int i = 0; i < sg->row_count; i++) {
		task_cancel(&sg->tasks[i]);
		sg->tasks[i].tries = 0;
		sg->tasks[i].absences = 0;
	}
}

static void set_status(struct saga *sg, const char *status,
		       enum number_write write)
{
	snprintf(sg->status, sizeof(sg->status), "%s", status);
	sg->number_write = write;
}

/* After a crash the reason may be known to the journal only. */
static void find_cause(struct saga *sg)
{
	for (int i = 0; i < sg->row_count && !sg->cause.code; i++)
		if (sg->rows[i].state == ROW_STUCK)
			sg->cause = task_err(&sg->tasks[i]);
	err_set(&sg->cause, ERR_DEADLINE,
		"something could not be taken back in time");
}

static void end(struct saga *sg, enum op_state state)
{
	struct engine *e = sg->engine;

	move(sg, state);
	if (state != OP_SUCCEEDED)
		find_cause(sg);
	sg->ended_ms = saga_wall_ms(sg);
	sg->version++;
	if (state == OP_STUCK && sg->kind != OP_UPDATE)
		set_status(sg, "corrupted", NUMBER_PUT);
	else if (state != OP_SUCCEEDED)
		sg->version--;
	else if (sg->kind == OP_CREATE || sg->kind == OP_UPDATE)
		set_status(sg, "active", NUMBER_PUT);
	else
		set_status(sg, "deleted", NUMBER_DELETE);
	if (sg->kind == OP_CREATE)
		sg->number_created_ms = sg->ended_ms;
	log_info("operation_ended", L_STR("operation_id", sg->id),
		 L_STR("kind", kinds[sg->kind]), L_STR("state", states[state]),
		 L_STR("number_id", sg->number_id),
		 L_NUMBER("phone_number", sg->phone_number),
		 L_INT("ms", sg->ended_ms - sg->created_ms),
		 L_ERR(state == OP_SUCCEEDED ? NULL : &sg->cause));
	saga_result(sg);
	while (sg->waiters) {
		struct command *c = sg->waiters;

		sg->waiters = c->next;
		reply_copy(&c->reply, &sg->reply);
		c->basis = sg;
		command_reply(e, c);
	}
}

/* What a saga that only walks back comes to. */
static enum op_state outcome_of(const struct saga *sg)
{
	for (int i = 0; i < sg->row_count; i++)
		if (sg->rows[i].state == ROW_STUCK)
			return OP_STUCK;
	return sg->state == OP_UNDOING ? OP_FAILED : OP_SUCCEEDED;
}

void saga_quarantine(struct saga *sg)
{
	log_error("operation_quarantined", L_STR("operation_id", sg->id),
		  L_INT("recoveries", sg->recoveries));
	err_set(&sg->cause, ERR_INTERNAL,
		"the service ended %lld times while it took this operation up",
		(long long)sg->recoveries - 1);
	timers_drop(&sg->engine->timers, sg);
	saga_turn_back(sg, &sg->cause);
	for (int i = 0; i < sg->row_count; i++) {
		struct task *t = &sg->tasks[i];

		task_cancel(t);
		if (t->row->step->undo.request && !row_settled(t->row))
			row_move(t, ROW_STUCK);
	}
	end(sg, outcome_of(sg));
}

/* --- forward ------------------------------------------------------------- */

/* Why the deadline was missed: what a step met last, if it met anything. */
static void miss_deadline(struct saga *sg)
{
	struct err cause = ERR_INIT;

	for (int i = 0; i < sg->row_count && !cause.code; i++)
		if (sg->tasks[i].trouble.code == ERR_PROVIDER_UNAVAILABLE &&
		    sg->rows[i].state != ROW_PRESENT)
			cause = task_err(&sg->tasks[i]);
	err_set(&cause, ERR_DEADLINE,
		"the operation did not end before its deadline");
	saga_turn_back(sg, &cause);
}

static void go_forward(struct saga *sg)
{
	bool all = true;

	for (int i = 0; i < sg->row_count; i++) {
		struct task *t = &sg->tasks[i];
		const struct step *step = t->row->step;

		if (t->row->state == ROW_PRESENT)
			continue;
		all = false;
		if (t->state != TASK_IDLE || !plan_needs_met(sg, step))
			continue;
		if (t->unknown && !step->idempotent)
			task_start(t, ACT_FIND);
		else
			task_start(t, ACT_MAKE);
	}
	if (all)
		end(sg, OP_SUCCEEDED);
}

/* --- backward ------------------------------------------------------------ */

static const struct step_row *row_of(const struct saga *sg, enum step_id id)
{
	for (int i = 0; i < sg->row_count; i++)
		if (sg->rows[i].step->id == id)
			return &sg->rows[i];
	return NULL;
}

/* Takes the row along with what it hangs on. True: there is nothing (more) to
 * do for it now. */
static bool dies_along(struct task *t)
{
	const struct step *step = t->row->step;
	const struct step_row *parent =
		step->dies_with == STEP_NONE ? NULL
					     : row_of(t->saga, step->dies_with);

	if (!parent || parent->state == ROW_STUCK || parent->state == ROW_NONE)
		return false;
	if (parent->state == ROW_GONE)
		row_move(t, ROW_GONE);
	else if (parent->state == ROW_ABSENT)
		row_move(t,
			 t->row->state == ROW_INTENDED ? ROW_ABSENT : ROW_GONE);
	return true;
}

/* What it is built on has gone meanwhile: that may have solved it. */
static bool is_free(const struct task *t)
{
	const struct saga *sg = t->saga;
	const struct step *step = t->row->step;

	if (!step->retry_when_free || t->retried)
		return false;
	for (int i = 0; i < sg->row_count; i++)
		if ((step->needs & STEP_BIT(sg->rows[i].step->id)) &&
		    sg->rows[i].state == ROW_GONE)
			return true;
	return false;
}

static void go_back_one(struct task *t)
{
	struct step_row *row = t->row;
	const struct step *step = row->step;
	struct saga *sg = t->saga;

	/* Past the deadline nothing is tried a second time, but for the second
	 * look at what the first did not find. */
	if (t->state == TASK_WAITING && t->tries > 0 && !t->absences &&
	    sg->engine->now >= sg->deadline)
		task_give_up(t);
	if (row->state == ROW_STUCK && t->state == TASK_IDLE && is_free(t)) {
		t->retried = true;
		row_move(t, ROW_UNDOING);
	}
	if (t->state != TASK_IDLE || row_settled(row))
		return;
	if (row->state == ROW_INTENDED && !t->unknown) {
		row_move(t, ROW_ABSENT);
		return;
	}
	if (dies_along(t) || !plan_dependents_settled(sg, step))
		return;
	if (row->state == ROW_INTENDED && step->find.request) {
		task_start(t, ACT_FIND);
		return;
	}
	if (row->state == ROW_INTENDED) { /* a PATCH, which may yet land */
		row_move(t, ROW_PRESENT);
		task_wait(t, ACT_UNDO, sg->engine->conf.settle_ms);
		return;
	}
	task_start(t, ACT_UNDO);
}

static void go_back(struct saga *sg)
{
	bool settled;
	int before;

	do { /* what settles one row may free another */
		before = 0;
		settled = true;
		for (int i = 0; i < sg->row_count; i++) {
			enum row_state was = sg->rows[i].state;

			go_back_one(&sg->tasks[i]);
			before += was != sg->rows[i].state;
			if (!row_settled(&sg->rows[i]) ||
			    sg->tasks[i].state != TASK_IDLE)
				settled = false;
		}
	} while (before);
	if (settled)
		end(sg, outcome_of(sg));
}

/* --- the whole ----------------------------------------------------------- */

void saga_release_waiters(struct saga *sg, const char *principal)
{
	struct command **at = &sg->waiters;

	while (*at) {
		struct command *c = *at;

		if (c->answer_by > sg->engine->now &&
		    (!principal || strcmp(c->principal, principal) != 0)) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		command_accepted(sg->engine, c, sg);
	}
}

void saga_schedule(struct saga *sg)
{
	int64_t wake = sg->deadline;

	/* Past the deadline only tasks and waiters have times of their own. */
	if (wake <= sg->engine->now)
		wake = INT64_MAX;
	for (int i = 0; i < sg->row_count; i++)
		if (sg->tasks[i].state == TASK_WAITING &&
		    sg->tasks[i].due < wake)
			wake = sg->tasks[i].due;
	for (const struct command *c = sg->waiters; c; c = c->next)
		if (c->answer_by < wake)
			wake = c->answer_by;
	if (timers_set(&sg->engine->timers, sg, wake))
		log_error("out_of_memory", L_STR("operation_id", sg->id));
}

static void start_due(struct saga *sg)
{
	for (int i = 0; i < sg->row_count; i++) {
		struct task *t = &sg->tasks[i];

		if (t->state == TASK_WAITING && t->due <= sg->engine->now)
			task_start(t, t->act);
	}
}

static void decide(struct saga *sg)
{
	if (sg->kind == OP_FORCE) { /* calls no one: that is its point */
		end(sg, OP_SUCCEEDED);
		return;
	}
	if (!saga_undoing(sg) && sg->engine->now >= sg->deadline)
		miss_deadline(sg);
	if (!saga_undoing(sg))
		go_forward(sg);
	if (saga_undoing(sg) && !op_ended(sg->state))
		go_back(sg);
}

void saga_advance(struct saga *sg)
{
	if (op_ended(sg->state))
		return;
	decide(sg);
	if (op_ended(sg->state)) {
		timers_drop(&sg->engine->timers, sg);
		return;
	}
	start_due(sg);
	saga_release_waiters(sg, NULL);
	saga_schedule(sg);
}
