/* SPDX-License-Identifier: MIT */
/* common.c - what most steps do alike; see common.h. */
#include "common.h"

#include <stdio.h>
#include <string.h>

/* Of a thousand rows each. One that has more has no end: it goes in circles. */
struct twilio cx_twilio(const struct step_cx *cx)
{
	const struct settings *s = cx->settings;
	const char *token = spec_secret(cx->spec, "twilio_auth_token");
	const char *key_secret = spec_secret(cx->spec, "twilio_api_key_secret");
	const char *sid = spec_str(cx->spec, "twilio_account_sid");
	struct twilio t = {
		.api_url = s->twilio_api_url,
		.trunking_url = s->twilio_trunking_url,
		.voice_url = s->twilio_voice_url,
		.account_sid = sid ? sid : s->twilio_account_sid,
		.user = s->twilio_user,
		.secret = s->twilio_secret,
	};

	if (key_secret) {
		t.user = spec_str(cx->spec, "twilio_api_key_sid");
		t.secret = key_secret;
	} else if (token) {
		t.user = t.account_sid;
		t.secret = token;
	}
	return t;
}

struct retell cx_retell(const struct step_cx *cx)
{
	return (struct retell){.url = cx->settings->retell_url,
			       .key = cx->settings->retell_api_key};
}

const char *cx_mark(const struct step_cx *cx, char out[MARK_SIZE])
{
	snprintf(out, MARK_SIZE, "trunkline:%s:%s", cx->settings->instance,
		 cx->number_id);
	return out;
}

int row_remember(struct step_row *row, const char *name, const char *value,
		 struct err *err)
{
	if (!row->data)
		row->data = json_object();
	if (json_object_set_new(row->data, name,
				value ? json_string(value) : json_null()))
		return err_set(err, ERR_OVERLOADED, "there is no memory left");
	return 0;
}

const char *row_recall(const struct step_row *row, const char *name)
{
	return json_string_value(json_object_get(row->data, name));
}

void row_set_id(struct step_row *row, const char *id)
{
	snprintf(row->external_id, sizeof(row->external_id), "%s", id);
}

struct step_row *step_other(const struct step_cx *cx, enum step_id id)
{
	for (int i = 0; i < cx->row_count; i++)
		if (cx->rows[i].step->id == id && cx->rows[i].instance == 0)
			return &cx->rows[i];
	return NULL;
}

const char *step_other_id(const struct step_cx *cx, enum step_id id)
{
	const struct step_row *row = step_other(cx, id);

	return row ? row->external_id : "";
}

enum outcome refuse_answer(struct step_cx *cx, const struct answer *a,
			   struct err *err)
{
	answer_error(a, cx->row->step->provider, err);
	return OUTCOME_REFUSED;
}

enum outcome garbled(struct step_cx *cx, struct err *err)
{
	err_set(err, ERR_PROVIDER_GARBLED, "%s",
		"the answer is not what was asked for");
	snprintf(err->provider, sizeof(err->provider), "%s",
		 provider_name(cx->row->step->provider));
	return OUTCOME_UNKNOWN;
}

/* Is the step built on something that this very saga has made? */
static bool on_young_ground(const struct step *step)
{
	return step->needs &
	       (STEP_BIT(STEP_TRUNK) | STEP_BIT(STEP_CREDENTIAL_LIST) |
		STEP_BIT(STEP_CONNECTION_POLICY));
}

/* Twilio may answer 404 for what it has made a moment ago: then "not found" is
 * no proof, and the make is worth another try after a look. */
enum outcome read_sid(struct step_cx *cx, const struct answer *a,
		      const char *prefix, struct err *err)
{
	const char *sid;

	if (a->kind == ANSWER_CLASH) {
		answer_error(a, cx->row->step->provider, err);
		return OUTCOME_CLASH;
	}
	if (a->kind == ANSWER_GONE && on_young_ground(cx->row->step)) {
		answer_error(a, cx->row->step->provider, err);
		return OUTCOME_UNKNOWN;
	}
	if (a->kind != ANSWER_OK)
		return refuse_answer(cx, a, err);
	sid = twilio_sid(a->body, "sid", prefix);
	if (!sid)
		return garbled(cx, err);
	row_set_id(cx->row, sid);
	return OUTCOME_DONE;
}

/* Does the answer tell of another resource than the one that was asked for?
 * Connections carry many calls: what belongs to another is not taken. */
static bool is_another(const struct step_cx *cx, const json_t *body)
{
	const struct listing *l = cx->row->step->listing;
	const char *named = json_string_value(json_object_get(body, l->key));
	char mark[MARK_SIZE];
	const char *ours = l->ours(cx, mark);

	return named && ours && strcmp(named, ours) != 0;
}

enum outcome read_created(struct step_cx *cx, const struct answer *a,
			  struct err *err)
{
	enum outcome o = read_sid(cx, a, cx->row->step->listing->prefix, err);

	if (o != OUTCOME_DONE || !is_another(cx, a->body))
		return o;
	row_set_id(cx->row, "");
	return garbled(cx, err);
}

enum outcome read_removed(struct step_cx *cx, const struct answer *a,
			  struct err *err)
{
	if (a->kind == ANSWER_OK || a->kind == ANSWER_GONE)
		return OUTCOME_DONE;
	return refuse_answer(cx, a, err);
}

int turn_page(const struct step_cx *cx, struct http_request *rq, int rc,
	      struct err *err)
{
	if (rc == 0 && cx->row->next_page.len)
		rc = twilio_turn_page(rq, cx->row->next_page.data);
	return built(rc, err);
}

int next_page(struct step_cx *cx, const struct answer *a, struct err *err)
{
	struct twilio t = cx_twilio(cx);
	int more = twilio_next_page(&t, a->body, &cx->row->next_page, err);

	if (more <= 0 || cx->row->phase < LISTING_PAGES_MAX)
		return more;
	return err_set(err, ERR_PROVIDER_GARBLED,
		       "a list has more than %d pages", LISTING_PAGES_MAX);
}

int ask_list(struct step_cx *cx, struct http_request *rq, struct err *err)
{
	struct twilio t = cx_twilio(cx);

	return turn_page(cx, rq, cx->row->step->listing->ask(cx, &t, rq), err);
}

enum outcome read_list(struct step_cx *cx, const struct answer *a,
		       struct err *err)
{
	const struct listing *l = cx->row->step->listing;
	const json_t *list = json_object_get(a->body, l->array);
	char mark[MARK_SIZE];
	const char *ours = l->ours(cx, mark);
	const json_t *item;
	size_t i;
	int more;

	if (a->kind == ANSWER_GONE) /* the parent is gone, and all below it */
		return OUTCOME_ABSENT;
	if (a->kind != ANSWER_OK)
		return refuse_answer(cx, a, err);
	if (!json_is_array(list))
		return garbled(cx, err);
	json_array_foreach (list, i, item) {
		const char *found =
			json_string_value(json_object_get(item, l->key));
		const char *sid = twilio_sid(item, "sid", l->prefix);

		if (!sid || !found || !ours || strcmp(found, ours) != 0)
			continue;
		row_set_id(cx->row, sid);
		return OUTCOME_DONE;
	}
	more = next_page(cx, a, err);
	if (more < 0)
		return OUTCOME_UNKNOWN;
	return more ? OUTCOME_MORE : OUTCOME_ABSENT;
}

int built(int rc, struct err *err)
{
	if (rc)
		err_set(err, ERR_OVERLOADED,
			"there is no memory for a provider request");
	return rc;
}

int refuse_clash(const struct step_cx *cx, struct err *err)
{
	if (!cx->row->clash)
		return 0;
	err_set(err, ERR_PROVIDER_REFUSED,
		"the provider says it exists already, or does not meet its "
		"rules, and it is not ours");
	snprintf(err->provider, sizeof(err->provider), "%s",
		 provider_name(cx->row->step->provider));
	return -1;
}

int spec_one(const struct spec *spec)
{
	return 1;
}

int spec_twilio(const struct spec *spec)
{
	return spec_is_twilio(spec);
}

int spec_twilio_in(const struct spec *spec)
{
	return spec_is_twilio(spec) && spec_flag(spec, "supports_inbound");
}

int spec_twilio_out(const struct spec *spec)
{
	return spec_is_twilio(spec) && spec_flag(spec, "supports_outbound");
}
