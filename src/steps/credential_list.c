/* SPDX-License-Identifier: MIT */
/* credential_list.c - the credential list of the trunk. Its name is unique in
 * the account (21240), which makes it the look-up key. */
#include <stdio.h>

#include "base/id.h"
#include "common.h"

/* Our mark; after a clash with something that is not ours, with a suffix. */
static int choose_name(struct step_cx *cx, struct err *err)
{
	char mark[MARK_SIZE], suffix[5], name[MARK_SIZE + 8];

	cx_mark(cx, mark);
	id_random(cx->clock, suffix, sizeof(suffix) - 1);
	snprintf(name, sizeof(name), cx->row->clash ? "%s:%s" : "%s", mark,
		 suffix);
	return row_remember(cx->row, "name", name, err);
}

static int make(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);

	if ((cx->row->clash || !row_recall(cx->row, "name")) &&
	    choose_name(cx, err))
		return -1;
	return built(twilio_create_credential_list(&t, rq,
						   row_recall(cx->row, "name")),
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

	if (cx->row->next_page.len)
		return request_page(cx, rq, "list_credential_lists", err);
	return built(twilio_list_credential_lists(&t, rq), err);
}

static enum outcome seen(struct step_cx *cx, const struct answer *a,
			 struct err *err)
{
	return read_list(cx, a, "credential_lists", "friendly_name",
			 row_recall(cx->row, "name"), "CL", err);
}

static int undo(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);

	return built(
		twilio_delete_credential_list(&t, rq, cx->row->external_id),
		err);
}

const struct step step_credential_list = {
	.id = STEP_CREDENTIAL_LIST,
	.name = "twilio_credential_list",
	.provider = PROVIDER_TWILIO,
	.kind = "credential_list",
	.of_trunk = true,
	.needs = STEP_BIT(STEP_NUMBER_LOOKUP) | STEP_BIT(STEP_AGENT_CHECK) |
		 STEP_BIT(STEP_RETELL_ABSENT),
	.dies_with = STEP_NONE,
	.wanted = spec_twilio_out,
	.make = {make, made},
	.find = {look, seen},
	.undo = {undo, read_removed},
	.by_hand = "Twilio console: Voice, Credential lists, delete list %s; "
		   "or DELETE /SIP/CredentialLists/%s.json",
};
