/* SPDX-License-Identifier: MIT */
/*
 * dispatch.c - one request from its first byte to its log line.
 *
 *   on_target   the request line is in: struct request is made
 *   on_request  HEAD: all that the header decides, before any of the body
 *               BODY: collect it, up to its limit; at the end run the handler
 *               WAIT: the engine has answered
 *   on_completed  the answer is out, or the client gone: log, count, free
 *
 * The library takes an answer only at the first call or after the whole body,
 * and after one at the first it closes the connection. So that is kept for
 * where the body, or what follows, is not wanted.
 */
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "api/layout.h"
#include "api/media.h"
#include "auth.h"
#include "base/log.h"
#include "listener.h"
#include "tally.h"
#include "wait.h"

static int64_t now_ms(const struct request *rq)
{
	struct clock *clock = rq->server->clock;

	return clock->mono_ms(clock);
}

/* target.c reads the query. The library would as well, with 64 bytes of its
 * pool for each parameter, and before 1.0 it neither answers nor closes when
 * that is full. So it is shown an empty one; the memory is its own, to be
 * written. */
static void hide_query(const char *target)
{
	char *query = strchr(target, '?');

	if (query)
		query[1] = '\0';
}

void *on_target(void *cls, const char *target,
		struct MHD_Connection *connection)
{
	struct listener *l = cls;
	struct request *rq = request_new(target);

	if (!rq)
		return NULL; /* on_request closes the connection */
	rq->server = l->server;
	rq->admin = l->admin;
	rq->connection = connection;
	rq->stamp = stamp_of(connection);
	rq->started_us = clock_mono_us(l->server->clock);
	rq->end = layout_end(target + rq->raw.len + 1);
	hide_query(target);
	stamp_busy(rq->stamp, rq->started_us / 1000 + LIMIT_HEADER_MS);
	return rq;
}

struct reading {
	struct headers *headers;
	struct layout layout;
};

static enum MHD_Result take_header(void *reading, enum MHD_ValueKind kind,
				   const char *name, size_t name_len,
				   const char *value, size_t value_len)
{
	struct reading *r = reading;

	headers_add(r->headers, name, name_len, value ? value : "", value_len);
	layout_field(&r->layout, name, name_len, value, value_len);
	return MHD_YES;
}

/* From 1.0 on the library itself refuses what would be torn. */
static void read_header(struct request *rq, const char *method, const char *url,
			const char *version)
{
	struct reading r = {.headers = &rq->headers};
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		rq->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	layout_begin(&r.layout, method, url, rq->raw.len, version);
	MHD_get_connection_values_n(rq->connection, MHD_HEADER_KIND,
				    take_header, &r);
	if (MHD_VERSION >= 0x01000000)
		return;
	rq->headers.unseen = !rq->end;
	rq->headers.torn =
		!info ||
		!layout_whole(&r.layout, method + info->header_size, rq->end);
}

/* The names that the answer carries, whatever else is wrong. */
static void name_request(struct request *rq)
{
	struct text id = rq->headers.value[HEADER_REQUEST_ID];
	struct text parent = rq->headers.value[HEADER_TRACEPARENT];

	_Static_assert(sizeof(rq->id) >= ID_SIZE, "one of ours fits");
	if (trace_id_valid(id))
		memcpy(rq->id, id.at, id.len);
	else
		id_new(rq->server->clock, ID_REQUEST, rq->id);
	if (trace_parent_valid(parent))
		memcpy(rq->trace, parent.at, parent.len);
}

/* The row of the table and the decoded {…} of the path. */
static int find_route(struct request *rq, const char *method, struct err *err)
{
	char decoded[4 * REQUEST_ARG_SIZE] = "";
	const char *arg;
	size_t len;

	if (target_parse(rq->raw.data, &rq->target, err) ||
	    route_find(method, rq->target.path, rq->admin, &rq->route, &arg,
		       &len, rq->allow, err))
		return -1;
	if (rq->route)
		rq->allow[0] = '\0';
	if (!arg)
		return 0;
	if (len < sizeof(decoded) &&
	    target_decode(arg, len, DECODE_SEGMENT, decoded, sizeof(decoded),
			  err))
		return -1;
	if (len >= sizeof(decoded) || strlen(decoded) >= sizeof(rq->arg))
		return err_set(err, ERR_NOT_FOUND,
			       "no identifier here is that long");
	strcpy(rq->arg, decoded);
	return 0;
}

static int check_media(struct request *rq, struct err *err)
{
	struct text type = rq->headers.value[HEADER_CONTENT_TYPE];
	struct text coding = rq->headers.value[HEADER_CONTENT_ENCODING];
	unsigned flags = rq->route->flags;

	if (coding.at && !text_is(coding, "identity"))
		return err_set(err, ERR_UNSUPPORTED_MEDIA,
			       "a body must not be content-encoded");
	if (!(flags & ROUTE_JSON) || (!rq->headers.has_body && !type.at))
		return 0;
	if (media_is(type, "application/json") ||
	    ((flags & ROUTE_MERGE) &&
	     media_is(type, "application/merge-patch+json")))
		return 0;
	return err_set(err, ERR_UNSUPPORTED_MEDIA,
		       "the Content-Type must be %sapplication/json, in UTF-8",
		       flags & ROUTE_MERGE ? "application/merge-patch+json or "
					   : "");
}

/* What is announced of the body, and what is wanted for an answer. */
static int check_content(struct request *rq, struct err *err)
{
	const struct headers *h = &rq->headers;

	if (media_refuses_json(h->value[HEADER_ACCEPT]))
		return err_set(err, ERR_NOT_ACCEPTABLE,
			       "Accept refuses application/json");
	if (h->seen[HEADER_EXPECT] &&
	    !text_is(h->value[HEADER_EXPECT], "100-continue"))
		return err_set(err, ERR_EXPECTATION_FAILED,
			       "Expect must be 100-continue");
	if (check_media(rq, err))
		return -1;
	if (h->content_length > LIMIT_BODY)
		return err_set(err, ERR_BODY_TOO_LARGE,
			       "%d bytes are the limit", LIMIT_BODY);
	if (h->content_length && !(rq->route->flags & ROUTE_JSON))
		return err_set(err, ERR_MALFORMED,
			       "this request takes no body");
	return 0;
}

/* What is no token was perhaps not meant as a request line. */
static int check_method(struct request *rq, const char *method, struct err *err)
{
	if (is_token(method, strlen(method)))
		return 0;
	rq->close = true;
	return err_set(err, ERR_MALFORMED,
		       "the request line does not begin with a method");
}

/* All that can be decided before the body. */
static int check_head(struct request *rq, const char *method,
		      const char *version, struct err *err)
{
	name_request(rq);
	rq->method = method_known(method);
	if (headers_check(&rq->headers, version, &rq->close, err) ||
	    check_method(rq, method, err) || find_route(rq, method, err))
		return -1;
	if (!rq->route) { /* OPTIONS */
		rq->reply.status = 204;
		return 0;
	}
	return auth_check(rq, err) || check_content(rq, err) ? -1 : 0;
}

static enum MHD_Result send_problem(struct request *rq, const struct err *err)
{
	answer_problem(rq, err, NULL);
	return answer_send(rq);
}

static enum MHD_Result on_head(struct request *rq, const char *method,
			       const char *url, const char *version)
{
	struct err err = ERR_INIT;
	bool decided = true;

	read_header(rq, method, url, version);
	if (check_head(rq, method, version, &err))
		answer_problem(rq, &err, NULL);
	else
		decided = !rq->route; /* OPTIONS is answered already */
	if (decided && (rq->close || rq->headers.has_body))
		return answer_send(rq);
	rq->phase = decided ? PHASE_DONE : PHASE_BODY;
	if (rq->headers.has_body)
		stamp_busy(rq->stamp, now_ms(rq) + LIMIT_BODY_MS);
	return MHD_YES;
}

/* A chunked body has no announced length: what passes the limit is read on for
 * a while, so that the client gets to see why it was refused. */
static enum MHD_Result on_data(struct request *rq, const char *data,
			       size_t *size)
{
	rq->body_seen += *size;
	if (rq->body_seen > LIMIT_BODY_DRAIN)
		return MHD_NO;
	if (rq->body_seen <= LIMIT_BODY)
		(void)buf_add(&rq->body, data, *size); /* sets failed */
	*size = 0;
	return MHD_YES;
}

static int check_body(struct request *rq, struct err *err)
{
	if (rq->body_seen && !(rq->route->flags & ROUTE_JSON))
		return err_set(err, ERR_MALFORMED,
			       "this request takes no body");
	if (rq->body_seen > LIMIT_BODY)
		return err_set(err, ERR_BODY_TOO_LARGE,
			       "%d bytes are the limit", LIMIT_BODY);
	if (rq->body.failed)
		return err_set(err, ERR_OVERLOADED,
			       "there is no memory for the body");
	return 0;
}

static enum MHD_Result on_whole(struct request *rq)
{
	struct err err = ERR_INIT;

	if (check_body(rq, &err) ||
	    auth_recheck(rq->server, &rq->grant, &err) ||
	    rq->route->handle(rq, &err)) {
		wait_drop(rq);
		return send_problem(rq, &err);
	}
	if (!rq->waiting)
		return answer_send(rq);
	wait_start(rq);
	return MHD_YES;
}

static enum MHD_Result on_outcome(struct request *rq)
{
	struct err err = ERR_INIT;

	switch (wait_take(rq, &err)) {
	case 0:
		return answer_send(rq);
	case -1:
		return send_problem(rq, &err);
	default:
		return MHD_NO;
	}
}

enum MHD_Result on_request(void *listener, struct MHD_Connection *connection,
			   const char *url, const char *method,
			   const char *version, const char *upload_data,
			   size_t *upload_data_size, void **req_cls)
{
	struct request *rq = *req_cls;

	if (!rq)
		return MHD_NO;
	switch (rq->phase) {
	case PHASE_HEAD:
		return on_head(rq, method, url, version);
	case PHASE_BODY:
		if (*upload_data_size)
			return on_data(rq, upload_data, upload_data_size);
		return on_whole(rq);
	case PHASE_DONE:
		return answer_send(rq);
	case PHASE_WAIT:
		return on_outcome(rq);
	case PHASE_SENT:
		break;
	}
	return MHD_NO;
}

/* What the library itself answered to a request that never reached us (a bad
 * length, a header that does not fit its pool); 0 if it gave no answer. */
static int status_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_HTTP_STATUS);

	return info ? (int)info->http_status : 0;
}

/* Never the target itself: it may hold anything. */
static void log_request(const struct request *rq, int64_t ms)
{
	log_info("request", L_STR("method", rq->method),
		 L_STR("route", rq->route ? rq->route->path : "none"),
		 L_INT("status", rq->reply.status), L_INT("ms", ms),
		 L_STR("request_id", rq->id[0] ? rq->id : NULL),
		 L_STR("principal",
		       rq->grant.principal[0] ? rq->grant.principal : NULL),
		 L_INT("bytes", (int64_t)rq->size));
}

void on_completed(void *listener, struct MHD_Connection *connection,
		  void **req_cls, enum MHD_RequestTerminationCode code)
{
	struct request *rq = *req_cls;
	int64_t now, us;

	if (!rq)
		return;
	*req_cls = NULL;
	now = clock_mono_us(rq->server->clock);
	us = now - rq->started_us;
	wait_drop(rq);
	stream_free(rq->stream);
	if (!rq->reply.status)
		rq->reply.status = status_of(connection);
	tally_request(rq->route, rq->reply.status, us);
	if (rq->server->conf.access_log)
		log_request(rq, us / 1000);
	stamp_idle(rq->stamp, now / 1000 + LIMIT_IDLE_MS);
	request_free(rq);
}
