/* SPDX-License-Identifier: MIT */
/*
 * err.h - the one error type, and the one list of everything that can go wrong.
 *
 * A function that can fail returns -1 (or NULL) and fills the caller's err
 * where the failure happens. The first cause wins: filling a filled err changes
 * nothing, so a cause survives the clean-up that follows it. Whoever gets an
 * err handles it or passes it on; it is logged once, where it ends.
 *
 * The same rows are the API's problem types (RFC 9457): `code` names the page
 * /problems/{code}, `title` is the problem's title, `help` the page's text.
 * `again` is what Retry-After says, in seconds, unless somebody knows better.
 * `detail` is our own sentence, safe to show: never a provider's text, never a
 * secret.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

/* clang-format off */
/*  name                 code                     http, again, title / help */
#define ERRORS(X) \
  X(MALFORMED,           "malformed-request",          400,  0, "The request is malformed", \
    "The request line, a header or the framing is not valid HTTP for this service. Send it as the API reference shows; the detail names the part.") \
  X(INVALID_JSON,        "invalid-json",               400,  0, "The body is not valid JSON", \
    "The body must be one JSON object in UTF-8, without duplicate keys, at most 16 levels deep. The detail gives the position, never the content.") \
  X(INVALID_PARAMETER,   "invalid-parameter",          400,  0, "A query parameter is not valid", \
    "A parameter is unknown, repeated or out of range. The detail names it and what would be right.") \
  X(INVALID_CURSOR,      "invalid-cursor",             400,  0, "The cursor is not valid", \
    "A cursor is opaque and belongs to the list and filters that gave it. Start again without one.") \
  X(IDEMPOTENCY_KEY_INVALID, "idempotency-key-invalid", 400,  0, "The idempotency key is not valid", \
    "Idempotency-Key takes 1 to 255 visible ASCII characters, bare or as a quoted string, once. POST /v1/api-keys takes none: a key is shown only once.") \
  X(UNAUTHORIZED,        "unauthorized",               401,  0, "The API key is missing or wrong", \
    "Send Authorization: Bearer KEY with a key that is not revoked and not expired.") \
  X(FORBIDDEN,           "forbidden",                  403,  0, "The API key may not do this", \
    "Scopes are read, write and admin, each including the one before. The detail names the scope that is needed.") \
  X(NOT_FOUND,           "not-found",                  404,  0, "There is no such resource", \
    "The path or the identifier names nothing here. A number that was deleted is gone; its operations stay readable.") \
  X(METHOD_NOT_ALLOWED,  "method-not-allowed",         405,  0, "The method is not allowed here", \
    "The Allow header lists the methods of this path.") \
  X(NOT_ACCEPTABLE,      "not-acceptable",             406,  0, "No acceptable representation", \
    "Answers are application/json and application/problem+json.") \
  X(NUMBER_EXISTS,       "number-already-exists",      409,  0, "The number already exists", \
    "This service already has a record of the number; the detail and `number_id` name it. Delete it first, or change it with PATCH.") \
  X(OPERATION_IN_PROGRESS, "operation-in-progress",    409,  1, "Another operation is working on the number", \
    "`operation_id` names the operation. Wait until it ends, then try again.") \
  X(NUMBER_ON_TRUNK,     "number-on-foreign-trunk",    409,  0, "The number is on another trunk at Twilio", \
    "Its calls already go somewhere. Send take_over: true to move it; its former routing is put back on delete.") \
  X(NUMBER_IN_RETELL,    "number-in-retell",           409,  0, "The number is already in this Retell workspace", \
    "It was imported by someone else. Delete it at Retell first if it is not in use.") \
  X(NUMBER_HELD_ELSEWHERE, "number-held-elsewhere",    409,  0, "The number is held by another Retell workspace", \
    "Retell keeps a number in one workspace only, and this key cannot see the one that holds it.") \
  X(NOT_CANCELLABLE,     "not-cancellable",            409,  0, "The operation cannot be cancelled", \
    "Only a create that is running can be cancelled: it is then taken back. To remove a number, delete it.") \
  X(NOT_CORRUPTED,       "not-corrupted",              409,  0, "Only a corrupted number can be force-deleted", \
    "Use DELETE without /force: it removes the resources at the providers as well.") \
  X(BEING_DELETED,       "number-being-deleted",       409,  0, "The number is being deleted", \
    "A number that is deleting or corrupted cannot be changed. DELETE resumes its removal.") \
  X(IDEMPOTENCY_IN_FLIGHT, "idempotency-in-flight",    409,  1, "A request with this idempotency key is running", \
    "Wait for it to end and send the same request again to get its answer; `operation_id` names it.") \
  X(PRECONDITION_FAILED, "precondition-failed",        412,  0, "The number was changed meanwhile", \
    "If-Match does not hold the current ETag. Read the number again and decide anew.") \
  X(BODY_TOO_LARGE,      "body-too-large",             413,  0, "The body is too large", \
    "A body may have 64 KiB.") \
  X(TARGET_TOO_LONG,     "target-too-long",            414,  0, "The request target is too long", \
    "Path and query may have 4096 bytes together.") \
  X(UNSUPPORTED_MEDIA,   "unsupported-media-type",     415,  0, "The media type is not supported", \
    "POST takes application/json, PATCH application/merge-patch+json or application/json, in UTF-8, without content encoding.") \
  X(EXPECTATION_FAILED,  "expectation-failed",         417,  0, "The expectation cannot be met", \
    "The only supported expectation is 100-continue.") \
  X(INVALID_REQUEST,     "invalid-request",            422,  0, "The request is not valid", \
    "`errors` lists every fault with a JSON Pointer into the body and what would be right.") \
  X(IDEMPOTENCY_KEY_REUSED, "idempotency-key-reused",  422,  0, "The idempotency key was used for another request", \
    "One key belongs to one method, path and body. Use a new key for a new request.") \
  X(NUMBER_NOT_OWNED,    "number-not-owned",           422,  0, "The number is not in the Twilio account", \
    "Buy or port the number first, or name the account that owns it with twilio_account_sid.") \
  X(AGENT_NOT_FOUND,     "agent-not-found",            422,  0, "The agent does not exist at Retell", \
    "The agent id or version is unknown in the Retell workspace of this service.") \
  X(CREDENTIALS_REFUSED, "provider-credentials-refused", 422,  0, "The provider refuses the credentials in the request", \
    "The Twilio account sid, auth token or API key of the request was refused.") \
  X(HEADERS_TOO_LARGE,   "header-fields-too-large",    431,  0, "The request header is too large", \
    "A request may have 100 header fields and 16 KiB of them.") \
  X(TOO_MANY_REQUESTS,   "too-many-requests",          429,  5, "Too many requests", \
    "Wait as long as Retry-After says.") \
  X(INTERNAL,            "internal-error",             500,  0, "Internal error", \
    "A fault of this service. The request id finds it in the log.") \
  X(NOT_IMPLEMENTED,     "not-implemented",            501,  0, "The method is not implemented", \
    "This service knows GET, HEAD, POST, PATCH, DELETE and OPTIONS.") \
  X(PROVIDER_AUTH,       "provider-auth-failed",       502,  0, "The provider refuses our credentials", \
    "Check TWILIO_* and RETELL_API_KEY of the service. `provider` names the one that refused.") \
  X(PROVIDER_REFUSED,    "provider-refused",           502,  0, "The provider refused a step", \
    "`step`, `provider`, `provider_status` and `provider_code` tell which call and why; what had been built was taken back.") \
  X(PROVIDER_GARBLED,    "provider-garbled",           502,  0, "The provider's answer could not be understood", \
    "The answer was cut off, not JSON or not what was asked for. What had been built was taken back.") \
  X(PROVIDER_UNAVAILABLE, "provider-unavailable",      503, 10, "The provider is not available", \
    "It cannot be reached, answers 5xx or asks to slow down. Try again after Retry-After.") \
  X(OVERLOADED,          "overloaded",                 503,  5, "The service is at its limit", \
    "Nothing was started. Try again after Retry-After.") \
  X(SHUTTING_DOWN,       "shutting-down",              503,  5, "The service is shutting down", \
    "Nothing was started. Try again after Retry-After.") \
  X(STORAGE_UNAVAILABLE, "storage-unavailable",        503,  5, "The database cannot be written", \
    "Nothing was started. The disk may be full or read-only. Reads go on; try again after Retry-After.") \
  X(DEADLINE,            "deadline-exceeded",          504, 10, "The operation did not finish in time", \
    "A provider did not finish before the deadline of the operation. What had been built was taken back.") \
  X(CANCELLED,           "cancelled",                  409,  0, "The operation was cancelled", \
    "Someone cancelled the create; what had been built was taken back.") \
  /* Not seen by clients: start-up and command line */ \
  X(CONFIG,              "config",                     500,  0, "The configuration is not valid", "") \
  X(STORE,               "store",                      500,  0, "The database failed", "") \
  X(STORE_FULL,          "store-full",                 503,  0, "The database is full, busy or read-only", "") \
  X(STORE_LOCKED,        "store-locked",               503,  0, "Another process uses the database", "")
/* clang-format on */

enum err_code {
	ERR_NONE,
#define X(name, code, http, again, title, help) ERR_##name,
	ERRORS(X)
#undef X
		ERR_COUNT
};

struct err_def {
	const char *code;
	int http;
	int again_s; /* Retry-After, in seconds; 0: none */
	const char *title;
	const char *help;
};

struct err {
	enum err_code code;
	char detail[240];
	/* Set for provider failures only; "" and 0 otherwise. */
	char step[40];	     /* journal name of the step */
	char provider[12];   /* "twilio", "retell" */
	int provider_status; /* HTTP status */
	int provider_code;   /* Twilio's error code */
	/* Whom a conflict is with, if known: our record or its operation. */
	char number_id[40];
	char operation_id[40];
};

#define ERR_INIT                 \
	{                        \
		.code = ERR_NONE \
	}

/* Fills err unless it is filled (or NULL). Always returns -1. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void err_clear(struct err *err);
/* The row of a code; ERR_NONE and codes out of range give the INTERNAL row. */
const struct err_def *err_def(enum err_code code);
/* The code with this public name, or ERR_NONE. */
enum err_code err_by_name(const char *name);
/* Has the code a page of its own under /problems? */
bool err_public(enum err_code code);

#endif
