/* SPDX-License-Identifier: MIT */
/*
 * trunk.c - the Elastic SIP trunk with its termination domain.
 *
 * The domain is unique over all of Twilio and stays reserved for 30 days after
 * the trunk is deleted (21248), so it is fresh for every create: made of this
 * instance and the number's id, whose last 74 bits are random. That makes it
 * the look-up key, a fence (while a POST is repeated the domain stays the same,
 * so that a second trunk cannot come of it), and our mark at Retell, where a
 * number carries no other.
 */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "common.h"

/* After a clash with something that is not ours, with a suffix. */
static int choose_domain(struct step_cx *cx, struct err *err)
{
	char suffix[6] = "", domain[80];

	if (cx->row->clash) {
		suffix[0] = '-';
		id_random(cx->clock, suffix + 1, 4);
	}
	snprintf(domain, sizeof(domain), "tl-%s-%s%s.pstn.twilio.com",
		 cx->settings->instance,
		 cx->number_id + sizeof(ID_NUMBER "_") - 1, suffix);
	return row_remember(cx->row, "domain", domain, err);
}

static bool wants_srtp(const struct spec *spec)
{
	const char *media =
		spec_sub(spec, "outbound_trunk", "media_encryption");

	return media && strcmp(media, "required") == 0;
}

static int make(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);
	char mark[MARK_SIZE];
	struct twilio_trunk trunk = {
		.friendly_name = mark,
		.disaster_recovery_url =
			spec_str(cx->spec, "disaster_recovery_url"),
		.secure = wants_srtp(cx->spec),
	};

	cx_mark(cx, mark);
	if ((cx->row->clash || !row_recall(cx->row, "domain")) &&
	    choose_domain(cx, err))
		return -1;
	trunk.domain_name = row_recall(cx->row, "domain");
	return built(twilio_create_trunk(&t, rq, &trunk), err);
}

static const char *domain(const struct step_cx *cx, char mark[MARK_SIZE])
{
	return row_recall(cx->row, "domain");
}

static int ask(const struct step_cx *cx, const struct twilio *t,
	       struct http_request *rq)
{
	return twilio_list_trunks(t, rq);
}

static const struct listing listing = {
	.array = "trunks",
	.prefix = "TK",
	.key = "domain_name",
	.ours = domain,
	.ask = ask,
};

static int undo(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);

	return built(twilio_delete_trunk(&t, rq, cx->row->external_id), err);
}

const struct step step_trunk = {
	.id = STEP_TRUNK,
	.name = "twilio_trunk",
	.provider = PROVIDER_TWILIO,
	.kind = "trunk",
	.listing = &listing,
	.of_trunk = true,
	.needs = STEP_BIT(STEP_NUMBER_LOOKUP) | STEP_BIT(STEP_AGENT_CHECK) |
		 STEP_BIT(STEP_RETELL_ABSENT),
	.dies_with = STEP_NONE,
	.wanted = spec_twilio,
	.make = {make, read_created},
	.find = {ask_list, read_list},
	.undo = {undo, read_removed},
	.by_hand = "Twilio console: Elastic SIP Trunking, Trunks, delete trunk "
		   "%s; or DELETE /v1/Trunks/%s",
};
