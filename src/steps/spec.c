/* SPDX-License-Identifier: MIT */
/*
 * spec.c - from a body to a spec: check all fields, then the rules between
 * them, then fill defaults and put secrets apart. See spec.h.
 */
#include "steps/spec.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "spec_build.h"

bool given(const json_t *body, const char *name)
{
	const json_t *v = json_object_get(body, name);

	return v && !json_is_null(v);
}

static void check_each(const json_t *body, bool patch, struct faults *faults)
{
	const json_t *value;
	const char *name;
	char at[POINTER_SIZE];

	json_object_foreach ((json_t *)body, name, value) {
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

const struct direction directions[2] = {
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
	if (spec_build(s, body))
		return err_set(err, ERR_OVERLOADED, "there is no memory left");
	check_whole(s->pub, faults);
	if (refused(faults, err)) {
		spec_release(s);
		return -1;
	}
	return 0;
}

int spec_patch(const struct spec *old, const json_t *patch, struct spec *out,
	       struct faults *faults, struct err *err)
{
	const struct field *metadata = field_find(fields, "metadata");
	json_t *rest;

	faults->count = 0;
	if (!json_is_object(patch))
		return err_set(err, ERR_INVALID_JSON,
			       "the body must be a JSON object");
	rest = patch_to_check(patch);
	if (!rest)
		return err_set(err, ERR_OVERLOADED, "there is no memory left");
	check_each(rest, true, faults);
	check_short_forms(rest, faults);
	json_decref(rest);
	if (refused(faults, err))
		return -1;
	if (spec_merge(out, old, patch))
		return err_set(err, ERR_OVERLOADED, "there is no memory left");
	check_whole(out->pub, faults);
	metadata->check(metadata, "/metadata",
			json_object_get(out->pub, "metadata"), faults);
	if (refused(faults, err)) {
		spec_release(out);
		return -1;
	}
	return 0;
}
