/* SPDX-License-Identifier: MIT */
/*
 * http.h - one call to a provider as data: what is asked, what came back.
 *
 * Providers build requests and read responses and never send; the transport
 * sends and never understands. Both meet here.
 */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define HTTP_URL_MAX  4096
#define HTTP_BODY_MAX (64 * 1024) /* of a request */
#define HTTP_RESPONSE_MAX \
	(1024 * 1024) /* 256 KiB is a full page of 1000 trunks */

enum http_method { HTTP_GET, HTTP_POST, HTTP_PATCH, HTTP_DELETE };
enum http_auth { HTTP_AUTH_NONE, HTTP_AUTH_BASIC, HTTP_AUTH_BEARER };
enum http_body { HTTP_BODY_NONE, HTTP_BODY_FORM, HTTP_BODY_JSON };

struct http_request {
	const char *name; /* of the call, for logs: "create_trunk" */
	int call;	  /* the same as a number (provider/calls.h) */
	enum http_method method;
	struct buf url;
	enum http_body body_type;
	struct buf body; /* may hold a secret: released with overwriting */
	enum http_auth auth;
	struct buf user;   /* BASIC */
	struct buf secret; /* BASIC password or BEARER token */
};

#define HTTP_REQUEST_INIT                                               \
	{                                                               \
		.url = BUF_INIT(HTTP_URL_MAX),                          \
		.body = BUF_INIT(HTTP_BODY_MAX), .user = BUF_INIT(256), \
		.secret = BUF_INIT(1024)                                \
	}

/* What is known of a call that ended. */
enum http_fate {
	HTTP_NOT_SENT, /* no byte of the request left: it did not happen */
	HTTP_LOST,     /* sent, and no complete answer came: it may have */
	HTTP_ANSWERED, /* status, headers and body are complete */
};

struct http_response {
	enum http_fate fate;
	int status;	 /* valid if ANSWERED; else 0 or what was seen */
	bool json;	 /* Content-Type is application/json (or +json) */
	struct buf body; /* valid if ANSWERED */
	int64_t retry_after_ms; /* from Retry-After, -1 if absent, not valid or
				 * a date in the past; not capped */
	char error[64]; /* short class for logs and metrics if not ANSWERED:
			 * timeout refused dns tls blocked scheme reset
			 * truncated garbled encoding too_large memory
			 * transport, or curl_N */
};

#define HTTP_RESPONSE_INIT                                                \
	{                                                                 \
		.body = BUF_INIT(HTTP_RESPONSE_MAX), .retry_after_ms = -1 \
	}

const char *http_method_name(enum http_method m);
void http_request_release(struct http_request *rq);
void http_response_release(struct http_response *rs);

#endif
