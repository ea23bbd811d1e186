/* SPDX-License-Identifier: MIT */
/* accounts.c - the table of accounts that the sweep must visit. */
#include "store/accounts.h"

#include "table.h"

static const struct column columns[] = {
	COLUMN(struct account_row, account_sid),
	COLUMN(struct account_row, user),
	COLUMN_BLOB(struct account_row, secret, secret_size),
	COLUMN(struct account_row, noted_ms),
};

static const struct table table = {
	.id = TABLE_ACCOUNTS,
	.name = "sweep_accounts",
	.key = "account_sid",
	TABLE_COLUMNS(struct account_row, columns),
};

int account_put(struct store *s, const struct account_row *row, struct err *err)
{
	return table_put(s, &table, row, err);
}

int account_delete(struct store *s, const char *account_sid, struct err *err)
{
	return table_delete(s, &table, "account_sid", account_sid, err);
}

int account_each(struct store *s,
		 void (*each)(const struct account_row *row, void *arg),
		 void *arg, struct err *err)
{
	struct account_row row;
	struct db_stmt *st = table_select(
		s, &table, err, "FROM sweep_accounts ORDER BY account_sid", "");
	int rc;

	if (!st)
		return -1;
	while ((rc = table_next(s, st, &table, &row, err)) == 1)
		each(&row, arg);
	return rc;
}
