/* SPDX-License-Identifier: MIT */
/* retell_absent.c - make sure that nobody has imported the number to our Retell
 * workspace: what is there before us is not ours to replace. A read. */
#include "common.h"
#include "retell_body.h"

static int request(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct retell r = cx_retell(cx);

	return built(retell_get_number(&r, rq, cx->phone_number), err);
}

static enum outcome read(struct step_cx *cx, const struct answer *a,
			 struct err *err)
{
	if (a->kind == ANSWER_GONE)
		return OUTCOME_DONE;
	if (a->kind != ANSWER_OK)
		return refuse_answer(cx, a, err);
	if (!retell_is_about(cx, a->body))
		return garbled(cx, err);
	/* After a restore of an older database: imported by this very create.
	 * The import will meet it, look and adopt it. */
	if (spec_is_twilio(cx->spec) && retell_is_ours(cx, a->body))
		return OUTCOME_DONE;
	err_set(err, ERR_NUMBER_IN_RETELL,
		"the number is in this Retell workspace already, and this "
		"service did not import it");
	return OUTCOME_REFUSED;
}

const struct step step_retell_absent = {
	.id = STEP_RETELL_ABSENT,
	.name = "retell_absent",
	.provider = PROVIDER_RETELL,
	.dies_with = STEP_NONE,
	.idempotent = true,
	.wanted = spec_one,
	.make = {request, read},
};
