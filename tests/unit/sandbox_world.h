/* SPDX-License-Identifier: MIT */
/*
 * sandbox_world.h - one modelled world for a test, and short words to talk to
 * it: every call goes through the model at the world's own time.
 */
#ifndef TESTS_SANDBOX_WORLD_H
#define TESTS_SANDBOX_WORLD_H

#include "sandbox/fault.h"
#include "sandbox/ledger.h"
#include "sandbox/sandbox.h"
#include "sandbox/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* base64 of SANDBOX_ACCOUNT ":" SANDBOX_TOKEN and the like */
#define OUR_LOGIN                                                             \
	"Basic QUM1YTVhNWE1YTVhNWE1YTVhNWE1YTVhNWE1YTVhNWE1YTpzYW5kYm94LWF1d" \
	"GgtdG9rZW4="
#define OUR_KEY_LOGIN                                                         \
	"Basic U0s1YTVhNWE1YTVhNWE1YTVhNWE1YTVhNWE1YTVhNWE1YTpzYW5kYm94LWFwa" \
	"S1zZWNyZXQ="
#define SECOND_LOGIN                                                          \
	"Basic QUM2YjZiNmI2YjZiNmI2YjZiNmI2YjZiNmI2YjZiNmI2YjpzYW5kYm94LWF1d" \
	"GgtdG9rZW4tMg=="
#define RETELL_LOGIN "Bearer key_sandbox"
#define OLD_API	     "/2010-04-01/Accounts/" SANDBOX_ACCOUNT

struct world {
	struct sandbox *sb;
	int64_t now_ms;
	const char *login; /* of Twilio calls */
	int status;	   /* of the last answer */
	json_t *answer;	   /* its body, or NULL */
	struct sandbox_plan plan;
	char text[65536]; /* its body as it is */
};

static const struct sandbox_config small_world = {
	.numbers = 3, .max_trunks = 100, .seed = 7, .log_max = 1000};

static inline struct world *world_with(const struct sandbox_config *config)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->now_ms = 1700000000000;
	w->login = OUR_LOGIN;
	w->sb = sandbox_new(config, w->now_ms);
	return w;
}

static inline int world_open(void **state)
{
	*state = world_with(&small_world);
	return 0;
}

static inline void world_free(struct world *w)
{
	json_decref(w->answer);
	sandbox_free(w->sb);
	free(w);
}

static inline int world_close(void **state)
{
	world_free(*state);
	return 0;
}

/* A test in a world of its own. */
#define in_world(test) \
	cmocka_unit_test_setup_teardown(test, world_open, world_close)

static inline void note_answer(struct world *w, const struct sandbox_answer *a)
{
	json_decref(w->answer);
	w->status = a->status;
	w->answer = json_loads(a->body, 0, NULL);
	snprintf(w->text, sizeof(w->text), "%s", a->body);
}

static inline struct sandbox_call *start(struct world *w, const char *method,
					 const char *target, const char *body)
{
	bool twilio = strncmp(target, "/v1/", 4) == 0 ||
		      strncmp(target, "/2010-", 6) == 0;
	struct sandbox_request rq = {
		.method = method,
		.target = target,
		.authorization = twilio ? w->login : RETELL_LOGIN,
		.content_type = twilio ? "application/x-www-form-urlencoded"
				       : "application/json",
		.body = body,
		.body_len = body ? strlen(body) : 0,
	};

	return sandbox_begin(w->sb, &rq, w->now_ms);
}

/* One call from begin to end at once; gives the status. */
static inline int call(struct world *w, const char *method, const char *target,
		       const char *body)
{
	struct sandbox_call *c = start(w, method, target, body);

	note_answer(w, sandbox_apply(c, w->now_ms));
	w->plan = *sandbox_plan(c);
	sandbox_call_free(c);
	return w->status;
}

static inline int get(struct world *w, const char *target)
{
	return call(w, "GET", target, NULL);
}

static inline int post(struct world *w, const char *target, const char *body)
{
	return call(w, "POST", target, body);
}

static inline int del(struct world *w, const char *target)
{
	return call(w, "DELETE", target, NULL);
}

/* A member of the last answer as text; "" if it is not there. */
static inline const char *said(const struct world *w, const char *member)
{
	const char *s = json_string_value(json_object_get(w->answer, member));

	return s ? s : "";
}

static inline int code(const struct world *w)
{
	return (int)json_integer_value(json_object_get(w->answer, "code"));
}

/* A path in one of a few buffers, good until the fourth next one. */
__attribute__((format(printf, 1, 2))) static inline const char *path(
	const char *fmt, ...)
{
	static char buffers[4][512];
	static int next;
	char *at = buffers[next++ % 4];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(at, sizeof(buffers[0]), fmt, ap);
	va_end(ap);
	return at;
}

/* Made things: their SIDs, good until the eighth next one. */
static inline const char *made(struct world *w)
{
	static char sids[8][64];
	static int next;
	char *at = sids[next++ % 8];

	assert_int_equal(w->status, 201);
	snprintf(at, sizeof(sids[0]), "%s", said(w, "sid"));
	return at;
}

static inline const char *new_trunk(struct world *w, const char *domain)
{
	(void)post(
		w, "/v1/Trunks",
		path("FriendlyName=t&DomainName=%s.pstn.twilio.com", domain));
	return made(w);
}

static inline const char *new_list(struct world *w, const char *name)
{
	(void)post(w, OLD_API "/SIP/CredentialLists.json",
		   path("FriendlyName=%s", name));
	return made(w);
}

/* The SID of an owned number. */
static inline const char *number_sid(struct world *w, const char *e164)
{
	for (size_t i = 0; i < sandbox_ledger_count(w->sb); i++) {
		const struct sandbox_resource *r = sandbox_ledger_at(w->sb, i);
		const char *number = sandbox_resource_field(r, "phone_number");

		if (r->kind == SANDBOX_INCOMING_PHONE_NUMBER && r->alive &&
		    number && strcmp(number, e164) == 0)
			return r->id;
	}
	fail_msg("%s is not owned", e164);
	return NULL;
}

static inline const char *number_field(struct world *w, const char *e164,
				       const char *field)
{
	const struct sandbox_resource *r =
		sandbox_ledger_find(w->sb, SANDBOX_INCOMING_PHONE_NUMBER,
				    number_sid(w, e164), NULL);

	assert_non_null(r);
	return sandbox_resource_field(r, field);
}

static inline size_t alive(struct world *w, enum sandbox_kind kind)
{
	return sandbox_ledger_alive(w->sb, kind);
}

/* Rules with single quotes, for C's sake. */
static inline void set_faults(struct world *w, const char *rules)
{
	char text[4096], why[256] = "";

	snprintf(text, sizeof(text), "{\"rules\":[%s]}", rules);
	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	if (sandbox_set_faults_text(w->sb, text, why, sizeof(why)))
		fail_msg("%s", why);
}

#endif
