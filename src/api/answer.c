/* SPDX-License-Identifier: MIT */
/* answer.c - from a reply to bytes on the wire: the one place that knows which
 * header fields our answers carry. */
#include "answer.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "listener.h"
#include "saga/view.h"

struct buf *answer_json(struct request *rq)
{
	rq->reply.status = 200;
	rq->reply.content_type = CONTENT_JSON;
	return &rq->reply.body;
}

/* What a client may know of it. */
static struct err told(const struct err *err, const char *request_id)
{
	struct err out = ERR_INIT;

	if (err_public(err->code) && err->code != ERR_INTERNAL)
		return *err;
	log_error("request_failed", L_STR("request_id", request_id),
		  L_ERR(err));
	if (err->code == ERR_STORE_FULL)
		err_set(&out, ERR_STORAGE_UNAVAILABLE,
			"the database is full, busy or read-only");
	else
		err_set(&out, ERR_INTERNAL,
			"the log of the service says more under the request "
			"id");
	return out;
}

void answer_problem(struct request *rq, const struct err *err,
		    const struct faults *faults)
{
	struct err shown = told(err, rq->id);
	struct reply *r = &rq->reply;

	buf_release(&r->body);
	*r = (struct reply){.body = BUF_INIT(LIMIT_ANSWER)};
	rq->fixed = NULL;
	rq->cache = rq->policy = NULL;
	rq->streams = false;
	r->status = err_def(shown.code)->http;
	r->retry_after_s = rq->retry_after_s ? rq->retry_after_s
					     : err_def(shown.code)->again_s;
	r->content_type = CONTENT_PROBLEM;
	if (view_problem(&r->body, &shown, rq->id, faults, NULL))
		buf_release(&r->body); /* the status must do */
}

/* A reply that could not be built, or that nobody filled, becomes a 500. */
static void check_reply(struct request *rq)
{
	struct err err = ERR_INIT;

	if (rq->reply.status && !rq->reply.body.failed)
		return;
	err_set(&err, ERR_INTERNAL,
		rq->reply.status ? "the answer is too large"
				 : "the answer is missing");
	answer_problem(rq, &err, NULL);
}

/* The library takes the bytes from the request, which lives until the answer is
 * out or the connection gone. */
static struct MHD_Response *make_response(struct request *rq)
{
	const void *bytes = rq->fixed;

	if (rq->stream)
		return stream_response(rq);
	if (!bytes) {
		bytes = rq->reply.body.data;
		rq->size = rq->reply.body.len;
	}
	return MHD_create_response_from_buffer(rq->size, (void *)bytes,
					       MHD_RESPMEM_PERSISTENT);
}

static const char *accepted(const struct request *rq, unsigned flag)
{
	if (rq->reply.status != 415 || !rq->route ||
	    !(rq->route->flags & ROUTE_JSON) ||
	    (rq->route->flags & ROUTE_MERGE) != flag)
		return "";
	return flag ? "application/merge-patch+json, application/json"
		    : "application/json";
}

/* The fields; an empty value leaves one out. */
static enum MHD_Result add_fields(struct request *rq, struct MHD_Response *to)
{
	const struct reply *r = &rq->reply;
	bool async = r->async_applied ||
		     (r->status == 202 && rq->headers.prefer.async);
	bool last = rq->close || atomic_load(&rq->server->draining);
	char retry[16] = "", policy[RATE_SIZE], rate[RATE_SIZE];
	const struct {
		const char *name, *value;
	} fields[] = {
		{"Content-Type",
		 rq->size || rq->streams ? r->content_type : ""},
		{"X-Request-Id", rq->id},
		{"traceparent", rq->trace},
		{"Cache-Control", rq->cache ? rq->cache : "no-store"},
		{"Content-Security-Policy", rq->policy},
		{"X-Content-Type-Options", "nosniff"},
		{"X-Accel-Buffering", rq->streams ? "no" : ""},
		{"Allow", rq->allow},
		{"WWW-Authenticate", r->status == 401 ? "Bearer" : ""},
		{"Accept-Post", accepted(rq, 0)},
		{"Accept-Patch", accepted(rq, ROUTE_MERGE)},
		{"Location", r->location},
		{"ETag", r->etag},
		{"Link", rq->link.data},
		{"Retry-After", retry},
		{"RateLimit-Policy", policy},
		{"RateLimit", rate},
		{"Idempotency-Replayed", r->replayed ? "true" : ""},
		{"Preference-Applied", async ? "respond-async" : ""},
		{"Connection", last ? "close" : ""},
	};

	auth_rate(rq, policy, rate);
	if (r->retry_after_s > 0)
		snprintf(retry, sizeof(retry), "%d", r->retry_after_s);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].value && fields[i].value[0] &&
		    MHD_add_response_header(to, fields[i].name,
					    fields[i].value) != MHD_YES)
			return MHD_NO;
	return MHD_YES;
}

enum MHD_Result answer_send(struct request *rq)
{
	struct clock *clock = rq->server->clock;
	enum MHD_Result rc = MHD_NO;
	struct MHD_Response *r;

	check_reply(rq);
	r = make_response(rq);
	if (!r)
		return MHD_NO;
	if (add_fields(rq, r) == MHD_YES)
		rc = MHD_queue_response(rq->connection,
					(unsigned)rq->reply.status, r);
	MHD_destroy_response(r);
	rq->phase = PHASE_SENT;
	stamp_busy(rq->stamp, clock->mono_ms(clock) + LIMIT_WRITE_MS);
	return rc;
}
