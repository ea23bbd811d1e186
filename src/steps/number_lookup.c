/* SPDX-License-Identifier: MIT */
/*
 * number_lookup.c - find the number in the Twilio account, refuse it while it
 * serves another trunk, and remember where its calls go now. A read.
 *
 * The trunk it is taken from is asked for, too: reads lag, and one that was
 * just deleted (by us, say, a moment ago) is not where the number would have to
 * be put back.
 */
#include <string.h>

#include "common.h"

/* After the list's pages. */
static bool asks_trunk(const struct step_cx *cx)
{
	return cx->row->phase > 0 && cx->row->next_page.len == 0;
}

static int request(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);

	if (asks_trunk(cx))
		return built(twilio_fetch_trunk(
				     &t, rq, row_recall(cx->row, "trunk_sid")),
			     err);
	return turn_page(cx, rq, twilio_list_numbers(&t, rq, cx->phone_number),
			 err);
}

/* The filter of the list is a partial match: compare the whole number. */
static const json_t *same_number(const struct step_cx *cx, const json_t *list)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		const char *number = json_string_value(
			json_object_get(item, "phone_number"));

		if (number && strcmp(number, cx->phone_number) == 0)
			return item;
	}
	return NULL;
}

/* Unset values come as null or "". */
static const char *text(const json_t *item, const char *name)
{
	const char *s = json_string_value(json_object_get(item, name));

	return s ? s : "";
}

static enum outcome take(struct step_cx *cx, const json_t *item,
			 struct err *err)
{
	const char *sid = twilio_sid(item, "sid", "PN");
	const char *trunk = text(item, "trunk_sid");

	if (!sid || (trunk[0] && !twilio_sid_valid(trunk, "TK")))
		return garbled(cx, err);
	if (trunk[0] && !spec_flag(cx->spec, "take_over")) {
		err_set(err, ERR_NUMBER_ON_TRUNK,
			"the number is on trunk %s at Twilio; take_over: true "
			"moves it",
			trunk);
		return OUTCOME_REFUSED;
	}
	row_set_id(cx->row, sid);
	if (row_remember(cx->row, "trunk_sid", trunk, err) ||
	    row_remember(cx->row, "voice_application_sid",
			 text(item, "voice_application_sid"), err) ||
	    row_remember(cx->row, "voice_url", text(item, "voice_url"), err))
		return OUTCOME_REFUSED;
	buf_clear(&cx->row->next_page);
	return trunk[0] ? OUTCOME_MORE : OUTCOME_DONE;
}

static enum outcome read_trunk(struct step_cx *cx, const struct answer *a,
			       struct err *err)
{
	if (a->kind == ANSWER_OK)
		return OUTCOME_DONE;
	if (a->kind != ANSWER_GONE)
		return refuse_answer(cx, a, err);
	err_set(err, ERR_NUMBER_ON_TRUNK,
		"Twilio says that the number is on trunk %s, and that there is "
		"no such trunk",
		row_recall(cx->row, "trunk_sid"));
	return OUTCOME_ABSENT;
}

static enum outcome read(struct step_cx *cx, const struct answer *a,
			 struct err *err)
{
	struct twilio t = cx_twilio(cx);
	const json_t *list = json_object_get(a->body, "incoming_phone_numbers");
	const json_t *item;
	int more;

	if (asks_trunk(cx))
		return read_trunk(cx, a, err);
	if (a->kind != ANSWER_OK)
		return refuse_answer(cx, a, err);
	if (!json_is_array(list))
		return garbled(cx, err);
	item = same_number(cx, list);
	if (item)
		return take(cx, item, err);
	more = next_page(cx, a, err);
	if (more)
		return more < 0 ? OUTCOME_UNKNOWN : OUTCOME_MORE;
	err_set(err, ERR_NUMBER_NOT_OWNED,
		"Twilio account %s does not own the number", t.account_sid);
	return OUTCOME_REFUSED;
}

const struct step step_number_lookup = {
	.id = STEP_NUMBER_LOOKUP,
	.name = "number_lookup",
	.provider = PROVIDER_TWILIO,
	.dies_with = STEP_NONE,
	.idempotent = true,
	.wanted = spec_twilio,
	.make = {request, read},
};
