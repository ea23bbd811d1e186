/* SPDX-License-Identifier: MIT */
/* credential.c - the user name and password with which Retell sends calls to
 * the trunk. Both were decided, and the password sealed on disk, before: it
 * cannot be read back from Twilio. */
#include "common.h"

static int make(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);

	if (refuse_clash(cx, err))
		return -1;
	return built(twilio_create_credential(
			     &t, rq, step_other_id(cx, STEP_CREDENTIAL_LIST),
			     spec_sub(cx->spec, "outbound_trunk", "username"),
			     spec_secret(cx->spec, "sip_password")),
		     err);
}

static const char *username(const struct step_cx *cx, char mark[MARK_SIZE])
{
	return spec_sub(cx->spec, "outbound_trunk", "username");
}

static int ask(const struct step_cx *cx, const struct twilio *t,
	       struct http_request *rq)
{
	return twilio_list_credentials(t, rq,
				       step_other_id(cx, STEP_CREDENTIAL_LIST));
}

static const struct listing listing = {
	.array = "credentials",
	.prefix = "CR",
	.key = "username",
	.ours = username,
	.ask = ask,
};

static int undo(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);

	return built(twilio_delete_credential(
			     &t, rq, step_other_id(cx, STEP_CREDENTIAL_LIST),
			     cx->row->external_id),
		     err);
}

const struct step step_credential = {
	.id = STEP_CREDENTIAL,
	.name = "twilio_credential",
	.provider = PROVIDER_TWILIO,
	.kind = "credential",
	.listing = &listing,
	.of_trunk = true,
	.needs = STEP_BIT(STEP_CREDENTIAL_LIST),
	.dies_with = STEP_CREDENTIAL_LIST,
	.wanted = spec_twilio_out,
	.make = {make, read_created},
	.find = {ask_list, read_list},
	.undo = {undo, read_removed},
	.by_hand = "Twilio console: Voice, Credential lists, delete credential "
		   "%s with its list",
};
