/* SPDX-License-Identifier: MIT */
/*
 * view.h - what clients read: numbers, operations, receipts, problems as JSON.
 *
 * The one place that writes them, used by the engine (for answers that must be
 * kept with the commit) and by the API (for reads).
 */
#ifndef SAGA_VIEW_H
#define SAGA_VIEW_H

#include "base/buf.h"
#include "base/err.h"
#include "steps/spec.h"
#include "store/events.h"
#include "store/journal.h"
#include "store/numbers.h"
#include "store/operations.h"

#define CONTENT_JSON	"application/json"
#define CONTENT_PROBLEM "application/problem+json"

/* A number as GET answers it: one JSON object. */
int view_number(struct buf *b, const struct number_row *row);
int view_shown(struct buf *b, const struct number_shown *n);
/* The ETag of a version, with quotes. */
void view_etag(int64_t version, char out[24]);

/* An operation. `steps` is the JSON array of its steps; NULL takes row->steps
 * (what was kept when it ended). */
int view_operation(struct buf *b, const struct operation_row *row,
		   const char *steps);
/* One step of an operation under way, as an element of `steps`. */
int view_step(struct buf *b, const struct journal_row *row);

/* A row of the audit trail. */
int view_event(struct buf *b, const struct event_row *row);

/* A problem (RFC 9457). faults may be NULL. `extra` is JSON text of further
 * members without braces (",\"a\":1" without the comma), or NULL. */
int view_problem(struct buf *b, const struct err *err, const char *request_id,
		 const struct faults *faults, const char *extra);

#endif
