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

static const char *name(const struct step_cx *cx, char mark[MARK_SIZE])
{
	return row_recall(cx->row, "name");
}

static int ask(const struct step_cx *cx, const struct twilio *t,
	       struct http_request *rq)
{
	return twilio_list_credential_lists(t, rq);
}

static const struct listing listing = {
	.array = "credential_lists",
	.prefix = "CL",
	.key = "friendly_name",
	.ours = name,
	.ask = ask,
};

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
	.listing = &listing,
	.of_trunk = true,
	.needs = STEP_BIT(STEP_NUMBER_LOOKUP) | STEP_BIT(STEP_AGENT_CHECK) |
		 STEP_BIT(STEP_RETELL_ABSENT),
	.dies_with = STEP_NONE,
	.wanted = spec_twilio_out,
	.make = {make, read_created},
	.find = {ask_list, read_list},
	.undo = {undo, read_removed},
	.by_hand = "Twilio console: Voice, Credential lists, delete list %s; "
		   "or DELETE /SIP/CredentialLists/%s.json",
};
