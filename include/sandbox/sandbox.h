/* SPDX-License-Identifier: MIT */
/*
 * sandbox.h - a strict model of Twilio and Retell: a request in, an answer out.
 *
 * For tests and first tries. The model is pure: it reads no clock, opens no
 * socket, starts no thread, keeps no global state; time comes in as an
 * argument and chance from the seed, so the same requests at the same times
 * get byte for byte the same answers. `trunkline-sandbox` is a thin HTTP
 * front on it; the simulation links it directly.
 *
 * What is there at the start: world.h. Faults: fault.h. What became of
 * everything: ledger.h. Where the providers' documents are silent the model
 * takes the strict reading:
 *
 *  - POST /v1/Trunks/{TK}/PhoneNumbers of a number that is on another trunk
 *    is refused: 400, 21245 (IncomingPhoneNumbers with TrunkSid moves it).
 *  - A credential list or an IP access control list that is on a trunk can
 *    not be deleted: 400, 21241 or 21236.
 *  - A DomainName of a living trunk of the same account is 21245; one of
 *    another account, or deleted in the last 30 days, is 21248.
 *  - A parameter naming a resource that is not there (TrunkSid,
 *    CredentialListSid ...) is 400, 20422, never 404.
 *  - A missing parameter is 20001; a value out of range 20422, a FriendlyName
 *    out of range 20002, a weak password 21240, a bad Username 21240.
 *  - A body of the wrong content type is 415 at Twilio (20422) and at Retell.
 *  - A 2010 path without `.json` is 404 (the real one answers XML).
 *  - `Page` above 0 without `PageToken` is 400, 20006: follow the link.
 *  - Retell refuses fields it does not know, and a pagination key that no
 *    page gave: 400. An agent that is not there is 422 in a number's body.
 *
 * One sandbox belongs to one thread. Running out of memory ends the process
 * with a message: it is a test tool.
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sandbox;
struct sandbox_call;

struct sandbox_config {
	unsigned numbers;	  /* owned numbers from +14155550100 upward */
	unsigned max_trunks;	  /* of trunks, and of credential lists */
	unsigned max_concurrency; /* calls under way per account; 0: no limit */
	/* Reads miss what is younger than this; a number's trunk_sid is the
	 * one that it had before for so long. */
	int64_t lag_ms;
	uint64_t seed;
	/* Rows of a list's page at most, fewer than asked for; 0: as asked */
	unsigned page_max;
	bool retell_not_found_422; /* the documented 422; live it is 404 */
	size_t log_max; /* requests remembered, oldest dropped first */
};

#define SANDBOX_CONFIG_INIT                                   \
	{                                                     \
		.numbers = 100, .max_trunks = 100, .seed = 1, \
		.log_max = 200000                             \
	}

/* All times are milliseconds since 1970 and never run backwards. */
struct sandbox *sandbox_new(const struct sandbox_config *config,
			    int64_t now_ms);
void sandbox_free(struct sandbox *sb); /* NULL is fine; frees open calls too */
/* A fresh world: forgets resources, log and faults. Calls under way finish
 * without effect. */
void sandbox_reset(struct sandbox *sb, int64_t now_ms);

/* A request as it came over the wire. Borrowed only during the call. */
struct sandbox_request {
	const char *method;
	const char *target;	   /* path and query, still escaped */
	const char *authorization; /* header value, or NULL */
	const char *content_type;  /* header value, or NULL */
	/* "http://host:port" that absolute links in answers begin with, or
	 * NULL for the providers' own hosts */
	const char *base_url;
	const void *body;
	size_t body_len;
};

enum sandbox_effect {
	SANDBOX_EFFECT_NOW,
	SANDBOX_EFFECT_NONE, /* the request changes nothing */
	SANDBOX_EFFECT_LATE  /* it does, land_late_ms later */
};

enum sandbox_deliver {
	SANDBOX_DELIVER_ANSWER,
	SANDBOX_DELIVER_RAW,   /* answer.body is all that is sent; then close */
	SANDBOX_DELIVER_CLOSE, /* close the connection without an answer */
	SANDBOX_DELIVER_RESET  /* reset it without an answer */
};

/* What a driver must do with a call; the faults that hit it are in here. */
struct sandbox_plan {
	int64_t delay_before_ms; /* from arrival to sandbox_apply() */
	int64_t delay_after_ms;	 /* from there to the delivery */
	int64_t land_late_ms;	 /* EFFECT_LATE: apply to sandbox_land() */
	enum sandbox_effect effect;
	enum sandbox_deliver deliver;
	long truncate;	 /* send so many bytes of the body, then close; or -1 */
	int64_t drip_ms; /* between two bytes of the body; 0: all at once */
	bool endless;	 /* the body never ends */
	bool faulty;	 /* a fault rule hit this call */
};

struct sandbox_header {
	char *name;
	char *value;
};

enum { SANDBOX_HEADERS_MAX = 24 };

struct sandbox_answer {
	int status;
	const char *content_type; /* NULL: none */
	char *body;		  /* NUL-terminated, never NULL */
	size_t body_len;
	struct sandbox_header headers[SANDBOX_HEADERS_MAX];
	size_t n_headers;
};

/*
 * A request goes through four hands. The driver keeps the times:
 *
 *   call = sandbox_begin(sb, &rq, now);           the request is logged
 *   plan = sandbox_plan(call);                    faults are decided
 *   ... delay_before_ms later:
 *   answer = sandbox_apply(call, now);            the effect, or none
 *   ... delay_after_ms later: deliver as the plan says
 *   ... if plan->effect is LATE, land_late_ms after the apply:
 *   sandbox_land(call, now);
 *   sandbox_call_free(call);
 *
 * Freeing a call before its apply is a request that never arrived in full.
 */
struct sandbox_call *sandbox_begin(struct sandbox *sb,
				   const struct sandbox_request *rq,
				   int64_t now_ms);
const struct sandbox_plan *sandbox_plan(const struct sandbox_call *call);
/* Name of the operation, see sandbox_operations(); "unknown" if none. */
const char *sandbox_operation(const struct sandbox_call *call);
/* Once per call. The answer lives as long as the call. */
const struct sandbox_answer *sandbox_apply(struct sandbox_call *call,
					   int64_t now_ms);
void sandbox_land(struct sandbox_call *call, int64_t now_ms);
void sandbox_call_free(struct sandbox_call *call); /* NULL is fine */

/* Every operation the model knows: [{"operation", "method", "path"}]. */
json_t *sandbox_operations(void);

/*
 * The sandbox's own interface, paths under /_sandbox:
 *
 *   GET    /_sandbox/ledger      {"resources": [...]}, see ledger.h
 *   GET    /_sandbox/requests    {"requests": [...], "dropped": n}
 *   DELETE /_sandbox/requests    forgets them
 *   GET    /_sandbox/faults      {"rules": [...]} with "matched" and "hits"
 *   PUT    /_sandbox/faults      {"rules": [...]} replaces all, see fault.h
 *   DELETE /_sandbox/faults      removes all
 *   POST   /_sandbox/reset       sandbox_reset()
 *   PUT    /_sandbox/clock       {"advance_ms": n} moves the model's time on
 *   GET    /_sandbox/clock       {"now_ms", "advance_ms"}
 *   GET    /_sandbox/operations  {"operations": [...]}
 *
 * Errors are {"error": "a sentence"} with 400, 404 or 405. `answer` is filled
 * in and belongs to the caller.
 */
void sandbox_admin(struct sandbox *sb, const char *method, const char *path,
		   const char *body, size_t body_len, int64_t now_ms,
		   struct sandbox_answer *answer);
void sandbox_answer_release(struct sandbox_answer *answer);

/* How far PUT /_sandbox/clock moved the clock; the driver adds it to its own
 * before it passes now_ms. */
int64_t sandbox_clock_advance(const struct sandbox *sb);

#endif
