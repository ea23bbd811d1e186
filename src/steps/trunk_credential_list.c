/* SPDX-License-Identifier: MIT */
/* trunk_credential_list.c - the association of trunk and credential list, which
 * lets the trunk take calls from Retell. Its id is the list's own. */
#include "common.h"

static int make(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);

	if (refuse_clash(cx, err))
		return -1;
	return built(twilio_add_credential_list(
			     &t, rq, step_other_id(cx, STEP_TRUNK),
			     step_other_id(cx, STEP_CREDENTIAL_LIST)),
		     err);
}

static enum outcome made(struct step_cx *cx, const struct answer *a,
			 struct err *err)
{
	return read_created(cx, a, "CL", err);
}

static int look(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);
	const char *call = "list_trunk_credential_lists";

	if (cx->row->next_page.len)
		return request_page(cx, rq, call, err);
	return built(twilio_list_below(&t, rq, call,
				       step_other_id(cx, STEP_TRUNK),
				       "CredentialLists"),
		     err);
}

static enum outcome seen(struct step_cx *cx, const struct answer *a,
			 struct err *err)
{
	return read_list(cx, a, "credential_lists", "sid",
			 step_other_id(cx, STEP_CREDENTIAL_LIST), "CL", err);
}

static int undo(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);

	return built(twilio_delete_below(&t, rq, "delete_trunk_credential_list",
					 step_other_id(cx, STEP_TRUNK),
					 "CredentialLists",
					 cx->row->external_id),
		     err);
}

const struct step step_trunk_credential_list = {
	.id = STEP_TRUNK_CREDENTIAL_LIST,
	.name = "twilio_trunk_credential_list",
	.provider = PROVIDER_TWILIO,
	.kind = "trunk_credential_list",
	.of_trunk = true,
	.needs = STEP_BIT(STEP_TRUNK) | STEP_BIT(STEP_CREDENTIAL_LIST),
	.dies_with = STEP_TRUNK,
	.wanted = spec_twilio_out,
	.make = {make, made},
	.find = {look, seen},
	.undo = {undo, read_removed},
	.by_hand = "Twilio console: Elastic SIP Trunking, the trunk, "
		   "Termination, remove credential list %s",
};
