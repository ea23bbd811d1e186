/* SPDX-License-Identifier: MIT */
/*
 * spec.h - what a client wants a number to be: checked, with defaults filled.
 *
 * One table (src/steps/fields.c) has a row for each field: name, type, limits,
 * whether a create or a patch may give it, whether it is secret. The checks,
 * the answer's order and the tests of openapi.yaml walk it.
 *
 * `pub` is the JSON object that answers carry: every field in the table's order
 * (null where nothing was said), no secret. The short forms (agent_id …) have
 * become inbound_agents and outbound_agents. `secrets` is what must be sealed:
 * twilio_auth_token, twilio_api_key_secret, sip_password.
 */
#ifndef STEPS_SPEC_H
#define STEPS_SPEC_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#define FAULTS_MAX 32

/* What is wrong with a body: all of it at once. */
struct fault {
	char pointer[96]; /* JSON Pointer (RFC 6901) into the body */
	char detail[144]; /* what is wrong, and what would be right */
};
struct faults {
	struct fault list[FAULTS_MAX];
	int count; /* further ones are not kept */
};

struct spec {
	json_t *pub;
	json_t *secrets;
};

#define SPEC_INIT                            \
	{                                    \
		.pub = NULL, .secrets = NULL \
	}

void spec_release(struct spec *s);

/* From the body of a create. -1 with err INVALID_REQUEST and the faults. */
int spec_parse(struct spec *s, const json_t *body, struct faults *faults,
	       struct err *err);
/* From a merge patch (RFC 7396) on an existing one; out is a new spec with the
 * same secrets. -1 as spec_parse. */
int spec_patch(const struct spec *old, const json_t *patch, struct spec *out,
	       struct faults *faults, struct err *err);
/* From what was stored. secrets may be NULL. */
int spec_restore(struct spec *s, const char *pub, const char *secrets,
		 size_t secrets_size, struct err *err);

/* Reading it. Strings are borrowed and NULL if the field is null. */
const char *spec_str(const struct spec *s, const char *field);
const char *spec_secret(const struct spec *s, const char *field);
bool spec_flag(const struct spec *s, const char *field);
const json_t *spec_get(const struct spec *s, const char *field);
/* "outbound_trunk", "transport" -> borrowed string or NULL */
const char *spec_sub(const struct spec *s, const char *field, const char *sub);
bool spec_is_twilio(const struct spec *s);

/* The different agents it names, each once: how many, and the i-th (borrowed);
 * version is a JSON integer, string or NULL. */
int spec_agent_count(const struct spec *s);
const char *spec_agent(const struct spec *s, int i, const json_t **version);

/* The rows of the table, for documentation and tests; NULL at the end. */
struct field_row {
	const char *name; /* "outbound_trunk/transport" for a member */
	const char *type; /* string, boolean, integer, number, array, object */
	bool create, patch; /* may be given there */
	bool secret;	    /* never answered */
	const char *help;   /* one sentence: meaning and limits */
};
const struct field_row *spec_field(int i);

#endif
