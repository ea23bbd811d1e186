/* SPDX-License-Identifier: MIT */
/*
 * garble.c - the ways an answer can be spoilt, one row each.
 */
#include "fault_rules.h"

#include <stdlib.h>
#include <string.h>

static void set_own(struct sandbox_call *c, char *body, size_t len)
{
	free(c->answer.body);
	c->answer.body = body;
	c->answer.body_len = len;
}

static void set_text(struct sandbox_call *c, char *body)
{
	set_own(c, body, strlen(body));
}

/* A 204 could not carry it. */
static void html(struct sandbox_call *c)
{
	if (c->answer.status == 204)
		c->answer.status = 200;
	answer_body(&c->answer, "text/html", "", 0);
	set_text(c, must_printf("<html><body><h1>%d</h1></body></html>",
				c->answer.status));
}

static void empty(struct sandbox_call *c)
{
	set_text(c, must(strdup("")));
}

static void json_junk(struct sandbox_call *c)
{
	set_text(c, must_printf("%s}{\"x\":", c->answer.body));
}

static void cut_json(struct sandbox_call *c)
{
	c->answer.body_len /= 2;
	c->answer.body[c->answer.body_len] = '\0';
}

static void bom(struct sandbox_call *c)
{
	set_text(c, must_printf("\xef\xbb\xbf%s", c->answer.body));
}

static void nul(struct sandbox_call *c)
{
	size_t len = c->answer.body_len;
	char *body = must(malloc(len + 2));

	memcpy(body, c->answer.body, len);
	body[len] = body[len + 1] = '\0';
	if (len > 2)
		body[len / 2] = '\0';
	set_own(c, body, len + 1);
}

static void wrong_type(struct sandbox_call *c)
{
	c->answer.content_type = "text/html";
}

static void dup_keys(struct sandbox_call *c)
{
	const char *body = c->answer.body;

	if (body[0] == '{')
		set_text(c, must_printf("{\"sid\":\"XX\",\"sid\":\"YY\"%s%s",
					body[1] == '}' ? "" : ",", body + 1));
}

static void deep(struct sandbox_call *c)
{
	enum { LEVELS = 5000 };
	char *body = must(malloc(2 * LEVELS + 1));

	memset(body, '[', LEVELS);
	memset(body + LEVELS, ']', LEVELS);
	body[2 * LEVELS] = '\0';
	set_text(c, body);
}

static void huge(struct sandbox_call *c)
{
	enum { SIZE = 10 * 1024 * 1024 };
	static const char head[] = "{\"sid\":\"";
	char *body = must(malloc(SIZE));

	memset(body, 'a', SIZE);
	memcpy(body, head, sizeof(head) - 1);
	memcpy(body + SIZE - 3, "\"}", 3);
	set_text(c, body);
}

static void endless(struct sandbox_call *c)
{
	/* the plan tells the driver to repeat it for ever */
	set_text(c, must_printf("%4096s", " "));
}

static void not_http(struct sandbox_call *c)
{
	set_text(c, must(strdup("220 mail.example.com ESMTP\r\n")));
}

/* An error text that repeats what should never be repeated. */
static void echo_secrets(struct sandbox_call *c)
{
	int status = c->answer.status < 400 ? 500 : c->answer.status;
	char *text =
		must_printf("Oops\r\nX-Evil: 1\r\n<script>alert(1)</script> "
			    "%s %s",
			    c->authorization ? c->authorization : "",
			    c->body ? c->body : "");

	if (c->provider == TWILIO)
		answer_json_own(c, status, twilio_error(status, 20500, text));
	else
		refuse_retell(c, status, "%s", text);
	free(text);
}

/* What names the resource in an answer. */
static const char *id_key(const json_t *answer)
{
	return json_object_get(answer, "sid") ? "sid" : "phone_number";
}

static void wrong_sid(struct sandbox_call *c, json_t *answer)
{
	put_text(answer, id_key(answer), "TK../../x");
}

static void number_sid(struct sandbox_call *c, json_t *answer)
{
	put_int(answer, id_key(answer), 42);
}

static void long_sid(struct sandbox_call *c, json_t *answer)
{
	enum { SIZE = 10 * 1024 };
	char *sid = must(malloc(SIZE + 1));

	memset(sid, 'a', SIZE);
	sid[SIZE] = '\0';
	memcpy(sid, "TK", 2);
	put_text(answer, id_key(answer), sid);
	free(sid);
}

/* Well formed, but the last digit is another one. */
static void other_sid(struct sandbox_call *c, json_t *answer)
{
	const char *key = id_key(answer);
	const char *now = json_string_value(json_object_get(answer, key));
	char *sid;
	size_t n;

	if (!now || !*now)
		return;
	sid = must(strdup(now));
	n = strlen(sid);
	sid[n - 1] = sid[n - 1] == '1' ? '2' : '1';
	put_text(answer, key, sid);
	free(sid);
}

static void missing_sid(struct sandbox_call *c, json_t *answer)
{
	(void)json_object_del(answer, id_key(answer));
}

static void next_elsewhere(struct sandbox_call *c, json_t *answer)
{
	json_t *meta = json_object_get(answer, "meta");
	const char *link = "http://169.254.169.254/v1/Trunks?Page=1";

	if (meta)
		put_text(meta, "next_page_url", link);
	else
		put_text(answer, "next_page_uri", link);
}

/* A list without end: its next page is this one. */
static void next_again(struct sandbox_call *c, json_t *answer)
{
	json_t *meta = json_object_get(answer, "meta");

	if (meta) {
		put(meta, "next_page_url",
		    json_incref(must(json_object_get(meta, "url"))));
	} else if (json_object_get(answer, "uri")) {
		put(answer, "next_page_uri",
		    json_incref(json_object_get(answer, "uri")));
	} else {
		put(answer, "has_more", json_true());
		put_text(answer, "pagination_key", "1");
	}
}

/* clang-format off */
static const struct garble garbles[] = {
	{ "html",           html,         NULL },
	{ "empty",          empty,        NULL },
	{ "json_junk",      json_junk,    NULL },
	{ "cut_json",       cut_json,     NULL },
	{ "bom",            bom,          NULL },
	{ "nul",            nul,          NULL },
	{ "wrong_type",     wrong_type,   NULL },
	{ "wrong_sid",      NULL,         wrong_sid },
	{ "number_sid",     NULL,         number_sid },
	{ "long_sid",       NULL,         long_sid },
	{ "other_sid",      NULL,         other_sid },
	{ "missing_sid",    NULL,         missing_sid },
	{ "dup_keys",       dup_keys,     NULL },
	{ "deep",           deep,         NULL },
	{ "huge",           huge,         NULL },
	{ "endless",        endless,      NULL },
	{ "not_http",       not_http,     NULL },
	{ "next_elsewhere", NULL,         next_elsewhere },
	{ "next_again",     NULL,         next_again },
	{ "echo_secrets",   echo_secrets, NULL },
};
/* clang-format on */

const struct garble *garble_find(const char *name)
{
	for (size_t i = 0; i < sizeof(garbles) / sizeof(garbles[0]); i++)
		if (strcmp(garbles[i].name, name) == 0)
			return &garbles[i];
	return NULL;
}

void garble_apply(struct sandbox_call *c, const struct garble *g)
{
	json_t *answer;

	if (g->body) {
		g->body(c);
		return;
	}
	answer = json_loads(c->answer.body, 0, NULL);
	if (json_is_object(answer)) {
		g->json(c, answer);
		set_text(c, json_line(answer));
	}
	json_decref(answer);
}
