/* SPDX-License-Identifier: MIT */
/*
 * retell_number.c - the number in our Retell workspace, bound to its agents and
 * to the trunk's termination URI.
 *
 * Retell knows a number by the number alone, so "is it ours?" is answered by
 * the termination URI, which no one else has: find adopts and undo deletes only
 * what carries it.
 */
#include <string.h>

#include "common.h"
#include "retell_body.h"

static int make(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct retell r = cx_retell(cx);
	json_t *body;
	int rc;

	if (cx->row->clash)
		return err_set(err, ERR_NUMBER_HELD_ELSEWHERE,
			       "Retell says the number exists already, but not "
			       "in this workspace");
	body = retell_import_body(cx);
	if (!body)
		return err_set(err, ERR_OVERLOADED, "there is no memory left");
	row_set_id(cx->row, cx->phone_number);
	rc = built(retell_import_number(&r, rq, body), err);
	json_decref(body);
	return rc;
}

static enum outcome made(struct step_cx *cx, const struct answer *a,
			 struct err *err)
{
	if (a->kind == ANSWER_CLASH) {
		answer_error(a, PROVIDER_RETELL, err);
		return OUTCOME_CLASH;
	}
	if (a->kind != ANSWER_OK)
		return refuse_answer(cx, a, err);
	return retell_is_about(cx, a->body) && retell_is_ours(cx, a->body)
		       ? OUTCOME_DONE
		       : garbled(cx, err);
}

static int look(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct retell r = cx_retell(cx);

	return built(retell_get_number(&r, rq, cx->phone_number), err);
}

static enum outcome seen(struct step_cx *cx, const struct answer *a,
			 struct err *err)
{
	if (a->kind == ANSWER_GONE)
		return OUTCOME_ABSENT;
	if (a->kind != ANSWER_OK)
		return refuse_answer(cx, a, err);
	if (!retell_is_about(cx, a->body))
		return garbled(cx, err);
	row_set_id(cx->row, cx->phone_number);
	return retell_is_ours(cx, a->body) ? OUTCOME_DONE : OUTCOME_ABSENT;
}

/* Look first: the number may have been given to someone else meanwhile. */
static int undo(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct retell r = cx_retell(cx);

	if (cx->row->phase == 0)
		return look(cx, rq, err);
	return built(retell_delete_number(&r, rq, cx->phone_number), err);
}

static enum outcome undone(struct step_cx *cx, const struct answer *a,
			   struct err *err)
{
	if (a->kind == ANSWER_GONE) /* reads lag, a removal does not */
		return cx->row->phase == 0 ? OUTCOME_ABSENT : OUTCOME_DONE;
	if (a->kind != ANSWER_OK)
		return refuse_answer(cx, a, err);
	if (cx->row->phase > 0)
		return OUTCOME_DONE;
	if (!retell_is_about(cx, a->body))
		return garbled(cx, err);
	return retell_is_ours(cx, a->body) ? OUTCOME_MORE : OUTCOME_DONE;
}

const struct step step_retell_number = {
	.id = STEP_RETELL_NUMBER,
	.name = "retell_number",
	.provider = PROVIDER_RETELL,
	.kind = "retell_number",
	.needs = STEP_BIT(STEP_TRUNK) | STEP_BIT(STEP_RETELL_ABSENT) |
		 STEP_BIT(STEP_AGENT_CHECK),
	.dies_with = STEP_NONE,
	.wanted = spec_one,
	.make = {make, made},
	.find = {look, seen},
	.undo = {undo, undone},
	.by_hand = "Retell dashboard: Phone numbers, delete %s; or DELETE "
		   "/delete-phone-number/%s",
};
