/* SPDX-License-Identifier: MIT */
/* events.c - the table of the audit trail. */
#include "store/events.h"

#include "table.h"

static const struct column columns[] = {
	COLUMN_SERIAL(struct event_row, seq),
	COLUMN(struct event_row, id),
	COLUMN(struct event_row, at_ms),
	COLUMN(struct event_row, principal),
	COLUMN(struct event_row, action),
	COLUMN(struct event_row, number_id),
	COLUMN(struct event_row, phone_number),
	COLUMN(struct event_row, operation_id),
	COLUMN(struct event_row, request_id),
	COLUMN(struct event_row, detail),
};

static const struct table table = {
	.id = TABLE_EVENTS,
	.name = "events",
	TABLE_COLUMNS(struct event_row, columns),
};

int event_add(struct store *s, const struct event_row *row, struct err *err)
{
	return table_put(s, &table, row, err);
}

int event_list(struct store *s, const struct event_filter *f, int limit,
	       void (*each)(const struct event_row *row, void *arg), void *arg,
	       struct err *err)
{
	struct event_row row;
	struct db_stmt *st;
	struct query q;
	int count, rc;

	query_begin(&q, s, &table, "FROM events", "seq", f->before);
	query_equal(&q, "number_id", f->number_id);
	query_equal(&q, "phone_number", f->phone_number);
	query_equal(&q, "action", f->action);
	query_equal(&q, "operation_id", f->operation_id);
	st = query_run(&q, limit, err);
	if (!st)
		return -1;
	for (count = 0; (rc = table_next(s, st, &table, &row, err)) == 1;
	     count++)
		each(&row, arg);
	return rc ? -1 : count;
}
