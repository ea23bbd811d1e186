/* SPDX-License-Identifier: MIT */
/* numbers.c - the table of agent phone numbers, and beside it which agents each
 * is bound to, for the filter agent_id. */
#include "store/numbers.h"

#include <assert.h>

#include "table.h"

static const struct column columns[] = {
	COLUMN_SERIAL(struct number_row, seq),
	COLUMN_SAME(struct number_row, id),
	COLUMN_SAME(struct number_row, phone_number),
	COLUMN(struct number_row, status),
	COLUMN(struct number_row, label),
	COLUMN_SAME(struct number_row, provider),
	COLUMN(struct number_row, trunk_id),
	COLUMN(struct number_row, operation_id),
	COLUMN(struct number_row, version),
	COLUMN(struct number_row, created_ms),
	COLUMN(struct number_row, updated_ms),
	COLUMN_FLAG("assigned", struct number_row, agent_count),
	COLUMN_PACKED(struct number_row, spec),
	COLUMN_PACKED(struct number_row, built),
	COLUMN_BLOB(struct number_row, secrets, secrets_size),
};

static const struct table table = {
	.id = TABLE_NUMBERS,
	.name = "numbers",
	.key = "id",
	TABLE_COLUMNS(struct number_row, columns),
};

/* What is shown, in the order in which it lies in a row. */
static const struct column shown_columns[] = {
	COLUMN_SERIAL(struct number_shown, seq),
	COLUMN(struct number_shown, id),
	COLUMN(struct number_shown, status),
	COLUMN(struct number_shown, operation_id),
	COLUMN(struct number_shown, version),
	COLUMN(struct number_shown, created_ms),
	COLUMN(struct number_shown, updated_ms),
	COLUMN_PACKED(struct number_shown, spec),
	COLUMN_PACKED(struct number_shown, built),
};

static const struct table shown = {
	.id = TABLE_NUMBERS_SHOWN,
	.name = "numbers",
	TABLE_COLUMNS(struct number_shown, shown_columns),
};

static int put_agents(struct store *s, const struct number_row *row,
		      struct err *err)
{
	if (db_run(s->db, err,
		   "DELETE FROM number_agents WHERE number_seq ="
		   " (SELECT seq FROM numbers WHERE id = $1)",
		   "t", row->id) < 0)
		return -1;
	/* One agent may be there for both directions. */
	for (int i = 0; i < row->agent_count; i++)
		if (db_run(s->db, err,
			   "INSERT INTO number_agents (agent_id, number_seq)"
			   " SELECT $1, seq FROM numbers WHERE id = $2"
			   " ON CONFLICT (agent_id, number_seq) DO NOTHING",
			   "tt", row->agents[i], row->id) < 0)
			return -1;
	return 0;
}

int number_put(struct store *s, const struct number_row *row, struct err *err)
{
	assert(row->agent_count >= 0 && row->agent_count <= NUMBER_AGENTS_MAX);
	if (number_change(s, row->id, row->status, err) ||
	    table_put(s, &table, row, err))
		return -1;
	return put_agents(s, row, err);
}

int number_delete(struct store *s, const char *id, struct err *err)
{
	if (number_change(s, id, NULL, err))
		return -1;
	return table_delete(s, &table, "id", id, err);
}

static const char *by_ref(const char *ref)
{
	return ref[0] == '+' ? "FROM numbers WHERE phone_number = $1"
			     : "FROM numbers WHERE id = $1";
}

int number_find(struct store *s, const char *ref, struct number_row *row,
		struct err *err)
{
	return table_find(s, &table, row, err, by_ref(ref), "t", ref);
}

int number_show(struct store *s, const char *ref, number_show_fn *show,
		void *arg, struct err *err)
{
	struct db_stmt *st =
		table_select(s, &shown, err, by_ref(ref), "t", ref);
	struct number_shown n;
	int rc = st ? table_next(s, st, &shown, &n, err) : -1;

	if (rc == 1) {
		show(&n, arg);
		db_reset(st);
	}
	return rc;
}

/* With an agent the page is read in the order of number_agents. CROSS JOIN
 * keeps SQLite to the order that is written; a phone number names at most one
 * row, and then goes first. */
static void begin_list(struct query *q, struct store *s,
		       const struct number_filter *f)
{
	if (!f->agent_id) {
		query_begin(q, s, &shown, "FROM numbers", "seq", f->before);
		return;
	}
	if (f->phone_number)
		query_begin(q, s, &shown,
			    "FROM numbers CROSS JOIN number_agents", "seq",
			    f->before);
	else
		query_begin(q, s, &shown,
			    "FROM number_agents CROSS JOIN numbers",
			    "number_seq", f->before);
	query_equal(q, "number_seq = seq AND agent_id", f->agent_id);
}

int number_list(struct store *s, const struct number_filter *f, int limit,
		number_show_fn *show, void *arg, struct err *err)
{
	struct number_shown n;
	struct db_stmt *st;
	struct query q;
	int count, rc;

	begin_list(&q, s, f);
	query_equal(&q, "status", f->status);
	query_equal(&q, "phone_number", f->phone_number);
	query_equal(&q, "label", f->label);
	query_equal(&q, "provider", f->provider);
	if (f->assigned >= 0)
		query_equal_int(&q, "assigned", f->assigned != 0);
	st = query_run(&q, limit, err);
	if (!st)
		return -1;
	for (count = 0; (rc = table_next(s, st, &shown, &n, err)) == 1; count++)
		show(&n, arg);
	return rc ? -1 : count;
}
