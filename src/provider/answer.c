/* SPDX-License-Identifier: MIT */
/* answer.c - what a provider's response means; see answer.h. */
#include "provider/answer.h"

#include <string.h>
#include <strings.h>

#include "base/json.h"

#define RESPONSE_DEPTH_MAX 12

struct code_row {
	int code;
	enum answer_kind kind;
	enum err_code error;
	const char *text;
};

/* clang-format off */
/* Twilio's error dictionary (twilio.com/docs/api/errors), as far as our calls
 * can meet it. Any other code is judged by its HTTP status. */
static const struct code_row twilio_codes[] = {
	{20003, ANSWER_REFUSED, ERR_PROVIDER_AUTH,    "Twilio refuses the credentials (wrong account, token or region)"},
	{20005, ANSWER_REFUSED, ERR_PROVIDER_AUTH,    "the Twilio account is not active"},
	{10001, ANSWER_REFUSED, ERR_PROVIDER_AUTH,    "the Twilio account is not active"},
	{20008, ANSWER_REFUSED, ERR_PROVIDER_AUTH,    "Twilio test credentials cannot make trunks"},
	{20404, ANSWER_GONE,    ERR_PROVIDER_REFUSED, "Twilio does not find the resource"},
	{20409, ANSWER_BUSY,    ERR_PROVIDER_UNAVAILABLE, "the resource cannot be changed just now"},
	{20429, ANSWER_BUSY,    ERR_PROVIDER_UNAVAILABLE, "Twilio asks to slow down"},
	{21236, ANSWER_BUSY,    ERR_PROVIDER_REFUSED, "the access list is still in use"},
	{21241, ANSWER_BUSY,    ERR_PROVIDER_REFUSED, "the credential list is still in use"},
	{21240, ANSWER_CLASH,   ERR_PROVIDER_REFUSED, "Twilio refuses the credential list or credential: it exists, or the user name or password does not meet the rules"},
	{21245, ANSWER_CLASH,   ERR_PROVIDER_REFUSED, "Twilio refuses the trunk's setting: it is there already, or the domain is another account's"},
	{21248, ANSWER_CLASH,   ERR_PROVIDER_REFUSED, "the trunk's domain name is taken"},
	{10002, ANSWER_REFUSED, ERR_PROVIDER_REFUSED, "a trial account may not do this"},
	{21404, ANSWER_REFUSED, ERR_PROVIDER_REFUSED, "a trial account may not do this"},
	{21239, ANSWER_REFUSED, ERR_PROVIDER_REFUSED, "the Twilio account has reached its number of credential lists"},
	{21242, ANSWER_REFUSED, ERR_PROVIDER_REFUSED, "the credential list is full"},
	{21243, ANSWER_CLASH,   ERR_PROVIDER_REFUSED, "Twilio refuses the credential's user name or password"},
	{21244, ANSWER_REFUSED, ERR_PROVIDER_REFUSED, "the Twilio account has reached its number of trunks (100, or 1 on a trial)"},
	{21247, ANSWER_REFUSED, ERR_PROVIDER_REFUSED, "the trunk's domain has or needs sub-domains"},
	{21249, ANSWER_REFUSED, ERR_PROVIDER_REFUSED, "the trunk has reached its number of origination URLs"},
	{21253, ANSWER_REFUSED, ERR_PROVIDER_REFUSED, "the Twilio account has reached its number of connection policies"},
	{21254, ANSWER_REFUSED, ERR_PROVIDER_REFUSED, "the connection policy has reached its number of targets"},
	{21634, ANSWER_REFUSED, ERR_PROVIDER_REFUSED, "a number on the trunk has emergency calling; disable it for the number first"},
	{22350, ANSWER_REFUSED, ERR_PROVIDER_REFUSED, "the number is being ported out"},
};
/* clang-format on */

const char *provider_name(enum provider p)
{
	return p == PROVIDER_TWILIO ? "twilio" : "retell";
}

const char *answer_kind_name(enum answer_kind k)
{
	static const char *const names[ANSWER_KINDS] = {
		[ANSWER_OK] = "ok",	  [ANSWER_GONE] = "gone",
		[ANSWER_CLASH] = "clash", [ANSWER_REFUSED] = "refused",
		[ANSWER_BUSY] = "busy",	  [ANSWER_UNKNOWN] = "unknown",
	};

	return names[k];
}

static void set(struct answer *a, enum answer_kind kind, enum err_code error,
		const char *text)
{
	a->kind = kind;
	a->error = error;
	a->text = text;
}

static void set_garbled(struct answer *a)
{
	set(a, ANSWER_UNKNOWN, ERR_PROVIDER_GARBLED,
	    "the answer was cut off, not JSON or not what was asked for");
}

/* What a status says when nothing more precise is known. */
static void judge_status(struct answer *a)
{
	switch (a->status) {
	case 401:
	case 403:
		set(a, ANSWER_REFUSED, ERR_PROVIDER_AUTH,
		    "the provider refuses the credentials");
		break;
	case 402:
		set(a, ANSWER_REFUSED, ERR_PROVIDER_REFUSED,
		    "the provider wants a payment method first");
		break;
	case 404:
		set(a, ANSWER_GONE, ERR_PROVIDER_REFUSED,
		    "the provider does not find the resource");
		break;
	case 409:
		set(a, ANSWER_CLASH, ERR_PROVIDER_REFUSED,
		    "the provider says the resource is there already");
		break;
	default:
		set(a, ANSWER_REFUSED, ERR_PROVIDER_REFUSED,
		    "the provider refuses the request");
	}
}

static void judge_twilio(struct answer *a, const json_t *body)
{
	size_t n = sizeof(twilio_codes) / sizeof(twilio_codes[0]);

	judge_status(a);
	a->code = (int)json_integer_value(json_object_get(body, "code"));
	if (a->status == 403 && a->code) /* credentials would be 20003 */
		set(a, ANSWER_REFUSED, ERR_PROVIDER_REFUSED,
		    "Twilio refuses the request");
	for (size_t i = 0; i < n; i++)
		if (twilio_codes[i].code == a->code)
			set(a, twilio_codes[i].kind, twilio_codes[i].error,
			    twilio_codes[i].text);
}

/*
 * Retell has no codes, so two cases hang on its words: a number held by any
 * workspace is 400 "Phone number already exists", and what is not there is 422
 * "Cannot find requested asset under given api key." by its documents, 404 in
 * live use.
 */
static void judge_retell(struct answer *a, const json_t *body)
{
	const char *text = json_string_value(json_object_get(body, "message"));

	judge_status(a);
	if (!text)
		return;
	if (a->status == 400 && strcasestr(text, "already exist"))
		set(a, ANSWER_CLASH, ERR_PROVIDER_REFUSED,
		    "Retell says the number exists already");
	else if (a->status == 422 && strcasestr(text, "cannot find"))
		set(a, ANSWER_GONE, ERR_PROVIDER_REFUSED,
		    "Retell does not find the number or agent");
}

static void judge_answered(struct answer *a, enum provider p,
			   const struct http_response *rs)
{
	json_t *body = NULL;

	if (rs->status == 204 && rs->body.len == 0) {
		a->kind = ANSWER_OK;
		return;
	}
	if (rs->status == 429) {
		set(a, ANSWER_BUSY, ERR_PROVIDER_UNAVAILABLE,
		    "the provider asks to slow down");
		return;
	}
	if (rs->status >= 500) {
		set(a, ANSWER_UNKNOWN, ERR_PROVIDER_UNAVAILABLE,
		    "the provider has an internal error");
		return;
	}
	if (rs->json)
		body = json_read(rs->body.data, rs->body.len,
				 RESPONSE_DEPTH_MAX, NULL);
	if (!body || !json_is_object(body) || rs->status == 408 ||
	    rs->status == 425 || (rs->status >= 300 && rs->status < 400)) {
		json_decref(body);
		set_garbled(a);
		return;
	}
	if (rs->status < 300) {
		a->kind = ANSWER_OK;
		a->body = body;
		return;
	}
	if (p == PROVIDER_TWILIO)
		judge_twilio(a, body);
	else
		judge_retell(a, body);
	json_decref(body);
}

void answer_read(struct answer *a, enum provider p,
		 const struct http_request *rq, const struct http_response *rs)
{
	*a = (struct answer){.status = rs->status,
			     .retry_after_ms = rs->retry_after_ms};
	switch (rs->fate) {
	case HTTP_NOT_SENT:
		set(a, ANSWER_BUSY, ERR_PROVIDER_UNAVAILABLE,
		    "the provider cannot be reached");
		break;
	case HTTP_LOST:
		set(a, ANSWER_UNKNOWN, ERR_PROVIDER_UNAVAILABLE,
		    "the provider did not answer");
		break;
	case HTTP_ANSWERED:
		judge_answered(a, p, rs);
		break;
	}
	/* A read or removal that is answered without the body it should have
	 * changes nothing; a 204 where a resource was asked for is not one. */
	if (a->kind == ANSWER_OK && !a->body && rq->method != HTTP_DELETE)
		set_garbled(a);
}

void answer_release(struct answer *a)
{
	json_decref(a->body);
	a->body = NULL;
}

int answer_error(const struct answer *a, enum provider p, struct err *err)
{
	if (!err || err->code != ERR_NONE)
		return -1;
	err_set(err, a->error, "%s", a->text ? a->text : "");
	strcpy(err->provider, provider_name(p));
	err->provider_status = a->status;
	err->provider_code = a->code;
	return -1;
}
