/* SPDX-License-Identifier: MIT */
/*
 * call.c - a request's way through the model: begin, apply, land, free.
 *
 * A late effect runs the same handler later and throws its answer away.
 */
#include "call.h"

#include "fault_rules.h"
#include "request_log.h"
#include "routes.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static char *copy(const char *s)
{
	return s ? must(strdup(s)) : NULL;
}

struct login {
	char text[256]; /* user:password */
	char *user, *password;
};

static bool basic_login(const char *header, struct login *l)
{
	size_t len;

	if (!header || strncasecmp(header, "Basic ", 6) != 0 ||
	    sodium_base642bin((unsigned char *)l->text, sizeof(l->text) - 1,
			      header + 6, strlen(header + 6), NULL, &len, NULL,
			      sodium_base64_VARIANT_ORIGINAL))
		return false;
	l->text[len] = '\0';
	l->user = l->text;
	l->password = strchr(l->text, ':');
	if (!l->password)
		return false;
	*l->password++ = '\0';
	return true;
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* Whom the credentials name, and whether they are right. */
static struct account *twilio_login(struct sandbox_call *c, bool *right)
{
	struct login l = {0};
	struct account *found = NULL;

	*right = false;
	for (int i = ACCOUNT_OURS; i <= ACCOUNT_SECOND; i++) {
		struct account *a = &c->sb->accounts[i];

		if (!l.user && !basic_login(c->authorization, &l))
			break;
		if (!same(l.user, a->sid) && !same(l.user, a->key_sid))
			continue;
		found = a;
		*right = same(l.password,
			      same(l.user, a->sid) ? a->secret : a->key_secret);
	}
	sodium_memzero(&l, sizeof(l));
	return found;
}

static struct account *retell_login(struct sandbox_call *c, bool *right)
{
	struct account *a = &c->sb->accounts[WORKSPACE_OURS];

	*right = c->authorization &&
		 strncasecmp(c->authorization, "Bearer ", 7) == 0 &&
		 same(c->authorization + 7, a->secret);
	return *right ? a : NULL;
}

static bool is_type(const char *header, const char *type)
{
	size_t n = strlen(type);

	return header && strncasecmp(header, type, n) == 0 &&
	       (!header[n] || header[n] == ';' || header[n] == ' ');
}

/* The query of a GET or a Retell call, the body of a Twilio POST. Broken
 * escapes leave the rest out. */
static bool read_parameters(struct sandbox_call *c)
{
	const char *query = strchr(c->target, '?');
	bool post = strcmp(c->method, "POST") == 0;
	json_error_t why;

	if (c->provider == TWILIO && post)
		return form_parse(&c->form, c->body, c->body_len) == 0;
	if (query && form_parse(&c->form, query + 1, strlen(query + 1)))
		return false;
	if (c->provider == TWILIO || !c->body_len)
		return true;
	c->json =
		json_loadb(c->body, c->body_len, JSON_REJECT_DUPLICATES, &why);
	return json_is_object(c->json);
}

struct sandbox_call *sandbox_begin(struct sandbox *sb,
				   const struct sandbox_request *rq,
				   int64_t now_ms)
{
	struct sandbox_call *c = must(calloc(1, sizeof(*c)));
	bool right;

	c->sb = sb;
	c->generation = sb->generation;
	c->next = sb->calls;
	if (c->next)
		c->next->prev = c;
	sb->calls = c;
	c->method = copy(rq->method);
	c->target = copy(rq->target);
	c->authorization = copy(rq->authorization);
	c->content_type = copy(rq->content_type);
	c->base_url = copy(rq->base_url);
	c->body = must(malloc(rq->body_len + 1));
	if (rq->body_len)
		memcpy(c->body, rq->body, rq->body_len);
	c->body[rq->body_len] = '\0';
	c->body_len = rq->body_len;
	c->plan.truncate = -1;
	c->plan.land_late_ms = -1;
	route(c);
	c->claimed = c->provider == TWILIO ? twilio_login(c, &right)
					   : retell_login(c, &right);
	if (c->claimed) {
		c->counted = c->claimed;
		c->counted->in_flight++;
		c->throttled =
			sb->config.max_concurrency &&
			c->counted->in_flight > sb->config.max_concurrency;
	}
	(void)read_parameters(c); /* what the log shows; judged at the effect */
	if (c->throttled)
		c->plan.effect = SANDBOX_EFFECT_NONE;
	else
		faults_decide(c);
	log_begin(c, now_ms);
	return c;
}

const struct sandbox_plan *sandbox_plan(const struct sandbox_call *c)
{
	return &c->plan;
}

const char *sandbox_operation(const struct sandbox_call *c)
{
	return c->op ? c->op->name : "unknown";
}

static bool twilio_allowed(struct sandbox_call *c)
{
	bool right;
	struct account *a = twilio_login(c, &right);
	bool old_api = strncmp(c->target, "/2010-04-01/", 12) == 0;

	if (!a || !right ||
	    (old_api && c->n_args && strcmp(c->args[0], a->sid) != 0)) {
		refuse_code(c, 401, 20003);
		answer_header(&c->answer, "WWW-Authenticate",
			      "Basic realm=\"Twilio API\"");
		return false;
	}
	c->account = a;
	if (c->wrong_method)
		refuse_code(c, 405, 20004);
	else if (!c->op)
		refuse_not_found(c);
	else if (c->body_len && strcmp(c->method, "POST") == 0 &&
		 !is_type(c->content_type, "application/x-www-form-urlencoded"))
		refuse(c, 415, 20422, "Unsupported Media Type");
	else
		return true;
	return false;
}

static bool retell_allowed(struct sandbox_call *c)
{
	bool right;
	bool with_body = strcmp(c->method, "POST") == 0 ||
			 strcmp(c->method, "PATCH") == 0;

	c->account = retell_login(c, &right);
	if (!right)
		refuse_retell(c, 401, "Invalid API key.");
	else if (!c->op)
		refuse_retell(c, 404, "Not Found");
	else if (with_body && c->body_len &&
		 !is_type(c->content_type, "application/json"))
		refuse_retell(c, 415, "Unsupported Media Type");
	else
		return true;
	return false;
}

static void drop_parameters(struct sandbox_call *c)
{
	form_release(&c->form);
	json_decref(c->json);
	c->json = NULL;
}

static void work(struct sandbox_call *c, int64_t now_ms)
{
	bool twilio = c->provider == TWILIO;

	c->now_ms = now_ms;
	c->lag_ms = c->rule && c->rule->lag_ms >= 0 ? c->rule->lag_ms
						    : c->sb->config.lag_ms;
	if (!(twilio ? twilio_allowed(c) : retell_allowed(c)))
		return;
	drop_parameters(c);
	if (!read_parameters(c)) {
		if (twilio)
			refuse(c, 400, 20422, "Invalid Parameter");
		else
			refuse_retell(c, 400, "request/body must be object");
		return;
	}
	if (!c->json && !twilio && strcmp(c->method, "GET") != 0)
		c->json = must(json_object());
	c->op->run(c);
}

/* The work itself, at now_ms. */
static void run(struct sandbox_call *c, int64_t now_ms)
{
	work(c, now_ms);
	c->refused = c->answer.status >= 400;
}

static void twilio_headers(struct sandbox_call *c)
{
	char sid[SID_SIZE], text[16];

	random_sid(c->sb, "RQ", sid);
	answer_header(&c->answer, "Twilio-Request-Id", sid);
	answer_header(&c->answer, "Twilio-Request-Duration", "0.020");
	snprintf(text, sizeof(text), "%u",
		 c->counted ? c->counted->in_flight : 1);
	answer_header(&c->answer, "Twilio-Concurrent-Requests", text);
}

static void throttle(struct sandbox_call *c)
{
	if (c->provider == TWILIO)
		refuse_code(c, 429, 20429);
	else
		refuse_retell(c, 429,
			      "Account rate limited, please throttle "
			      "your requests.");
}

const struct sandbox_answer *sandbox_apply(struct sandbox_call *c,
					   int64_t now_ms)
{
	bool stale = c->generation != c->sb->generation;
	int status;

	if (stale) { /* the world it was meant for is gone */
		answer_empty(c, 503);
	} else if (c->throttled) {
		throttle(c);
	} else {
		if (c->plan.effect == SANDBOX_EFFECT_NOW)
			run(c, now_ms);
		fault_answers(c);
		fault_spoils(c);
	}
	if (!c->answer.body)
		answer_empty(c, c->answer.status);
	if (c->provider == TWILIO)
		twilio_headers(c);
	status = c->plan.deliver == SANDBOX_DELIVER_ANSWER ? c->answer.status
							   : 0;
	log_done(c, status, now_ms);
	return &c->answer;
}

void sandbox_land(struct sandbox_call *c, int64_t now_ms)
{
	struct sandbox_answer given = c->answer;

	if (c->generation != c->sb->generation)
		return;
	c->answer = (struct sandbox_answer){0};
	run(c, now_ms);
	sandbox_answer_release(&c->answer);
	c->answer = given;
	log_landed(c);
}

void sandbox_call_free(struct sandbox_call *c)
{
	if (!c)
		return;
	if (c->counted)
		c->counted->in_flight--;
	if (c->prev)
		c->prev->next = c->next;
	else
		c->sb->calls = c->next;
	if (c->next)
		c->next->prev = c->prev;
	for (size_t i = 0; i < c->n_args; i++)
		free(c->args[i]);
	drop_parameters(c);
	rule_unref(c->rule);
	sandbox_answer_release(&c->answer);
	if (c->authorization)
		sodium_memzero(c->authorization, strlen(c->authorization));
	sodium_memzero(c->body, c->body_len);
	free(c->authorization);
	free(c->method);
	free(c->target);
	free(c->content_type);
	free(c->base_url);
	free(c->body);
	free(c);
}
