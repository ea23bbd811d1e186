/* SPDX-License-Identifier: MIT */
/*
 * spec.c - from a body to a spec: check all fields, then the rules between
 * them, then fill defaults and put secrets apart. See spec.h.
 */
#include "steps/spec.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "fields.h"

static bool given(const json_t *body, const char *name)
{
	const json_t *v = json_object_get(body, name);

	return v && !json_is_null(v);
}

static void check_each(const json_t *body, bool patch, struct faults *faults)
{
	const json_t *value;
	const char *name;
	char at[POINTER_SIZE];

	json_object_foreach((json_t *)body, name, value)
	{
		const struct field *f = field_find(fields, name);

		pointer_join(at, "", name);
		if (!f)
			fault_add(faults, at, "is not a known field");
		else if (!(patch ? f->row.patch : f->row.create))
			fault_add(faults, at, "cannot be changed");
		else if (!json_is_null(value))
			f->check(f, at, value, faults);
		else if (!f->nullable)
			fault_add(faults, at, "must not be null");
	}
}

/* agent_id, inbound_agent_id …: the short forms of one direction's list. */
struct direction {
	const char *flag, *list, *id, *version;
};

static const struct direction directions[2] = {
	{"supports_inbound", "inbound_agents", "inbound_agent_id",
	 "inbound_agent_version"},
	{"supports_outbound", "outbound_agents", "outbound_agent_id",
	 "outbound_agent_version"},
};

static void check_short_forms(const json_t *body, struct faults *faults)
{
	for (int i = 0; i < 2; i++) {
		const struct direction *d = &directions[i];
		char at[64];

		snprintf(at, sizeof(at), "/%s", d->list);
		if (json_object_get(body, d->list) &&
		    (json_object_get(body, d->id) ||
		     json_object_get(body, "agent_id")))
			fault_add(
				faults, at,
				"cannot be given together with %s or agent_id",
				d->id);
		snprintf(at, sizeof(at), "/%s", d->id);
		if (json_object_get(body, d->id) &&
		    json_object_get(body, "agent_id"))
			fault_add(faults, at,
				  "cannot be given together with agent_id");
		snprintf(at, sizeof(at), "/%s", d->version);
		if (given(body, d->version) && !given(body, d->id))
			fault_add(faults, at, "needs %s", d->id);
	}
	if (given(body, "agent_version") && !given(body, "agent_id"))
		fault_add(faults, "/agent_version", "needs agent_id");
}

/* What the whole must be, whether it came by create or patch. */
static void check_whole(const json_t *pub, struct faults *faults)
{
	const json_t *fallback = json_object_get(pub, "fallback_number");

	for (int i = 0; i < 2; i++) {
		const struct direction *d = &directions[i];
		char at[64];

		snprintf(at, sizeof(at), "/%s", d->list);
		if (json_is_false(json_object_get(pub, d->flag)) &&
		    json_array_size(json_object_get(pub, d->list)) > 0)
			fault_add(faults, at, "needs %s: true", d->flag);
	}
	if (json_is_string(fallback) &&
	    json_equal((json_t *)fallback,
		       json_object_get(pub, "phone_number")))
		fault_add(faults, "/fallback_number",
			  "must not be the number itself");
	if (json_is_false(json_object_get(pub, "supports_inbound")) &&
	    json_is_false(json_object_get(pub, "supports_outbound")))
		fault_add(faults, "/supports_outbound",
			  "one of supports_inbound and supports_outbound must "
			  "be true");
}

static void check_pair(const json_t *body, const char *one, const char *other,
		       struct faults *faults)
{
	char at[64];

	snprintf(at, sizeof(at), "/%s", one);
	if (given(body, one) && !given(body, other))
		fault_add(faults, at, "needs %s", other);
}

static void check_twilio(const json_t *body, struct faults *faults)
{
	const json_t *out = json_object_get(body, "outbound_trunk");

	check_pair(body, "twilio_auth_token", "twilio_account_sid", faults);
	check_pair(body, "twilio_api_key_sid", "twilio_account_sid", faults);
	check_pair(body, "twilio_api_key_sid", "twilio_api_key_secret", faults);
	check_pair(body, "twilio_api_key_secret", "twilio_api_key_sid", faults);
	if (given(out, "address"))
		fault_add(faults, "/outbound_trunk/address",
			  "is for provider sip_trunk; a Twilio trunk gets a "
			  "domain of its own");
	if (json_is_false(json_object_get(body, "supports_outbound")) &&
	    (given(out, "username") || given(out, "password")))
		fault_add(faults, "/outbound_trunk",
			  "credentials need supports_outbound: true");
}

static void check_sip_trunk(const json_t *body, struct faults *faults)
{
	static const char *const twilio_only[] = {
		"twilio_account_sid",	 "twilio_auth_token",
		"twilio_api_key_sid",	 "twilio_api_key_secret",
		"inbound_trunk",	 "connection_policy",
		"disaster_recovery_url", "take_over"};
	const json_t *out = json_object_get(body, "outbound_trunk");
	char at[64];

	for (size_t i = 0; i < sizeof(twilio_only) / sizeof(*twilio_only);
	     i++) {
		snprintf(at, sizeof(at), "/%s", twilio_only[i]);
		if (given(body, twilio_only[i]) &&
		    !json_is_false(json_object_get(body, twilio_only[i])))
			fault_add(faults, at, "is for provider twilio");
	}
	if (!given(out, "address"))
		fault_add(faults, "/outbound_trunk/address",
			  "is required with provider sip_trunk: the trunk's "
			  "termination URI");
	if (given(out, "username") != given(out, "password"))
		fault_add(faults, "/outbound_trunk",
			  "username and password go together");
}

static int refused(const struct faults *faults, struct err *err)
{
	if (faults->count == 0)
		return 0;
	return err_set(err, ERR_INVALID_REQUEST, "%d fault%s in the body",
		       faults->count, faults->count == 1 ? "" : "s");
}

/* --- building ------------------------------------------------------------ */

/* The object with its members in the table's order, defaults filled and
 * secrets left out. */
static json_t *fill_object(const struct field *members, const json_t *value)
{
	json_t *out = json_object();

	for (const struct field *m = members; m->row.name; m++) {
		json_t *v = json_object_get(value, m->row.name);

		if (m->row.secret)
			continue;
		if (v)
			json_object_set(out, m->row.name, v);
		else
			json_object_set_new(
				out, m->row.name,
				m->fallback ? json_loads(m->fallback,
							 JSON_DECODE_ANY, NULL)
					    : json_null());
	}
	return out;
}

/* {agent_id, agent_version, weight: 1} as a list of one, or an empty list. */
static json_t *single_agent(const json_t *id, const json_t *version)
{
	json_t *list = json_array();
	json_t *agent;

	if (!json_is_string(id))
		return list;
	agent = json_object();
	json_object_set(agent, "agent_id", (json_t *)id);
	if (version && !json_is_null(version))
		json_object_set(agent, "agent_version", (json_t *)version);
	json_object_set_new(agent, "weight", json_integer(1));
	json_array_append_new(list, agent);
	return list;
}

/* What the body says of one direction's agents: a new list, or NULL when it
 * says nothing. */
static json_t *agents_of(const json_t *body, const json_t *pub,
			 const struct direction *d)
{
	json_t *list = json_object_get(body, d->list);

	if (list)
		return json_is_null(list) ? json_array() : json_incref(list);
	if (json_object_get(body, d->id))
		return single_agent(json_object_get(body, d->id),
				    json_object_get(body, d->version));
	if (json_object_get(body, "agent_id") &&
	    !json_is_false(json_object_get(pub, d->flag)))
		return single_agent(json_object_get(body, "agent_id"),
				    json_object_get(body, "agent_version"));
	return NULL;
}

/* …_agent_id of answers: null unless there is exactly one. */
static void derive_ids(json_t *pub)
{
	for (int i = 0; i < 2; i++) {
		const json_t *list = json_object_get(pub, directions[i].list);
		json_t *id =
			json_object_get(json_array_get(list, 0), "agent_id");

		if (json_array_size(list) != 1 || !id)
			json_object_set_new(pub, directions[i].id, json_null());
		else
			json_object_set(pub, directions[i].id, id);
	}
}

static bool is_short_form(const char *name)
{
	return strcmp(name, "agent_id") == 0 || strstr(name, "agent_version");
}

/* What was given, or what stands for nothing. A new reference. */
static json_t *value_or_fallback(const struct field *f, const json_t *body)
{
	json_t *value = json_object_get(body, f->row.name);
	json_t *filled;

	if (value && !(json_is_null(value) && f->fallback))
		json_incref(value);
	else if (f->fallback)
		value = json_loads(f->fallback, JSON_DECODE_ANY, NULL);
	else
		value = json_null();
	if (!f->members || !json_is_object(value))
		return value;
	filled = fill_object(f->members, value);
	json_decref(value);
	return filled;
}

/* A side of the trunk that the number does not have is null. */
static void drop_unused_sides(json_t *pub, const json_t *body)
{
	bool twilio =
		strcmp(json_string_value(json_object_get(pub, "provider")),
		       "twilio") == 0;

	if (!given(body, "inbound_trunk") &&
	    (!twilio ||
	     json_is_false(json_object_get(pub, "supports_inbound"))))
		json_object_set_new(pub, "inbound_trunk", json_null());
	if (!given(body, "outbound_trunk") &&
	    json_is_false(json_object_get(pub, "supports_outbound")))
		json_object_set_new(pub, "outbound_trunk", json_null());
}

/* All fields of an answer in the table's order. */
static json_t *build_pub(const json_t *body)
{
	json_t *pub = json_object();

	for (const struct field *f = fields; f->row.name; f++)
		if (!f->row.secret && !is_short_form(f->row.name))
			json_object_set_new(pub, f->row.name,
					    value_or_fallback(f, body));
	drop_unused_sides(pub, body);
	for (int i = 0; i < 2; i++) {
		json_t *agents = agents_of(body, pub, &directions[i]);

		if (agents)
			json_object_set_new(pub, directions[i].list, agents);
	}
	derive_ids(pub);
	return pub;
}

static json_t *build_secrets(const json_t *body)
{
	static const char *const names[] = {"twilio_auth_token",
					    "twilio_api_key_secret"};
	const json_t *out = json_object_get(body, "outbound_trunk");
	json_t *secrets = json_object();

	for (int i = 0; i < 2; i++)
		if (given(body, names[i]))
			json_object_set(secrets, names[i],
					json_object_get(body, names[i]));
	if (given(out, "password"))
		json_object_set(secrets, "sip_password",
				json_object_get(out, "password"));
	return secrets;
}

/* "Has it secrets?" belongs to the answer, the secrets do not. */
static void derive_has(struct spec *s)
{
	bool twilio = spec_secret(s, "twilio_auth_token") ||
		      spec_secret(s, "twilio_api_key_secret");

	json_object_set_new(s->pub, "has_twilio_credentials",
			    json_boolean(twilio));
	json_object_set_new(s->pub, "has_auth_credentials",
			    json_boolean(spec_secret(s, "sip_password")));
}

int spec_parse(struct spec *s, const json_t *body, struct faults *faults,
	       struct err *err)
{
	const char *provider =
		json_string_value(json_object_get(body, "provider"));

	faults->count = 0;
	if (!json_is_object(body))
		return err_set(err, ERR_INVALID_JSON,
			       "the body must be a JSON object");
	check_each(body, false, faults);
	if (!json_object_get(body, "phone_number"))
		fault_add(faults, "/phone_number", "is required");
	check_short_forms(body, faults);
	if (provider && strcmp(provider, "sip_trunk") == 0)
		check_sip_trunk(body, faults);
	else
		check_twilio(body, faults);
	if (refused(faults, err))
		return -1;
	s->pub = build_pub(body);
	s->secrets = build_secrets(body);
	derive_has(s);
	check_whole(s->pub, faults);
	if (refused(faults, err)) {
		spec_release(s);
		return -1;
	}
	return 0;
}

/* RFC 7396 for metadata, the only field that merges below the first level. */
static json_t *merge_metadata(const json_t *old, const json_t *patch)
{
	json_t *out = json_copy((json_t *)old);
	const json_t *value;
	const char *name;

	json_object_foreach((json_t *)patch, name, value)
	{
		if (json_is_null(value))
			json_object_del(out, name);
		else
			json_object_set(out, name, (json_t *)value);
	}
	return out;
}

/* Nulls in a metadata patch remove; the check must not see them. */
static json_t *without_nulls(const json_t *object)
{
	json_t *out = json_object();
	const json_t *value;
	const char *name;

	json_object_foreach((json_t *)object, name,
			    value) if (!json_is_null(value))
		json_object_set(out, name, (json_t *)value);
	return out;
}

static void apply(json_t *pub, const json_t *patch)
{
	const json_t *value;
	const char *name;

	json_object_foreach((json_t *)patch, name, value)
	{
		const struct field *f = field_find(fields, name);

		if (is_short_form(name) || strstr(name, "_agent"))
			continue;
		if (strcmp(name, "metadata") == 0)
			json_object_set_new(
				pub, name,
				json_is_null(value)
					? json_object()
					: merge_metadata(
						  json_object_get(pub, name),
						  value));
		else if (f)
			json_object_set(pub, name, (json_t *)value);
	}
	for (int i = 0; i < 2; i++) {
		json_t *agents = agents_of(patch, pub, &directions[i]);

		if (agents)
			json_object_set_new(pub, directions[i].list, agents);
	}
	derive_ids(pub);
}

int spec_patch(const struct spec *old, const json_t *patch, struct spec *out,
	       struct faults *faults, struct err *err)
{
	const struct field *metadata = field_find(fields, "metadata");
	json_t *flat, *rest;

	faults->count = 0;
	if (!json_is_object(patch))
		return err_set(err, ERR_INVALID_JSON,
			       "the body must be a JSON object");
	rest = json_copy((json_t *)patch);
	if (json_is_object(json_object_get(patch, "metadata"))) {
		flat = without_nulls(json_object_get(patch, "metadata"));
		json_object_set_new(rest, "metadata", flat);
	}
	check_each(rest, true, faults);
	check_short_forms(rest, faults);
	json_decref(rest);
	if (refused(faults, err))
		return -1;
	out->pub = json_copy(old->pub);
	out->secrets = json_incref(old->secrets);
	apply(out->pub, patch);
	check_whole(out->pub, faults);
	metadata->check(metadata, "/metadata",
			json_object_get(out->pub, "metadata"), faults);
	if (refused(faults, err)) {
		spec_release(out);
		return -1;
	}
	return 0;
}
