/* SPDX-License-Identifier: MIT */
/*
 * twilio.h - the Twilio calls we make, as requests; and what we read in the
 * answers. No I/O.
 *
 * Sources: Twilio's OpenAPI documents twilio_api_v2010, twilio_trunking_v1 and
 * twilio_voice_v1. Bodies are forms with PascalCase names, answers JSON with
 * snake_case. Sids are two letters and 32 hexadecimal digits; one that is not
 * is never put into a URL.
 *
 * Builders return 0, or -1 when a buf of the request is full.
 */
#ifndef PROVIDER_TWILIO_H
#define PROVIDER_TWILIO_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/http.h"
#include "provider/calls.h"

#define TWILIO_SID_SIZE 35

/* An account and where it lives. Borrowed strings. */
struct twilio {
	const char *api_url, *trunking_url, *voice_url; /* no trailing slash */
	const char *account_sid;
	const char *user, *secret; /* AC… and token, or SK… and secret */
};

/* 2010-04-01: numbers, credential lists */
int twilio_list_numbers(const struct twilio *t, struct http_request *rq,
			const char *phone_number);
int twilio_fetch_number(const struct twilio *t, struct http_request *rq,
			const char *number_sid);
/* NULL leaves a setting as it is, "" clears it. */
int twilio_update_number(const struct twilio *t, struct http_request *rq,
			 const char *number_sid, const char *trunk_sid,
			 const char *voice_application_sid,
			 const char *voice_url);
int twilio_create_credential_list(const struct twilio *t,
				  struct http_request *rq, const char *name);
int twilio_list_credential_lists(const struct twilio *t,
				 struct http_request *rq);
int twilio_delete_credential_list(const struct twilio *t,
				  struct http_request *rq,
				  const char *list_sid);
int twilio_create_credential(const struct twilio *t, struct http_request *rq,
			     const char *list_sid, const char *username,
			     const char *password);
int twilio_list_credentials(const struct twilio *t, struct http_request *rq,
			    const char *list_sid);
int twilio_delete_credential(const struct twilio *t, struct http_request *rq,
			     const char *list_sid, const char *credential_sid);

/* Trunking v1 */
struct twilio_trunk {
	const char *friendly_name, *domain_name;
	const char *disaster_recovery_url; /* NULL: none */
	bool secure;
};
int twilio_create_trunk(const struct twilio *t, struct http_request *rq,
			const struct twilio_trunk *trunk);
int twilio_list_trunks(const struct twilio *t, struct http_request *rq);
int twilio_fetch_trunk(const struct twilio *t, struct http_request *rq,
		       const char *trunk_sid);
int twilio_delete_trunk(const struct twilio *t, struct http_request *rq,
			const char *trunk_sid);
int twilio_create_origination_url(const struct twilio *t,
				  struct http_request *rq,
				  const char *trunk_sid, const char *name,
				  const char *sip_url, int priority,
				  int weight);
/* What hangs below a trunk: "OriginationUrls", "CredentialLists",
 * "PhoneNumbers". */
int twilio_list_below(const struct twilio *t, struct http_request *rq,
		      enum provider_call call, const char *trunk_sid,
		      const char *collection);
int twilio_delete_below(const struct twilio *t, struct http_request *rq,
			enum provider_call call, const char *trunk_sid,
			const char *collection, const char *sid);
int twilio_add_credential_list(const struct twilio *t, struct http_request *rq,
			       const char *trunk_sid, const char *list_sid);
int twilio_add_number(const struct twilio *t, struct http_request *rq,
		      const char *trunk_sid, const char *number_sid);

/* Voice v1 */
int twilio_create_policy(const struct twilio *t, struct http_request *rq,
			 const char *name);
int twilio_list_policies(const struct twilio *t, struct http_request *rq);
int twilio_delete_policy(const struct twilio *t, struct http_request *rq,
			 const char *policy_sid);
int twilio_create_target(const struct twilio *t, struct http_request *rq,
			 const char *policy_sid, const char *name,
			 const char *target, int priority, int weight);
int twilio_list_targets(const struct twilio *t, struct http_request *rq,
			const char *policy_sid);
int twilio_delete_target(const struct twilio *t, struct http_request *rq,
			 const char *policy_sid, const char *target_sid);

/* Makes of a request for a list's first page one for another, whose address the
 * list gave (twilio_next_page). */
int twilio_turn_page(struct http_request *rq, const char *url);

/* ^XX[0-9a-fA-F]{32}$ */
bool twilio_sid_valid(const char *sid, const char *prefix);
/* The member as a sid of this kind, or NULL if it is anything else. */
const char *twilio_sid(const json_t *object, const char *member,
		       const char *prefix);
/* The address of the next page in a list's answer: 1 and it is in *url, 0 if
 * this is the last, -1 (PROVIDER_GARBLED) if it is no proper address, leads
 * away from the configured hosts (credentials are not sent there), or back to
 * the page that was in *url: the one just read, empty for the first. */
int twilio_next_page(const struct twilio *t, const json_t *body,
		     struct buf *url, struct err *err);

#endif
