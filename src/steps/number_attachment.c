/* SPDX-License-Identifier: MIT */
/*
 * number_attachment.c - put the number on the trunk: the last step, since it
 * moves live calls.
 *
 * Attaching wipes the number's voice application, and Twilio ignores its voice
 * URL while it is on a trunk. number_lookup kept what was there; the undo looks
 * at the number first and changes only what is still as we left it:
 *
 *   on our trunk ---- was on another trunk: is that still there?
 *        |              |  yes --> move it back
 *        |              v  no: deleting it would have detached the number
 *        +-----------> detach ------------+
 *   on no trunk ---- our doing -----------+--> voice application and URL back,
 *                                              until a read shows them: the
 *                                              next create keeps what it reads
 *   on its former trunk: back already, or a read that lags; look twice
 *   on another trunk: someone moved it since; leave it alone
 */
#include <string.h>

#include "common.h"

static const char *former(const struct step_cx *cx, const char *what)
{
	const struct step_row *lookup = step_other(cx, STEP_NUMBER_LOOKUP);
	const char *value = lookup ? row_recall(lookup, what) : NULL;

	return value ? value : "";
}

static int make(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);
	const char *number = step_other_id(cx, STEP_NUMBER_LOOKUP);
	const char *trunk = step_other_id(cx, STEP_TRUNK);

	if (refuse_clash(cx, err))
		return -1;
	row_set_id(cx->row, number);
	if (former(cx, "trunk_sid")[0]) /* taken over from another trunk */
		return built(
			twilio_update_number(&t, rq, number, trunk, NULL, NULL),
			err);
	return built(twilio_add_number(&t, rq, trunk, number), err);
}

static bool on_trunk(const json_t *number, const char *trunk)
{
	const char *sid =
		json_string_value(json_object_get(number, "trunk_sid"));

	return sid && strcmp(sid, trunk) == 0;
}

static enum outcome made(struct step_cx *cx, const struct answer *a,
			 struct err *err)
{
	enum outcome o = read_sid(cx, a, "PN", err);

	if (o == OUTCOME_DONE &&
	    strcmp(cx->row->external_id,
		   step_other_id(cx, STEP_NUMBER_LOOKUP)) != 0)
		return garbled(cx, err);
	return o;
}

static int look(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);

	return built(twilio_fetch_number(&t, rq,
					 step_other_id(cx, STEP_NUMBER_LOOKUP)),
		     err);
}

static enum outcome seen(struct step_cx *cx, const struct answer *a,
			 struct err *err)
{
	if (a->kind == ANSWER_GONE)
		return OUTCOME_ABSENT;
	if (a->kind != ANSWER_OK)
		return refuse_answer(cx, a, err);
	return on_trunk(a->body, step_other_id(cx, STEP_TRUNK))
		       ? OUTCOME_DONE
		       : OUTCOME_ABSENT;
}

static bool is_empty(const json_t *object, const char *member)
{
	const char *s = json_string_value(json_object_get(object, member));

	return !s || !s[0];
}

/* What the undo does next is in the row's data, so that it survives. */
static enum outcome next(struct step_cx *cx, const char *what, struct err *err)
{
	if (row_remember(cx->row, "undo", what, err))
		return OUTCOME_REFUSED;
	return OUTCOME_MORE;
}

static bool has_voice(const struct step_cx *cx)
{
	return former(cx, "voice_application_sid")[0] ||
	       former(cx, "voice_url")[0];
}

/* The number as it is now decides. */
static enum outcome decide(struct step_cx *cx, const json_t *number,
			   struct err *err)
{
	if (on_trunk(number, step_other_id(cx, STEP_TRUNK)))
		return next(cx, former(cx, "trunk_sid")[0] ? "ask" : "detach",
			    err);
	if (!is_empty(number, "trunk_sid"))
		return on_trunk(number, former(cx, "trunk_sid"))
			       ? OUTCOME_ABSENT
			       : OUTCOME_DONE;
	if (former(cx, "trunk_sid")[0])
		return next(cx, "ask", err);
	if (has_voice(cx) && is_empty(number, "voice_application_sid") &&
	    (former(cx, "voice_application_sid")[0] ||
	     is_empty(number, "voice_url")))
		return next(cx, "voice", err);
	return OUTCOME_ABSENT;
}

/* A read that lags leads to another round, settled; a number that someone has
 * moved meanwhile is theirs. */
static enum outcome confirm(struct step_cx *cx, const json_t *number)
{
	bool moved = !is_empty(number, "trunk_sid") &&
		     !on_trunk(number, step_other_id(cx, STEP_TRUNK));
	const char *kept = former(cx, "voice_application_sid")[0]
				   ? "voice_application_sid"
				   : "voice_url";

	return moved || !is_empty(number, kept) ? OUTCOME_DONE : OUTCOME_ABSENT;
}

static bool doing(const struct step_cx *cx, const char *what)
{
	const char *now = row_recall(cx->row, "undo");

	return cx->row->phase > 0 && now && strcmp(now, what) == 0;
}

static int undo(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);
	const char *number = step_other_id(cx, STEP_NUMBER_LOOKUP);
	const char *app = former(cx, "voice_application_sid");
	const char *url = former(cx, "voice_url");

	if (doing(cx, "ask"))
		return built(
			twilio_fetch_trunk(&t, rq, former(cx, "trunk_sid")),
			err);
	if (doing(cx, "move"))
		return built(twilio_update_number(&t, rq, number,
						  former(cx, "trunk_sid"), NULL,
						  NULL),
			     err);
	if (doing(cx, "detach"))
		return built(twilio_delete_below(&t, rq,
						 CALL_DELETE_TRUNK_PHONE_NUMBER,
						 step_other_id(cx, STEP_TRUNK),
						 "PhoneNumbers", number),
			     err);
	if (doing(cx, "voice"))
		return built(twilio_update_number(&t, rq, number, NULL,
						  app[0] ? app : NULL,
						  url[0] ? url : NULL),
			     err);
	return look(cx, rq, err);
}

static enum outcome undone(struct step_cx *cx, const struct answer *a,
			   struct err *err)
{
	if (doing(cx, "ask") && a->kind == ANSWER_GONE)
		return next(cx, "detach", err);
	if (doing(cx, "ask") && a->kind == ANSWER_OK)
		return next(cx, "move", err);
	if (doing(cx, "detach") &&
	    (a->kind == ANSWER_OK || a->kind == ANSWER_GONE))
		return has_voice(cx) ? next(cx, "voice", err) : OUTCOME_DONE;
	if (a->kind == ANSWER_GONE) /* the number has left the account */
		return OUTCOME_DONE;
	if (a->kind != ANSWER_OK)
		return refuse_answer(cx, a, err);
	if (cx->row->phase == 0)
		return decide(cx, a->body, err);
	if (doing(cx, "confirm"))
		return confirm(cx, a->body);
	return doing(cx, "voice") ? next(cx, "confirm", err) : OUTCOME_DONE;
}

const struct step step_number_attachment = {
	.id = STEP_NUMBER_ATTACHMENT,
	.name = "twilio_number_attachment",
	.provider = PROVIDER_TWILIO,
	.kind = "trunk_phone_number",
	.needs = STEP_BIT(STEP_NUMBER_LOOKUP) | STEP_BIT(STEP_TRUNK),
	.after = STEP_BIT(STEP_TRUNK_CREDENTIAL_LIST) |
		 STEP_BIT(STEP_CREDENTIAL) | STEP_BIT(STEP_ORIGINATION_URL) |
		 STEP_BIT(STEP_CONNECTION_POLICY_TARGET) |
		 STEP_BIT(STEP_RETELL_NUMBER) | STEP_BIT(STEP_RETELL_SETTINGS),
	.dies_with = STEP_NONE,
	.retry_when_free = true, /* deleting the trunk detaches, too */
	.wanted = spec_twilio,
	.make = {make, made},
	.find = {look, seen},
	.undo = {undo, undone},
	.by_hand = "Twilio console: Phone numbers, the number %s, take it off "
		   "the trunk and restore its voice settings",
};
