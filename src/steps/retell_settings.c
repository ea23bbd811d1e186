/* SPDX-License-Identifier: MIT */
/* retell_settings.c - what import does not take (fallback_number), and every
 * later change: one PATCH of the number at Retell, which may be repeated. Its
 * way back is the PATCH with what was there before. */
#include "common.h"
#include "retell_body.h"

static int wanted(const struct spec *spec)
{
	return spec_str(spec, "fallback_number") ? 1 : 0;
}

static int patch(struct step_cx *cx, struct http_request *rq,
		 const struct spec *spec, struct err *err)
{
	struct retell r = cx_retell(cx);
	json_t *body = retell_update_body(spec);
	int rc;

	if (!body)
		return err_set(err, ERR_OVERLOADED, "there is no memory left");
	rc = built(retell_update_number(&r, rq, cx->phone_number, body), err);
	json_decref(body);
	return rc;
}

static int make(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	return patch(cx, rq, cx->spec, err);
}

static int undo(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	return patch(cx, rq, cx->former ? cx->former : cx->spec, err);
}

static enum outcome answered(struct step_cx *cx, const struct answer *a,
			     struct err *err)
{
	return a->kind == ANSWER_OK ? OUTCOME_DONE : refuse_answer(cx, a, err);
}

const struct step step_retell_settings = {
	.id = STEP_RETELL_SETTINGS,
	.name = "retell_settings",
	.provider = PROVIDER_RETELL,
	.needs = STEP_BIT(STEP_RETELL_NUMBER) | STEP_BIT(STEP_AGENT_CHECK),
	.dies_with = STEP_RETELL_NUMBER,
	.idempotent = true,
	.wanted = wanted,
	.make = {make, answered},
	.undo = {undo, answered},
	.by_hand = "send the PATCH again, or compare the number's settings at "
		   "Retell with this record",
};
