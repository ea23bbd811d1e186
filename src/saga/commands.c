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
#include "saga.h"
#include "store/replies.h"

#define RETRY_AFTER_S	  5
#define RETRY_IN_FLIGHT_S 1
#define USERNAME_CHARS	  16

void command_release(struct command *c)
{
	spec_release(&c->spec);
	json_decref(c->patch);
	c->patch = NULL;
	buf_release(&c->reply.body);
}

void command_reply(struct engine *e, struct command *c)
{
	c->next = NULL;
	*e->replies_end = c;
	e->replies_end = &c->next;
}

void problem_reply(struct command *c, const struct err *err,
		   const struct faults *faults)
{
	struct reply *r = &c->reply;

	r->status = err_def(err->code)->http;
	r->content_type = CONTENT_PROBLEM;
	if (r->status == 503)
		r->retry_after_s = RETRY_AFTER_S;
	else if (err->code == ERR_IDEMPOTENCY_IN_FLIGHT ||
		 err->code == ERR_OPERATION_IN_PROGRESS)
		r->retry_after_s = RETRY_IN_FLIGHT_S;
	view_problem(&r->body, err, c->request_id, faults, NULL);
}

void command_problem(struct engine *e, struct command *c, const struct err *err,
		     const struct faults *faults)
{
	problem_reply(c, err, faults);
	command_reply(e, c);
}

void command_accepted(struct engine *e, struct command *c,
		      const struct saga *sg)
{
	struct reply *r = &c->reply;
	struct operation_row row;
	struct record text;

	record_init(&text);
	saga_operation_row(sg, &row, &text);
	r->status = 202;
	r->content_type = CONTENT_JSON;
	r->async_applied = c->async;
	c->basis = sg;
	snprintf(r->location, sizeof(r->location), "/v1/operations/%s", sg->id);
	view_operation(&r->body, &row, text.steps.data);
	record_release(&text);
	command_reply(e, c);
}

/* Waits for the saga's end, or not. */
static void attach(struct engine *e, struct command *c, struct saga *sg)
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

static struct saga *begin(struct engine *e, const struct command *c,
			  enum op_kind kind, struct err *err)
{
	struct saga *sg = NULL;

	if (e->saga_count < e->conf.max_operations)
		sg = saga_new(e);
	if (!sg) {
		err_set(err, ERR_OVERLOADED,
			"%d operations are running, which is the limit",
			e->saga_count);
		return NULL;
	}
	sg->kind = kind;
	id_new(e->clock, ID_OPERATION, sg->id);
	strcpy(sg->request_id, c->request_id);
	strcpy(sg->principal, c->principal);
	strcpy(sg->key, c->key);
	memcpy(sg->fingerprint, c->fingerprint, SEAL_HASH_SIZE);
	sg->created_ms = sg->updated_ms = e->clock->wall_ms(e->clock);
	sg->deadline =
		e->now + (kind == OP_DELETE ? e->conf.undo_deadline_ms
					    : e->conf.operation_deadline_ms);
	return sg;
}

/* From here the saga lives until it has ended and that is on disk. */
static int accept(struct engine *e, struct command *c, struct saga *sg,
		  struct err *err)
{
	if (index_add(e, sg, err)) {
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
	attach(e, c, sg);
	saga_advance(sg);
	return 0;
}

/* --- create -------------------------------------------------------------- */

/* Whose account: the request's, or the server's. */
static int settle_account(struct engine *e, struct spec *spec,
			  struct faults *faults, struct err *err)
{
	const char *own = e->conf.settings.twilio_account_sid;
	const char *sid = spec_str(spec, "twilio_account_sid");

	faults->count = 0;
	if (!spec_is_twilio(spec) || spec_flag(spec, "has_twilio_credentials"))
		return 0;
	if (own && (!sid || strcmp(sid, own) == 0))
		return json_object_set_new(spec->pub, "twilio_account_sid",
					   json_string(own));
	faults->count = 1;
	strcpy(faults->list[0].pointer,
	       sid ? "/twilio_auth_token" : "/twilio_account_sid");
	snprintf(faults->list[0].detail, sizeof(faults->list[0].detail),
		 sid ? "is required with a twilio_account_sid that is not the "
		       "service's own"
		     : "is required, with twilio_auth_token: the service has "
		       "no Twilio account of its own");
	return err_set(err, ERR_INVALID_REQUEST, "1 fault in the body");
}

/* User name and password of the trunk, unless the request brought them. */
static int settle_credentials(struct engine *e, struct spec *spec)
{
	json_t *trunk = json_object_get(spec->pub, "outbound_trunk");
	char username[USERNAME_CHARS + 4] = "tl-", password[25];
	int rc = 0;

	if (!spec_is_twilio(spec) || !spec_flag(spec, "supports_outbound"))
		return 0;
	if (!json_is_string(json_object_get(trunk, "username"))) {
		id_random(e->clock, username + 3, USERNAME_CHARS);
		rc |= json_object_set_new(trunk, "username",
					  json_string(username));
	}
	if (!spec_secret(spec, "sip_password")) {
		id_password(e->clock, password);
		rc |= json_object_set_new(spec->secrets, "sip_password",
					  json_string(password));
		explicit_bzero(password, sizeof(password));
		rc |= json_object_set_new(spec->pub, "has_auth_credentials",
					  json_true());
	}
	return rc;
}

static int refuse_taken(struct engine *e, const char *phone_number,
			struct err *err)
{
	struct saga *sg = saga_by_number(e, phone_number);
	struct number_row row;
	int found;

	if (sg) {
		err_set(err, ERR_OPERATION_IN_PROGRESS,
			"a %s of the number is running",
			op_kind_name(sg->kind));
		strcpy(err->operation_id, sg->id);
		return -1;
	}
	found = number_find(e->store, phone_number, &row, err);
	if (found <= 0)
		return found;
	err_set(err, ERR_NUMBER_EXISTS, "the number is %s here as %s",
		row.status, row.id);
	snprintf(err->number_id, sizeof(err->number_id), "%s", row.id);
	return -1;
}

/* While a provider is known to be away, a create would only fail later. */
static int refuse_closed(struct engine *e, struct command *c, struct err *err)
{
	enum provider which;
	int64_t ms = lanes_closed_ms(e, &c->spec, &which);

	if (!ms)
		return 0;
	err_set(err, ERR_PROVIDER_UNAVAILABLE,
		"%s did not answer the last calls; nothing was started",
		provider_name(which));
	snprintf(err->provider, sizeof(err->provider), "%s",
		 provider_name(which));
	return -1;
}

static int answer_plan(struct engine *e, struct command *c, struct err *err)
{
	if (view_plan(&c->reply.body, &c->spec, err))
		return -1;
	c->reply.status = 200;
	c->reply.content_type = CONTENT_JSON;
	command_reply(e, c);
	return 0;
}

static int take_create(struct engine *e, struct command *c,
		       struct faults *faults, struct err *err)
{
	const char *number = spec_str(&c->spec, "phone_number");
	struct saga *sg;

	if (settle_account(e, &c->spec, faults, err) ||
	    refuse_taken(e, number, err))
		return -1;
	if (c->dry_run)
		return answer_plan(e, c, err);
	if (refuse_closed(e, c, err))
		return -1;
	if (settle_credentials(e, &c->spec))
		return err_set(err, ERR_OVERLOADED, "out of memory");
	sg = begin(e, c, OP_CREATE, err);
	if (!sg)
		return -1;
	id_new(e->clock, ID_NUMBER, sg->number_id);
	if (spec_is_twilio(&c->spec))
		id_new(e->clock, ID_TRUNK, sg->trunk_id);
	snprintf(sg->phone_number, sizeof(sg->phone_number), "%s", number);
	sg->spec = c->spec;
	c->spec = (struct spec)SPEC_INIT;
	if (plan_create(sg, err)) {
		saga_free(sg);
		return -1;
	}
	return accept(e, c, sg, err);
}

/* --- what is there already ----------------------------------------------- */

/* The record that a command means, or the reason why not. */
static int find_number(struct engine *e, const struct command *c,
		       struct number_row *row, struct err *err)
{
	int found = number_find(e->store, c->ref, row, err);
	struct saga *sg;

	if (found != 0)
		return found;
	sg = c->ref[0] == '+' ? saga_by_number(e, c->ref)
			      : saga_by_ref(e, c->ref);
	if (!sg)
		return err_set(err, ERR_NOT_FOUND, "there is no such number");
	err_set(err, ERR_OPERATION_IN_PROGRESS,
		"the number is still being created");
	strcpy(err->operation_id, sg->id);
	return -1;
}

static int check_match(const struct command *c, int64_t version,
		       struct err *err)
{
	if (!c->match || c->match_any)
		return 0;
	for (int i = 0; i < c->match_count; i++)
		if (c->match_versions[i] == version)
			return 0;
	return err_set(err, ERR_PRECONDITION_FAILED,
		       "the number is at version %lld", (long long)version);
}

static int refuse_busy(const struct saga *other, struct err *err)
{
	if (!other)
		return 0;
	err_set(err, ERR_OPERATION_IN_PROGRESS, "a %s of the number is running",
		op_kind_name(other->kind));
	strcpy(err->operation_id, other->id);
	return -1;
}

/* Takes the number's record over into a new saga. */
static struct saga *begin_on(struct engine *e, const struct command *c,
			     enum op_kind kind, const struct number_row *row,
			     struct err *err)
{
	struct saga *sg = begin(e, c, kind, err);
	char place[64];

	if (!sg)
		return NULL;
	snprintf(sg->number_id, sizeof(sg->number_id), "%s", row->id);
	snprintf(sg->trunk_id, sizeof(sg->trunk_id), "%s",
		 row->trunk_id ? row->trunk_id : "");
	snprintf(sg->phone_number, sizeof(sg->phone_number), "%s",
		 row->phone_number);
	snprintf(sg->status, sizeof(sg->status), "%s", row->status);
	sg->version = row->version;
	sg->number_created_ms = row->created_ms;
	snprintf(place, sizeof(place), "numbers/%s", row->id);
	if (secrets_open(e, place, row->secrets, row->secrets_size, row->spec,
			 &sg->spec, err)) {
		saga_free(sg);
		return NULL;
	}
	return sg;
}

/* --- update, delete, force ----------------------------------------------- */

/* A patch with nothing new makes no version and no operation. */
static void answer_unchanged(struct engine *e, struct command *c,
			     const struct number_row *row)
{
	c->reply.status = 200;
	c->reply.content_type = CONTENT_JSON;
	view_etag(row, c->reply.etag);
	view_number(&c->reply.body, row);
	command_reply(e, c);
}

static int take_update(struct engine *e, struct command *c,
		       struct faults *faults, struct err *err)
{
	struct number_row row;
	struct saga *sg;

	if (find_number(e, c, &row, err) < 0 ||
	    refuse_busy(saga_by_ref(e, row.id), err) ||
	    check_match(c, row.version, err))
		return -1;
	if (strcmp(row.status, "active") != 0)
		return err_set(err, ERR_BEING_DELETED, "the number is %s",
			       row.status);
	sg = begin_on(e, c, OP_UPDATE, &row, err);
	if (!sg)
		return -1;
	sg->built = strdup(row.built);
	sg->former = sg->spec;
	sg->spec = (struct spec)SPEC_INIT;
	if (spec_patch(&sg->former, c->patch, &sg->spec, faults, err) ||
	    plan_update(sg, err)) {
		saga_free(sg);
		return -1;
	}
	if (json_equal(sg->spec.pub, sg->former.pub)) {
		answer_unchanged(e, c, &row);
		saga_free(sg);
		return 0;
	}
	return accept(e, c, sg, err);
}

/* What was stuck is tried again: with its id at once, without it only after a
 * look. */
static void take_up_stuck(struct saga *sg)
{
	for (int i = 0; i < sg->row_count; i++) {
		struct task *t = &sg->tasks[i];

		if (t->row->state != ROW_STUCK)
			continue;
		t->unknown = !t->row->external_id[0];
		row_move(t, t->unknown ? ROW_INTENDED : ROW_UNDOING);
	}
}

static int take_delete(struct engine *e, struct command *c, struct err *err)
{
	struct number_row row;
	struct saga *sg;

	if (find_number(e, c, &row, err) < 0)
		return -1;
	sg = saga_by_ref(e, row.id);
	if (sg && sg->kind == OP_DELETE && !op_ended(sg->state)) {
		attach(e, c, sg);
		saga_schedule(sg);
		return 0;
	}
	if (refuse_busy(sg, err) || check_match(c, row.version, err))
		return -1;
	sg = begin_on(e, c, OP_DELETE, &row, err);
	if (!sg)
		return -1;
	if (plan_load(sg, err)) {
		saga_free(sg);
		return -1;
	}
	strcpy(sg->status, "deleting");
	sg->version++;
	sg->number_write = NUMBER_PUT;
	take_up_stuck(sg);
	return accept(e, c, sg, err);
}

static int take_force(struct engine *e, struct command *c, struct err *err)
{
	struct number_row row;
	struct saga *sg;

	if (find_number(e, c, &row, err) < 0 ||
	    refuse_busy(saga_by_ref(e, row.id), err) ||
	    check_match(c, row.version, err))
		return -1;
	if (strcmp(row.status, "corrupted") != 0)
		return err_set(err, ERR_NOT_CORRUPTED, "the number is %s",
			       row.status);
	sg = begin_on(e, c, OP_FORCE, &row, err);
	if (!sg)
		return -1;
	if (plan_load(sg, err)) {
		saga_free(sg);
		return -1;
	}
	return accept(e, c, sg, err);
}

static int take_sweep(struct engine *e, struct command *c, struct err *err)
{
	if (e->sweep)
		return err_set(err, ERR_OPERATION_IN_PROGRESS,
			       "a sweep is running");
	sweep_begin(e, c);
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
