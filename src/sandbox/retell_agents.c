/* SPDX-License-Identifier: MIT */
/*
 * retell_agents.c - agents, calls registered with them, and routes that
 * Retell has removed (api.retellai.com).
 */
#include "retell.h"
#include "sandbox/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LATEST_PUBLISHED = 2, LATEST = 3 };

#define LAST_CHANGE 1735689600000LL /* 2025-01-01 */

int agent_number(const char *agent_id)
{
	static const char prefix[] = "agent_sandbox_";
	size_t n = sizeof(prefix) - 1;

	if (strncmp(agent_id, prefix, n) != 0 || agent_id[n] < '1' ||
	    agent_id[n] > '0' + SANDBOX_AGENTS || agent_id[n + 1])
		return 0;
	return agent_id[n] - '0';
}

/* The version meant, or -1. */
static int version_of(const json_t *version)
{
	const char *tag = json_string_value(version);

	if (!version)
		return LATEST;
	if (json_is_integer(version)) {
		json_int_t n = json_integer_value(version);

		return n >= 0 && n <= LATEST ? (int)n : -1;
	}
	if (tag && strcmp(tag, "latest") == 0)
		return LATEST;
	if (tag && strcmp(tag, "latest_published") == 0)
		return LATEST_PUBLISHED;
	return -1;
}

bool agent_version_known(const json_t *version)
{
	return version_of(version) >= 0;
}

void refuse_asset(struct sandbox_call *c)
{
	if (c->sb->config.retell_not_found_422)
		refuse_retell(c, 422,
			      "Cannot find requested asset under given api "
			      "key.");
	else
		refuse_retell(c, 404, "Not Found");
}

static json_t *agent_json(int n, int version)
{
	json_t *o = must(json_object());
	char *id = must_printf("agent_sandbox_%d", n);
	char *name = must_printf("Sandbox agent %d", n);

	put_text(o, "agent_id", id);
	put_int(o, "version", version);
	put(o, "is_published", json_boolean(version <= LATEST_PUBLISHED));
	put_int(o, "last_modification_timestamp", LAST_CHANGE);
	put(o, "response_engine",
	    json_pack("{s:s, s:s, s:i}", "type", "retell-llm", "llm_id",
		      "llm_sandbox", "version", version));
	put_text(o, "voice_id", "retell-Cimo");
	put_text(o, "agent_name", name);
	put_text(o, "language", "en-US");
	put_text(o, "channel", "voice");
	free(id);
	free(name);
	return o;
}

void get_agent(struct sandbox_call *c)
{
	const char *text = form_get(&c->form, "version");
	int n = agent_number(c->args[0]);
	json_t *version = NULL;
	int v;

	if (text && *text && strspn(text, "0123456789") == strlen(text))
		version = json_integer(strtol(text, NULL, 10));
	else if (text)
		version = json_text(text);
	v = version_of(version);
	json_decref(version);
	if (!n || v < 0)
		refuse_asset(c);
	else
		answer_json_own(c, 200, agent_json(n, v));
}

long list_limit(struct sandbox_call *c)
{
	const char *text = form_get(&c->form, "limit");
	const char *order = form_get(&c->form, "sort_order");
	char *end;
	long n;

	if (order && strcmp(order, "ascending") != 0 &&
	    strcmp(order, "descending") != 0) {
		refuse_retell(c, 400, "sort_order is invalid");
		return -1;
	}
	if (!text)
		return page_cap(c, 50);
	n = strtol(text, &end, 10);
	if (*text && !*end && n >= 1 && n <= 1000)
		return page_cap(c, n);
	refuse_retell(c, 400, "limit must be 1 to 1000");
	return -1;
}

long list_key(struct sandbox_call *c, long max)
{
	const char *text = form_get(&c->form, "pagination_key");
	char *end;
	long n;

	if (!text)
		return 0;
	n = strtol(text, &end, 10);
	if (!*end && n >= 1 && n <= max)
		return n;
	refuse_retell(c, 400, "pagination_key is invalid");
	return -1;
}

static json_t *agent_item(int n)
{
	json_t *o = must(json_object());
	char *id = must_printf("agent_sandbox_%d", n);
	char *name = must_printf("Sandbox agent %d", n);

	put_text(o, "agent_id", id);
	put_text(o, "agent_name", name);
	put_text(o, "channel", "voice");
	put(o, "tags", json_object());
	put_int(o, "user_modified_timestamp", LAST_CHANGE);
	free(id);
	free(name);
	return o;
}

/* The pagination key is the number of the last agent seen. */
void list_agents(struct sandbox_call *c)
{
	long limit = list_limit(c), key, n;
	json_t *o, *items;
	char text[24];

	if (limit < 0)
		return;
	key = list_key(c, SANDBOX_AGENTS);
	if (key < 0)
		return;
	o = must(json_object());
	items = must(json_array());
	put(o, "items", items);
	for (n = key + 1; n <= SANDBOX_AGENTS && n <= key + limit; n++)
		add(items, agent_item((int)n));
	put(o, "has_more", json_boolean(n <= SANDBOX_AGENTS));
	snprintf(text, sizeof(text), "%ld", n - 1);
	if (n <= SANDBOX_AGENTS)
		put_text(o, "pagination_key", text);
	answer_json_own(c, 200, o);
}

static void copy_members(json_t *to, const json_t *from,
			 const char *const *names)
{
	for (; *names; names++) {
		json_t *value = json_object_get(from, *names);

		if (value)
			put(to, *names, json_incref(value));
	}
}

void register_call(struct sandbox_call *c)
{
	static const char *const copied[] = {
		"from_number", "to_number", "metadata",
		"retell_llm_dynamic_variables", NULL};
	const char *id =
		json_string_value(json_object_get(c->json, "agent_id"));
	const char *direction =
		json_string_value(json_object_get(c->json, "direction"));
	int version = version_of(json_object_get(c->json, "agent_version"));
	char call_id[SID_SIZE];
	json_t *o;

	if (!id) {
		refuse_retell(c, 400,
			      "request/body must have required "
			      "property 'agent_id'");
		return;
	}
	if (!agent_number(id) || version < 0) {
		refuse_retell(c, 422,
			      "Cannot find requested asset under given api "
			      "key.");
		return;
	}
	random_sid(c->sb, "CA", call_id);
	o = must(json_object());
	put_text(o, "call_type", "phone_call");
	put(o, "call_id", json_sprintf("call_%s", call_id + 2));
	put_text(o, "agent_id", id);
	put_int(o, "agent_version", version);
	put_text(o, "call_status", "registered");
	put_text(o, "direction", direction ? direction : "inbound");
	copy_members(o, c->json, copied);
	answer_json_own(c, 201, o);
}

void legacy_route(struct sandbox_call *c)
{
	refuse_retell(c, 400,
		      "Deprecated API usage is no longer supported: %s. "
		      "Migration details: "
		      "https://docs.retellai.com/deprecation-notice",
		      c->target);
}
