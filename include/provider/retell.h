/* SPDX-License-Identifier: MIT */
/*
 * retell.h - the Retell calls we make, as requests; and what we read in the
 * answers. No I/O.
 *
 * Source: Retell's API reference and retell-sdk 5.66.1. Bodies and answers are
 * JSON; the key of a number is the number itself. Import and update name the
 * SIP credentials differently (sip_trunk_auth_* and auth_*).
 *
 * Builders return 0, or -1 when a buf of the request is full.
 */
#ifndef PROVIDER_RETELL_H
#define PROVIDER_RETELL_H

#include <jansson.h>

#include "base/http.h"
#include "provider/calls.h"

struct retell {
	const char *url; /* no trailing slash */
	const char *key;
};

int retell_get_agent(const struct retell *r, struct http_request *rq,
		     const char *agent_id, const json_t *version);
/* key: the pagination_key of the page before, or NULL. */
int retell_list_numbers(const struct retell *r, struct http_request *rq,
			const char *key);
int retell_get_number(const struct retell *r, struct http_request *rq,
		      const char *phone_number);
/* body: borrowed; may hold the SIP password. */
int retell_import_number(const struct retell *r, struct http_request *rq,
			 const json_t *body);
int retell_update_number(const struct retell *r, struct http_request *rq,
			 const char *phone_number, const json_t *body);
int retell_delete_number(const struct retell *r, struct http_request *rq,
			 const char *phone_number);

#endif
