/* SPDX-License-Identifier: MIT */
/* fields.c - the table of a number's fields and the checks behind it. */
#include "fields.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "base/e164.h"

#define AGENTS_MAX   10
#define METADATA_MAX 16
/* Retell wants them to add up to 1; this much three thirds may be off. */
#define WEIGHTS_ROUNDING 1e-6

void fault_add(struct faults *faults, const char *pointer, const char *fmt, ...)
{
	struct fault *f;
	va_list ap;

	if (faults->count == FAULTS_MAX)
		return;
	for (int i = 0; i < faults->count; i++)
		if (strcmp(faults->list[i].pointer, pointer) == 0)
			return; /* one fault for each place: the first */
	f = &faults->list[faults->count++];
	snprintf(f->pointer, sizeof(f->pointer), "%s", pointer);
	va_start(ap, fmt);
	vsnprintf(f->detail, sizeof(f->detail), fmt, ap);
	va_end(ap);
}

void pointer_join(char out[POINTER_SIZE], const char *pointer, const char *name)
{
	size_t n = (size_t)snprintf(out, POINTER_SIZE, "%s/", pointer);

	for (; *name && n + 3 < POINTER_SIZE; name++) {
		if (*name == '~' || *name == '/') {
			out[n++] = '~';
			out[n++] = *name == '~' ? '0' : '1';
		} else {
			out[n++] = *name;
		}
	}
	out[n] = '\0';
}

const struct field *field_find(const struct field *list, const char *name)
{
	for (; list->row.name; list++)
		if (strcmp(list->row.name, name) == 0)
			return list;
	return NULL;
}

/* --- strings ------------------------------------------------------------- */

static size_t count_characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

/* The text, or NULL after a fault: not a string, too short or long, or with
 * control characters. */
static const char *text(const struct field *f, const char *pointer,
			const json_t *value, struct faults *faults)
{
	const char *s = json_string_value(value);
	size_t n;

	if (!s) {
		fault_add(faults, pointer, "must be a string");
		return NULL;
	}
	n = count_characters(s);
	if (n < (size_t)f->min || n > (size_t)f->max) {
		fault_add(faults, pointer, "must have %ld to %ld characters",
			  f->min, f->max);
		return NULL;
	}
	if (has_control(s)) {
		fault_add(faults, pointer, "must not have control characters");
		return NULL;
	}
	return s;
}

static void check_text(const struct field *f, const char *pointer,
		       const json_t *value, struct faults *faults)
{
	text(f, pointer, value, faults);
}

static void check_e164(const struct field *f, const char *pointer,
		       const json_t *value, struct faults *faults)
{
	const char *s = json_string_value(value);

	if (!s || !e164_valid(s, strlen(s)))
		fault_add(faults, pointer,
			  "must be an E.164 number: +, country code, 7 to 15 "
			  "digits in all, like +14155550100");
}

static void check_choice(const struct field *f, const char *pointer,
			 const json_t *value, struct faults *faults)
{
	const char *s = json_string_value(value);
	char all[96] = "";

	for (const char *const *c = f->choices; *c; c++) {
		if (s && strcmp(s, *c) == 0)
			return;
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s",
			 all[0] ? ", " : "", *c);
	}
	fault_add(faults, pointer, "must be one of: %s", all);
}

static void check_flag(const struct field *f, const char *pointer,
		       const json_t *value, struct faults *faults)
{
	if (!json_is_boolean(value))
		fault_add(faults, pointer, "must be true or false");
}

static void check_integer(const struct field *f, const char *pointer,
			  const json_t *value, struct faults *faults)
{
	if (!json_is_integer(value) || json_integer_value(value) < f->min ||
	    json_integer_value(value) > f->max)
		fault_add(faults, pointer, "must be an integer from %ld to %ld",
			  f->min, f->max);
}

static bool is_sid(const char *s, const char *prefix)
{
	return strncmp(s, prefix, 2) == 0 && strlen(s) == 34 &&
	       strspn(s + 2, "0123456789abcdefABCDEF") == 32;
}

static void check_account_sid(const struct field *f, const char *pointer,
			      const json_t *value, struct faults *faults)
{
	const char *s = json_string_value(value);

	if (!s || !is_sid(s, "AC"))
		fault_add(faults, pointer,
			  "must be AC and 32 hexadecimal digits");
}

static void check_key_sid(const struct field *f, const char *pointer,
			  const json_t *value, struct faults *faults)
{
	const char *s = json_string_value(value);

	if (!s || !is_sid(s, "SK"))
		fault_add(faults, pointer,
			  "must be SK and 32 hexadecimal digits");
}

static void check_https(const struct field *f, const char *pointer,
			const json_t *value, struct faults *faults)
{
	const char *s = text(f, pointer, value, faults);
	const char *why = s ? https_url_fault(s) : NULL;

	if (why)
		fault_add(faults, pointer, "%s", why);
}

static void check_sip(const struct field *f, const char *pointer,
		      const json_t *value, struct faults *faults)
{
	const char *s = text(f, pointer, value, faults);
	const char *why = s ? sip_uri_fault(s) : NULL;

	if (why)
		fault_add(faults, pointer, "%s", why);
}

static void check_host(const struct field *f, const char *pointer,
		       const json_t *value, struct faults *faults)
{
	const char *s = text(f, pointer, value, faults);
	const char *why = s ? host_fault(s) : NULL;

	if (why)
		fault_add(faults, pointer, "%s", why);
}

/* Twilio's rule for credentials (error 21240): 12 or more characters, upper
 * and lower case, a digit. */
static void check_password(const struct field *f, const char *pointer,
			   const json_t *value, struct faults *faults)
{
	const char *s = text(f, pointer, value, faults);

	if (s && (!strpbrk(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") ||
		  !strpbrk(s, "abcdefghijklmnopqrstuvwxyz") ||
		  !strpbrk(s, "0123456789")))
		fault_add(faults, pointer,
			  "must have an upper case letter, a lower case "
			  "letter and a digit");
}

/* --- lists and objects --------------------------------------------------- */

static void check_version(const struct field *f, const char *pointer,
			  const json_t *value, struct faults *faults)
{
	if (json_is_string(value))
		text(f, pointer, value, faults);
	else if (!json_is_integer(value) || json_integer_value(value) < 0)
		fault_add(faults, pointer,
			  "must be an integer from 0, or a tag of 1 to 64 "
			  "characters");
}

static void check_weight(const struct field *f, const char *pointer,
			 const json_t *value, struct faults *faults)
{
	double w = json_number_value(value);

	if (!json_is_number(value) || !(w >= 0.0001) || w > 1.0)
		fault_add(faults, pointer, "must be a number from 0.0001 to 1");
}

static void check_object(const struct field *f, const char *pointer,
			 const json_t *value, struct faults *faults)
{
	const json_t *member;
	const char *name;
	char at[POINTER_SIZE];

	if (!json_is_object(value)) {
		fault_add(faults, pointer, "must be an object");
		return;
	}
	json_object_foreach ((json_t *)value, name, member) {
		const struct field *m = field_find(f->members, name);

		pointer_join(at, pointer, name);
		if (!m)
			fault_add(faults, at, "is not a known field");
		else if (!json_is_null(member))
			m->check(m, at, member, faults);
		else if (!m->nullable)
			fault_add(faults, at, "must not be null");
	}
	for (const struct field *m = f->members; m->row.name; m++)
		if (!m->nullable && !m->fallback &&
		    !json_object_get(value, m->row.name))
			fault_add(faults, pointer, "needs %s", m->row.name);
}

static void check_agents(const struct field *f, const char *pointer,
			 const json_t *value, struct faults *faults)
{
	const json_t *item;
	double sum = 0;
	int before = faults->count;
	char at[POINTER_SIZE];
	size_t i;

	if (!json_is_array(value) || json_array_size(value) > AGENTS_MAX) {
		fault_add(faults, pointer, "must be an array of up to %d",
			  AGENTS_MAX);
		return;
	}
	json_array_foreach (value, i, item) {
		snprintf(at, sizeof(at), "%s/%zu", pointer, i);
		check_object(f, at, item, faults);
		sum += json_number_value(json_object_get(item, "weight"));
	}
	if (faults->count == before && json_array_size(value) > 0 &&
	    fabs(sum - 1) > WEIGHTS_ROUNDING)
		fault_add(faults, pointer, "the weights must sum to 1");
}

static void check_countries(const struct field *f, const char *pointer,
			    const json_t *value, struct faults *faults)
{
	const json_t *item;
	char at[POINTER_SIZE];
	size_t i;

	if (!json_is_array(value) || json_array_size(value) > 250) {
		fault_add(faults, pointer, "must be an array of up to 250");
		return;
	}
	json_array_foreach (value, i, item) {
		const char *s = json_string_value(item);

		snprintf(at, sizeof(at), "%s/%zu", pointer, i);
		if (!s || strlen(s) != 2 ||
		    strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2)
			fault_add(faults, at,
				  "must be an ISO 3166-1 alpha-2 code in "
				  "capitals, like US");
	}
}

static void check_metadata(const struct field *f, const char *pointer,
			   const json_t *value, struct faults *faults)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789_.-";
	const json_t *member;
	const char *name;
	char at[POINTER_SIZE];

	if (!json_is_object(value) || json_object_size(value) > METADATA_MAX) {
		fault_add(faults, pointer, "must be an object of up to %d",
			  METADATA_MAX);
		return;
	}
	json_object_foreach ((json_t *)value, name, member) {
		pointer_join(at, pointer, name);
		if (!name[0] || strlen(name) > 40 ||
		    strspn(name, allowed) != strlen(name))
			fault_add(faults, at,
				  "a key has 1 to 40 letters, digits, _ . -");
		else if (!json_is_string(member) ||
			 count_characters(json_string_value(member)) > 500)
			fault_add(faults, at,
				  "must be a string of up to 500 characters");
	}
}

/* --- the table ----------------------------------------------------------- */

static const char *const providers[] = {"twilio", "sip_trunk", NULL};
static const char *const transports[] = {"auto", "udp", "tcp", "tls", NULL};
static const char *const encryptions[] = {"disabled", "allowed", "required",
					  NULL};

/* clang-format off */
#define BOTH   true, true, false
#define CREATE true, false, false
#define SECRET true, false, true
#define END    {.row = {.name = NULL}}

static const struct field agent_members[] = {
	{{"agent_id", "string", BOTH, "The agent at Retell."},
	 .check = check_text, .min = 1, .max = 64},
	{{"agent_version", "integer or string", BOTH, "A version or tag; without one Retell decides."},
	 .nullable = true, .check = check_version, .min = 1, .max = 64},
	{{"weight", "number", BOTH, "Its share of the calls; all sum to 1."},
	 .check = check_weight},
	END
};

static const struct field outbound_members[] = {
	{{"address", "string", CREATE, "Termination URI of the trunk, host only; for sip_trunk only."},
	 .nullable = true, .check = check_host, .min = 1, .max = 253},
	{{"transport", "string", CREATE, "How Retell sends its calls; auto is Retell's default."},
	 .fallback = "\"auto\"", .check = check_choice, .choices = transports},
	{{"media_encryption", "string", CREATE, "required makes the trunk secure (TLS and SRTP)."},
	 .fallback = "\"disabled\"", .check = check_choice, .choices = encryptions},
	{{"username", "string", CREATE, "SIP user name; made up if not given (twilio)."},
	 .nullable = true, .check = check_text, .min = 1, .max = 32},
	{{"password", "string", SECRET, "SIP password; made up if not given (twilio)."},
	 .nullable = true, .check = check_password, .min = 12, .max = 128},
	END
};

static const struct field inbound_members[] = {
	{{"origination_uri", "string", CREATE, "Where the trunk sends calls that come in; default: Retell's SIP server."},
	 .nullable = true, .check = check_sip, .min = 5, .max = 2048},
	{{"priority", "integer", CREATE, "0 to 65535."},
	 .fallback = "10", .check = check_integer, .min = 0, .max = 65535},
	{{"weight", "integer", CREATE, "1 to 65535."},
	 .fallback = "10", .check = check_integer, .min = 1, .max = 65535},
	END
};

static const struct field policy_members[] = {
	{{"target", "string", CREATE, "SIP URI of the target."},
	 .check = check_sip, .min = 5, .max = 2048},
	{{"priority", "integer", CREATE, "0 to 65535."},
	 .fallback = "10", .check = check_integer, .min = 0, .max = 65535},
	{{"weight", "integer", CREATE, "1 to 65535."},
	 .fallback = "10", .check = check_integer, .min = 1, .max = 65535},
	END
};

/* The order is the order of answers. */
const struct field fields[] = {
	{{"phone_number", "string", CREATE, "The number in E.164."},
	 .check = check_e164},
	{{"label", "string", BOTH, "A name for people; Retell's nickname."},
	 .nullable = true, .check = check_text, .min = 1, .max = 64},
	{{"provider", "string", CREATE, "twilio builds a trunk; with sip_trunk the caller brings one."},
	 .fallback = "\"twilio\"", .check = check_choice, .choices = providers},
	{{"supports_inbound", "boolean", CREATE, "The number takes calls."},
	 .fallback = "true", .check = check_flag},
	{{"supports_outbound", "boolean", CREATE, "The number makes calls."},
	 .fallback = "true", .check = check_flag},
	{{"inbound_agents", "array", BOTH, "Agents that answer, with weights that sum to 1."},
	 .nullable = true, .fallback = "[]", .check = check_agents, .members = agent_members},
	{{"outbound_agents", "array", BOTH, "Agents that call, with weights that sum to 1."},
	 .nullable = true, .fallback = "[]", .check = check_agents, .members = agent_members},
	{{"agent_id", "string", BOTH, "Short form: one agent for each direction the number has."},
	 .nullable = true, .check = check_text, .min = 1, .max = 64},
	{{"agent_version", "integer or string", BOTH, "The version for agent_id."},
	 .nullable = true, .check = check_version, .min = 1, .max = 64},
	{{"inbound_agent_id", "string", BOTH, "Short form: one agent that answers."},
	 .nullable = true, .check = check_text, .min = 1, .max = 64},
	{{"inbound_agent_version", "integer or string", BOTH, "The version for inbound_agent_id."},
	 .nullable = true, .check = check_version, .min = 1, .max = 64},
	{{"outbound_agent_id", "string", BOTH, "Short form: one agent that calls."},
	 .nullable = true, .check = check_text, .min = 1, .max = 64},
	{{"outbound_agent_version", "integer or string", BOTH, "The version for outbound_agent_id."},
	 .nullable = true, .check = check_version, .min = 1, .max = 64},
	{{"inbound_webhook_url", "string", BOTH, "Retell asks it before an agent answers; https."},
	 .nullable = true, .check = check_https, .min = 1, .max = 2048},
	{{"fallback_number", "string", BOTH, "Takes over when no agent can; E.164, not the number itself."},
	 .nullable = true, .check = check_e164},
	{{"allowed_inbound_country_list", "array", BOTH, "Countries that may call; null: all."},
	 .nullable = true, .check = check_countries},
	{{"allowed_outbound_country_list", "array", BOTH, "Countries that may be called; null: all."},
	 .nullable = true, .check = check_countries},
	{{"twilio_account_sid", "string", CREATE, "Account that owns the number; default: the server's."},
	 .nullable = true, .check = check_account_sid},
	{{"twilio_auth_token", "string", SECRET, "Auth token of twilio_account_sid."},
	 .nullable = true, .check = check_text, .min = 1, .max = 128},
	{{"twilio_api_key_sid", "string", CREATE, "API key instead of the auth token."},
	 .nullable = true, .check = check_key_sid},
	{{"twilio_api_key_secret", "string", SECRET, "Secret of twilio_api_key_sid."},
	 .nullable = true, .check = check_text, .min = 1, .max = 128},
	{{"outbound_trunk", "object", CREATE, "How calls leave."},
	 .nullable = true, .fallback = "{}", .check = check_object, .members = outbound_members},
	{{"inbound_trunk", "object", CREATE, "Where calls that come in go."},
	 .nullable = true, .fallback = "{}", .check = check_object, .members = inbound_members},
	{{"connection_policy", "object", CREATE, "A Voice connection policy with one target; Elastic trunks need none."},
	 .nullable = true, .check = check_object, .members = policy_members},
	{{"disaster_recovery_url", "string", CREATE, "TwiML for when Retell cannot be reached; https."},
	 .nullable = true, .check = check_https, .min = 1, .max = 2048},
	{{"take_over", "boolean", CREATE, "Move the number away from another trunk; put back on delete."},
	 .fallback = "false", .check = check_flag},
	{{"metadata", "object", BOTH, "Up to 16 strings of the caller's."},
	 .nullable = true, .fallback = "{}", .check = check_metadata},
	END
};
/* clang-format on */

const struct field_row *spec_field(int i)
{
	int n = 0;

	while (fields[n].row.name)
		n++;
	return i < n ? &fields[i].row : NULL;
}
