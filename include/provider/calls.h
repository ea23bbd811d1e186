/* SPDX-License-Identifier: MIT */
/*
 * calls.h - every call that we make to a provider, by name.
 *
 * Logs and metrics name a call by its row here, never by its address, so that
 * there are no more names than rows.
 */
#ifndef PROVIDER_CALLS_H
#define PROVIDER_CALLS_H

#include "base/http.h"
#include "provider/answer.h"

/* clang-format off */
#define PROVIDER_CALLS(X)                                                   \
	X(TWILIO, LIST_INCOMING_NUMBERS,    "list_incoming_numbers")        \
	X(TWILIO, FETCH_INCOMING_NUMBER,    "fetch_incoming_number")        \
	X(TWILIO, UPDATE_INCOMING_NUMBER,   "update_incoming_number")       \
	X(TWILIO, CREATE_CREDENTIAL_LIST,   "create_credential_list")       \
	X(TWILIO, LIST_CREDENTIAL_LISTS,    "list_credential_lists")        \
	X(TWILIO, DELETE_CREDENTIAL_LIST,   "delete_credential_list")       \
	X(TWILIO, CREATE_CREDENTIAL,        "create_credential")            \
	X(TWILIO, LIST_CREDENTIALS,         "list_credentials")             \
	X(TWILIO, DELETE_CREDENTIAL,        "delete_credential")            \
	X(TWILIO, CREATE_TRUNK,             "create_trunk")                 \
	X(TWILIO, LIST_TRUNKS,              "list_trunks")                  \
	X(TWILIO, FETCH_TRUNK,              "fetch_trunk")                  \
	X(TWILIO, DELETE_TRUNK,             "delete_trunk")                 \
	X(TWILIO, CREATE_ORIGINATION_URL,   "create_origination_url")       \
	X(TWILIO, LIST_ORIGINATION_URLS,    "list_origination_urls")        \
	X(TWILIO, DELETE_ORIGINATION_URL,   "delete_origination_url")       \
	X(TWILIO, CREATE_TRUNK_CREDENTIAL_LIST, "create_trunk_credential_list") \
	X(TWILIO, LIST_TRUNK_CREDENTIAL_LISTS, "list_trunk_credential_lists") \
	X(TWILIO, DELETE_TRUNK_CREDENTIAL_LIST, "delete_trunk_credential_list") \
	X(TWILIO, CREATE_TRUNK_PHONE_NUMBER, "create_trunk_phone_number")   \
	X(TWILIO, DELETE_TRUNK_PHONE_NUMBER, "delete_trunk_phone_number")   \
	X(TWILIO, CREATE_CONNECTION_POLICY, "create_connection_policy")     \
	X(TWILIO, LIST_CONNECTION_POLICIES, "list_connection_policies")     \
	X(TWILIO, DELETE_CONNECTION_POLICY, "delete_connection_policy")     \
	X(TWILIO, CREATE_CONNECTION_POLICY_TARGET, "create_connection_policy_target") \
	X(TWILIO, LIST_CONNECTION_POLICY_TARGETS, "list_connection_policy_targets") \
	X(TWILIO, DELETE_CONNECTION_POLICY_TARGET, "delete_connection_policy_target") \
	X(RETELL, GET_AGENT,                "get_agent")                    \
	X(RETELL, LIST_NUMBERS,             "list_numbers")                 \
	X(RETELL, GET_NUMBER,               "get_number")                   \
	X(RETELL, IMPORT_NUMBER,            "import_number")                \
	X(RETELL, UPDATE_NUMBER,            "update_number")                \
	X(RETELL, DELETE_NUMBER,            "delete_number")
/* clang-format on */

enum provider_call {
#define CALL_ENUM(provider, call, name) CALL_##call,
	PROVIDER_CALLS(CALL_ENUM)
#undef CALL_ENUM
};

#define CALL_COUNT(provider, call, name) +1
enum { PROVIDER_CALL_COUNT = 0 PROVIDER_CALLS(CALL_COUNT) };
#undef CALL_COUNT

enum provider call_provider(enum provider_call call);
const char *call_name(enum provider_call call); /* static */
/* Names the request. */
void call_set(struct http_request *rq, enum provider_call call);

#endif
