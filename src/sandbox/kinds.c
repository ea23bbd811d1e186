/* SPDX-License-Identifier: MIT */
/*
 * kinds.c - the tables of kinds.h. Fields stand in the order of Twilio's
 * OpenAPI documents (api_v2010, trunking_v1, voice_v1).
 */
#include "kinds.h"

/* clang-format off */
#define ACCOUNT_ROOT "/2010-04-01/Accounts/%A"

#define DATES                                                       \
	{ "date_created", NULL, .type = F_CREATED },                        \
	{ "date_updated", NULL, .type = F_UPDATED }

static const struct field trunk_fields[] = {
	{ "account_sid",              NULL,                     .type = F_ACCOUNT },
	{ "domain_name",              "DomainName",             .type = F_DOMAIN },
	{ "disaster_recovery_method", "DisasterRecoveryMethod", .type = F_CHOICE, .choices = "GET|POST" },
	{ "disaster_recovery_url",    "DisasterRecoveryUrl",    .type = F_URL },
	{ "friendly_name",            "FriendlyName",           .type = F_TEXT, .min = 1, .max = 64 },
	{ "secure",                   "Secure",                 .type = F_BOOL, .unset = "#false" },
	{ "recording",                NULL,                     .type = F_RECORDING },
	{ "transfer_mode",            "TransferMode",           .type = F_CHOICE, .choices = "disable-all|enable-all|sip-only", .unset = "disable-all" },
	{ "transfer_caller_id",       "TransferCallerId",       .type = F_CHOICE, .choices = "from-transferee|from-transferor", .unset = "from-transferee" },
	{ "cnam_lookup_enabled",      "CnamLookupEnabled",      .type = F_BOOL, .unset = "#false" },
	{ "auth_type",                NULL,                     .type = F_AUTH_TYPE },
	{ "symmetric_rtp_enabled",    NULL,                     .type = F_TEXT, .unset = "#false" },
	{ "auth_type_set",            NULL,                     .type = F_AUTH_TYPE_SET },
	DATES,
	{ "sid",                      NULL,                     .type = F_ID },
	{ "url",                      NULL,                     .type = F_SELF },
	{ "links",                    NULL,                     .type = F_LINKS },
	{ 0 }
};

static const struct kind_link trunk_links[] = {
	{ "origination_urls",        "/OriginationUrls" },
	{ "credential_lists",        "/CredentialLists" },
	{ "ip_access_control_lists", "/IpAccessControlLists" },
	{ "phone_numbers",           "/PhoneNumbers" },
	{ 0 }
};

static const struct field origination_url_fields[] = {
	{ "account_sid",   NULL,           .type = F_ACCOUNT },
	{ "sid",           NULL,           .type = F_ID },
	{ "trunk_sid",     NULL,           .type = F_PARENT },
	{ "weight",        "Weight",       .type = F_INT, .flags = REQUIRED, .min = 1, .max = 65535 },
	{ "enabled",       "Enabled",      .type = F_BOOL, .flags = REQUIRED },
	{ "sip_url",       "SipUrl",       .type = F_SIP, .flags = REQUIRED },
	{ "friendly_name", "FriendlyName", .type = F_TEXT, .flags = REQUIRED, .min = 1, .max = 64 },
	{ "priority",      "Priority",     .type = F_INT, .flags = REQUIRED, .min = 0, .max = 65535 },
	DATES,
	{ "url",           NULL,           .type = F_SELF },
	{ 0 }
};

static const struct field list_fields[] = {
	{ "account_sid",      NULL,           .type = F_ACCOUNT },
	DATES,
	{ "friendly_name",    "FriendlyName", .type = F_TEXT, .flags = REQUIRED, .min = 1, .max = 64 },
	{ "sid",              NULL,           .type = F_ID },
	{ "subresource_uris", NULL,           .type = F_LINKS },
	{ "uri",              NULL,           .type = F_SELF },
	{ 0 }
};

static const struct kind_link list_links[] = {
	{ "credentials", "/Credentials.json" },
	{ 0 }
};

static const struct field credential_fields[] = {
	{ "sid",                 NULL,       .type = F_ID },
	{ "account_sid",         NULL,       .type = F_ACCOUNT },
	{ "credential_list_sid", NULL,       .type = F_PARENT },
	{ "username",            "Username", .type = F_TEXT, .flags = REQUIRED | ONCE, .min = 1, .max = 32 },
	{ NULL,                  "Password", .type = F_PASSWORD, .flags = REQUIRED },
	DATES,
	{ "uri",                 NULL,       .type = F_SELF },
	{ 0 }
};

static const struct field acl_fields[] = {
	{ "sid",              NULL,           .type = F_ID },
	{ "account_sid",      NULL,           .type = F_ACCOUNT },
	{ "friendly_name",    "FriendlyName", .type = F_TEXT, .flags = REQUIRED, .min = 1, .max = 255 },
	DATES,
	{ "subresource_uris", NULL,           .type = F_LINKS },
	{ "uri",              NULL,           .type = F_SELF },
	{ 0 }
};

static const struct kind_link acl_links[] = {
	{ "ip_addresses", "/IpAddresses.json" },
	{ 0 }
};

static const struct field ip_address_fields[] = {
	{ "sid",                        NULL,               .type = F_ID },
	{ "account_sid",                NULL,               .type = F_ACCOUNT },
	{ "friendly_name",              "FriendlyName",     .type = F_TEXT, .flags = REQUIRED, .min = 1, .max = 255 },
	{ "ip_address",                 "IpAddress",        .type = F_IPV4, .flags = REQUIRED },
	{ "cidr_prefix_length",         "CidrPrefixLength", .type = F_INT, .min = 0, .max = 32, .unset = "#32" },
	{ "ip_access_control_list_sid", NULL,               .type = F_PARENT },
	DATES,
	{ "uri",                        NULL,               .type = F_SELF },
	{ 0 }
};

/* What is on a trunk answers with the target's own SID and name. */
static const struct field tie_fields[] = {
	{ "account_sid",   NULL, .type = F_ACCOUNT },
	{ "sid",           NULL, .type = F_ID },
	{ "trunk_sid",     NULL, .type = F_PARENT },
	{ "friendly_name", NULL, .type = F_TEXT },
	DATES,
	{ "url",           NULL, .type = F_SELF },
	{ 0 }
};

/* What the 2010 and the trunking document say of a number in one voice. */
#define NUMBER_ROUTING                                                                                        \
	{ "address_requirements",   NULL,                   .type = F_TEXT, .unset = "none" },                        \
	{ "api_version",            "ApiVersion",           .type = F_TEXT, .unset = "2010-04-01" },                  \
	{ "beta",                   NULL,                   .type = F_BOOL, .unset = "#false" },                      \
	{ "capabilities",           NULL,                   .type = F_CAPABILITIES },                                 \
	DATES,                                                                                                \
	{ "friendly_name",          "FriendlyName",         .type = F_TEXT, .min = 1, .max = 64 },                    \
	{ "phone_number",           NULL,                   .type = F_TEXT },                                         \
	{ "sid",                    NULL,                   .type = F_ID },                                           \
	{ "sms_application_sid",    "SmsApplicationSid",    .type = F_SID_OF, .choices = "AP", .unset = "" },         \
	{ "sms_fallback_method",    "SmsFallbackMethod",    .type = F_CHOICE, .choices = "GET|POST", .unset = "POST" }, \
	{ "sms_fallback_url",       "SmsFallbackUrl",       .type = F_URL, .unset = "" },                             \
	{ "sms_method",             "SmsMethod",            .type = F_CHOICE, .choices = "GET|POST", .unset = "POST" }, \
	{ "sms_url",                "SmsUrl",               .type = F_URL, .unset = "" },                             \
	{ "status_callback",        "StatusCallback",       .type = F_URL, .unset = "" },                             \
	{ "status_callback_method", "StatusCallbackMethod", .type = F_CHOICE, .choices = "GET|POST", .unset = "POST" }, \
	{ "trunk_sid",              NULL,                   .type = F_NUMBERS_TRUNK },                                \
	{ "voice_application_sid",  "VoiceApplicationSid",  .type = F_SID_OF, .choices = "AP", .unset = "" },         \
	{ "voice_caller_id_lookup", "VoiceCallerIdLookup",  .type = F_BOOL, .unset = "#false" },                      \
	{ "voice_fallback_method",  "VoiceFallbackMethod",  .type = F_CHOICE, .choices = "GET|POST", .unset = "POST" }, \
	{ "voice_fallback_url",     "VoiceFallbackUrl",     .type = F_URL },                                          \
	{ "voice_method",           "VoiceMethod",          .type = F_CHOICE, .choices = "GET|POST", .unset = "POST" }, \
	{ "voice_url",              "VoiceUrl",             .type = F_URL }

static const struct field number_fields[] = {
	{ "account_sid",              NULL,                  .type = F_ACCOUNT },
	NUMBER_ROUTING,
	{ "address_sid",              "AddressSid",          .type = F_SID_OF, .choices = "AD" },
	{ "identity_sid",             "IdentitySid",         .type = F_SID_OF, .choices = "RI" },
	{ "bundle_sid",               "BundleSid",           .type = F_SID_OF, .choices = "BU" },
	{ "origin",                   NULL,                  .type = F_TEXT, .unset = "twilio" },
	{ "voice_receive_mode",       "VoiceReceiveMode",    .type = F_CHOICE, .choices = "voice|fax", .unset = "voice" },
	{ "emergency_status",         "EmergencyStatus",     .type = F_CHOICE, .choices = "Active|Inactive", .unset = "Inactive" },
	{ "emergency_address_sid",    "EmergencyAddressSid", .type = F_SID_OF, .choices = "AD" },
	{ "emergency_address_status", NULL,                  .type = F_TEXT, .unset = "unregistered" },
	{ "status",                   NULL,                  .type = F_TEXT, .unset = "in-use" },
	{ "type",                     NULL,                  .type = F_TEXT, .unset = "local" },
	{ "subresource_uris",         NULL,                  .type = F_LINKS },
	{ "uri",                      NULL,                  .type = F_SELF },
	{ 0 }
};

static const struct kind_link number_links[] = {
	{ "assigned_add_ons", "/AssignedAddOns.json" },
	{ 0 }
};

static const struct field trunk_number_fields[] = {
	{ "account_sid", NULL, .type = F_ACCOUNT },
	NUMBER_ROUTING,
	{ "url",         NULL, .type = F_SELF },
	{ "links",       NULL, .type = F_LINKS },
	{ 0 }
};

static const struct kind_link trunk_number_links[] = {
	{ "phone_number", "" }, /* render.c points it at the number itself */
	{ 0 }
};

static const struct field policy_fields[] = {
	{ "account_sid",   NULL,           .type = F_ACCOUNT },
	{ "sid",           NULL,           .type = F_ID },
	{ "friendly_name", "FriendlyName", .type = F_TEXT, .min = 1, .max = 255 },
	DATES,
	{ "url",           NULL,           .type = F_SELF },
	{ "links",         NULL,           .type = F_LINKS },
	{ 0 }
};

static const struct kind_link policy_links[] = {
	{ "targets", "/Targets" },
	{ 0 }
};

static const struct field target_fields[] = {
	{ "account_sid",           NULL,           .type = F_ACCOUNT },
	{ "connection_policy_sid", NULL,           .type = F_PARENT },
	{ "sid",                   NULL,           .type = F_ID },
	{ "friendly_name",         "FriendlyName", .type = F_TEXT, .min = 1, .max = 255 },
	{ "target",                "Target",       .type = F_SIP, .flags = REQUIRED },
	{ "priority",              "Priority",     .type = F_INT, .min = 0, .max = 65535, .unset = "#10" },
	{ "weight",                "Weight",       .type = F_INT, .min = 1, .max = 65535, .unset = "#10" },
	{ "enabled",               "Enabled",      .type = F_BOOL, .unset = "#true" },
	DATES,
	{ "url",                   NULL,           .type = F_SELF },
	{ 0 }
};

#define TRUNKING "https://trunking.twilio.com"
#define VOICE    "https://voice.twilio.com"

const struct kind kinds[SANDBOX_KINDS] = {
	[SANDBOX_TRUNK] = { "trunk", "TK", .array = "trunks", "/v1/Trunks/%I", TRUNKING,
		trunk_fields, trunk_links, .limit = -1, .full = 21244 },
	[SANDBOX_ORIGINATION_URL] = { "origination_url", "OU", .array = "origination_urls",
		"/v1/Trunks/%P/OriginationUrls/%I", TRUNKING,
		origination_url_fields, .limit = 10, .full = 21249 },
	[SANDBOX_CREDENTIAL_LIST] = { "credential_list", "CL", .array = "credential_lists",
		ACCOUNT_ROOT "/SIP/CredentialLists/%I", NULL, list_fields, list_links,
		.unique = "cl", .clash = 21240, .limit = -1, .full = 21239 },
	[SANDBOX_CREDENTIAL] = { "credential", "CR", .array = "credentials",
		ACCOUNT_ROOT "/SIP/CredentialLists/%P/Credentials/%I", NULL,
		credential_fields, .limit = 1000, .full = 21242 },
	[SANDBOX_IP_ACL] = { "ip_access_control_list", "AL", .array = "ip_access_control_lists",
		ACCOUNT_ROOT "/SIP/IpAccessControlLists/%I", NULL, acl_fields, acl_links,
		.unique = "al", .clash = 21235, .limit = 1000, .full = 21255 },
	[SANDBOX_IP_ADDRESS] = { "ip_address", "IP", .array = "ip_addresses",
		ACCOUNT_ROOT "/SIP/IpAccessControlLists/%P/IpAddresses/%I", NULL,
		ip_address_fields, .limit = 25, .full = 21237 },
	[SANDBOX_TRUNK_CREDENTIAL_LIST] = { "trunk_credential_list", "CL", .array = "credential_lists",
		"/v1/Trunks/%P/CredentialLists/%I", TRUNKING, tie_fields },
	[SANDBOX_TRUNK_IP_ACL] = { "trunk_ip_access_control_list", "AL", .array = "ip_access_control_lists",
		"/v1/Trunks/%P/IpAccessControlLists/%I", TRUNKING, tie_fields },
	[SANDBOX_TRUNK_PHONE_NUMBER] = { "trunk_phone_number", "PN", .array = "phone_numbers",
		"/v1/Trunks/%P/PhoneNumbers/%I", TRUNKING, trunk_number_fields, trunk_number_links },
	[SANDBOX_INCOMING_PHONE_NUMBER] = { "incoming_phone_number", "PN", .array = "incoming_phone_numbers",
		ACCOUNT_ROOT "/IncomingPhoneNumbers/%I", NULL, number_fields, number_links },
	[SANDBOX_CONNECTION_POLICY] = { "connection_policy", "NY", .array = "connection_policies",
		"/v1/ConnectionPolicies/%I", VOICE, policy_fields, policy_links,
		.limit = 10000, .full = 21253 },
	[SANDBOX_CONNECTION_POLICY_TARGET] = { "connection_policy_target", "NE", .array = "targets",
		"/v1/ConnectionPolicies/%P/Targets/%I", VOICE, target_fields,
		.limit = 10, .full = 21254 },
	[SANDBOX_RETELL_NUMBER] = { "retell_number", "", .array = "items", "", NULL, NULL },
};
/* clang-format on */

const char *sandbox_kind_name(enum sandbox_kind kind)
{
	return kinds[kind].name;
}
