/* SPDX-License-Identifier: MIT */
/*
 * request_log.c - the ring of request_log.h.
 */
#include "request_log.h"

#include "fault_rules.h"
#include "routes.h"

#include <stdlib.h>
#include <string.h>

struct log_row {
	uint64_t seq; /* from 1 */
	const char *operation;
	const char *account;
	const char *effect;
	char *method;
	char *path;
	char *parameters; /* JSON */
	struct rule *rule;
	int64_t at_ms, done_ms;
	int status;
};

/* Members whose value never appears anywhere. */
static const char *const secrets[] = {"Password", "sip_trunk_auth_password",
				      "auth_password", "AuthToken"};

static void mask(json_t *o)
{
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		if (json_object_get(o, secrets[i]))
			put_text(o, secrets[i], "***");
}

static char *masked_parameters(const struct sandbox_call *c)
{
	json_t *o = c->json ? must(json_copy(c->json)) : form_json(&c->form);
	char *text;

	if (c->json && json_is_object(c->json)) {
		json_t *query = form_json(&c->form);

		if (json_object_update(o, query))
			must(NULL);
		json_decref(query);
	}
	mask(o);
	text = json_line(o);
	json_decref(o);
	return text;
}

static void row_release(struct log_row *row)
{
	free(row->method);
	free(row->path);
	free(row->parameters);
	rule_unref(row->rule);
	*row = (struct log_row){0};
}

/* The ring grows to log_max; from there on the oldest row makes room. */
static struct log_row *next_row(struct sandbox *sb)
{
	struct log_row *row;

	if (sb->log_count == sb->log_room &&
	    sb->log_room < sb->config.log_max) {
		size_t room = sb->log_room ? sb->log_room * 2 : 64;

		if (room > sb->config.log_max)
			room = sb->config.log_max;
		/* not wrapped yet: it wraps only at log_max */
		sb->log = must(realloc(sb->log, room * sizeof(*sb->log)));
		memset(sb->log + sb->log_room, 0,
		       (room - sb->log_room) * sizeof(*sb->log));
		sb->log_room = room;
	}
	if (sb->log_count == sb->log_room) {
		row = &sb->log[sb->log_first];
		row_release(row);
		sb->log_first = (sb->log_first + 1) % sb->log_room;
		sb->log_dropped++;
		return row;
	}
	return &sb->log[(sb->log_first + sb->log_count++) % sb->log_room];
}

void log_begin(struct sandbox_call *c, int64_t now_ms)
{
	struct sandbox *sb = c->sb;
	struct log_row *row;

	if (!sb->config.log_max)
		return;
	row = next_row(sb);
	*row = (struct log_row){
		.seq = ++sb->log_seq,
		.operation = sandbox_operation(c),
		.account = c->claimed ? c->claimed->sid : NULL,
		.effect = "none",
		.method = must(strdup(c->method)),
		.path = must(strndup(c->target, strcspn(c->target, "?"))),
		.parameters = masked_parameters(c),
		.rule = c->rule,
		.at_ms = now_ms,
	};
	if (c->rule)
		c->rule->refs++;
	c->log_seq = row->seq;
}

/* NULL if it was dropped or cleared meanwhile. */
static struct log_row *row_of(const struct sandbox_call *c)
{
	struct sandbox *sb = c->sb;
	uint64_t first = sb->log_seq - sb->log_count + 1;

	if (!c->log_seq || c->log_seq < first || !sb->log_count ||
	    c->generation != sb->generation)
		return NULL;
	return &sb->log[(sb->log_first + (c->log_seq - first)) % sb->log_room];
}

void log_done(struct sandbox_call *c, int status, int64_t now_ms)
{
	static const char *const effects[] = {
		[SANDBOX_EFFECT_NOW] = "done",
		[SANDBOX_EFFECT_NONE] = "none",
		[SANDBOX_EFFECT_LATE] = "late",
	};
	struct log_row *row = row_of(c);

	if (!row)
		return;
	row->status = status;
	row->done_ms = now_ms;
	row->effect = c->refused ? "refused" : effects[c->plan.effect];
}

void log_landed(struct sandbox_call *c)
{
	struct log_row *row = row_of(c);

	if (row)
		row->effect = c->refused ? "refused" : "landed";
}

void log_clear(struct sandbox *sb)
{
	for (size_t i = 0; i < sb->log_count; i++)
		row_release(&sb->log[(sb->log_first + i) % sb->log_room]);
	sb->log_first = sb->log_count = sb->log_dropped = 0;
}

void log_release(struct sandbox *sb)
{
	log_clear(sb);
	free(sb->log);
	sb->log = NULL;
	sb->log_room = 0;
}

static json_t *row_json(const struct log_row *row)
{
	json_t *o = must(json_object());

	put_int(o, "seq", (json_int_t)row->seq);
	put_text(o, "operation", row->operation);
	put_text(o, "method", row->method);
	put_text(o, "path", row->path);
	put(o, "parameters",
	    json_loads(row->parameters, JSON_DECODE_ANY, NULL));
	put(o, "status", row->status ? json_integer(row->status) : json_null());
	put_int(o, "at_ms", row->at_ms);
	put(o, "done_ms",
	    row->done_ms ? json_integer(row->done_ms) : json_null());
	put_text(o, "account", row->account);
	put_text(o, "effect", row->effect);
	put(o, "fault",
	    row->rule ? json_incref(row->rule->source) : json_null());
	return o;
}

json_t *sandbox_requests(const struct sandbox *sb)
{
	json_t *o = must(json_object());
	json_t *list = must(json_array());

	put(o, "requests", list);
	for (size_t i = 0; i < sb->log_count; i++)
		add(list,
		    row_json(&sb->log[(sb->log_first + i) % sb->log_room]));
	put_int(o, "dropped", (json_int_t)sb->log_dropped);
	return o;
}

void sandbox_clear_requests(struct sandbox *sb)
{
	log_clear(sb);
}
