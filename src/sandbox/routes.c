/* SPDX-License-Identifier: MIT */
/*
 * routes.c - the table of every operation, and finding the one for a request.
 */
#include "routes.h"

#include <stdlib.h>
#include <string.h>

#define ACCOUNT "/2010-04-01/Accounts/{AC}"

/* clang-format off */
const struct operation operations[] = {
	{ "fetch_account",                   "GET",    ACCOUNT ".json",                                                         TWILIO, fetch_account },
	{ "list_available_local",            "GET",    ACCOUNT "/AvailablePhoneNumbers/{country}/Local.json",                   TWILIO, list_available_local },
	{ "list_available_toll_free",        "GET",    ACCOUNT "/AvailablePhoneNumbers/{country}/TollFree.json",                TWILIO, list_available_toll_free },
	{ "list_available_mobile",           "GET",    ACCOUNT "/AvailablePhoneNumbers/{country}/Mobile.json",                  TWILIO, list_available_mobile },
	{ "list_incoming_numbers",           "GET",    ACCOUNT "/IncomingPhoneNumbers.json",                                    TWILIO, list_incoming_numbers },
	{ "buy_incoming_number",             "POST",   ACCOUNT "/IncomingPhoneNumbers.json",                                    TWILIO, buy_incoming_number },
	{ "fetch_incoming_number",           "GET",    ACCOUNT "/IncomingPhoneNumbers/{PN}.json",                               TWILIO, fetch_incoming_number },
	{ "update_incoming_number",          "POST",   ACCOUNT "/IncomingPhoneNumbers/{PN}.json",                               TWILIO, update_incoming_number },
	{ "release_incoming_number",         "DELETE", ACCOUNT "/IncomingPhoneNumbers/{PN}.json",                               TWILIO, release_incoming_number },
	{ "list_credential_lists",           "GET",    ACCOUNT "/SIP/CredentialLists.json",                                     TWILIO, list_credential_lists },
	{ "create_credential_list",          "POST",   ACCOUNT "/SIP/CredentialLists.json",                                     TWILIO, create_credential_list },
	{ "fetch_credential_list",           "GET",    ACCOUNT "/SIP/CredentialLists/{CL}.json",                                TWILIO, fetch_credential_list },
	{ "update_credential_list",          "POST",   ACCOUNT "/SIP/CredentialLists/{CL}.json",                                TWILIO, update_credential_list },
	{ "delete_credential_list",          "DELETE", ACCOUNT "/SIP/CredentialLists/{CL}.json",                                TWILIO, delete_credential_list },
	{ "list_credentials",                "GET",    ACCOUNT "/SIP/CredentialLists/{CL}/Credentials.json",                    TWILIO, list_credentials },
	{ "create_credential",               "POST",   ACCOUNT "/SIP/CredentialLists/{CL}/Credentials.json",                    TWILIO, create_credential },
	{ "fetch_credential",                "GET",    ACCOUNT "/SIP/CredentialLists/{CL}/Credentials/{CR}.json",               TWILIO, fetch_credential },
	{ "update_credential",               "POST",   ACCOUNT "/SIP/CredentialLists/{CL}/Credentials/{CR}.json",               TWILIO, update_credential },
	{ "delete_credential",               "DELETE", ACCOUNT "/SIP/CredentialLists/{CL}/Credentials/{CR}.json",               TWILIO, delete_credential },
	{ "list_ip_acls",                    "GET",    ACCOUNT "/SIP/IpAccessControlLists.json",                                TWILIO, list_ip_acls },
	{ "create_ip_acl",                   "POST",   ACCOUNT "/SIP/IpAccessControlLists.json",                                TWILIO, create_ip_acl },
	{ "fetch_ip_acl",                    "GET",    ACCOUNT "/SIP/IpAccessControlLists/{AL}.json",                           TWILIO, fetch_ip_acl },
	{ "update_ip_acl",                   "POST",   ACCOUNT "/SIP/IpAccessControlLists/{AL}.json",                           TWILIO, update_ip_acl },
	{ "delete_ip_acl",                   "DELETE", ACCOUNT "/SIP/IpAccessControlLists/{AL}.json",                           TWILIO, delete_ip_acl },
	{ "list_ip_addresses",               "GET",    ACCOUNT "/SIP/IpAccessControlLists/{AL}/IpAddresses.json",               TWILIO, list_ip_addresses },
	{ "create_ip_address",               "POST",   ACCOUNT "/SIP/IpAccessControlLists/{AL}/IpAddresses.json",               TWILIO, create_ip_address },
	{ "fetch_ip_address",                "GET",    ACCOUNT "/SIP/IpAccessControlLists/{AL}/IpAddresses/{IP}.json",          TWILIO, fetch_ip_address },
	{ "update_ip_address",               "POST",   ACCOUNT "/SIP/IpAccessControlLists/{AL}/IpAddresses/{IP}.json",          TWILIO, update_ip_address },
	{ "delete_ip_address",               "DELETE", ACCOUNT "/SIP/IpAccessControlLists/{AL}/IpAddresses/{IP}.json",          TWILIO, delete_ip_address },
	{ "list_trunks",                     "GET",    "/v1/Trunks",                                                            TWILIO, list_trunks },
	{ "create_trunk",                    "POST",   "/v1/Trunks",                                                            TWILIO, create_trunk },
	{ "fetch_trunk",                     "GET",    "/v1/Trunks/{TK}",                                                       TWILIO, fetch_trunk },
	{ "update_trunk",                    "POST",   "/v1/Trunks/{TK}",                                                       TWILIO, update_trunk },
	{ "delete_trunk",                    "DELETE", "/v1/Trunks/{TK}",                                                       TWILIO, delete_trunk },
	{ "fetch_trunk_recording",           "GET",    "/v1/Trunks/{TK}/Recording",                                             TWILIO, fetch_trunk_recording },
	{ "update_trunk_recording",          "POST",   "/v1/Trunks/{TK}/Recording",                                             TWILIO, update_trunk_recording },
	{ "list_origination_urls",           "GET",    "/v1/Trunks/{TK}/OriginationUrls",                                       TWILIO, list_origination_urls },
	{ "create_origination_url",          "POST",   "/v1/Trunks/{TK}/OriginationUrls",                                       TWILIO, create_origination_url },
	{ "fetch_origination_url",           "GET",    "/v1/Trunks/{TK}/OriginationUrls/{OU}",                                  TWILIO, fetch_origination_url },
	{ "update_origination_url",          "POST",   "/v1/Trunks/{TK}/OriginationUrls/{OU}",                                  TWILIO, update_origination_url },
	{ "delete_origination_url",          "DELETE", "/v1/Trunks/{TK}/OriginationUrls/{OU}",                                  TWILIO, delete_origination_url },
	{ "list_trunk_credential_lists",     "GET",    "/v1/Trunks/{TK}/CredentialLists",                                       TWILIO, list_trunk_credential_lists },
	{ "create_trunk_credential_list",    "POST",   "/v1/Trunks/{TK}/CredentialLists",                                       TWILIO, create_trunk_credential_list },
	{ "fetch_trunk_credential_list",     "GET",    "/v1/Trunks/{TK}/CredentialLists/{CL}",                                  TWILIO, fetch_trunk_credential_list },
	{ "delete_trunk_credential_list",    "DELETE", "/v1/Trunks/{TK}/CredentialLists/{CL}",                                  TWILIO, delete_trunk_credential_list },
	{ "list_trunk_ip_acls",              "GET",    "/v1/Trunks/{TK}/IpAccessControlLists",                                  TWILIO, list_trunk_ip_acls },
	{ "create_trunk_ip_acl",             "POST",   "/v1/Trunks/{TK}/IpAccessControlLists",                                  TWILIO, create_trunk_ip_acl },
	{ "fetch_trunk_ip_acl",              "GET",    "/v1/Trunks/{TK}/IpAccessControlLists/{AL}",                             TWILIO, fetch_trunk_ip_acl },
	{ "delete_trunk_ip_acl",             "DELETE", "/v1/Trunks/{TK}/IpAccessControlLists/{AL}",                             TWILIO, delete_trunk_ip_acl },
	{ "list_trunk_phone_numbers",        "GET",    "/v1/Trunks/{TK}/PhoneNumbers",                                          TWILIO, list_trunk_phone_numbers },
	{ "create_trunk_phone_number",       "POST",   "/v1/Trunks/{TK}/PhoneNumbers",                                          TWILIO, create_trunk_phone_number },
	{ "fetch_trunk_phone_number",        "GET",    "/v1/Trunks/{TK}/PhoneNumbers/{PN}",                                     TWILIO, fetch_trunk_phone_number },
	{ "delete_trunk_phone_number",       "DELETE", "/v1/Trunks/{TK}/PhoneNumbers/{PN}",                                     TWILIO, delete_trunk_phone_number },
	{ "list_connection_policies",        "GET",    "/v1/ConnectionPolicies",                                                TWILIO, list_connection_policies },
	{ "create_connection_policy",        "POST",   "/v1/ConnectionPolicies",                                                TWILIO, create_connection_policy },
	{ "fetch_connection_policy",         "GET",    "/v1/ConnectionPolicies/{NY}",                                           TWILIO, fetch_connection_policy },
	{ "update_connection_policy",        "POST",   "/v1/ConnectionPolicies/{NY}",                                           TWILIO, update_connection_policy },
	{ "delete_connection_policy",        "DELETE", "/v1/ConnectionPolicies/{NY}",                                           TWILIO, delete_connection_policy },
	{ "list_connection_policy_targets",  "GET",    "/v1/ConnectionPolicies/{NY}/Targets",                                   TWILIO, list_connection_policy_targets },
	{ "create_connection_policy_target", "POST",   "/v1/ConnectionPolicies/{NY}/Targets",                                   TWILIO, create_connection_policy_target },
	{ "fetch_connection_policy_target",  "GET",    "/v1/ConnectionPolicies/{NY}/Targets/{NE}",                              TWILIO, fetch_connection_policy_target },
	{ "update_connection_policy_target", "POST",   "/v1/ConnectionPolicies/{NY}/Targets/{NE}",                              TWILIO, update_connection_policy_target },
	{ "delete_connection_policy_target", "DELETE", "/v1/ConnectionPolicies/{NY}/Targets/{NE}",                              TWILIO, delete_connection_policy_target },
	{ "import_number",                   "POST",   "/import-phone-number",                                                  RETELL, import_number },
	{ "buy_number",                      "POST",   "/create-phone-number",                                                  RETELL, buy_number },
	{ "get_number",                      "GET",    "/get-phone-number/{number}",                                            RETELL, get_number },
	{ "list_numbers",                    "GET",    "/v2/list-phone-numbers",                                                RETELL, list_numbers },
	{ "update_number",                   "PATCH",  "/update-phone-number/{number}",                                         RETELL, update_number },
	{ "delete_number",                   "DELETE", "/delete-phone-number/{number}",                                         RETELL, delete_number },
	{ "list_agents",                     "POST",   "/v2/list-agents",                                                       RETELL, list_agents },
	{ "get_agent",                       "GET",    "/get-agent/{agent}",                                                    RETELL, get_agent },
	{ "register_call",                   "POST",   "/v2/register-phone-call",                                               RETELL, register_call },
	{ "legacy_list_numbers",             "GET",    "/list-phone-numbers",                                                   RETELL, legacy_route },
	{ "legacy_list_agents",              "GET",    "/list-agents",                                                          RETELL, legacy_route },
	{ "legacy_register_call",            "POST",   "/register-call",                                                        RETELL, legacy_route },
};
/* clang-format on */

const size_t n_operations = sizeof(operations) / sizeof(operations[0]);

struct span {
	const char *at;
	size_t len;
};

/* The path against a pattern; spans takes what stood for the {names}. */
static bool path_matches(const char *pattern, const char *path, size_t len,
			 struct span *spans, size_t *n)
{
	const char *end = path + len;

	*n = 0;
	while (*pattern) {
		const char *from = path;
		bool sid;

		if (*pattern != '{') {
			if (path == end || *path++ != *pattern++)
				return false;
			continue;
		}
		sid = pattern[1] >= 'A' && pattern[1] <= 'Z';
		pattern = strchr(pattern, '}') + 1;
		while (path < end && *path != '/' && !(sid && *path == '.'))
			path++;
		if (path == from || *n == ARGS_MAX)
			return false;
		spans[(*n)++] = (struct span){from, (size_t)(path - from)};
	}
	return path == end;
}

static bool take_args(struct sandbox_call *c, const struct span *spans,
		      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *arg = url_decode(spans[i].at, spans[i].len, false);

		if (!arg)
			return false;
		c->args[c->n_args++] = arg;
	}
	return true;
}

void route(struct sandbox_call *c)
{
	size_t len = strcspn(c->target, "?");

	for (size_t i = 0; i < n_operations; i++) {
		const struct operation *op = &operations[i];
		struct span spans[ARGS_MAX];
		size_t n;

		if (!path_matches(op->path, c->target, len, spans, &n))
			continue;
		c->provider = op->provider;
		if (strcmp(op->method, c->method) != 0) {
			c->wrong_method = true;
			continue;
		}
		c->wrong_method = false;
		if (take_args(c, spans, n))
			c->op = op;
		return;
	}
	if (!c->wrong_method && strncmp(c->target, "/v1/", 4) != 0 &&
	    strncmp(c->target, "/2010-04-01", 11) != 0)
		c->provider = RETELL;
}

int operation_index(const char *name)
{
	for (size_t i = 0; i < n_operations; i++)
		if (strcmp(operations[i].name, name) == 0)
			return (int)i;
	return -1;
}

json_t *sandbox_operations(void)
{
	json_t *list = must(json_array());

	for (size_t i = 0; i < n_operations; i++) {
		json_t *o = must(json_object());

		put_text(o, "operation", operations[i].name);
		put_text(o, "method", operations[i].method);
		put_text(o, "path", operations[i].path);
		add(list, o);
	}
	return list;
}
