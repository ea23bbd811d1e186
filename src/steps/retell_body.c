/* SPDX-License-Identifier: MIT */
/* retell_body.c - the bodies that import and update take; see retell_body.h. */
#include "retell_body.h"

#include <string.h>

#include "common.h"

/* Our field, Retell's name for it. Import does not take fallback_number. */
static const struct {
	const char *ours, *theirs;
	bool import;
} fields[] = {
	{"label", "nickname", true},
	{"inbound_agents", "inbound_agents", true},
	{"outbound_agents", "outbound_agents", true},
	{"inbound_webhook_url", "inbound_webhook_url", true},
	{"allowed_inbound_country_list", "allowed_inbound_country_list", true},
	{"allowed_outbound_country_list", "allowed_outbound_country_list",
	 true},
	{"fallback_number", "fallback_number", false},
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

const char *retell_termination_uri(const struct step_cx *cx)
{
	const struct step_row *trunk = step_other(cx, STEP_TRUNK);
	const char *uri =
		trunk ? row_recall(trunk, "domain")
		      : spec_sub(cx->spec, "outbound_trunk", "address");

	return uri ? uri : "";
}

bool retell_is_about(const struct step_cx *cx, const json_t *number)
{
	const char *key =
		json_string_value(json_object_get(number, "phone_number"));

	return key && strcmp(key, cx->phone_number) == 0;
}

bool retell_is_ours(const struct step_cx *cx, const json_t *number)
{
	const json_t *config =
		json_object_get(number, "sip_outbound_trunk_config");
	const char *uri =
		json_string_value(json_object_get(config, "termination_uri"));

	return uri && strcmp(uri, retell_termination_uri(cx)) == 0;
}

static int add_text(json_t *body, const char *name, const char *value)
{
	return value ? json_object_set_new(body, name, json_string(value)) : 0;
}

/* "auto" leaves Retell's default (TCP); SRTP needs TLS. */
static const char *transport(const struct spec *spec)
{
	const char *way = spec_sub(spec, "outbound_trunk", "transport");
	const char *media =
		spec_sub(spec, "outbound_trunk", "media_encryption");

	if (way && strcmp(way, "udp") == 0)
		return "UDP";
	if (way && strcmp(way, "tcp") == 0)
		return "TCP";
	if ((way && strcmp(way, "tls") == 0) ||
	    (media && strcmp(media, "required") == 0))
		return "TLS";
	return NULL;
}

static int add_credentials(json_t *body, const struct spec *spec)
{
	const char *password = spec_secret(spec, "sip_password");

	if (!password)
		return 0;
	return add_text(body, "sip_trunk_auth_username",
			spec_sub(spec, "outbound_trunk", "username")) ||
	       add_text(body, "sip_trunk_auth_password", password);
}

json_t *retell_import_body(const struct step_cx *cx)
{
	json_t *body = json_object();
	int rc = 0;

	rc |= add_text(body, "phone_number", cx->phone_number);
	rc |= add_text(body, "termination_uri", retell_termination_uri(cx));
	rc |= add_text(body, "transport", transport(cx->spec));
	rc |= add_credentials(body, cx->spec);
	rc |= json_object_set_new(body, "ignore_e164_validation", json_false());
	for (size_t i = 0; i < FIELDS; i++) {
		json_t *value = (json_t *)spec_get(cx->spec, fields[i].ours);

		if (fields[i].import && !json_is_null(value))
			rc |= json_object_set(body, fields[i].theirs, value);
	}
	if (rc) {
		json_decref(body);
		return NULL;
	}
	return body;
}

json_t *retell_update_body(const struct spec *spec)
{
	json_t *body = json_object();
	int rc = 0;

	for (size_t i = 0; i < FIELDS; i++)
		rc |= json_object_set(body, fields[i].theirs,
				      (json_t *)spec_get(spec, fields[i].ours));
	if (rc) {
		json_decref(body);
		return NULL;
	}
	return body;
}
