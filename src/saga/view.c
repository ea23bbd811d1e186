/* SPDX-License-Identifier: MIT */
/* view.c - numbers, operations and problems as JSON; see view.h. */
#include "saga/view.h"

#include <string.h>

#include "base/json.h"
#include "steps/step.h"

/* The members of a JSON object, without its braces, after what stands. */
static int add_members(struct buf *b, struct text object)
{
	if (object.len <= 2)
		return 0;
	if (buf_char(b, ','))
		return -1;
	return buf_add(b, object.at + 1, object.len - 2);
}

/* A page has hundreds of them: the names are written out here, as they need no
 * escape. */
int view_shown(struct buf *b, const struct number_shown *n)
{
	buf_str(b, "{\"id\":");
	json_add_text(b, n->id);
	buf_str(b, ",\"status\":");
	json_add_text(b, n->status);
	buf_str(b, ",\"version\":");
	json_add_int(b, n->version);
	add_members(b, n->spec);
	add_members(b, n->built);
	buf_str(b, ",\"operation_id\":");
	json_add_text(b, n->operation_id);
	buf_str(b, ",\"created_at\":");
	json_add_time(b, n->created_ms);
	buf_str(b, ",\"updated_at\":");
	json_add_time(b, n->updated_ms);
	return buf_char(b, '}');
}

int view_number(struct buf *b, const struct number_row *row)
{
	const struct number_shown n = {
		.version = row->version,
		.id = text_from(row->id),
		.status = text_from(row->status),
		.operation_id = text_from(row->operation_id),
		.created_ms = row->created_ms,
		.updated_ms = row->updated_ms,
		.spec = text_from(row->spec),
		.built = text_from(row->built),
	};

	return view_shown(b, &n);
}

void view_etag(int64_t version, char out[24])
{
	size_t len = json_int(version, out + 1);

	_Static_assert(JSON_INT_SIZE + 2 <= 24, "it fits between quotes");
	out[0] = out[len + 1] = '"';
	out[len + 2] = '\0';
}

int view_operation(struct buf *b, const struct operation_row *row,
		   const char *steps)
{
	if (!steps)
		steps = row->steps;
	buf_char(b, '{');
	json_put_str(b, "id", row->id);
	json_put_str(b, "kind", row->kind);
	json_put_str(b, "state", row->state);
	json_put_str(b, "number_id", row->number_id);
	json_put_str(b, "phone_number", row->phone_number);
	json_key(b, "progress");
	buf_char(b, '{');
	json_put_int(b, "done", row->done);
	json_put_int(b, "total", row->total);
	buf_char(b, '}');
	json_put_raw(b, "steps", steps ? steps : "[]");
	json_put_raw(b, "resources", row->result);
	json_put_raw(b, "error", row->error);
	json_put_str(b, "request_id", row->request_id);
	json_put_time(b, "created_at", row->created_ms);
	json_put_time(b, "updated_at", row->updated_ms);
	json_put_time(b, "ended_at", row->ended_ms);
	return buf_char(b, '}');
}

int view_step(struct buf *b, const struct journal_row *row)
{
	const struct step *step = step_by_name(row->step);

	buf_char(b, '{');
	json_put_str(b, "name", row->step);
	json_put_int(b, "instance", row->instance);
	json_put_str(b, "state", row->state);
	json_put_str(b, "kind", step ? step->kind : NULL);
	json_put_str(b, "id", row->external_id[0] ? row->external_id : NULL);
	json_put_int(b, "attempts", row->attempts);
	json_put_time(b, "started_at", row->started_ms);
	json_put_time(b, "updated_at", row->updated_ms);
	if (row->error) {
		json_key(b, "error");
		buf_char(b, '{');
		json_put_str(b, "code", row->error);
		json_put_int(b, "provider_status", row->provider_status);
		json_put_int(b, "provider_code", row->provider_code);
		buf_char(b, '}');
	} else {
		json_put_raw(b, "error", NULL);
	}
	return buf_char(b, '}');
}

int view_event(struct buf *b, const struct event_row *row)
{
	buf_char(b, '{');
	json_put_str(b, "id", row->id);
	json_put_time(b, "at", row->at_ms);
	json_put_str(b, "principal", row->principal);
	json_put_str(b, "action", row->action);
	json_put_str(b, "number_id", row->number_id);
	json_put_str(b, "phone_number", row->phone_number);
	json_put_str(b, "operation_id", row->operation_id);
	json_put_str(b, "request_id", row->request_id);
	json_put_raw(b, "detail", row->detail);
	return buf_char(b, '}');
}

static void add_faults(struct buf *b, const struct faults *faults)
{
	json_key(b, "errors");
	buf_char(b, '[');
	for (int i = 0; i < faults->count; i++) {
		buf_str(b, i ? ",{" : "{");
		json_put_str(b, "pointer", faults->list[i].pointer);
		json_put_str(b, "detail", faults->list[i].detail);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

static void add_provider(struct buf *b, const struct err *err)
{
	if (err->step[0])
		json_put_str(b, "step", err->step);
	if (err->provider[0])
		json_put_str(b, "provider", err->provider);
	if (err->provider_status)
		json_put_int(b, "provider_status", err->provider_status);
	if (err->provider_code)
		json_put_int(b, "provider_code", err->provider_code);
}

int view_problem(struct buf *b, const struct err *err, const char *request_id,
		 const struct faults *faults, const char *extra)
{
	const struct err_def *def = err_def(err->code);

	buf_char(b, '{');
	json_key(b, "type");
	buf_printf(b, "\"/problems/%s\"", def->code);
	json_put_str(b, "title", def->title);
	json_put_int(b, "status", def->http);
	json_put_str(b, "detail", err->detail[0] ? err->detail : def->title);
	json_key(b, "instance");
	buf_str(b, "\"urn:trunkline:request:");
	buf_str(b, request_id); /* [A-Za-z0-9._-] */
	buf_char(b, '"');
	json_put_str(b, "code", def->code);
	json_put_str(b, "request_id", request_id);
	if (faults && faults->count)
		add_faults(b, faults);
	add_provider(b, err);
	if (err->number_id[0])
		json_put_str(b, "number_id", err->number_id);
	if (err->operation_id[0])
		json_put_str(b, "operation_id", err->operation_id);
	if (extra && extra[0]) {
		buf_char(b, ',');
		buf_str(b, extra);
	}
	return buf_char(b, '}');
}
