/* SPDX-License-Identifier: MIT */
/* agent_check.c - is the agent there? One instance for each different agent. A
 * read. */
#include <string.h>

#include "common.h"

static int request(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct retell r = cx_retell(cx);
	const json_t *version;
	const char *id = spec_agent(cx->spec, cx->row->instance, &version);

	if (!id)
		return err_set(err, ERR_INTERNAL, "no such agent");
	return built(retell_get_agent(&r, rq, id, version), err);
}

static enum outcome read(struct step_cx *cx, const struct answer *a,
			 struct err *err)
{
	const json_t *version;
	const char *asked = spec_agent(cx->spec, cx->row->instance, &version);
	const char *told =
		json_string_value(json_object_get(a->body, "agent_id"));

	if (a->kind == ANSWER_OK && told && strcmp(told, asked) != 0)
		return garbled(cx, err);
	if (a->kind == ANSWER_OK)
		return OUTCOME_DONE;
	if (a->kind == ANSWER_GONE)
		err_set(err, ERR_AGENT_NOT_FOUND,
			"Retell has no agent %s in that version", asked);
	return refuse_answer(cx, a, err);
}

const struct step step_agent_check = {
	.id = STEP_AGENT_CHECK,
	.name = "agent_check",
	.provider = PROVIDER_RETELL,
	.dies_with = STEP_NONE,
	.idempotent = true,
	.wanted = spec_agent_count,
	.make = {request, read},
};
