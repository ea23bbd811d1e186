/* SPDX-License-Identifier: MIT */
/*
 * workload.c - what the clients want, and when: drawn as a list before the
 * world starts, so that a seed asks for the same whatever the core does.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/world.h"
#include "sim.h"

#define WAIT_LONG_MS 100000
#define CALM_MS	     65000 /* until no breaker is open and no lane is closed */
#define APART_MS     20000 /* a lane that was open lets one call probe it */

static const char *const ordinary[] = {"+14155550100", "+14155550101",
				       "+14155550102"};
static const char *const special[] = {
	SANDBOX_ON_FOREIGN_TRUNK,
	SANDBOX_ON_FOREIGN_TRUNK,
	SANDBOX_WITH_APPLICATION,
	SANDBOX_WITH_APPLICATION,
	SANDBOX_WITH_VOICE_URL,
	SANDBOX_IN_OUR_RETELL,
	SANDBOX_IN_OTHER_WORKSPACE,
	SANDBOX_WITH_EMERGENCY,
	"+14155558001" /* the second account's */,
	"+14155557777" /* nobody's */,
};

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static void set(json_t *o, const char *name, json_t *value)
{
	(void)json_object_set_new(o, name, value);
}

static void set_text(json_t *o, const char *name, const char *text)
{
	set(o, name, json_string(text));
}

/* --- bodies -------------------------------------------------------------- */

static void add_agents(struct chance *c, json_t *body)
{
	char one[24], two[24];

	snprintf(one, sizeof(one), "agent_sandbox_%d",
		 (int)chance_from(c, 1, 9));
	snprintf(two, sizeof(two), "agent_sandbox_%d",
		 (int)chance_from(c, 1, 9));
	if (chance_percent(c, 4))
		strcpy(one, "agent_unknown");
	if (chance_percent(c, 70)) {
		set_text(body, "agent_id", one);
		if (chance_percent(c, 30))
			set(body, "agent_version",
			    json_integer(chance_from(c, 0, 3)));
	} else if (strcmp(one, two) != 0) {
		set(body, "inbound_agents",
		    json_pack("[{s:s,s:f},{s:s,s:f}]", "agent_id", one,
			      "weight", 0.25, "agent_id", two, "weight", 0.75));
	}
}

static void add_directions(struct chance *c, json_t *body)
{
	int draw = (int)chance_from(c, 0, 9);

	if (draw < 2)
		set(body, "supports_inbound", json_false());
	else if (draw < 4)
		set(body, "supports_outbound", json_false());
}

static void add_twilio(struct chance *c, json_t *body, const char *phone)
{
	if (strncmp(phone, "+14155558", 9) == 0) {
		set_text(body, "twilio_account_sid", SANDBOX_ACCOUNT_2);
		set_text(body, "twilio_auth_token", SANDBOX_TOKEN_2);
	}
	if (chance_percent(c, 12))
		set(body, "connection_policy",
		    json_pack("{s:s,s:i,s:i}", "target", "sip:pbx.example.com",
			      "priority", 3, "weight", 7));
	if (chance_percent(c, 15))
		set_text(body, "disaster_recovery_url",
			 "https://example.com/down");
	if (chance_percent(c, 10))
		set(body, "outbound_trunk",
		    json_pack("{s:s}", "media_encryption", "required"));
	if (chance_percent(
		    c, strcmp(phone, SANDBOX_ON_FOREIGN_TRUNK) == 0 ? 80 : 10))
		set(body, "take_over", json_true());
}

static json_t *create_body(struct chance *c, const char *phone)
{
	json_t *body = json_object();

	set_text(body, "phone_number", phone);
	if (chance_percent(c, 8)) {
		set_text(body, "provider", "sip_trunk");
		set(body, "outbound_trunk",
		    json_pack("{s:s,s:s,s:s}", "address", "pbx.example.com",
			      "username", "someone", "password",
			      "Secret1234567890"));
	} else {
		add_directions(c, body);
		add_twilio(c, body, phone);
	}
	if (chance_percent(c, 60) && !json_object_get(body, "supports_inbound"))
		add_agents(c, body);
	if (chance_percent(c, 40))
		set_text(body, "label", "first");
	if (chance_percent(c, 25))
		set_text(body, "fallback_number", "+14155550199");
	if (chance_percent(c, 15))
		set_text(body, "inbound_webhook_url",
			 "https://example.com/hook");
	if (chance_percent(c, 15))
		set(body, "metadata", json_pack("{s:s}", "team", "north"));
	return body;
}

static json_t *patch_body(struct chance *c)
{
	static const char *const labels[] = {"second", "third", "first"};
	json_t *body = json_object();
	char agent[24];

	snprintf(agent, sizeof(agent), "agent_sandbox_%d",
		 (int)chance_from(c, 1, 9));
	if (chance_percent(c, 60))
		set_text(body, "label", labels[chance_from(c, 0, 2)]);
	if (chance_percent(c, 30))
		set_text(body, "agent_id", agent);
	if (chance_percent(c, 20))
		set(body, "fallback_number",
		    chance_percent(c, 50) ? json_null()
					  : json_string("+14155550198"));
	if (chance_percent(c, 20))
		set(body, "metadata", json_pack("{s:s}", "team", "south"));
	return body;
}

/* --- requests ------------------------------------------------------------ */

static void take_fingerprint(struct request *r)
{
	char *body = r->body ? json_dumps(r->body, JSON_SORT_KEYS) : NULL;
	char text[2048];
	int n = snprintf(text, sizeof(text), "%d %s %d %s", r->kind, r->phone,
			 r->match, body ? body : "");

	crypto_generichash(r->fingerprint, SEAL_HASH_SIZE,
			   (unsigned char *)text, (size_t)n, NULL, 0);
	free(body);
}

static struct request *add(struct world *w, enum command_kind kind,
			   const char *phone, int64_t at)
{
	struct request *r;

	if (w->request_count == REQUESTS_MAX)
		return NULL;
	r = &w->requests[w->request_count++];
	*r = (struct request){.kind = kind, .at = at, .wait_ms = WAIT_LONG_MS};
	memcpy(r->phone, phone, strlen(phone) + 1);
	return r;
}

static void draw_patience(struct chance *c, struct request *r)
{
	int draw = (int)chance_from(c, 0, 99);

	if (draw < 15)
		r->async = true;
	else if (draw < 30)
		r->wait_ms = chance_from(c, 1, 3000);
}

static enum command_kind draw_kind(struct world *w)
{
	/* percent, by command_kind; a seed is mixed, or about changes, or
	 * about removals */
	static const int weights[][COMMAND_CANCEL + 1] = {
		{50, 15, 23, 5, 3, 4},
		{50, 15, 23, 5, 3, 4},
		{24, 62, 8, 2, 2, 2},
		{42, 4, 38, 11, 3, 2},
	};
	int draw = (int)chance_from(&w->dice, 0, 99);
	int kind = COMMAND_CREATE;

	while (draw >= weights[w->theme][kind])
		draw -= weights[w->theme][kind++];
	return (enum command_kind)kind;
}

static void draw_one(struct world *w, int64_t span)
{
	struct chance *c = &w->dice;
	enum command_kind kind =
		w->request_count ? draw_kind(w) : COMMAND_CREATE;
	const char *phone = w->phones[chance_from(c, 0, w->phone_count - 1)];
	int64_t at = w->request_count ? 1000 + chance_from(c, 0, span) : 1000;
	struct request *r = add(w, kind, phone, at);

	if (kind == COMMAND_CREATE)
		r->body = create_body(c, phone);
	else if (kind == COMMAND_UPDATE)
		r->body = patch_body(c);
	else if (chance_percent(c, 6))
		r->match = (int)chance_from(c, 1, 3);
	draw_patience(c, r);
	if (kind >= COMMAND_SWEEP)
		r->async = false;
	else if (chance_percent(c, 60))
		snprintf(r->key, sizeof(r->key), "key-%d", ++w->keys);
	else
		r->by_id = chance_percent(c, 50);
	take_fingerprint(r);
}

static struct request *copy(struct world *w, int from, int64_t at)
{
	const struct request *of = &w->requests[from];
	struct request *r = add(w, of->kind, of->phone, at);

	if (!r)
		return NULL;
	r->body = json_incref(of->body);
	strcpy(r->key, of->key);
	r->match = of->match;
	memcpy(r->fingerprint, of->fingerprint, SEAL_HASH_SIZE);
	return r;
}

/* The same key once more: at once, later, now and then with another body. */
static void draw_repeat(struct world *w)
{
	struct chance *c = &w->dice;
	int from = (int)chance_from(c, 0, w->request_count - 1);
	int64_t at = w->requests[from].at;
	struct request *r;

	at += chance_percent(c, 30) ? 0 : chance_from(c, 0, 20000);
	if (!w->requests[from].key[0])
		return;
	r = copy(w, from, at);
	draw_patience(c, r);
	if (!r->body || !chance_percent(c, 20))
		return;
	r->body = json_deep_copy(w->requests[from].body);
	json_decref(w->requests[from].body);
	set_text(r->body, "label", "another");
	take_fingerprint(r);
}

void workload_draw(struct world *w)
{
	static const int64_t spans[] = {0, 400, 4000, 20000};
	struct chance *c = &w->dice;
	int64_t span = spans[chance_from(c, 0, 3)];
	int wants = (int)chance_from(c, 1, 6);
	int repeats = (int)chance_from(c, 0, 4);

	w->theme = (int)chance_from(c, 0, 3);
	w->phone_count = w->theme > 1 ? 1 : (int)chance_from(c, 1, 3);
	for (int i = 0; i < w->phone_count; i++)
		w->phones[i] = chance_percent(c, 65)
				       ? ordinary[chance_from(
						 c, 0, COUNT(ordinary) - 1)]
				       : special[chance_from(
						 c, 0, COUNT(special) - 1)];
	for (int i = 0; i < wants; i++)
		draw_one(w, span);
	for (int i = 0; i < repeats; i++)
		draw_repeat(w);
	stranger_draw(w);
}

/* --- after the faults ---------------------------------------------------- */

static bool is_first_of_key(const struct world *w, int i)
{
	const struct request *r = &w->requests[i];

	for (int j = 0; j < i; j++)
		if (strcmp(w->requests[j].key, r->key) == 0 &&
		    memcmp(w->requests[j].fingerprint, r->fingerprint,
			   SEAL_HASH_SIZE) == 0)
			return false;
	return r->key[0];
}

static bool never_deletable(const char *phone)
{
	return strcmp(phone, SANDBOX_WITH_EMERGENCY) == 0;
}

void workload_again(struct world *w)
{
	int count = w->request_count;

	for (int i = 0; i < count; i++)
		if (is_first_of_key(w, i))
			(void)copy(w, i,
				   w->clock.now + CALM_MS +
					   chance_from(&w->dice, 0, 50));
	(void)add(w, COMMAND_SWEEP, "", w->clock.now + 2 * CALM_MS);
}

static bool is_ordinary(const char *phone)
{
	for (int i = 0; i < COUNT(ordinary); i++)
		if (strcmp(ordinary[i], phone) == 0)
			return true;
	return false;
}

void workload_afresh(struct world *w, const struct facts *f)
{
	int64_t at = w->clock.now + CALM_MS;

	for (int i = 0; i < w->phone_count; i++) {
		const char *phone = w->phones[i];
		bool there = facts_by_phone(f, phone) != NULL;
		struct request *r;
		bool again = false;

		for (int j = 0; j < i; j++)
			again |= strcmp(w->phones[j], phone) == 0;
		if (again || (!there && !is_ordinary(phone)))
			continue;
		at += APART_MS;
		r = add(w, there ? COMMAND_DELETE : COMMAND_CREATE, phone, at);
		if (!r)
			return;
		r->expect = there ? 200 : 201;
		if (never_deletable(phone) ||
		    ((w->tight || stranger_has(w, phone)) && !there))
			r->expect = 0;
		if (!there)
			r->body = json_pack("{s:s}", "phone_number", phone);
	}
}

int64_t workload_next(const struct world *w)
{
	int64_t next = INT64_MAX;

	for (int i = 0; i < w->request_count; i++)
		if (w->requests[i].at >= 0 && w->requests[i].at < next)
			next = w->requests[i].at;
	return next;
}

int64_t workload_last(const struct world *w)
{
	int64_t last = w->clock.now;

	for (int i = 0; i < w->request_count; i++)
		if (w->requests[i].at > last)
			last = w->requests[i].at;
	return last;
}

void workload_clear(struct world *w)
{
	for (int i = 0; i < w->request_count; i++) {
		json_decref(w->requests[i].body);
		json_decref(w->requests[i].answer.json);
		free(w->requests[i].answer.body);
	}
	w->request_count = 0;
}
