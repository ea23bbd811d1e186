/* SPDX-License-Identifier: MIT */
/*
 * request.h - one request on its way through, and the answer that it gets.
 *
 * Made when the request line is in, freed when the answer is out or the client
 * gone. It belongs to the thread that serves its connection; the engine never
 * sees it, only the command (wait.h).
 */
#ifndef SRC_API_REQUEST_H
#define SRC_API_REQUEST_H

#include <microhttpd.h>

#include "api/header.h"
#include "api/limits.h"
#include "api/routes.h"
#include "api/target.h"
#include "api/throttle.h"
#include "api/trace.h"
#include "auth.h"
#include "base/buf.h"
#include "base/id.h"
#include "saga/command.h"

#define REQUEST_ARG_SIZE ID_SIZE

struct server;
struct waiting;
struct stream;

enum phase {
	PHASE_HEAD, /* the header is in, nothing was looked at */
	PHASE_BODY, /* the header is fine, the body comes */
	PHASE_DONE, /* the header decided it, there is no body */
	PHASE_WAIT, /* suspended: a command is with the engine */
	PHASE_SENT, /* the answer is queued */
};

struct request {
	struct server *server;
	struct MHD_Connection *connection;
	struct stamp *stamp; /* of the connection; may be NULL */
	bool admin;	     /* came in through the admin listener */
	enum phase phase;
	int64_t started_us; /* mono */
	const char *method; /* NULL if HTTP does not know it */

	const char *end; /* of the header, as it came: layout_end */
	struct headers headers;
	struct buf raw; /* the target as it came, until target is read */
	struct target target;
	const struct route *route;  /* NULL until, or if none, found */
	char arg[REQUEST_ARG_SIZE]; /* the {…} of the path, decoded */
	char id[TRACE_ID_SIZE];
	char trace[TRACE_PARENT_SIZE]; /* "" if none */
	struct grant grant;
	bool close; /* this is the connection's last */
	struct buf body;
	size_t body_seen; /* bytes, also those not kept */

	struct reply reply; /* its body is sent from where it lies */
	/* What reply has no place for. */
	char allow[ALLOW_SIZE];
	struct buf link;
	const void *fixed; /* a body that lives as long as the process */
	size_t size;	   /* of the body sent, or of fixed */
	const char *cache, *policy; /* of /docs; NULL: no-store, none */
	bool secret;	   /* the answer is overwritten when it is out */
	int retry_after_s; /* of a problem; 0: as err.h says */
	bool metered;	   /* quota says how its key stands */
	struct quota quota;

	struct waiting *waiting;
	struct stream *stream; /* until the response has it */
	bool streams;	       /* the answer is one */
};

/* Of this target, all else zero; NULL: no memory. It and what it holds belong
 * to this thread, which frees it as well. */
struct request *request_new(const char *target);
/* Overwrites what is secret of it. */
void request_free(struct request *rq);

#endif
