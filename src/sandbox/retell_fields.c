/* SPDX-License-Identifier: MIT */
/*
 * retell_fields.c - the members of Retell's phone number bodies.
 */
#include "retell.h"

#include "market.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum member_type {
	M_TEXT,
	M_BOOL,
	M_AREA,
	M_CHOICE,
	M_AGENTS,
	M_COUNTRIES,
	M_URL,
	M_HOST,
	M_NUMBER
};

struct member {
	const char *name;
	enum member_type type;
	unsigned calls;	     /* that take it */
	unsigned nullable;   /* of those, which take null */
	const char *choices; /* of M_CHOICE: "a|b" */
};

#define ANY (IN_IMPORT | IN_BUY | IN_UPDATE)

/* clang-format off */
static const struct member members[] = {
	{ "phone_number",                  M_TEXT,      IN_IMPORT | IN_BUY, 0, NULL },
	{ "termination_uri",               M_HOST,      IN_IMPORT | IN_UPDATE, 0, NULL },
	{ "sip_trunk_auth_username",       M_TEXT,      IN_IMPORT, 0, NULL },
	{ "sip_trunk_auth_password",       M_TEXT,      IN_IMPORT, 0, NULL },
	{ "ignore_e164_validation",        M_BOOL,      IN_IMPORT, 0, NULL },
	{ "auth_username",                 M_TEXT,      IN_UPDATE, 0, NULL },
	{ "auth_password",                 M_TEXT,      IN_UPDATE, 0, NULL },
	{ "inbound_agents",                M_AGENTS,    ANY, ANY, NULL },
	{ "outbound_agents",               M_AGENTS,    ANY, ANY, NULL },
	{ "inbound_sms_agents",            M_AGENTS,    IN_UPDATE, ANY, NULL },
	{ "outbound_sms_agents",           M_AGENTS,    IN_UPDATE, ANY, NULL },
	{ "nickname",                      M_TEXT,      ANY, IN_UPDATE, NULL },
	{ "inbound_webhook_url",           M_URL,       ANY, ANY, NULL },
	{ "inbound_sms_webhook_url",       M_URL,       IN_UPDATE, ANY, NULL },
	{ "allowed_inbound_country_list",  M_COUNTRIES, ANY, ANY, NULL },
	{ "allowed_outbound_country_list", M_COUNTRIES, ANY, ANY, NULL },
	{ "transport",                     M_CHOICE,    ANY, ANY, "TLS|TCP|UDP" },
	{ "fallback_number",               M_NUMBER,    IN_BUY | IN_UPDATE, ANY, NULL },
	{ "area_code",                     M_AREA,      IN_BUY, 0, NULL },
	{ "country_code",                  M_CHOICE,    IN_BUY, 0, "US|CA" },
	{ "number_provider",               M_CHOICE,    IN_BUY, 0, "twilio|telnyx" },
	{ "toll_free",                     M_BOOL,      IN_BUY, 0, NULL },
};

/* Removed after 2026-03-31. */
static const char *const removed[] = {
	"inbound_agent_id", "inbound_agent_version",
	"outbound_agent_id", "outbound_agent_version",
	"inbound_sms_agent_id", "inbound_sms_agent_version",
	"outbound_sms_agent_id", "outbound_sms_agent_version",
};
/* clang-format on */

static bool is_host(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789.-");

	if (!n || !isalnum((unsigned char)*s))
		return false;
	if (s[n] == ':')
		return s[n + 1] &&
		       strspn(s + n + 1, "0123456789") == strlen(s + n + 1);
	return s[n] == '\0';
}

static bool are_countries(const json_t *list)
{
	size_t i;
	json_t *item;

	if (!json_is_array(list))
		return false;
	json_array_foreach (list, i, item) {
		const char *s = json_string_value(item);

		if (!s || strlen(s) != 2 || !isupper((unsigned char)s[0]) ||
		    !isupper((unsigned char)s[1]))
			return false;
	}
	return true;
}

static bool is_agent_shape(const json_t *agent)
{
	const char *key;
	json_t *value;

	if (!json_is_string(json_object_get(agent, "agent_id")) ||
	    !json_is_number(json_object_get(agent, "weight")))
		return false;
	json_object_foreach ((json_t *)agent, key, value) {
		if (strcmp(key, "agent_version") == 0) {
			if (!json_is_integer(value) && !json_is_string(value))
				return false;
		} else if (strcmp(key, "agent_id") != 0 &&
			   strcmp(key, "weight") != 0) {
			return false;
		}
	}
	return true;
}

/* Weights in (0, 1] that sum to 1; agents and versions that are there. */
static int check_agents(struct sandbox_call *c, const char *name,
			const json_t *agents)
{
	double sum = 0;
	size_t i;
	json_t *agent;

	json_array_foreach (agents, i, agent) {
		double weight;

		if (!is_agent_shape(agent)) {
			refuse_retell(c, 400, "%s/%zu is not a weighted agent",
				      name, i);
			return -1;
		}
		weight = json_number_value(json_object_get(agent, "weight"));
		if (weight <= 0 || weight > 1) {
			refuse_retell(c, 400,
				      "%s/%zu/weight must be > 0 and <= 1",
				      name, i);
			return -1;
		}
		sum += weight;
	}
	if (json_array_size(agents) && fabs(sum - 1) > 1e-6) {
		refuse_retell(c, 400, "%s: total weights must add up to 1",
			      name);
		return -1;
	}
	json_array_foreach (agents, i, agent) {
		const char *id =
			json_string_value(json_object_get(agent, "agent_id"));

		if (!agent_number(id) || !agent_version_known(json_object_get(
						 agent, "agent_version"))) {
			refuse_retell(c, 422,
				      "Cannot find requested asset under given "
				      "api key.");
			return -1;
		}
	}
	return 0;
}

static bool type_fits(const struct member *m, const json_t *value)
{
	const char *s = json_string_value(value);

	switch (m->type) {
	case M_TEXT:
		return s != NULL;
	case M_BOOL:
		return json_is_boolean(value);
	case M_AREA:
		return json_is_integer(value) &&
		       json_integer_value(value) >= 200 &&
		       json_integer_value(value) <= 999;
	case M_CHOICE:
		return s && is_choice(s, m->choices);
	case M_AGENTS:
		return json_is_array(value);
	case M_COUNTRIES:
		return are_countries(value);
	case M_URL:
		return s && is_web_url(s);
	case M_HOST:
		return s && is_host(s);
	case M_NUMBER:
		return s && is_e164(s);
	}
	return false;
}

static const struct member *find_member(const char *name, unsigned call)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strcmp(members[i].name, name) == 0)
			return members[i].calls & call ? &members[i] : NULL;
	return NULL;
}

static int check_removed(struct sandbox_call *c)
{
	for (size_t i = 0; i < sizeof(removed) / sizeof(removed[0]); i++) {
		if (!json_object_get(c->json, removed[i]))
			continue;
		refuse_retell(c, 400,
			      "Deprecated API usage is no longer supported: "
			      "Phone number single-agent fields. Fields: %s. "
			      "Migration details: "
			      "https://docs.retellai.com/deprecation-notice/"
			      "2026/03-31_phone_number_agent_fields",
			      removed[i]);
		return -1;
	}
	return 0;
}

int check_number_body(struct sandbox_call *c, unsigned call)
{
	const char *name;
	json_t *value;

	if (check_removed(c))
		return -1;
	json_object_foreach (c->json, name, value) {
		const struct member *m = find_member(name, call);

		if (!m) {
			refuse_retell(c, 400,
				      "request/body must NOT have additional "
				      "properties: %s",
				      name);
			return -1;
		}
		if (json_is_null(value) && (m->nullable & call))
			continue;
		if (!type_fits(m, value)) {
			refuse_retell(c, 400, "request/body/%s is invalid",
				      name);
			return -1;
		}
		if (m->type == M_AGENTS && check_agents(c, name, value))
			return -1;
	}
	return 0;
}
