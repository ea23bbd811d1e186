/* SPDX-License-Identifier: MIT */
/*
 * commands.c - what a command becomes: a new saga, a waiter at one under way,
 * or an answer at once.
 *
 * Only the engine's thread changes anything, so looking and then acting is one
 * step here: what is not on disk yet is found in the index (index.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "commands.h"
#include "store/operations.h"
#include "store/replies.h"

void command_release(struct command *c)
{
	spec_release(&c->spec);
	json_decref(c->patch);
	c->patch = NULL;
	buf_release(&c->reply.body);
}

/* The one gate to clients: no answer leaves with half a body. */
void command_reply(struct engine *e, struct command *c)
{
	if (c->reply.body.failed) {
		struct err err = ERR_INIT;

		err_set(&err, ERR_OVERLOADED,
			"there was no memory for the answer; the operation "
			"tells how it ended");
		buf_clear(&c->reply.body);
		c->reply.location[0] = c->reply.etag[0] = '\0';
		problem_reply(c, &err, NULL);
	}
	c->next = NULL;
	*e->replies_end = c;
	e->replies_end = &c->next;
}

void problem_reply(struct command *c, const struct err *err,
		   const struct faults *faults)
{
	struct reply *r = &c->reply;

	r->status = err_def(err->code)->http;
	r->retry_after_s = err_def(err->code)->again_s;
	r->content_type = CONTENT_PROBLEM;
	/* Without memory for the problem, the status alone. */
	if (view_problem(&r->body, err, c->request_id, faults, NULL))
		buf_clear(&r->body);
}

void command_problem(struct engine *e, struct command *c, const struct err *err,
		     const struct faults *faults)
{
	problem_reply(c, err, faults);
	command_reply(e, c);
}

static void accepted(struct command *c, const struct saga *sg, bool ended)
{
	struct reply *r = &c->reply;
	struct operation_row row;
	struct record text;

	record_init(&text);
	saga_operation_row(sg, &row, &text);
	if (op_ended(sg->state) && !ended) {
		row.state = op_state_name(OP_RUNNING);
		row.ended_ms = 0;
		row.error = row.result = row.steps = NULL;
		buf_clear(&text.steps);
		buf_str(&text.steps, "[]");
	} else if (!op_ended(sg->state)) {
		saga_steps(sg, &text.steps);
	}
	r->status = 202;
	r->content_type = CONTENT_JSON;
	r->async_applied = c->async;
	snprintf(r->location, sizeof(r->location), "/v1/operations/%s", sg->id);
	view_operation(&r->body, &row, text.steps.data);
	r->body.failed |= text.spec.failed || text.steps.failed ||
			  text.result.failed || text.error.failed;
	record_release(&text);
}

void command_accepted(struct engine *e, struct command *c,
		      const struct saga *sg)
{
	accepted(c, sg, true);
	c->basis = sg;
	command_reply(e, c);
}

void replies_postpone(struct engine *e)
{
	for (struct command *c = e->replies; c; c = c->next) {
		struct buf body = c->reply.body;

		if (!c->basis)
			continue;
		buf_clear(&body);
		c->reply = (struct reply){.body = body};
		accepted(c, c->basis, false);
	}
}

/* Waits for the saga's end, or not. */
void command_attach(struct engine *e, struct command *c, struct saga *sg)
{
	if (c->async) {
		command_accepted(e, c, sg);
		return;
	}
	c->answer_by = e->now + c->wait_ms;
	c->next = sg->waiters;
	sg->waiters = c;
}

/* --- a new saga ---------------------------------------------------------- */

/* The last eighth is for clients with less than their share: one alone does not
 * keep the others out. */
static bool takes_too_much(const struct engine *e, const char *principal)
{
	int64_t most = e->conf.max_operations, kept = most / 8;

	return e->saga_count >= most - kept &&
	       saga_count_of(e, principal) >= most / (e->client_count + 1);
}

static int admit(const struct engine *e, const char *principal, struct err *err)
{
	if (e->saga_count >= e->conf.max_operations)
		return err_set(err, ERR_OVERLOADED,
			       "%d operations are running, which is the limit",
			       e->saga_count);
	if (takes_too_much(e, principal))
		return err_set(err, ERR_OVERLOADED,
			       "%d of your operations are running; what is "
			       "left is for other clients",
			       saga_count_of(e, principal));
	return 0;
}

struct saga *command_begin(struct engine *e, const struct command *c,
			   enum op_kind kind, struct err *err)
{
	struct saga *sg;

	if (admit(e, c->principal, err))
		return NULL;
	sg = saga_new(e);
	if (!sg) {
		err_set(err, ERR_OVERLOADED, "out of memory");
		return NULL;
	}
	sg->kind = kind;
	id_new(e->clock, ID_OPERATION, sg->id);
	strcpy(sg->request_id, c->request_id);
	strcpy(sg->principal, c->principal);
	strcpy(sg->key, c->key);
	memcpy(sg->fingerprint, c->fingerprint, SEAL_HASH_SIZE);
	sg->created_ms = sg->updated_ms = saga_wall_ms(sg);
	sg->deadline =
		e->now + (kind == OP_DELETE ? e->conf.undo_deadline_ms
					    : e->conf.operation_deadline_ms);
	return sg;
}

/* From here the saga lives until it has ended and that is on disk. */
int command_start(struct engine *e, struct command *c, struct saga *sg,
		  struct err *err)
{
	if (saga_enter(e, sg, err)) {
		saga_free(sg);
		return -1;
	}
	sg->op_dirty = true;
	saga_touch(sg, true);
	log_info("operation_accepted", L_STR("operation_id", sg->id),
		 L_STR("kind", op_kind_name(sg->kind)),
		 L_STR("request_id", sg->request_id),
		 L_STR("number_id", sg->number_id),
		 L_NUMBER("phone_number", sg->phone_number));
	command_attach(e, c, sg);
	saga_advance(sg);
	return 0;
}

/* --- orders that are no operations --------------------------------------- */

static int take_sweep(struct engine *e, struct command *c, struct err *err)
{
	if (e->sweep)
		return err_set(err, ERR_OPERATION_IN_PROGRESS,
			       "a sweep is running");
	sweep_begin(e, c);
	return 0;
}

/* A transaction of its own: rare things, such as API keys. */
static int take_write(struct engine *e, struct command *c, struct err *err)
{
	if (store_begin(e->store, err))
		return -1;
	if (c->write(c, e->store, err)) {
		store_rollback(e->store);
		return -1;
	}
	if (store_commit(e->store, err))
		return -1;
	for (int i = 0; c->leaves[0] && i < e->timers.count; i++)
		saga_release_waiters(e->timers.heap[i], c->leaves);
	command_reply(e, c);
	return 0;
}

/* Turns a running create back. Whoever waits for the create hears how that
 * ended; whoever cancelled it gets the operation to follow. */
static int take_cancel(struct engine *e, struct command *c, struct err *err)
{
	struct err cause = ERR_INIT;
	struct operation_row row;
	struct saga *sg;
	int found = operation_find(e->store, c->ref, &row, err);

	if (found < 0)
		return -1;
	if (!found)
		return err_set(err, ERR_NOT_FOUND,
			       "there is no such operation");
	sg = saga_by_ref(e, row.number_id);
	if (!sg || strcmp(sg->id, c->ref) != 0 || op_ended(sg->state))
		return err_set(err, ERR_NOT_CANCELLABLE,
			       "the operation has ended");
	if (sg->kind != OP_CREATE)
		return err_set(err, ERR_NOT_CANCELLABLE,
			       "only a create can be cancelled");
	err_set(&cause, ERR_CANCELLED, "the create was cancelled");
	if (sg->state == OP_RUNNING) {
		strcpy(sg->cancelled_by, c->principal);
		strcpy(sg->cancel_request, c->request_id);
	}
	saga_turn_back(sg, &cause);
	command_accepted(e, c, sg);
	saga_advance(sg);
	return 0;
}

static int take(struct engine *e, struct command *c, struct faults *faults,
		struct err *err)
{
	int rc = c->key[0] ? key_look_up(e, c, err) : 0;

	if (rc)
		return rc < 0 ? -1 : 0;
	switch (c->kind) {
	case COMMAND_CREATE:
		return take_create(e, c, faults, err);
	case COMMAND_UPDATE:
		return take_update(e, c, faults, err);
	case COMMAND_DELETE:
		return take_delete(e, c, err);
	case COMMAND_FORCE:
		return take_force(e, c, err);
	case COMMAND_SWEEP:
		return take_sweep(e, c, err);
	case COMMAND_CANCEL:
		return take_cancel(e, c, err);
	case COMMAND_WRITE:
		return take_write(e, c, err);
	}
	return err_set(err, ERR_INTERNAL, "unknown command");
}

void command_take(struct engine *e, struct command *c)
{
	struct faults faults = {.count = 0};
	struct err err = ERR_INIT;

	if (atomic_load(&e->stalled))
		err_set(&err, ERR_STORAGE_UNAVAILABLE,
			"the database cannot be written just now");
	if (err.code == ERR_NONE && take(e, c, &faults, &err) == 0)
		return;
	if (err.code == ERR_STORE || err.code == ERR_STORE_FULL)
		err.code = ERR_STORAGE_UNAVAILABLE;
	command_problem(e, c, &err, &faults);
}
