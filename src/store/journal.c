/* SPDX-License-Identifier: MIT */
/* journal.c - the table of journal rows. */
#include "store/journal.h"

#include "table.h"

static const struct column columns[] = {
	COLUMN_SAME(struct journal_row, owner),
	COLUMN_SAME(struct journal_row, step),
	COLUMN_SAME(struct journal_row, instance),
	COLUMN_SAME(struct journal_row, operation_id),
	COLUMN(struct journal_row, state),
	COLUMN(struct journal_row, external_id),
	COLUMN(struct journal_row, phase),
	COLUMN(struct journal_row, attempts),
	COLUMN(struct journal_row, data),
	COLUMN(struct journal_row, error),
	COLUMN(struct journal_row, provider_status),
	COLUMN(struct journal_row, provider_code),
	COLUMN(struct journal_row, started_ms),
	COLUMN(struct journal_row, updated_ms),
};

static const struct table table = {
	.id = TABLE_JOURNAL,
	.name = "journal",
	.key = "owner, step, instance",
	TABLE_COLUMNS(struct journal_row, columns),
};

int journal_put(struct store *s, const struct journal_row *row, struct err *err)
{
	return table_put(s, &table, row, err);
}

static int give_rows(struct store *s, struct db_stmt *st,
		     void (*each)(const struct journal_row *row, void *arg),
		     void *arg, struct err *err)
{
	struct journal_row row;
	int rc;

	if (!st)
		return -1;
	while ((rc = table_next(s, st, &table, &row, err)) == 1)
		each(&row, arg);
	return rc;
}

int journal_each(struct store *s, const char *owner,
		 void (*each)(const struct journal_row *row, void *arg),
		 void *arg, struct err *err)
{
	return give_rows(s,
			 table_select(s, &table, err,
				      "FROM journal WHERE owner = $1"
				      " ORDER BY seq",
				      "t", owner),
			 each, arg, err);
}

int journal_of_operation(struct store *s, const char *operation_id,
			 void (*each)(const struct journal_row *, void *arg),
			 void *arg, struct err *err)
{
	return give_rows(s,
			 table_select(s, &table, err,
				      "FROM journal WHERE operation_id = $1"
				      " ORDER BY seq",
				      "t", operation_id),
			 each, arg, err);
}

int journal_delete(struct store *s, const char *owner, struct err *err)
{
	return table_delete(s, &table, "owner", owner, err);
}
