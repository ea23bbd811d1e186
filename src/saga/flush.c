/* SPDX-License-Identifier: MIT */
/*
 * flush.c - everything that changed in a tick, in one transaction.
 *
 * What changed is marked, not written: rows and sagas carry `dirty`. So a
 * transaction that fails because the disk is full or the file is busy loses
 * nothing: it is written again later, with whatever has changed since, and
 * until then no effect leaves. A saga whose acceptance did not reach the disk
 * is withdrawn instead, since its client can still be told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "saga.h"
#include "store/accounts.h"
#include "store/events.h"
#include "store/imports.h"
#include "store/replies.h"
#include "store/trunks.h"

#define ROW_DATA_MAX (64 * 1024) /* what a step remembers, as text */
#define STALL_MS     250 /* between tries while the database is full or busy */

static int put_rows(struct saga *sg, struct err *err)
{
	struct buf text = BUF_INIT(ROW_DATA_MAX);
	int rc = 0;

	for (int i = 0; i < sg->row_count && rc == 0; i++) {
		struct journal_row row;

		if (!sg->tasks[i].dirty)
			continue;
		row_to_journal(&sg->tasks[i], &row);
		rc = row_data(&sg->tasks[i], &text);
		row.data = text.len ? text.data : NULL;
		rc = rc ? err_set(err, ERR_STORE_FULL, "out of memory")
			: journal_put(sg->engine->store, &row, err);
	}
	buf_release(&text);
	return rc;
}

/* Into text.secrets, for the row of this id. */
static int seal_secrets(struct saga *sg, const char *table, const char *id,
			struct record *text, struct err *err)
{
	char place[64];

	snprintf(place, sizeof(place), "%s/%s", table, id);
	return secrets_close(sg->engine, place, &sg->spec, &text->secrets, err);
}

static int put_operation(struct saga *sg, struct err *err)
{
	struct operation_row row;
	struct record text;
	int rc;

	record_init(&text);
	rc = saga_operation_row(sg, &row, &text);
	if (rc)
		err_set(err, ERR_STORE_FULL, "out of memory");
	/* Ended, it needs its secrets no more. */
	if (!rc && !op_ended(sg->state))
		rc = seal_secrets(sg, "operations", sg->id, &text, err);
	row.secrets = text.secrets.len ? text.secrets.data : NULL;
	row.secrets_size = text.secrets.len;
	if (!rc)
		rc = operation_put(sg->engine->store, &row, err);
	record_release(&text);
	return rc;
}

static int put_number(struct saga *sg, struct err *err)
{
	struct number_row row;
	struct record text;
	int rc;

	record_init(&text);
	rc = saga_number_row(sg, &row, &text);
	if (rc)
		err_set(err, ERR_STORE_FULL, "out of memory");
	else
		rc = seal_secrets(sg, "numbers", sg->number_id, &text, err);
	row.secrets = text.secrets.len ? text.secrets.data : NULL;
	row.secrets_size = text.secrets.len;
	if (!rc)
		rc = number_put(sg->engine->store, &row, err);
	record_release(&text);
	return rc;
}

/* Forgets the record, or the create that came to nothing, and its journal. */
static int drop_number(struct saga *sg, struct err *err)
{
	struct store *s = sg->engine->store;

	if (journal_delete(s, sg->number_id, err) < 0)
		return -1;
	if (sg->trunk_id[0] && (journal_delete(s, sg->trunk_id, err) < 0 ||
				trunk_delete(s, sg->trunk_id, err) < 0))
		return -1;
	return number_delete(s, sg->number_id, err) < 0 ? -1 : 0;
}

static int put_trunk(struct saga *sg, struct err *err)
{
	struct trunk_row row = {
		.id = sg->trunk_id,
		.kind = "dedicated",
		.account_sid = spec_str(&sg->spec, "twilio_account_sid"),
		.created_ms = sg->created_ms,
	};

	return trunk_put(sg->engine->store, &row, err);
}

static const char *action_of(const struct saga *sg)
{
	static const char *const actions[][2] = {
		[OP_CREATE] = {"number.create_failed", "number.created"},
		[OP_UPDATE] = {"number.update_failed", "number.updated"},
		[OP_DELETE] = {"number.corrupted", "number.deleted"},
		[OP_FORCE] = {"number.corrupted", "number.force_deleted"},
	};

	if (sg->state == OP_STUCK && sg->kind == OP_CREATE)
		return "number.corrupted";
	return actions[sg->kind][sg->state == OP_SUCCEEDED];
}

static int add_event(struct saga *sg, const char *action, const char *principal,
		     const char *request_id, struct err *err)
{
	struct clock *clock = sg->engine->clock;
	char id[ID_SIZE];
	struct event_row row = {
		.id = id,
		.at_ms = sg->ended_ms ? sg->ended_ms : sg->updated_ms,
		.principal = principal,
		.action = action,
		.number_id = sg->number_id,
		.phone_number = sg->phone_number,
		.operation_id = sg->id,
		.request_id = request_id,
	};

	id_new(clock, ID_EVENT, id);
	return event_add(sg->engine->store, &row, err);
}

static int add_events(struct saga *sg, struct err *err)
{
	if (sg->cancelled_by[0] && !sg->cancel_told &&
	    add_event(sg, "operation.cancelled", sg->cancelled_by,
		      sg->cancel_request, err))
		return -1;
	if (!sg->ended_ms)
		return 0;
	return add_event(sg, action_of(sg), sg->principal, sg->request_id, err);
}

static int put_reply(struct saga *sg, struct err *err)
{
	const struct reply *r = &sg->reply;
	struct reply_row row = {
		.principal = sg->principal,
		.key = sg->key,
		.fingerprint = sg->fingerprint,
		.operation_id = sg->id,
		.created_ms = sg->created_ms,
		.finished_ms = sg->ended_ms,
	};

	if (r->body.failed) /* there was no memory: is there now? */
		saga_result(sg);
	if (r->body.failed)
		return err_set(err, ERR_STORE_FULL, "out of memory");
	if (sg->ended_ms) {
		row.status = r->status;
		row.retry_after_s = r->retry_after_s;
		row.content_type = r->content_type;
		row.location = r->location[0] ? r->location : NULL;
		row.etag = r->etag[0] ? r->etag : NULL;
		row.body = r->body.data;
		row.body_size = r->body.len;
	}
	return reply_put(sg->engine->store, &row, err);
}

/* The account's credentials would be forgotten with the number; the sweep may
 * still need them. */
static int put_account(struct saga *sg, struct err *err)
{
	struct twilio_login login;
	struct buf sealed = BUF_INIT(1024);
	struct account_row row;
	char place[64];
	int rc;

	if (!login_of(&sg->spec, &login))
		return 0;
	snprintf(place, sizeof(place), "accounts/%s", login.account_sid);
	rc = seal_close(sg->engine->seal, sg->engine->clock, place,
			login.secret, strlen(login.secret), &sealed, err);
	row = (struct account_row){
		.account_sid = login.account_sid,
		.user = login.user,
		.secret = sealed.data,
		.secret_size = sealed.len,
		.noted_ms = sg->updated_ms,
	};
	if (!rc)
		rc = account_put(sg->engine->store, &row, err);
	buf_release(&sealed);
	return rc;
}

/* On a client's own trunk the import is all that can be in doubt, and it bears
 * no mark: the sweep knows it by what is kept here. */
static int put_import(struct saga *sg, struct err *err)
{
	struct import_row row = {
		.number_id = sg->number_id,
		.phone_number = sg->phone_number,
		.termination_uri =
			spec_sub(&sg->spec, "outbound_trunk", "address"),
		.noted_ms = sg->updated_ms,
	};

	if (spec_is_twilio(&sg->spec))
		return 0;
	return import_put(sg->engine->store, &row, err);
}

/* What the sweep must know of what may yet turn up. */
static int put_doubt(struct saga *sg, struct err *err)
{
	return put_account(sg, err) || put_import(sg, err) ? -1 : 0;
}

/* A create that failed clean leaves only its operation. */
static bool leaves_nothing(const struct saga *sg)
{
	return sg->number_write == NUMBER_DELETE ||
	       (sg->kind == OP_CREATE && sg->state == OP_FAILED);
}

static int put_saga(struct saga *sg, struct err *err)
{
	bool fresh = !sg->committed;

	sg->updated_ms = saga_wall_ms(sg);
	if (fresh && sg->kind == OP_CREATE && sg->trunk_id[0] &&
	    put_trunk(sg, err))
		return -1;
	if (leaves_nothing(sg) ? drop_number(sg, err) : put_rows(sg, err))
		return -1;
	if (sg->op_dirty && put_operation(sg, err))
		return -1;
	if (sg->number_write == NUMBER_PUT && put_number(sg, err))
		return -1;
	if ((sg->in_doubt || (sg->doubted && sg->ended_ms)) &&
	    put_doubt(sg, err))
		return -1;
	if (add_events(sg, err))
		return -1;
	if (sg->key[0] && (fresh || sg->ended_ms) && put_reply(sg, err))
		return -1;
	return 0;
}

static int put_all(struct engine *e, struct err *err)
{
	if (store_begin(e->store, err))
		return -1;
	for (struct saga *sg = e->touched; sg; sg = sg->next_touched)
		if (put_saga(sg, err)) {
			store_rollback(e->store);
			return -1;
		}
	return store_commit(e->store, err);
}

/* Nothing waits to be written: does writing work again? */
static int probe(struct engine *e, struct err *err)
{
	if (store_begin(e->store, err))
		return -1;
	if (meta_put(e->store, "probe", "written", err)) {
		store_rollback(e->store);
		return -1;
	}
	return store_commit(e->store, err);
}

static void mark_clean(struct saga *sg)
{
	sg->touched = false;
	sg->committed = true;
	sg->op_dirty = false;
	sg->in_doubt = false;
	sg->cancel_told = sg->cancelled_by[0] != '\0';
	sg->number_write = NUMBER_KEEP;
	for (int i = 0; i < sg->row_count; i++)
		sg->tasks[i].dirty = false;
}

static void clean_all(struct engine *e)
{
	while (e->touched) {
		struct saga *sg = e->touched;

		e->touched = sg->next_touched;
		mark_clean(sg);
		if (!op_ended(sg->state))
			continue;
		histogram_add(&e->counts.operations[sg->kind][sg->state],
			      (sg->ended_ms - sg->created_ms) * 1000);
		saga_leave(e, sg);
		sg->next_touched = e->ended;
		e->ended = sg;
	}
	e->touched_end = &e->touched;
	e->must_commit = false;
	e->lazy_since = 0;
}

/* --- when it fails ------------------------------------------------------- */

static bool uncommitted(const struct call *call)
{
	return call->task && !call->task->saga->committed;
}

static void drop_calls(struct engine *e)
{
	struct call **at = &e->calls;

	while (*at) {
		struct call *call = *at;

		if (!uncommitted(call)) {
			at = &call->next;
			continue;
		}
		*at = call->next;
		lane_return(call->task, NULL);
		call->task->state = TASK_IDLE;
		http_request_release(&call->rq);
		free(call);
	}
	e->calls_end = at;
}

static void withdraw(struct engine *e, struct saga *sg)
{
	while (sg->waiters) {
		struct command *c = sg->waiters;
		struct err err = ERR_INIT;

		sg->waiters = c->next;
		err_set(&err, ERR_STORAGE_UNAVAILABLE,
			"the database cannot be written just now");
		command_problem(e, c, &err, NULL);
	}
	for (int i = 0; i < sg->row_count; i++)
		task_cancel(&sg->tasks[i]);
	timers_drop(&e->timers, sg);
	saga_leave(e, sg);
	saga_free(sg);
}

void replies_revoke(struct engine *e)
{
	for (struct command *c = e->replies; c; c = c->next) {
		const struct saga *sg = c->basis;
		struct err err = ERR_INIT;
		struct buf body = c->reply.body;

		if (!sg || sg->committed)
			continue;
		buf_clear(&body);
		c->basis = NULL;
		c->reply = (struct reply){.body = body};
		err_set(&err, ERR_STORAGE_UNAVAILABLE,
			"the database cannot be written just now");
		problem_reply(c, &err, NULL);
	}
}

static void withdraw_fresh(struct engine *e)
{
	struct saga **at = &e->touched;

	drop_calls(e);
	while (*at) {
		struct saga *sg = *at;

		if (sg->committed) {
			at = &sg->next_touched;
			continue;
		}
		*at = sg->next_touched;
		withdraw(e, sg);
	}
	e->touched_end = at;
}

int engine_flush(struct engine *e, struct err *err)
{
	struct err failure = ERR_INIT;
	int64_t began_us = clock_mono_us(e->clock);

	if (!e->touched && !atomic_load(&e->stalled))
		return 0;
	if ((e->touched ? put_all(e, &failure) : probe(e, &failure)) == 0) {
		clean_all(e);
		histogram_add(&e->counts.commits,
			      clock_mono_us(e->clock) - began_us);
		if (atomic_exchange(&e->stalled, false))
			log_info("storage_works_again");
		return 0;
	}
	if (failure.code != ERR_STORE_FULL) {
		if (err)
			*err = failure;
		return -1;
	}
	if (!atomic_exchange(&e->stalled, true))
		log_error("storage_unavailable", L_ERR(&failure));
	replies_revoke(e);
	withdraw_fresh(e);
	e->stalled_until = e->now + STALL_MS;
	return 1;
}
