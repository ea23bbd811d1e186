/* SPDX-License-Identifier: MIT */
/* operations.c - the table of operations. */
#include "store/operations.h"

#include "table.h"

static const struct column columns[] = {
	COLUMN_SERIAL(struct operation_row, seq),
	COLUMN_SAME(struct operation_row, id),
	COLUMN_SAME(struct operation_row, kind),
	COLUMN(struct operation_row, state),
	COLUMN_SAME(struct operation_row, number_id),
	COLUMN(struct operation_row, trunk_id),
	COLUMN_SAME(struct operation_row, phone_number),
	COLUMN(struct operation_row, request_id),
	COLUMN(struct operation_row, principal),
	COLUMN(struct operation_row, spec),
	COLUMN_BLOB(struct operation_row, secrets, secrets_size),
	COLUMN(struct operation_row, cancelled),
	COLUMN(struct operation_row, recoveries),
	COLUMN(struct operation_row, done),
	COLUMN(struct operation_row, total),
	COLUMN(struct operation_row, created_ms),
	COLUMN(struct operation_row, updated_ms),
	COLUMN(struct operation_row, ended_ms),
	COLUMN(struct operation_row, error),
	COLUMN(struct operation_row, result),
	COLUMN(struct operation_row, steps),
};

static const struct table table = {
	.id = TABLE_OPERATIONS,
	.name = "operations",
	.key = "id",
	TABLE_COLUMNS(struct operation_row, columns),
};

int operation_put(struct store *s, const struct operation_row *row,
		  struct err *err)
{
	return table_put(s, &table, row, err);
}

int operation_find(struct store *s, const char *id, struct operation_row *row,
		   struct err *err)
{
	return table_find(s, &table, row, err, "FROM operations WHERE id = $1",
			  "t", id);
}

static int give_rows(struct store *s, struct db_stmt *st,
		     void (*each)(const struct operation_row *row, void *arg),
		     void *arg, struct err *err)
{
	struct operation_row row;
	int count, rc;

	if (!st)
		return -1;
	for (count = 0; (rc = table_next(s, st, &table, &row, err)) == 1;
	     count++)
		each(&row, arg);
	return rc ? -1 : count;
}

int operation_unended(struct store *s,
		      void (*each)(const struct operation_row *row, void *arg),
		      void *arg, struct err *err)
{
	struct db_stmt *st = table_select(s, &table, err,
					  "FROM operations WHERE ended_ms = 0"
					  " ORDER BY seq",
					  "");

	return give_rows(s, st, each, arg, err) < 0 ? -1 : 0;
}

int operation_list(struct store *s, const struct operation_filter *f, int limit,
		   void (*each)(const struct operation_row *row, void *arg),
		   void *arg, struct err *err)
{
	struct query q;

	query_begin(&q, s, &table, "FROM operations", "seq", f->before);
	query_equal(&q, "number_id", f->number_id);
	query_equal(&q, "phone_number", f->phone_number);
	query_equal(&q, "state", f->state);
	query_equal(&q, "kind", f->kind);
	return give_rows(s, query_run(&q, limit, err), each, arg, err);
}
