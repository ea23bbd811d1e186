/* SPDX-License-Identifier: MIT */
/* change.c - commands on a number that is there: update, delete, force. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

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

/* The record, if nothing works on it and it is the version that is meant. */
static int find_free(struct engine *e, const struct command *c,
		     struct number_row *row, struct err *err)
{
	if (find_number(e, c, row, err) < 0 ||
	    refuse_busy(saga_by_ref(e, row->id), err))
		return -1;
	return check_match(c, row->version, err);
}

/* Takes the number's record over into a new saga. */
static struct saga *begin_on(struct engine *e, const struct command *c,
			     enum op_kind kind, const struct number_row *row,
			     struct err *err)
{
	struct saga *sg = command_begin(e, c, kind, err);
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
	if (sg->created_ms < row->updated_ms) /* the clock was set back */
		sg->created_ms = sg->updated_ms = row->updated_ms;
	snprintf(place, sizeof(place), "numbers/%s", row->id);
	if (secrets_open(e, place, row->secrets, row->secrets_size, row->spec,
			 &sg->spec, err)) {
		saga_free(sg);
		return NULL;
	}
	return sg;
}

/* --- update, delete, force ----------------------------------------------- */

/* A patch with nothing new (unless an update got stuck) makes no version and no
 * operation; its key, if it has one, keeps the answer all the same. */
static int answer_unchanged(struct engine *e, struct command *c,
			    const struct number_row *row, struct err *err)
{
	c->reply.status = 200;
	c->reply.content_type = CONTENT_JSON;
	view_etag(row->version, c->reply.etag);
	view_number(&c->reply.body, row);
	if (c->key[0] && key_keep(e, c, row->operation_id, err)) {
		buf_clear(&c->reply.body);
		c->reply.etag[0] = '\0';
		return -1;
	}
	command_reply(e, c);
	return 0;
}

int take_update(struct engine *e, struct command *c, struct faults *faults,
		struct err *err)
{
	struct number_row row;
	struct saga *sg;

	if (find_free(e, c, &row, err))
		return -1;
	if (strcmp(row.status, "active") != 0)
		return err_set(err, ERR_BEING_DELETED, "the number is %s",
			       row.status);
	sg = begin_on(e, c, OP_UPDATE, &row, err);
	if (!sg)
		return -1;
	sg->former = sg->spec;
	sg->spec = (struct spec)SPEC_INIT;
	sg->built = strdup(row.built);
	if (!sg->built) {
		saga_free(sg);
		return err_set(err, ERR_OVERLOADED, "there is no memory left");
	}
	if (spec_patch(&sg->former, c->patch, &sg->spec, faults, err) ||
	    plan_update(sg, err)) {
		saga_free(sg);
		return -1;
	}
	if (json_equal(sg->spec.pub, sg->former.pub) && !sg->row_count) {
		saga_free(sg);
		return answer_unchanged(e, c, &row, err);
	}
	return command_start(e, c, sg, err);
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

int take_delete(struct engine *e, struct command *c, struct err *err)
{
	struct number_row row;
	struct saga *sg;

	if (find_number(e, c, &row, err) < 0)
		return -1;
	sg = saga_by_ref(e, row.id);
	/* Without a key, one more client waits for the same end. A key stands
	 * for an operation of its own, and there is only one. */
	if (sg && sg->kind == OP_DELETE && !op_ended(sg->state) && !c->key[0]) {
		command_attach(e, c, sg);
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
	return command_start(e, c, sg, err);
}

int take_force(struct engine *e, struct command *c, struct err *err)
{
	struct number_row row;
	struct saga *sg;

	if (find_free(e, c, &row, err))
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
	return command_start(e, c, sg, err);
}
