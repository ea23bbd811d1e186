/* SPDX-License-Identifier: MIT */
/* table_sql.c - the texts of SELECT, INSERT and UPDATE after the columns of a
 * table. */
#include "table_sql.h"

#define SQL_MAX 4096

static void add_names(struct buf *sql, const struct table *t,
		      enum column_kind but)
{
	const char *comma = "";

	for (int i = 0; i < t->count; i++) {
		if (t->columns[i].kind == but)
			continue;
		(void)buf_printf(sql, "%s%s", comma, t->columns[i].name);
		comma = ", ";
	}
}

const char *table_select_sql(struct store *s, const struct table *t)
{
	struct buf sql = BUF_INIT(SQL_MAX);

	if (!s->tables[t->id].select) {
		(void)buf_str(&sql, "SELECT ");
		add_names(&sql, t, COL_FLAG);
		(void)buf_char(&sql, ' ');
		s->tables[t->id].select = buf_take(&sql);
		buf_release(&sql);
	}
	return s->tables[t->id].select;
}

static void add_put(struct buf *sql, const struct table *t)
{
	const char *comma = "";
	int n = 0;

	(void)buf_printf(sql, "INSERT INTO %s (", t->name);
	add_names(sql, t, COL_SERIAL);
	(void)buf_str(sql, ") VALUES (");
	for (int i = 0; i < t->count; i++) {
		if (t->columns[i].kind == COL_SERIAL)
			continue;
		n++;
		(void)buf_printf(sql, "%s$%d", n > 1 ? ", " : "", n);
	}
	(void)buf_char(sql, ')');
	if (!t->key)
		return;
	(void)buf_printf(sql, " ON CONFLICT (%s) DO UPDATE SET ", t->key);
	for (int i = 0; i < t->count; i++) {
		const char *name = t->columns[i].name;

		if (t->columns[i].kind == COL_SERIAL)
			continue;
		(void)buf_printf(sql, "%s%s = excluded.%s", comma, name, name);
		comma = ", ";
	}
}

const char *table_put_sql(struct store *s, const struct table *t)
{
	struct buf sql = BUF_INIT(SQL_MAX);

	if (!s->tables[t->id].put) {
		add_put(&sql, t);
		s->tables[t->id].put = buf_take(&sql);
		buf_release(&sql);
	}
	return s->tables[t->id].put;
}

/* All columns that are (not) COLUMN_SAME as "name = $n", n as in add_put. */
static void add_equals(struct buf *sql, const struct table *t, bool same,
		       const char *between)
{
	const char *comma = "";
	int n = 0;

	for (int i = 0; i < t->count; i++) {
		const struct column *c = &t->columns[i];

		if (c->kind == COL_SERIAL)
			continue;
		n++;
		if (c->same != same)
			continue;
		(void)buf_printf(sql, "%s%s = $%d", comma, c->name, n);
		comma = between;
	}
}

const char *table_update_sql(struct store *s, const struct table *t)
{
	struct buf sql = BUF_INIT(SQL_MAX);

	if (!s->tables[t->id].update) {
		(void)buf_printf(&sql, "UPDATE %s SET ", t->name);
		add_equals(&sql, t, false, ", ");
		(void)buf_str(&sql, " WHERE ");
		add_equals(&sql, t, true, " AND ");
		s->tables[t->id].update = buf_take(&sql);
		buf_release(&sql);
	}
	return s->tables[t->id].update;
}
