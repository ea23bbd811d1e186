/* SPDX-License-Identifier: MIT */
/* connection_policy_target.c - where a connection policy sends calls. */
#include "common.h"

static int wanted(const struct spec *spec)
{
	return step_connection_policy.wanted(spec);
}

static int make(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);
	const json_t *policy = spec_get(cx->spec, "connection_policy");
	char mark[MARK_SIZE];

	if (refuse_clash(cx, err))
		return -1;
	cx_mark(cx, mark);
	return built(
		twilio_create_target(
			&t, rq, step_other_id(cx, STEP_CONNECTION_POLICY), mark,
			json_string_value(json_object_get(policy, "target")),
			(int)json_integer_value(
				json_object_get(policy, "priority")),
			(int)json_integer_value(
				json_object_get(policy, "weight"))),
		err);
}

static int ask(const struct step_cx *cx, const struct twilio *t,
	       struct http_request *rq)
{
	return twilio_list_targets(t, rq,
				   step_other_id(cx, STEP_CONNECTION_POLICY));
}

static const struct listing listing = {
	.array = "targets",
	.prefix = "NE",
	.key = "friendly_name",
	.ours = cx_mark,
	.ask = ask,
};

static int undo(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);

	return built(twilio_delete_target(
			     &t, rq, step_other_id(cx, STEP_CONNECTION_POLICY),
			     cx->row->external_id),
		     err);
}

const struct step step_connection_policy_target = {
	.id = STEP_CONNECTION_POLICY_TARGET,
	.name = "twilio_connection_policy_target",
	.provider = PROVIDER_TWILIO,
	.kind = "connection_policy_target",
	.listing = &listing,
	.of_trunk = true,
	.needs = STEP_BIT(STEP_CONNECTION_POLICY),
	.dies_with = STEP_CONNECTION_POLICY,
	.wanted = wanted,
	.make = {make, read_created},
	.find = {ask_list, read_list},
	.undo = {undo, read_removed},
	.by_hand = "delete target %s with its connection policy",
};
