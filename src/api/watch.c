/* SPDX-License-Identifier: MIT */
/*
 * watch.c - GET /v1/operations/{id}/events: an operation as server-sent events.
 *
 *   step      a step, when the stream begins and whenever it has changed
 *   progress  state, done and total, likewise
 *   end       the whole operation; then the stream ends
 *
 * The id of an event is made of the marks of all steps that the client has been
 * told by then (sse.h); that of `end` is its own. Who comes back with a
 * Last-Event-ID gets what it does not know, and who knows the end gets 204,
 * which tells an EventSource to stop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/sse.h"
#include "base/json.h"
#include "base/log.h"
#include "handlers.h"
#include "listener.h"
#include "operations.h"
#include "reader.h"
#include "saga/view.h"
#include "stream.h"

#define END_ID_SIZE 32

struct watch {
	const char *url; /* of the database */
	char id[ID_SIZE];
	char request_id[TRACE_ID_SIZE];
	struct buf told;     /* marks of the steps that the client knows */
	struct buf seen;     /* marks of the steps of the present look */
	struct buf progress; /* as it was told last */
	struct buf *out;
};

static void end_id(const struct operation_row *row, char out[END_ID_SIZE])
{
	snprintf(out, END_ID_SIZE, "end-%lld", (long long)row->ended_ms);
}

static void tell_step(const char *step, size_t len, void *watch)
{
	struct watch *w = watch;
	char mark[SSE_MARK];

	sse_mark(step, len, mark);
	buf_add(&w->seen, mark, SSE_MARK);
	if (sse_has(&w->told, mark))
		return;
	buf_add(&w->told, mark, SSE_MARK);
	sse_event(w->out, "step", w->told.data, step, len);
}

/* Marks of states that have passed are dropped. */
static void forget_past(struct watch *w)
{
	struct buf past = w->told;

	w->told = w->seen;
	w->seen = past;
	buf_clear(&w->seen);
}

static void tell_progress(struct watch *w, const struct operation_row *row)
{
	struct buf now = BUF_INIT(w->progress.max);

	buf_char(&now, '{');
	json_put_str(&now, "state", row->state);
	json_put_int(&now, "done", row->done);
	json_put_int(&now, "total", row->total);
	buf_char(&now, '}');
	if (strcmp(now.data, w->progress.data) == 0) {
		buf_release(&now);
		return;
	}
	sse_event(w->out, "progress", w->told.data, now.data, now.len);
	buf_release(&w->progress);
	w->progress = now;
}

static void tell_end(struct watch *w, const struct operation_row *row)
{
	struct buf whole = BUF_INIT(LIMIT_ANSWER);
	char id[END_ID_SIZE];

	end_id(row, id);
	if (view_operation(&whole, row, NULL))
		w->out->failed = true; /* never an end cut short */
	sse_event(w->out, "end", id, whole.data, whole.len);
	buf_release(&whole);
}

/* Whether it has ended is read first: the steps are then no older. */
static int tell(struct watch *w, struct err *err)
{
	struct buf steps = BUF_INIT(LIMIT_ANSWER);
	struct store *store = reader_get(w->url, err);
	struct operation_row row = {0};
	int rc = store ? operation_read(store, w->id, &row, &steps, err) : -1;

	if (rc == 0)
		rc = err_set(err, ERR_STORE, "the operation is gone");
	if (rc == 1) {
		sse_objects(steps.data, tell_step, w);
		forget_past(w);
		tell_progress(w, &row);
		rc = row.ended_ms != 0;
	}
	if (rc == 1)
		tell_end(w, &row);
	buf_release(&steps);
	return rc;
}

static int look(void *watch, struct buf *out)
{
	struct watch *w = watch;
	struct err err = ERR_INIT;
	int rc;

	w->out = out;
	rc = tell(w, &err);
	if (rc < 0) {
		reader_drop();
		log_error("stream_broken", L_STR("request_id", w->request_id),
			  L_STR("operation_id", w->id), L_ERR(&err));
	}
	return rc;
}

static void watch_free(void *watch)
{
	struct watch *w = watch;

	buf_release(&w->told);
	buf_release(&w->seen);
	buf_release(&w->progress);
	free(w);
}

static struct watch *watch_new(const struct request *rq, struct err *err)
{
	struct text id = rq->headers.value[HEADER_LAST_EVENT_ID];
	struct watch *w = calloc(1, sizeof(*w));

	if (!w) {
		err_set(err, ERR_OVERLOADED, "there is no memory left");
		return NULL;
	}
	w->url = rq->server->conf.database_url;
	strcpy(w->id, rq->arg);
	strcpy(w->request_id, rq->id);
	w->told = (struct buf)BUF_INIT(2 * SSE_MARK * SSE_MARKS);
	w->seen = (struct buf)BUF_INIT(2 * SSE_MARK * SSE_MARKS);
	w->progress = (struct buf)BUF_INIT(256);
	/* Others than ours are as good as none. */
	if (sse_marks_valid(id))
		buf_add(&w->told, id.at, id.len);
	return w;
}

int operations_watch(struct request *rq, struct err *err)
{
	static const struct stream_source source = {look, watch_free};
	struct buf steps = BUF_INIT(LIMIT_ANSWER);
	struct operation_row row = {0};
	char end[END_ID_SIZE];
	struct watch *w;
	int rc = operation_of_path(rq, &row, &steps, err);

	buf_release(&steps);
	if (rc)
		return -1;
	end_id(&row, end);
	if (row.ended_ms &&
	    text_is(rq->headers.value[HEADER_LAST_EVENT_ID], end)) {
		rq->reply.status = 204;
		return 0;
	}
	w = watch_new(rq, err);
	if (!w || stream_begin(rq, &source, w, err))
		return -1;
	rq->reply.status = 200;
	rq->reply.content_type = CONTENT_SSE;
	return 0;
}
