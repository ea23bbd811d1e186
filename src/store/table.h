/* SPDX-License-Identifier: MIT */
/*
 * table.h - the way between a row struct and its table, for the modules that
 * hold one table each.
 *
 * A module describes its columns once, in an array; the texts of SELECT, UPDATE
 * and INSERT … ON CONFLICT DO UPDATE, the binding and the reading follow from
 * it.
 * The kind of a column follows from the type of the field:
 *
 *   const char *     text, NULL if none     int64_t, int, bool  a number
 *   const uint8_t *  a hash, 32 bytes       char name[n]        text, never
 *   struct text      text, borrowed                             NULL
 *
 * COLUMN_PACKED is text, in a const char * or a struct text, that takes little
 * room in the database: packed.h.
 *
 *   static const struct column columns[] = {
 *           COLUMN_SERIAL(struct number_row, seq),
 *           COLUMN(struct number_row, id),
 *           COLUMN_BLOB(struct number_row, secrets, secrets_size),
 *   };
 */
#ifndef STORE_TABLE_H
#define STORE_TABLE_H

#include "base/buf.h"
#include "base/text.h"
#include "number_changes.h"
#include "store/db.h"
#include "store/packed.h"
#include "store/store.h"

enum column_kind {
	COL_TEXT,
	COL_PIECE, /* text, not terminated: only read */
	COL_PACKED,
	COL_PACKED_PIECE, /* only read */
	COL_HASH,
	COL_INT64,
	COL_INT,
	COL_BOOL,
	COL_CHARS,
	COL_BLOB,
	COL_SERIAL, /* given by the database: only read */
	COL_FLAG,   /* whether an int is not 0: only written */
};

struct column {
	const char *name;
	enum column_kind kind;
	size_t at;   /* offset of the field */
	size_t size; /* COL_CHARS: of the field; COL_BLOB: offset of its size */
	bool same;   /* see COLUMN_SAME */
};

/* clang-format off */
#define COLUMN_KIND(field) _Generic((field), \
	const char *: COL_TEXT, struct text: COL_PIECE, \
	const uint8_t *: COL_HASH, char *: COL_CHARS, \
	int64_t: COL_INT64, int: COL_INT, bool: COL_BOOL)
#define COLUMN(row, field) \
	{#field, COLUMN_KIND(((row *)0)->field), offsetof(row, field), \
	 sizeof(((row *)0)->field), false}
/* Never NULL, in an index, and seldom another once the row is there: a put that
 * finds all of these as they were leaves their indexes alone. The key must be
 * among them. */
#define COLUMN_SAME(row, field) \
	{#field, COLUMN_KIND(((row *)0)->field), offsetof(row, field), \
	 sizeof(((row *)0)->field), true}
#define COLUMN_SERIAL(row, field) \
	{#field, COL_SERIAL, offsetof(row, field), 0, false}
#define COLUMN_BLOB(row, field, size_field) \
	{#field, COL_BLOB, offsetof(row, field), offsetof(row, size_field), \
	 false}
#define COLUMN_PACKED(row, field) \
	{#field, _Generic(((row *)0)->field, const char *: COL_PACKED, \
			  struct text: COL_PACKED_PIECE), \
	 offsetof(row, field), 0, false}
#define COLUMN_FLAG(sql_name, row, field) \
	{sql_name, COL_FLAG, offsetof(row, field), 0, false}
/* clang-format on */

/* One for each table with columns: its place in the store. */
enum table_id {
	TABLE_NUMBERS,
	TABLE_NUMBERS_SHOWN,
	TABLE_TRUNKS,
	TABLE_JOURNAL,
	TABLE_OPERATIONS,
	TABLE_REPLIES,
	TABLE_EVENTS,
	TABLE_KEYS,
	TABLE_ACCOUNTS,
	TABLE_IMPORTS,
	TABLE_COUNT
};

struct table {
	enum table_id id;
	const char *name;
	const char *key; /* by which a put replaces; NULL: it only appends */
	size_t row_size;
	const struct column *columns;
	int count;
};

#define TABLE_COLUMNS(row, array)                    \
	.row_size = sizeof(row), .columns = (array), \
	.count = sizeof(array) / sizeof((array)[0])

#define TABLE_PACKED_MAX 2 /* packed columns of a table, at most */

struct store {
	struct db *db;
	struct number_changes numbers;
	struct packer *packer; /* made when first needed */
	struct buf sql;	       /* the text being built */
	struct {
		char *select, *put, *update; /* made when first needed */
		struct buf found; /* what the row found last borrows from */
		struct buf packed[TABLE_PACKED_MAX];   /* for the row written */
		struct buf unpacked[TABLE_PACKED_MAX]; /* for the row read */
	} tables[TABLE_COUNT];
};

void table_init(struct store *s);
void table_release(struct store *s); /* frees what lies in s->tables */

int table_put(struct store *s, const struct table *t, const void *row,
	      struct err *err);
/* Deletes the rows in which the column has this value. */
int table_delete(struct store *s, const struct table *t, const char *column,
		 const char *value, struct err *err);
/* tail follows "SELECT columns ": "FROM keys WHERE hash = $1". */
int table_find(struct store *s, const struct table *t, void *row,
	       struct err *err, const char *tail, const char *fmt, ...);
struct db_stmt *table_select(struct store *s, const struct table *t,
			     struct err *err, const char *tail, const char *fmt,
			     ...);
/* As db_next; row borrows from the statement, and what is packed from the
 * store, until the next step. */
int table_next(struct store *s, struct db_stmt *st, const struct table *t,
	       void *row, struct err *err);

/*
 * A page of a list, newest first:
 *
 *   query_begin(&q, s, &table, "FROM operations", "seq", before);
 *   query_equal(&q, "state", f->state);
 *   st = query_run(&q, limit, err);
 */
struct query {
	struct store *store;
	const char *cursor;
	struct db_value values[DB_VALUES_MAX];
	int count;
};

/* cursor is the column that orders and pages; before: its value in the last row
 * of the page before, 0 for the first page. */
void query_begin(struct query *q, struct store *s, const struct table *t,
		 const char *from, const char *cursor, int64_t before);
void query_equal(struct query *q, const char *column, const char *value);
void query_equal_int(struct query *q, const char *column, int64_t value);
struct db_stmt *query_run(struct query *q, int limit, struct err *err);

#endif
