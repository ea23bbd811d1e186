/* SPDX-License-Identifier: MIT */
/*
 * result.c - what a saga tells when it has ended: the answer for its clients,
 * the receipt, and the fragments that its records keep.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "saga.h"

static void put_id(struct buf *b, const struct step_row *row)
{
	json_put_str(b, "kind", row->step->kind);
	json_put_str(b, "id", row->external_id[0] ? row->external_id : NULL);
}

static void put_error(struct buf *b, const struct err *err)
{
	if (err->code == ERR_NONE) {
		json_put_raw(b, "error", NULL);
		return;
	}
	json_key(b, "error");
	buf_char(b, '{');
	json_put_str(b, "code", err_def(err->code)->code);
	json_put_str(b, "detail",
		     err->detail[0] ? err->detail : err_def(err->code)->title);
	json_put_int(b, "provider_status", err->provider_status);
	json_put_int(b, "provider_code", err->provider_code);
	buf_char(b, '}');
}

/* The step's instruction with each %s replaced by the resource's id. */
static void put_by_hand(struct buf *b, const struct step_row *row)
{
	const char *id =
		row->external_id[0] ? row->external_id : "(id not known)";
	struct buf text = BUF_INIT(1024);
	const char *p = row->step->by_hand, *s;

	while ((s = strstr(p, "%s"))) {
		buf_add(&text, p, (size_t)(s - p));
		buf_str(&text, id);
		p = s + 2;
	}
	buf_str(&text, p);
	json_put_str(b, "by_hand", text.data);
	b->failed |= text.failed;
	buf_release(&text);
}

static void add_remaining(const struct saga *sg, struct buf *b)
{
	bool first = true;

	json_key(b, "remaining");
	buf_char(b, '[');
	for (int i = 0; i < sg->row_count; i++) {
		const struct step_row *row = &sg->rows[i];
		struct err err = task_err(&sg->tasks[i]);

		if (!row_counts(row) || row->state == ROW_GONE)
			continue;
		buf_str(b, first ? "{" : ",{");
		first = false;
		put_id(b, row);
		put_error(b, &err);
		put_by_hand(b, row);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

enum receipt_part { CREATED, REMOVED };

static bool belongs(const struct saga *sg, int i, enum receipt_part part)
{
	const struct step_row *row = &sg->rows[i];

	if (!row_counts(row) || !row->external_id[0])
		return false;
	if (part == REMOVED)
		return row->state == ROW_GONE && !sg->tasks[i].before;
	return sg->kind == OP_CREATE && row->state != ROW_INTENDED;
}

static void add_part(const struct saga *sg, struct buf *b, const char *name,
		     enum receipt_part part)
{
	bool first = true;

	json_key(b, name);
	buf_char(b, '[');
	for (int i = 0; i < sg->row_count; i++) {
		if (!belongs(sg, i, part))
			continue;
		buf_str(b, first ? "{" : ",{");
		first = false;
		put_id(b, &sg->rows[i]);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

/* While nothing is stuck, what stands is the result and not a remainder. */
int saga_receipt(const struct saga *sg, struct buf *b)
{
	bool stands = sg->state == OP_SUCCEEDED &&
		      (sg->kind == OP_CREATE || sg->kind == OP_UPDATE);

	buf_char(b, '{');
	add_part(sg, b, "created", CREATED);
	add_part(sg, b, "removed", REMOVED);
	if (stands)
		json_put_raw(b, "remaining", "[]");
	else
		add_remaining(sg, b);
	return buf_char(b, '}');
}

int saga_steps(const struct saga *sg, struct buf *b)
{
	buf_char(b, '[');
	for (int i = 0; i < sg->row_count; i++) {
		struct journal_row row;

		row_to_journal(&sg->tasks[i], &row);
		if (i)
			buf_char(b, ',');
		view_step(b, &row);
	}
	return buf_char(b, ']');
}

/* --- a number's `built` -------------------------------------------------- */

static const struct step_row *row_of(const struct saga *sg, enum step_id id)
{
	for (int i = 0; i < sg->row_count; i++)
		if (sg->rows[i].step->id == id)
			return &sg->rows[i];
	return NULL;
}

static const char *recall(const struct step_row *row, const char *name)
{
	return row ? json_string_value(json_object_get(row->data, name)) : NULL;
}

static void add_trunk(const struct saga *sg, struct buf *b)
{
	const struct step_row *trunk = row_of(sg, STEP_TRUNK);
	const char *uri = recall(trunk, "domain");
	const char *own =
		spec_sub(&sg->spec, "inbound_trunk", "origination_uri");

	if (!own)
		own = sg->engine->conf.settings.retell_sip_uri;
	json_key(b, "trunk");
	buf_char(b, '{');
	json_put_str(b, "id", sg->trunk_id[0] ? sg->trunk_id : NULL);
	json_put_str(b, "sid",
		     trunk && trunk->external_id[0] ? trunk->external_id
						    : NULL);
	json_put_str(b, "termination_uri",
		     trunk ? uri
			   : spec_sub(&sg->spec, "outbound_trunk", "address"));
	json_put_str(b, "origination_uri",
		     row_of(sg, STEP_ORIGINATION_URL) ? own : NULL);
	buf_char(b, '}');
}

static void add_resources(const struct saga *sg, struct buf *b)
{
	bool first = true;

	json_key(b, "resources");
	buf_char(b, '[');
	for (int i = 0; i < sg->row_count; i++) {
		const struct step_row *row = &sg->rows[i];

		if (!row_counts(row) || row->state == ROW_GONE)
			continue;
		buf_str(b, first ? "{" : ",{");
		first = false;
		put_id(b, row);
		json_put_str(b, "state", row_state_name(row->state));
		json_put_time(b, "created_at", sg->tasks[i].started_ms);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

int saga_built(const struct saga *sg, struct buf *b)
{
	buf_char(b, '{');
	add_trunk(sg, b);
	add_resources(sg, b);
	if (strcmp(sg->status, "corrupted") == 0) {
		json_key(b, "error");
		buf_char(b, '{');
		json_put_str(b, "code", err_def(sg->cause.code)->code);
		json_put_str(b, "detail", sg->cause.detail);
		add_remaining(sg, b);
		buf_char(b, '}');
	} else {
		json_put_raw(b, "error", NULL);
	}
	return buf_char(b, '}');
}

static int agents_of(const struct saga *sg, const char **out)
{
	const json_t *version;
	int n = spec_agent_count(&sg->spec), count = 0;

	for (int i = 0; i < n && count < NUMBER_AGENTS_MAX; i++) {
		const char *id = spec_agent(&sg->spec, i, &version);
		int j = 0;

		while (j < count && strcmp(out[j], id) != 0)
			j++;
		if (j == count)
			out[count++] = id;
	}
	return count;
}

void record_init(struct record *r)
{
	struct buf empty = BUF_INIT(REPLY_BODY_MAX);

	*r = (struct record){empty, empty, empty, empty, empty, empty};
}

void record_release(struct record *r)
{
	buf_release(&r->spec);
	buf_release(&r->built);
	buf_release(&r->result);
	buf_release(&r->error);
	buf_release(&r->steps);
	buf_release(&r->secrets);
}

int saga_number_row(const struct saga *sg, struct number_row *row,
		    struct record *text)
{
	json_add_value(&text->spec, sg->spec.pub);
	if (sg->built)
		buf_str(&text->built, sg->built);
	else
		saga_built(sg, &text->built);
	*row = (struct number_row){
		.id = sg->number_id,
		.phone_number = sg->phone_number,
		.status = sg->status,
		.label = spec_str(&sg->spec, "label"),
		.provider = spec_str(&sg->spec, "provider"),
		.trunk_id = sg->trunk_id[0] ? sg->trunk_id : NULL,
		.operation_id = sg->id,
		.version = sg->version,
		.created_ms = sg->number_created_ms,
		.updated_ms = sg->ended_ms ? sg->ended_ms : sg->created_ms,
		.spec = text->spec.data,
		.built = text->built.data,
	};
	row->agent_count = agents_of(sg, row->agents);
	return text->spec.failed || text->built.failed ? -1 : 0;
}

/* The problem that an operation keeps: why it failed. */
static void add_error(const struct saga *sg, struct buf *b)
{
	struct buf members = BUF_INIT(REPLY_BODY_MAX);

	saga_problem_members(sg, &members);
	view_problem(b, &sg->cause, sg->request_id, NULL, members.data);
	b->failed |= members.failed;
	buf_release(&members);
}

int saga_operation_row(const struct saga *sg, struct operation_row *row,
		       struct record *text)
{
	bool ended = op_ended(sg->state);

	json_add_value(&text->spec, sg->spec.pub);
	if (ended) { /* until then they are read from the journal */
		saga_steps(sg, &text->steps);
		saga_receipt(sg, &text->result);
	}
	if (sg->cause.code)
		add_error(sg, &text->error);
	*row = (struct operation_row){
		.id = sg->id,
		.kind = op_kind_name(sg->kind),
		.state = op_state_name(sg->state),
		.number_id = sg->number_id,
		.trunk_id = sg->trunk_id[0] ? sg->trunk_id : NULL,
		.phone_number = sg->phone_number,
		.request_id = sg->request_id,
		.principal = sg->principal,
		.spec = text->spec.data,
		.cancelled = sg->cancelled_by[0] != '\0',
		.recoveries = sg->recoveries,
		.created_ms = sg->created_ms,
		.updated_ms = sg->updated_ms,
		.ended_ms = sg->ended_ms,
		.error = sg->cause.code ? text->error.data : NULL,
		.result = ended ? text->result.data : NULL,
		.steps = ended ? text->steps.data : NULL,
	};
	row->done = saga_progress(sg, &row->total);
	return text->spec.failed || text->steps.failed || text->result.failed ||
			       text->error.failed
		       ? -1
		       : 0;
}

/* --- the answer ---------------------------------------------------------- */

int saga_problem_members(const struct saga *sg, struct buf *b)
{
	struct buf receipt = BUF_INIT(REPLY_BODY_MAX);
	int rc;

	saga_receipt(sg, &receipt);
	buf_printf(b, "\"operation_id\":\"%s\",\"rolled_back\":%s,", sg->id,
		   sg->state == OP_FAILED ? "true" : "false");
	if (sg->state == OP_STUCK)
		buf_printf(b, "\"number_id\":\"%s\",", sg->number_id);
	buf_str(b, "\"resources\":");
	rc = buf_str(b, receipt.data);
	b->failed |= receipt.failed;
	buf_release(&receipt);
	return rc;
}

static void fail(struct saga *sg)
{
	struct reply *r = &sg->reply;
	struct buf members = BUF_INIT(REPLY_BODY_MAX);
	const struct err_def *def = err_def(sg->cause.code);

	saga_problem_members(sg, &members);
	r->status = def->http;
	r->retry_after_s = def->again_s;
	r->content_type = CONTENT_PROBLEM;
	view_problem(&r->body, &sg->cause, sg->request_id, NULL, members.data);
	r->body.failed |= members.failed;
	buf_release(&members);
}

static void answer_number(struct saga *sg)
{
	struct reply *r = &sg->reply;
	struct record text;
	struct number_row row;

	record_init(&text);
	saga_number_row(sg, &row, &text); /* -1: text.*.failed */
	r->status = sg->kind == OP_CREATE ? 201 : 200;
	if (sg->kind == OP_CREATE)
		snprintf(r->location, sizeof(r->location),
			 "/v1/agent-phone-numbers/%s", sg->number_id);
	view_etag(row.version, r->etag);
	view_number(&r->body, &row);
	r->body.failed |= text.spec.failed || text.built.failed;
	record_release(&text);
}

static void answer_removed(struct saga *sg)
{
	struct buf *b = &sg->reply.body;

	sg->reply.status = 200;
	buf_char(b, '{');
	json_put_str(b, "id", sg->number_id);
	json_put_str(b, "phone_number", sg->phone_number);
	json_put_str(b, "status",
		     sg->kind == OP_FORCE ? "force_deleted" : "deleted");
	json_put_str(b, "operation_id", sg->id);
	json_key(b, "resources");
	saga_receipt(sg, b);
	buf_char(b, '}');
}

void saga_result(struct saga *sg)
{
	buf_clear(&sg->reply.body);
	sg->reply.content_type = CONTENT_JSON;
	if (sg->state != OP_SUCCEEDED)
		fail(sg);
	else if (sg->kind == OP_CREATE || sg->kind == OP_UPDATE)
		answer_number(sg);
	else
		answer_removed(sg);
	if (sg->reply.body.failed)
		log_error("answer_too_large", L_STR("operation_id", sg->id));
}

void reply_copy(struct reply *to, const struct reply *from)
{
	struct buf body = to->body;

	*to = *from;
	to->body = body;
	buf_clear(&to->body);
	if (from->body.failed ||
	    buf_add(&to->body, from->body.data, from->body.len))
		to->body.failed = true; /* command_reply looks */
}
