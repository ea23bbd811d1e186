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

static const char *list_sid(const struct step_cx *cx, char mark[MARK_SIZE])
{
	return step_other_id(cx, STEP_CREDENTIAL_LIST);
}

static int ask(const struct step_cx *cx, const struct twilio *t,
	       struct http_request *rq)
{
	return twilio_list_below(t, rq, CALL_LIST_TRUNK_CREDENTIAL_LISTS,
				 step_other_id(cx, STEP_TRUNK),
				 "CredentialLists");
}

static const struct listing listing = {
	.array = "credential_lists",
	.prefix = "CL",
	.key = "sid",
	.ours = list_sid,
	.ask = ask,
};

static int undo(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);

	return built(
		twilio_delete_below(&t, rq, CALL_DELETE_TRUNK_CREDENTIAL_LIST,
				    step_other_id(cx, STEP_TRUNK),
				    "CredentialLists", cx->row->external_id),
		err);
}

const struct step step_trunk_credential_list = {
	.id = STEP_TRUNK_CREDENTIAL_LIST,
	.name = "twilio_trunk_credential_list",
	.provider = PROVIDER_TWILIO,
	.kind = "trunk_credential_list",
	.listing = &listing,
	.of_trunk = true,
	.needs = STEP_BIT(STEP_TRUNK) | STEP_BIT(STEP_CREDENTIAL_LIST),
	.dies_with = STEP_TRUNK,
	.wanted = spec_twilio_out,
	.make = {make, read_created},
	.find = {ask_list, read_list},
	.undo = {undo, read_removed},
	.by_hand = "Twilio console: Elastic SIP Trunking, the trunk, "
		   "Termination, remove credential list %s",
};
