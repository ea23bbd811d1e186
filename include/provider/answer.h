/* SPDX-License-Identifier: MIT */
/*
 * answer.h - what a provider's response means. The only place that decides.
 *
 *   ANSWER_OK       2xx, complete, and the body is what it should be (JSON, or
 *                   nothing with 204)
 *   ANSWER_GONE     404, or Retell's 422 "cannot find": it is not there
 *   ANSWER_CLASH    refused because something of that name or kind is there
 *                   already: perhaps ours, from a call whose answer was lost
 *   ANSWER_REFUSED  any other complete 4xx with an error body we can read: not
 *                   done, and asking again would not help
 *   ANSWER_BUSY     not done, ask again later: never sent; 429 (Twilio error
 *                   20429: "never processed"); in use just now (21241, 20409)
 *   ANSWER_UNKNOWN  perhaps done: anything else. 5xx, 3xx, 408, 425, an answer
 *                   that is cut off, garbled or of the wrong type, or none
 */
#ifndef PROVIDER_ANSWER_H
#define PROVIDER_ANSWER_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "base/http.h"

enum provider { PROVIDER_TWILIO, PROVIDER_RETELL, PROVIDERS };

enum answer_kind {
	ANSWER_OK,
	ANSWER_GONE,
	ANSWER_CLASH,
	ANSWER_REFUSED,
	ANSWER_BUSY,
	ANSWER_UNKNOWN,
};
#define ANSWER_KINDS 6

struct answer {
	enum answer_kind kind;
	int status;		/* HTTP; 0 if none came */
	int code;		/* Twilio's error code; 0 if none */
	json_t *body;		/* of an OK; NULL with 204 */
	int64_t retry_after_ms; /* -1 if the provider named none */
	/* Unless OK: what to tell the client, in our words. */
	enum err_code error;
	const char *text; /* static sentence */
};

const char *provider_name(enum provider p);
const char *answer_kind_name(enum answer_kind k); /* "ok", "gone" … */

/* Reads a response. The answer must be released. */
void answer_read(struct answer *a, enum provider p,
		 const struct http_request *rq, const struct http_response *rs);
void answer_release(struct answer *a);

/* Fills err from an answer that is not OK. */
int answer_error(const struct answer *a, enum provider p, struct err *err);

#endif
