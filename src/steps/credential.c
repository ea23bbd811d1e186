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

static enum outcome made(struct step_cx *cx, const struct answer *a,
			 struct err *err)
{
	return read_created(cx, a, "CR", err);
}

static int look(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);

	if (cx->row->next_page.len)
		return request_page(cx, rq, "list_credentials", err);
	return built(twilio_list_credentials(
			     &t, rq, step_other_id(cx, STEP_CREDENTIAL_LIST)),
		     err);
}

static enum outcome seen(struct step_cx *cx, const struct answer *a,
			 struct err *err)
{
	return read_list(cx, a, "credentials", "username",
			 spec_sub(cx->spec, "outbound_trunk", "username"), "CR",
			 err);
}

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
	.of_trunk = true,
	.needs = STEP_BIT(STEP_CREDENTIAL_LIST),
	.dies_with = STEP_CREDENTIAL_LIST,
	.wanted = spec_twilio_out,
	.make = {make, made},
	.find = {look, seen},
	.undo = {undo, read_removed},
	.by_hand = "Twilio console: Voice, Credential lists, delete credential "
		   "%s with its list",
};
