/* SPDX-License-Identifier: MIT */
/*
 * fault_plan.c - which rule hits a call, and what it makes of it.
 */
#include "fault_rules.h"

#include "routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool concerns(const struct rule *r, const struct sandbox_call *c)
{
	if (r->some_operations &&
	    (!c->op || !r->operations[c->op - operations]))
		return false;
	if (r->method && strcmp(r->method, c->method) != 0)
		return false;
	if (r->path && !strstr(c->target, r->path))
		return false;
	return !r->account ||
	       (c->claimed && strcmp(r->account, c->claimed->sid) == 0);
}

static bool hits(struct rule *r, struct sandbox *sb)
{
	double draw;

	if (r->matched < r->nth || (r->times > 0 && r->hits >= r->times))
		return false;
	if (r->probability >= 1)
		return true;
	draw = (double)(random_next(&sb->fault_random) >> 11) /
	       9007199254740992.0; /* 2^53 */
	return draw < r->probability;
}

/* Does the rule bring an answer of its own? */
static bool has_answer(const struct rule *r)
{
	return r->status >= 0 || r->body || r->redirect;
}

static enum sandbox_effect effect_of(const struct rule *r)
{
	if (r->land_late_ms >= 0)
		return SANDBOX_EFFECT_LATE;
	if (r->effect != UNSET)
		return r->effect == YES ? SANDBOX_EFFECT_NOW
					: SANDBOX_EFFECT_NONE;
	if (r->drop == DROP_BEFORE)
		return SANDBOX_EFFECT_NONE;
	if (r->drop == DROP_AFTER || r->reset == YES)
		return SANDBOX_EFFECT_NOW;
	return has_answer(r) ? SANDBOX_EFFECT_NONE : SANDBOX_EFFECT_NOW;
}

static enum sandbox_deliver deliver_of(const struct rule *r)
{
	if (r->reset == YES)
		return SANDBOX_DELIVER_RESET;
	if (r->drop != DROP_NO)
		return SANDBOX_DELIVER_CLOSE;
	if (r->raw)
		return SANDBOX_DELIVER_RAW;
	if (has_answer(r))
		return SANDBOX_DELIVER_ANSWER;
	/* nothing was done yet, so there is nothing to answer */
	return effect_of(r) == SANDBOX_EFFECT_NOW ? SANDBOX_DELIVER_ANSWER
						  : SANDBOX_DELIVER_CLOSE;
}

static void make_plan(struct sandbox_call *c, struct rule *r)
{
	c->rule = r;
	r->refs++;
	r->hits++;
	c->plan.faulty = true;
	c->plan.delay_before_ms = r->delay_before_ms;
	c->plan.delay_after_ms = r->delay_after_ms;
	c->plan.land_late_ms = r->land_late_ms;
	c->plan.effect = effect_of(r);
	c->plan.deliver = deliver_of(r);
	c->plan.truncate = (long)r->truncate;
	c->plan.drip_ms = r->drip_ms;
	c->plan.endless = r->garble && strcmp(r->garble->name, "endless") == 0;
	if (r->garble && strcmp(r->garble->name, "not_http") == 0 &&
	    c->plan.deliver == SANDBOX_DELIVER_ANSWER)
		c->plan.deliver = SANDBOX_DELIVER_RAW;
}

void faults_decide(struct sandbox_call *c)
{
	struct sandbox *sb = c->sb;

	for (size_t i = 0; i < sb->n_rules; i++) {
		struct rule *r = sb->rules[i];

		if (!concerns(r, c))
			continue;
		r->matched++;
		if (!c->rule && hits(r, sb))
			make_plan(c, r);
	}
}

/* Twilio's code when a rule gives only the status. */
static int usual_code(int status)
{
	static const struct {
		int status, code;
	} usual[] = {{400, 20001}, {401, 20003}, {403, 20003}, {404, 20404},
		     {405, 20004}, {409, 20409}, {429, 20429}, {503, 20503}};

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (usual[i].status == status)
			return usual[i].code;
	return 20500;
}

static void answer_error(struct sandbox_call *c, const struct rule *r,
			 int status)
{
	int code = r->code >= 0 ? (int)r->code : usual_code(status);

	if (c->provider == TWILIO)
		answer_json_own(c, status,
				twilio_error(status, code, r->message));
	else
		refuse_retell(c, status, "%s",
			      r->message ? r->message
					 : "An unexpected server error "
					   "occurred.");
}

void fault_answers(struct sandbox_call *c)
{
	const struct rule *r = c->rule;
	int status;

	if (r && r->raw) {
		c->answer.status = 0;
		answer_body(&c->answer, NULL, r->raw, r->raw_len);
		return;
	}
	if (!r || !has_answer(r))
		return;
	status = (int)r->status;
	if (status < 0)
		status = r->redirect ? 307 : 200;
	if (r->body) {
		c->answer.status = status;
		answer_body(&c->answer, "application/json", r->body,
			    strlen(r->body));
	} else if (status < 400) {
		answer_empty(c, status);
	} else {
		answer_error(c, r, status);
	}
	if (r->redirect)
		answer_header(&c->answer, "Location", r->redirect);
}

void fault_spoils(struct sandbox_call *c)
{
	const struct rule *r = c->rule;
	const char *name;
	json_t *value;

	if (!r)
		return;
	if (r->garble)
		garble_apply(c, r->garble);
	if (r->content_type)
		c->answer.content_type = r->content_type;
	if (r->retry_after)
		answer_header(&c->answer, "Retry-After", r->retry_after);
	json_object_foreach ((json_t *)r->headers, name, value)
		answer_header(&c->answer, name, json_string_value(value));
}
