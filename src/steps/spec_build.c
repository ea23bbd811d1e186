/* SPDX-License-Identifier: MIT */
/*
 * spec_build.c - put a spec together: defaults filled, short forms made lists,
 * secrets apart; see spec_build.h.
 *
 * Every value that cannot be made or kept sets `failed`; the end looks once.
 */
#include "spec_build.h"

#include <string.h>

struct built {
	json_t *to;
	bool failed;
};

/* Swallows value, also NULL. */
static void put(struct built *b, const char *name, json_t *value)
{
	if (json_object_set_new(b->to, name, value))
		b->failed = true;
}

/* Borrows value. */
static void put_ref(struct built *b, const char *name, const json_t *value)
{
	put(b, name, json_incref((json_t *)value));
}

static struct built begin(void)
{
	struct built b = {.to = json_object()};

	b.failed = !b.to;
	return b;
}

/* Begins with what is in another object. (json_copy does not tell when there
 * was no memory for a member.) */
static struct built begin_with(const json_t *object)
{
	struct built b = begin();
	const json_t *value;
	const char *name;

	json_object_foreach ((json_t *)object, name, value)
		put_ref(&b, name, value);
	return b;
}

/* The object, or NULL if anything of it is missing. */
static json_t *end(struct built *b)
{
	if (!b->failed)
		return b->to;
	json_decref(b->to);
	return NULL;
}

static json_t *fallback_of(const struct field *f)
{
	return f->fallback ? json_loads(f->fallback, JSON_DECODE_ANY, NULL)
			   : json_null();
}

/* The members in the table's order, defaults filled, secrets left out. */
static json_t *fill_object(const struct field *members, const json_t *value)
{
	struct built b = begin();

	for (const struct field *m = members; m->row.name; m++) {
		const json_t *v = json_object_get(value, m->row.name);

		if (m->row.secret)
			continue;
		if (v)
			put_ref(&b, m->row.name, v);
		else
			put(&b, m->row.name, fallback_of(m));
	}
	return end(&b);
}

/* What was given, or what stands for nothing. */
static json_t *value_of(const struct field *f, const json_t *body)
{
	json_t *value = json_object_get(body, f->row.name);
	json_t *filled;

	if (value && !(json_is_null(value) && f->fallback))
		json_incref(value);
	else
		value = fallback_of(f);
	if (!f->members || !json_is_object(value))
		return value;
	filled = fill_object(f->members, value);
	json_decref(value);
	return filled;
}

static json_t *without_nulls(const json_t *object)
{
	struct built b = begin();
	const json_t *value;
	const char *name;

	json_object_foreach ((json_t *)object, name, value) {
		if (!json_is_null(value))
			put_ref(&b, name, value);
	}
	return end(&b);
}

/* --- agents -------------------------------------------------------------- */

/* [{agent_id, agent_version, weight: 1}], or an empty list. */
static json_t *single_agent(const json_t *id, const json_t *version)
{
	json_t *list = json_array();
	struct built agent;

	if (!json_is_string(id))
		return list;
	agent = begin();
	put_ref(&agent, "agent_id", id);
	if (version && !json_is_null(version))
		put_ref(&agent, "agent_version", version);
	put(&agent, "weight", json_integer(1));
	if (json_array_append_new(list, end(&agent)) == 0)
		return list;
	json_decref(list);
	return NULL;
}

/* A null version is none; Retell does not take it. */
static json_t *copy_agents(const json_t *list)
{
	json_t *out = json_array();
	const json_t *agent;
	size_t i;

	json_array_foreach (list, i, agent) {
		if (!out || json_array_append_new(out, without_nulls(agent))) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

/* What the body says of one direction's agents, if it says anything. */
static void put_agents(struct built *b, const json_t *body,
		       const struct direction *d)
{
	const json_t *list = json_object_get(body, d->list);
	bool supported = !json_is_false(json_object_get(b->to, d->flag));

	if (json_is_null(list))
		put(b, d->list, json_array());
	else if (list)
		put(b, d->list, copy_agents(list));
	else if (json_object_get(body, d->id))
		put(b, d->list,
		    single_agent(json_object_get(body, d->id),
				 json_object_get(body, d->version)));
	else if (json_object_get(body, "agent_id") && supported)
		put(b, d->list,
		    single_agent(json_object_get(body, "agent_id"),
				 json_object_get(body, "agent_version")));
}

/* …_agent_id of answers: null unless there is exactly one. */
static void put_agent_id(struct built *b, const struct direction *d)
{
	const json_t *list = json_object_get(b->to, d->list);
	const json_t *id = json_object_get(json_array_get(list, 0), "agent_id");

	if (json_array_size(list) == 1 && id)
		put_ref(b, d->id, id);
	else
		put(b, d->id, json_null());
}

static void put_all_agents(struct built *b, const json_t *body)
{
	for (int i = 0; i < 2; i++) {
		put_agents(b, body, &directions[i]);
		put_agent_id(b, &directions[i]);
	}
}

/* --- create -------------------------------------------------------------- */

static bool is_short_form(const char *name)
{
	return strcmp(name, "agent_id") == 0 || strstr(name, "agent_version");
}

/* A side of the trunk that the number does not have is null. */
static void drop_unused_sides(struct built *b, const json_t *body)
{
	const char *provider =
		json_string_value(json_object_get(b->to, "provider"));
	bool twilio = provider && strcmp(provider, "twilio") == 0;

	if (!given(body, "inbound_trunk") &&
	    (!twilio ||
	     json_is_false(json_object_get(b->to, "supports_inbound"))))
		put(b, "inbound_trunk", json_null());
	if (!given(body, "outbound_trunk") &&
	    json_is_false(json_object_get(b->to, "supports_outbound")))
		put(b, "outbound_trunk", json_null());
}

static json_t *build_secrets(const json_t *body)
{
	static const char *const names[] = {"twilio_auth_token",
					    "twilio_api_key_secret"};
	const json_t *out = json_object_get(body, "outbound_trunk");
	struct built b = begin();

	for (int i = 0; i < 2; i++)
		if (given(body, names[i]))
			put_ref(&b, names[i], json_object_get(body, names[i]));
	if (given(out, "password"))
		put_ref(&b, "sip_password", json_object_get(out, "password"));
	return end(&b);
}

int spec_build(struct spec *s, const json_t *body)
{
	struct built b = begin();
	bool twilio = given(body, "twilio_auth_token") ||
		      given(body, "twilio_api_key_secret");
	bool sip = given(json_object_get(body, "outbound_trunk"), "password");

	for (const struct field *f = fields; f->row.name; f++)
		if (!f->row.secret && !is_short_form(f->row.name))
			put(&b, f->row.name, value_of(f, body));
	drop_unused_sides(&b, body);
	put_all_agents(&b, body);
	/* "Has it secrets?" belongs to the answer, the secrets do not. */
	put(&b, "has_twilio_credentials", json_boolean(twilio));
	put(&b, "has_auth_credentials", json_boolean(sip));
	s->pub = end(&b);
	s->secrets = build_secrets(body);
	if (s->pub && s->secrets)
		return 0;
	spec_release(s);
	return -1;
}

/* --- patch --------------------------------------------------------------- */

json_t *patch_to_check(const json_t *patch)
{
	const json_t *metadata = json_object_get(patch, "metadata");
	struct built b = begin_with(patch);

	if (json_is_object(metadata))
		put(&b, "metadata", without_nulls(metadata));
	return end(&b);
}

/* RFC 7396 for metadata, the only field that merges below the first level. */
static json_t *merge_metadata(const json_t *old, const json_t *patch)
{
	struct built b = json_is_null(patch) ? begin() : begin_with(old);
	const json_t *value;
	const char *name;

	json_object_foreach ((json_t *)patch, name, value) {
		if (!json_is_null(value))
			put_ref(&b, name, value);
		else
			json_object_del(b.to, name); /* it may be absent */
	}
	return end(&b);
}

int spec_merge(struct spec *out, const struct spec *old, const json_t *patch)
{
	struct built b = begin_with(old->pub);
	const json_t *value;
	const char *name;

	json_object_foreach ((json_t *)patch, name, value) {
		if (is_short_form(name) || strstr(name, "_agent"))
			continue; /* put_all_agents */
		if (strcmp(name, "metadata") == 0)
			put(&b, name,
			    merge_metadata(json_object_get(b.to, name), value));
		else
			put_ref(&b, name, value);
	}
	put_all_agents(&b, patch);
	out->pub = end(&b);
	out->secrets = json_incref(old->secrets);
	if (out->pub)
		return 0;
	spec_release(out);
	return -1;
}
