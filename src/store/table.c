/* SPDX-License-Identifier: MIT */
/* table.c - row structs to SQL and back, after the column arrays of table.h. */
#include "table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/seal.h"
#include "table_sql.h"

#define FOUND_MAX (16 << 20) /* above what the database takes in one row */

void table_init(struct store *s)
{
	struct buf empty = BUF_INIT(FOUND_MAX);

	for (int i = 0; i < TABLE_COUNT; i++) {
		s->tables[i].found = empty;
		for (int k = 0; k < TABLE_PACKED_MAX; k++)
			s->tables[i].packed[k] = s->tables[i].unpacked[k] =
				empty;
	}
}

void table_release(struct store *s)
{
	for (int i = 0; i < TABLE_COUNT; i++) {
		free(s->tables[i].select);
		free(s->tables[i].put);
		free(s->tables[i].update);
		buf_release(&s->tables[i].found);
		for (int k = 0; k < TABLE_PACKED_MAX; k++) {
			buf_release(&s->tables[i].packed[k]);
			buf_release(&s->tables[i].unpacked[k]);
		}
	}
	packer_free(s->packer);
}

static int no_memory(struct err *err)
{
	return err_set(err, ERR_STORE_FULL, "out of memory");
}

/* --- writing a row --- */

static bool has_same(const struct table *t)
{
	for (int i = 0; i < t->count; i++)
		if (t->columns[i].same)
			return true;
	return false;
}

static struct db_value value_of(const struct column *c, const void *row)
{
	const void *field = (const char *)row + c->at;
	struct db_value v = {.type = 'i'};

	switch (c->kind) {
	case COL_TEXT:
		v.type = 't';
		memcpy(&v.data, field, sizeof(v.data));
		break;
	case COL_CHARS:
		v.type = 't';
		v.data = field;
		break;
	case COL_HASH:
		v.type = 'b';
		memcpy(&v.data, field, sizeof(v.data));
		v.size = SEAL_HASH_SIZE;
		break;
	case COL_BLOB:
		v.type = 'b';
		memcpy(&v.data, field, sizeof(v.data));
		memcpy(&v.size, (const char *)row + c->size, sizeof(v.size));
		break;
	case COL_INT64:
	case COL_SERIAL:
		v.num = *(const int64_t *)field;
		break;
	case COL_INT:
		v.num = *(const int *)field;
		break;
	case COL_BOOL:
		v.num = *(const bool *)field;
		break;
	case COL_FLAG:
		v.num = *(const int *)field != 0;
		break;
	case COL_PACKED: /* see packed_value */
	case COL_PIECE:
	case COL_PACKED_PIECE:
		break;
	}
	return v;
}

/* Packed into `to`, from where it is bound. */
static int packed_value(struct store *s, const struct table *t,
			const struct column *c, const void *row, struct buf *to,
			struct db_value *v, struct err *err)
{
	struct text text;

	memcpy(&text.at, (const char *)row + c->at, sizeof(text.at));
	text = text_from(text.at);
	*v = (struct db_value){.type = 'b'};
	assert(to < s->tables[t->id].packed + TABLE_PACKED_MAX);
	if (!text.at)
		return 0;
	if (!s->packer)
		s->packer = packer_new(err);
	if (!s->packer || pack(s->packer, to, text, err))
		return -1;
	v->data = to->data;
	v->size = to->len;
	return 0;
}

/* Those of all columns that are written. Returns how many, or -1. */
static int take_values(struct store *s, const struct table *t, const void *row,
		       struct db_value *values, struct err *err)
{
	struct buf *packed = s->tables[t->id].packed;
	int count = 0;

	for (int i = 0; i < t->count; i++) {
		const struct column *c = &t->columns[i];

		if (c->kind == COL_SERIAL)
			continue;
		values[count] = value_of(c, row);
		if (c->kind == COL_PACKED &&
		    packed_value(s, t, c, row, packed++, &values[count], err))
			return -1;
		count++;
	}
	return count;
}

/* 1: the row was there; 0: it was not, or not like that. */
static int update(struct store *s, const struct table *t,
		  const struct db_value *values, int count, struct err *err)
{
	const char *sql = table_update_sql(s, t);

	return sql ? db_run_values(s->db, err, sql, values, count)
		   : no_memory(err);
}

int table_put(struct store *s, const struct table *t, const void *row,
	      struct err *err)
{
	struct db_value values[DB_VALUES_MAX];
	const char *sql = table_put_sql(s, t);
	int count, there = 0;

	if (!sql)
		return no_memory(err);
	count = take_values(s, t, row, values, err);
	if (count < 0)
		return -1;
	if (has_same(t))
		there = update(s, t, values, count, err);
	if (there)
		return there < 0 ? -1 : 0;
	return db_run_values(s->db, err, sql, values, count) < 0 ? -1 : 0;
}

int table_delete(struct store *s, const struct table *t, const char *column,
		 const char *value, struct err *err)
{
	buf_clear(&s->sql);
	if (buf_printf(&s->sql, "DELETE FROM %s WHERE %s = $1", t->name,
		       column))
		return no_memory(err);
	return db_run(s->db, err, s->sql.data, "t", value) < 0 ? -1 : 0;
}

/* --- reading a row --- */

static int read_chars(struct db_stmt *st, int col, char *field, size_t size)
{
	const char *text = db_text(st, col);
	size_t len = db_size(st, col);

	if (len >= size)
		return -1;
	if (text)
		memcpy(field, text, len);
	field[text ? len : 0] = '\0';
	return 0;
}

static int read_column(struct db_stmt *st, int col, const struct column *c,
		       void *row)
{
	void *field = (char *)row + c->at;
	const void *data;
	size_t size;

	switch (c->kind) {
	case COL_TEXT:
		data = db_text(st, col);
		memcpy(field, &data, sizeof(data));
		return 0;
	case COL_PIECE:
		*(struct text *)field = db_piece(st, col);
		return 0;
	case COL_CHARS:
		return read_chars(st, col, field, c->size);
	case COL_HASH:
	case COL_BLOB:
		data = db_blob(st, col);
		size = db_size(st, col);
		memcpy(field, &data, sizeof(data));
		if (c->kind == COL_HASH)
			return size == SEAL_HASH_SIZE ? 0 : -1;
		memcpy((char *)row + c->size, &size, sizeof(size));
		return 0;
	case COL_INT64:
	case COL_SERIAL:
		*(int64_t *)field = db_int(st, col);
		return 0;
	case COL_INT:
		*(int *)field = (int)db_int(st, col);
		return 0;
	case COL_BOOL:
		*(bool *)field = db_int(st, col) != 0;
		return 0;
	case COL_PACKED: /* see read_packed */
	case COL_PACKED_PIECE:
	case COL_FLAG:
		break;
	}
	return 0;
}

static int read_packed(struct db_stmt *st, int col, const struct column *c,
		       struct buf *room, void *row, struct err *err)
{
	struct text text = db_piece(st, col);
	void *field = (char *)row + c->at;

	if (!text.at)
		return 0;
	if (unpack(room, text, &text, err))
		return -1;
	if (c->kind == COL_PACKED)
		memcpy(field, &text.at, sizeof(text.at));
	else
		*(struct text *)field = text;
	return 0;
}

static bool is_packed(const struct column *c)
{
	return c->kind == COL_PACKED || c->kind == COL_PACKED_PIECE;
}

static int read_row(struct store *s, struct db_stmt *st, const struct table *t,
		    void *row, struct err *err)
{
	struct buf *unpacked = s->tables[t->id].unpacked;
	int col = 0;

	memset(row, 0, t->row_size);
	for (int i = 0; i < t->count; i++) {
		const struct column *c = &t->columns[i];

		if (c->kind == COL_FLAG)
			continue;
		if (is_packed(c) ? read_packed(st, col, c, unpacked++, row, err)
				 : read_column(st, col, c, row))
			return err_set(err, ERR_STORE,
				       "%s.%s holds what it cannot hold",
				       t->name, c->name);
		col++;
	}
	return 0;
}

int table_next(struct store *s, struct db_stmt *st, const struct table *t,
	       void *row, struct err *err)
{
	int rc = db_next(st, err);

	if (rc == 1 && read_row(s, st, t, row, err)) {
		db_reset(st);
		return -1;
	}
	return rc;
}

static bool is_borrowed(const struct column *c)
{
	return c->kind == COL_TEXT || c->kind == COL_HASH ||
	       c->kind == COL_BLOB;
}

static int keep_field(struct buf *found, void *field, size_t size)
{
	const char *data, *kept = found->data + found->len;

	memcpy(&data, field, sizeof(data));
	if (!data)
		return 0;
	if (buf_add(found, data, size) || buf_char(found, '\0'))
		return -1;
	memcpy(field, &kept, sizeof(kept));
	return 0;
}

/* Moves what the row borrows from the statement into `found`, so that the
 * statement can be reset at once: an open read would hold its snapshot. */
static int keep_row(struct db_stmt *st, const struct table *t, void *row,
		    struct buf *found)
{
	size_t need = 0;
	int col = 0;

	for (int i = 0; i < t->count; i++)
		if (t->columns[i].kind != COL_FLAG)
			need += db_size(st, col++) + 1;
	buf_clear(found);
	if (buf_reserve(found, need)) /* from here on it does not move */
		return -1;
	for (int i = col = 0; i < t->count; i++) {
		const struct column *c = &t->columns[i];

		if (c->kind == COL_FLAG)
			continue;
		if (is_borrowed(c) &&
		    keep_field(found, (char *)row + c->at, db_size(st, col)))
			return -1;
		col++;
	}
	return 0;
}

static struct db_stmt *select_values(struct store *s, const struct table *t,
				     struct err *err, const char *tail,
				     const char *fmt, va_list ap)
{
	struct db_value values[DB_VALUES_MAX];
	int count = db_values(values, fmt, ap);
	const char *select = table_select_sql(s, t);

	buf_clear(&s->sql);
	if (!select || buf_str(&s->sql, select) || buf_str(&s->sql, tail)) {
		no_memory(err);
		return NULL;
	}
	return db_query_values(s->db, err, s->sql.data, values, count);
}

struct db_stmt *table_select(struct store *s, const struct table *t,
			     struct err *err, const char *tail, const char *fmt,
			     ...)
{
	struct db_stmt *st;
	va_list ap;

	va_start(ap, fmt);
	st = select_values(s, t, err, tail, fmt, ap);
	va_end(ap);
	return st;
}

int table_find(struct store *s, const struct table *t, void *row,
	       struct err *err, const char *tail, const char *fmt, ...)
{
	struct buf *found = &s->tables[t->id].found;
	struct db_stmt *st;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	st = select_values(s, t, err, tail, fmt, ap);
	va_end(ap);
	if (!st)
		return -1;
	rc = table_next(s, st, t, row, err);
	if (rc != 1)
		return rc;
	if (keep_row(st, t, row, found))
		rc = no_memory(err);
	db_reset(st);
	return rc;
}

/* --- lists --- */

void query_begin(struct query *q, struct store *s, const struct table *t,
		 const char *from, const char *cursor, int64_t before)
{
	const char *select = table_select_sql(s, t);

	q->store = s;
	q->cursor = cursor;
	q->count = 0;
	buf_clear(&s->sql);
	if (!select) {
		s->sql.failed = true;
		return;
	}
	(void)buf_str(&s->sql, select);
	(void)buf_str(&s->sql, from);
	/* The first page has the same text as the others. */
	(void)buf_printf(&s->sql, " WHERE %s < $1", cursor);
	q->values[q->count++] = (struct db_value){
		.type = 'i', .num = before ? before : INT64_MAX};
}

static void add_condition(struct query *q, const char *column,
			  struct db_value value)
{
	q->values[q->count++] = value;
	(void)buf_printf(&q->store->sql, " AND %s = $%d", column, q->count);
}

void query_equal(struct query *q, const char *column, const char *value)
{
	if (value)
		add_condition(q, column,
			      (struct db_value){.type = 't', .data = value});
}

void query_equal_int(struct query *q, const char *column, int64_t value)
{
	add_condition(q, column, (struct db_value){.type = 'i', .num = value});
}

struct db_stmt *query_run(struct query *q, int limit, struct err *err)
{
	struct buf *sql = &q->store->sql;

	q->values[q->count++] =
		(struct db_value){.type = 'i', .num = limit > 0 ? limit : 0};
	(void)buf_printf(sql, " ORDER BY %s DESC LIMIT $%d", q->cursor,
			 q->count);
	if (sql->failed) {
		no_memory(err);
		return NULL;
	}
	return db_query_values(q->store->db, err, sql->data, q->values,
			       q->count);
}
