/* SPDX-License-Identifier: MIT */
/*
 * answer.c - filling in answers: JSON, nothing, and both providers' errors.
 */
#include "call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
/* Texts of Twilio's error dictionary. */
static const struct {
	int code;
	const char *message;
} messages[] = {
	{ 20001, "Unknown parameters" },
	{ 20002, "Invalid FriendlyName" },
	{ 20003, "Authenticate" },
	{ 20004, "Method not allowed" },
	{ 20006, "Access Denied" },
	{ 20007, "Page size too large" },
	{ 20404, "The requested resource was not found" },
	{ 20409, "Conflict" },
	{ 20422, "Invalid Parameter" },
	{ 20429, "Too Many Requests" },
	{ 20500, "Internal Server Error" },
	{ 20503, "Service unavailable" },
	{ 21235, "IP Access Control List Validation Error" },
	{ 21236, "IP Access Control List Dependencies Violation" },
	{ 21237, "Maximum IP Addresses Reached for List" },
	{ 21239, "Maximum Credential Lists Reached" },
	{ 21240, "Credential List Validation Error" },
	{ 21241, "Credential List Dependencies Violation" },
	{ 21242, "Maximum Credentials Reached for List" },
	{ 21243, "Credential Validation Error" },
	{ 21244, "Maximum Number of Trunks reached" },
	{ 21245, "Trunk Validation Error" },
	{ 21247, "Trunk Dependencies" },
	{ 21248, "Trunk Domain already taken" },
	{ 21249, "Maximum Origination URIs reached" },
	{ 21253, "Max Connection Policies Reached" },
	{ 21254, "Max Connection Policy Entries Reached" },
	{ 21255, "Maximum IP Access Control Lists reached" },
	{ 21421, "Phone Number is invalid" },
	{ 21422, "PhoneNumber is not available" },
	{ 21451, "Invalid area code" },
	{ 21452, "No phone numbers found in area code" },
	{ 21634, "SIP Trunk is in use for emergency calling" },
};
/* clang-format on */

const char *twilio_message(int code)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (messages[i].code == code)
			return messages[i].message;
	return "Error";
}

json_t *twilio_error(int status, int code, const char *message)
{
	json_t *o = must(json_object());
	char *info = must_printf("https://www.twilio.com/docs/errors/%d", code);

	put_int(o, "code", code);
	put_text(o, "message", message ? message : twilio_message(code));
	put_text(o, "more_info", info);
	put_int(o, "status", status);
	free(info);
	return o;
}

void answer_body(struct sandbox_answer *a, const char *type, const char *body,
		 size_t len)
{
	char *copy = must(malloc(len + 1));

	memcpy(copy, body, len);
	copy[len] = '\0';
	free(a->body);
	a->body = copy;
	a->body_len = len;
	a->content_type = type;
}

void answer_json_own(struct sandbox_call *c, int status, json_t *body)
{
	c->answer.status = status;
	free(c->answer.body);
	c->answer.body = json_line(body);
	c->answer.body_len = strlen(c->answer.body);
	c->answer.content_type = c->provider == TWILIO
					 ? "application/json;charset=utf-8"
					 : "application/json; charset=utf-8";
	json_decref(body);
}

void answer_empty(struct sandbox_call *c, int status)
{
	c->answer.status = status;
	answer_body(&c->answer, NULL, "", 0);
}

void answer_header(struct sandbox_answer *a, const char *name,
		   const char *value)
{
	struct sandbox_header *h;

	if (a->n_headers == SANDBOX_HEADERS_MAX)
		return;
	h = &a->headers[a->n_headers++];
	h->name = must(strdup(name));
	h->value = must(strdup(value));
}

void sandbox_answer_release(struct sandbox_answer *a)
{
	for (size_t i = 0; i < a->n_headers; i++) {
		free(a->headers[i].name);
		free(a->headers[i].value);
	}
	free(a->body);
	*a = (struct sandbox_answer){0};
}

void refuse(struct sandbox_call *c, int status, int code, const char *fmt, ...)
{
	va_list ap;
	char *message;

	va_start(ap, fmt);
	message = must_vprintf(fmt, ap);
	va_end(ap);
	answer_json_own(c, status, twilio_error(status, code, message));
	free(message);
}

void refuse_code(struct sandbox_call *c, int status, int code)
{
	refuse(c, status, code, "%s", twilio_message(code));
}

void refuse_not_found(struct sandbox_call *c)
{
	const char *query = strchr(c->target, '?');
	int len = (int)(query ? query - c->target : (long)strlen(c->target));

	refuse(c, 404, 20404, "The requested resource %.*s was not found", len,
	       c->target);
}

void refuse_retell(struct sandbox_call *c, int status, const char *fmt, ...)
{
	json_t *o = must(json_object());
	va_list ap;
	char *message;

	va_start(ap, fmt);
	message = must_vprintf(fmt, ap);
	va_end(ap);
	put_text(o, "status", "error");
	put_text(o, "message", message);
	free(message);
	answer_json_own(c, status, o);
}
