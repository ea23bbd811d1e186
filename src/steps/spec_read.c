/* SPDX-License-Identifier: MIT */
/* spec_read.c - reading a spec, and getting it back from a record. */
#include <string.h>

#include "base/json.h"
#include "steps/spec.h"

void spec_release(struct spec *s)
{
	json_decref(s->pub);
	json_decref(s->secrets);
	*s = (struct spec)SPEC_INIT;
}

const json_t *spec_get(const struct spec *s, const char *field)
{
	return json_object_get(s->pub, field);
}

const char *spec_str(const struct spec *s, const char *field)
{
	return json_string_value(spec_get(s, field));
}

const char *spec_secret(const struct spec *s, const char *field)
{
	return json_string_value(json_object_get(s->secrets, field));
}

bool spec_flag(const struct spec *s, const char *field)
{
	return json_is_true(spec_get(s, field));
}

const char *spec_sub(const struct spec *s, const char *field, const char *sub)
{
	return json_string_value(json_object_get(spec_get(s, field), sub));
}

bool spec_is_twilio(const struct spec *s)
{
	const char *provider = spec_str(s, "provider");

	return provider && strcmp(provider, "twilio") == 0;
}

/* Is the i-th agent of both lists together the first of its id and version? */
static const json_t *agent_at(const struct spec *s, size_t i)
{
	const json_t *in = spec_get(s, "inbound_agents");
	const json_t *out = spec_get(s, "outbound_agents");
	size_t n = json_array_size(in);

	return i < n ? json_array_get(in, i) : json_array_get(out, i - n);
}

static bool same_agent(const json_t *a, const json_t *b)
{
	json_t *va = json_object_get(a, "agent_version");
	json_t *vb = json_object_get(b, "agent_version");

	return json_equal(json_object_get(a, "agent_id"),
			  json_object_get(b, "agent_id")) &&
	       (json_is_null(va) || !va ? json_is_null(vb) || !vb
					: json_equal(va, vb));
}

/* The different agents in order; NULL past the last. *count: how many. */
static const json_t *distinct_agent(const struct spec *s, int want, int *count)
{
	const json_t *agent, *found = NULL;

	*count = 0;
	for (size_t i = 0; (agent = agent_at(s, i)); i++) {
		size_t j = 0;

		while (j < i && !same_agent(agent_at(s, j), agent))
			j++;
		if (j < i)
			continue;
		if (*count == want)
			found = agent;
		(*count)++;
	}
	return found;
}

int spec_agent_count(const struct spec *s)
{
	int count;

	distinct_agent(s, -1, &count);
	return count;
}

const char *spec_agent(const struct spec *s, int i, const json_t **version)
{
	int count;
	const json_t *agent = distinct_agent(s, i, &count);

	*version = json_object_get(agent, "agent_version");
	return json_string_value(json_object_get(agent, "agent_id"));
}

int spec_restore(struct spec *s, const char *pub, const char *secrets,
		 size_t secrets_size, struct err *err)
{
	struct err ignored = ERR_INIT;

	s->pub = json_read(pub, strlen(pub), JSON_DEPTH_MAX, &ignored);
	s->secrets = secrets ? json_read(secrets, secrets_size, JSON_DEPTH_MAX,
					 &ignored)
			     : json_object();
	if (s->pub && s->secrets)
		return 0;
	spec_release(s);
	return err_set(err, ERR_STORE, "a stored spec cannot be read");
}
