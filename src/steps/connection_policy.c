/* SPDX-License-Identifier: MIT */
/* connection_policy.c - a Voice connection policy, for those who ask for one.
 * Elastic SIP trunks do not use them (they serve BYOC trunks); its name is not
 * unique, so the mark is the look-up key. */
#include "common.h"

static int wanted(const struct spec *spec)
{
	return spec_is_twilio(spec) &&
	       json_is_object(spec_get(spec, "connection_policy"));
}

static int make(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);
	char mark[MARK_SIZE];

	if (refuse_clash(cx, err))
		return -1;
	cx_mark(cx, mark);
	return built(twilio_create_policy(&t, rq, mark), err);
}

static int ask(const struct step_cx *cx, const struct twilio *t,
	       struct http_request *rq)
{
	return twilio_list_policies(t, rq);
}

static const struct listing listing = {
	.array = "connection_policies",
	.prefix = "NY",
	.key = "friendly_name",
	.ours = cx_mark,
	.ask = ask,
};

static int undo(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);

	return built(twilio_delete_policy(&t, rq, cx->row->external_id), err);
}

const struct step step_connection_policy = {
	.id = STEP_CONNECTION_POLICY,
	.name = "twilio_connection_policy",
	.provider = PROVIDER_TWILIO,
	.kind = "connection_policy",
	.listing = &listing,
	.of_trunk = true,
	.needs = STEP_BIT(STEP_NUMBER_LOOKUP) | STEP_BIT(STEP_AGENT_CHECK) |
		 STEP_BIT(STEP_RETELL_ABSENT),
	.dies_with = STEP_NONE,
	.wanted = wanted,
	.make = {make, read_created},
	.find = {ask_list, read_list},
	.undo = {undo, read_removed},
	.by_hand = "DELETE https://voice.twilio.com/v1/ConnectionPolicies/%s",
};
