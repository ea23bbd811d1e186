/* SPDX-License-Identifier: MIT */
/* origination_url.c - where the trunk sends calls that come in: Retell's SIP
 * server. Without a user part, which Twilio fills with the dialled number. */
#include "common.h"

static const char *uri(const struct step_cx *cx)
{
	const char *own =
		spec_sub(cx->spec, "inbound_trunk", "origination_uri");

	return own ? own : cx->settings->retell_sip_uri;
}

static int number(const struct step_cx *cx, const char *member)
{
	const json_t *trunk = spec_get(cx->spec, "inbound_trunk");
	const json_t *value = json_object_get(trunk, member);

	return json_is_integer(value) ? (int)json_integer_value(value) : 10;
}

static int make(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);
	char mark[MARK_SIZE];

	if (refuse_clash(cx, err))
		return -1;
	cx_mark(cx, mark);
	return built(twilio_create_origination_url(
			     &t, rq, step_other_id(cx, STEP_TRUNK), mark,
			     uri(cx), number(cx, "priority"),
			     number(cx, "weight")),
		     err);
}

static int ask(const struct step_cx *cx, const struct twilio *t,
	       struct http_request *rq)
{
	return twilio_list_below(t, rq, CALL_LIST_ORIGINATION_URLS,
				 step_other_id(cx, STEP_TRUNK),
				 "OriginationUrls");
}

static const struct listing listing = {
	.array = "origination_urls",
	.prefix = "OU",
	.key = "friendly_name",
	.ours = cx_mark,
	.ask = ask,
};

static int undo(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);

	return built(twilio_delete_below(&t, rq, CALL_DELETE_ORIGINATION_URL,
					 step_other_id(cx, STEP_TRUNK),
					 "OriginationUrls",
					 cx->row->external_id),
		     err);
}

const struct step step_origination_url = {
	.id = STEP_ORIGINATION_URL,
	.name = "twilio_origination_url",
	.provider = PROVIDER_TWILIO,
	.kind = "origination_url",
	.listing = &listing,
	.of_trunk = true,
	.needs = STEP_BIT(STEP_TRUNK),
	.dies_with = STEP_TRUNK,
	.wanted = spec_twilio_in,
	.make = {make, read_created},
	.find = {ask_list, read_list},
	.undo = {undo, read_removed},
	.by_hand = "Twilio console: Elastic SIP Trunking, the trunk, "
		   "Origination, delete origination URL %s",
};
