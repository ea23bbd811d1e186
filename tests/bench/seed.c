/* SPDX-License-Identifier: MIT */
/*
 * seed.c - makes a large database of a small one: seed FILE NUMBERS HISTORY
 *
 * The rows that are there (a sample, made by the service itself) are copied
 * over and over, table by table, until there are NUMBERS numbers. What names
 * something (ids, the providers' SIDs, telephone numbers, labels) is another in
 * every copy, wherever it stands, also within JSON; it keeps its length, so
 * that copies are made in place. What is sealed is sealed anew for its new
 * place, with TRUNKLINE_MASTER_KEY. No table or column is known here but those
 * that need care: what a migration adds is copied too.
 *
 * What happened to the numbers (operations, journal, events) takes four fifths
 * of the room; only the newest HISTORY numbers have it.
 */
#include <ctype.h>
#include <search.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/seal.h"
#include "store/packed.h"

#define COLUMNS_MAX 32
#define TABLES_MAX  32
#define NUMBERS	    2000000000LL /* telephone numbers from +12000000000 on */
#define LABELS	    1000
#define TEXT_MAX    (1 << 20)

/* Of these there is one set, whatever the size. */
static const char copied[] =
	"SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN"
	" ('meta', 'keys', 'replies', 'sweep_accounts', 'schema_migrations')"
	" AND name NOT LIKE 'sqlite_%'";

/* --- names and where they stand ------------------------------------------ */

enum kind { ID, SID, PHONE, LABEL };

/* A name in the sample: the first place where it was found is its identity. */
struct name {
	enum kind kind;
	char text[40];
	size_t len;
	uint64_t hash;
	unsigned nth; /* of its kind, in the order in which they were found */
};

struct place {
	char *at;
	const struct name *name;
};

static void *names; /* tsearch tree */
static unsigned name_count[LABEL + 1];
static struct place *places;
static size_t place_count, place_room;

static const char base32[] = "0123456789abcdefghjkmnpqrstvwxyz";

static void stop(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void stop(const char *fmt, ...)
{
	va_list ap;

	fputs("seed: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static void *get_memory(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (!p)
		stop("out of memory");
	return p;
}

/* splitmix64's last step: different for different numbers. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text,
		      ((const struct name *)b)->text);
}

static void note(enum kind kind, char *at, size_t len)
{
	struct name *name = get_memory(NULL, sizeof(*name));
	struct name **known;

	*name = (struct name){.kind = kind, .len = len};
	memcpy(name->text, at, len);
	known = (struct name **)tsearch(name, &names, compare_names);
	if (!known)
		stop("out of memory");
	if (*known == name) {
		name->nth = name_count[kind]++;
		for (size_t i = 0; i < len; i++)
			name->hash = mix(name->hash + (unsigned char)at[i] + 1);
	} else {
		free(name);
	}
	if (place_count == place_room) {
		place_room = place_room ? 2 * place_room : 1024;
		places = get_memory(places, place_room * sizeof(*places));
	}
	places[place_count++] = (struct place){at, *known};
}

/* How long a name of one kind is that begins here; 0: none does. */
static size_t id_at(const char *text, const char *at)
{
	if (at == text || (at[-1] != '_' && at[-1] != '-'))
		return 0;
	return strspn(at, base32) == 26 ? 26 : 0;
}

static size_t sid_at(const char *text, const char *at)
{
	(void)text;
	if (!isupper((unsigned char)at[0]) || !isupper((unsigned char)at[1]) ||
	    strncmp(at, "AC", 2) == 0 || strncmp(at, "SK", 2) == 0)
		return 0;
	return strspn(at + 2, "0123456789abcdef") == 32 ? 34 : 0;
}

static size_t phone_at(const char *text, const char *at)
{
	(void)text;
	return strncmp(at, "+1", 2) == 0 && strspn(at + 1, "0123456789") == 11
		       ? 12
		       : 0;
}

static size_t label_at(const char *text, const char *at)
{
	static const char words[] = "Customer line ";

	if ((size_t)(at - text) < strlen(words) ||
	    strncmp(at - strlen(words), words, strlen(words)) != 0)
		return 0;
	return strspn(at, "0123456789") == 4 ? 4 : 0;
}

static size_t (*const finders[])(const char *, const char *) = {
	[ID] = id_at,
	[SID] = sid_at,
	[PHONE] = phone_at,
	[LABEL] = label_at,
};

static void note_names(char *text)
{
	for (char *at = text; *at; at++)
		for (int kind = ID; kind <= LABEL; kind++) {
			size_t len = finders[kind](text, at);

			if (len) {
				note((enum kind)kind, at, len);
				at += len - 1;
				break;
			}
		}
}

/* --- the names of a copy ------------------------------------------------- */

/* The time in front (48 bits in 10 characters) moves on by a millisecond for
 * each copy, as ids do that are made one after the other; what is random at the
 * end is another. */
static void write_id(char *at, const struct name *name, uint64_t copy)
{
	uint64_t time = 0,
		 random = mix(name->hash ^ copy * 0x9e3779b97f4a7c15u);

	for (int i = 0; i < 10; i++)
		time = time << 5 |
		       (uint64_t)(strchr(base32, name->text[i]) - base32);
	time += copy;
	for (int i = 9; i >= 0; i--, time >>= 5)
		at[i] = base32[time & 31];
	for (int i = 25; i > 13; i--, random >>= 5)
		at[i] = base32[random & 31];
}

static void write_sid(char *at, const struct name *name, uint64_t copy)
{
	uint64_t random = mix(name->hash ^ copy * 0x9e3779b97f4a7c15u);

	for (int i = 33; i > 17; i--, random >>= 4)
		at[i] = "0123456789abcdef"[random & 15];
}

static void write_digits(char *at, size_t len, uint64_t n)
{
	for (; len > 0; n /= 10)
		at[--len] = (char)('0' + n % 10);
}

static void write_name(char *at, const struct name *name, uint64_t copy)
{
	uint64_t nth = copy * name_count[name->kind] + name->nth;

	switch (name->kind) {
	case ID:
		write_id(at, name, copy);
		break;
	case SID:
		write_sid(at, name, copy);
		break;
	case PHONE:
		write_digits(at + 2, 10, NUMBERS + nth);
		break;
	case LABEL:
		write_digits(at, 4, nth % LABELS);
		break;
	}
}

/* --- tables -------------------------------------------------------------- */

struct value {
	int type;    /* SQLite's */
	int64_t num; /* or the size of data */
	char *data;
	bool packed; /* a text that takes its packed form in the table */
};

struct column {
	char name[64];
	int64_t step; /* how much a number grows with each copy; 0 stays 0 */
	struct buf packed; /* of the value being bound, if it is packed */
};

struct table {
	char name[64];
	struct column columns[COLUMNS_MAX];
	int column_count;
	struct value *values; /* row by row */
	int64_t rows;
	int id, secrets; /* columns; -1 if there are none */
	bool history;
	sqlite3_stmt *insert;
};

static sqlite3 *db;
static struct seal *seal;
static struct packer *packer;
static struct table tables[TABLES_MAX];
static int table_count;

static void run(const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL))
		stop("%s: %s", sql, sqlite3_errmsg(db));
}

static sqlite3_stmt *prepare(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

static sqlite3_stmt *prepare(const char *fmt, ...)
{
	char sql[4096];
	sqlite3_stmt *st;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL))
		stop("%s: %s", sql, sqlite3_errmsg(db));
	return st;
}

static int64_t ask(const char *sql)
{
	sqlite3_stmt *st = prepare("%s", sql);
	int64_t n;

	if (sqlite3_step(st) != SQLITE_ROW)
		stop("%s: %s", sql, sqlite3_errmsg(db));
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

static int64_t highest_seq(const char *table)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT max(seq) FROM %s", table);
	return ask(sql);
}

static int64_t step_of(const struct table *t, const char *column)
{
	size_t len = strlen(column);

	if (strcmp(column, "seq") == 0)
		return highest_seq(t->name);
	if (strcmp(column, "number_seq") == 0)
		return highest_seq("numbers");
	return len > 3 && strcmp(column + len - 3, "_ms") == 0;
}

static bool is_packed(const struct table *t, int i)
{
	return strcmp(t->name, "numbers") == 0 &&
	       (strcmp(t->columns[i].name, "spec") == 0 ||
		strcmp(t->columns[i].name, "built") == 0);
}

static void unpack_value(struct value *v)
{
	static struct buf room = BUF_INIT(TEXT_MAX);
	struct text text = {v->data, (size_t)v->num};
	struct err err = ERR_INIT;

	if (unpack(&room, text, &text, &err))
		stop("%s", err.detail);
	free(v->data);
	v->type = SQLITE_TEXT;
	v->num = (int64_t)text.len;
	v->data = get_memory(NULL, text.len + 1);
	memcpy(v->data, text.at, text.len + 1);
	v->packed = true;
}

static struct value take_value(const struct table *t, sqlite3_stmt *st, int i)
{
	struct value v = {.type = sqlite3_column_type(st, i)};

	if (v.type == SQLITE_INTEGER) {
		v.num = sqlite3_column_int64(st, i);
	} else if (v.type != SQLITE_NULL) {
		v.num = sqlite3_column_bytes(st, i);
		v.data = get_memory(NULL, (size_t)v.num + 1);
		memcpy(v.data, sqlite3_column_blob(st, i), (size_t)v.num);
		v.data[v.num] = '\0';
	}
	if (v.type == SQLITE_BLOB && is_packed(t, i))
		unpack_value(&v);
	if (v.type == SQLITE_TEXT)
		note_names(v.data);
	return v;
}

static void read_columns(struct table *t, sqlite3_stmt *st)
{
	t->column_count = sqlite3_column_count(st);
	if (t->column_count > COLUMNS_MAX)
		stop("%s has too many columns", t->name);
	t->id = t->secrets = -1;
	for (int i = 0; i < t->column_count; i++) {
		struct column *c = &t->columns[i];

		snprintf(c->name, sizeof(c->name), "%s",
			 sqlite3_column_name(st, i));
		c->step = step_of(t, c->name);
		c->packed = (struct buf)BUF_INIT(TEXT_MAX);
		if (strcmp(c->name, "id") == 0)
			t->id = i;
		if (strcmp(c->name, "secrets") == 0)
			t->secrets = i;
	}
}

static void read_table(struct table *t)
{
	sqlite3_stmt *st = prepare("SELECT * FROM %s ORDER BY 1", t->name);
	char marks[2 * COLUMNS_MAX + 1] = "?";

	read_columns(t, st);
	for (; sqlite3_step(st) == SQLITE_ROW; t->rows++) {
		size_t at = (size_t)(t->rows * t->column_count);

		t->values =
			get_memory(t->values, (at + (size_t)t->column_count) *
						      sizeof(*t->values));
		for (int i = 0; i < t->column_count; i++)
			t->values[at + (size_t)i] = take_value(t, st, i);
	}
	sqlite3_finalize(st);
	for (int i = 1; i < t->column_count; i++)
		strcat(marks, ",?");
	t->insert = prepare("INSERT INTO %s VALUES (%s)", t->name, marks);
}

static void read_tables(void)
{
	sqlite3_stmt *st = prepare("%s", copied);

	while (sqlite3_step(st) == SQLITE_ROW) {
		struct table *t = &tables[table_count++];

		if (table_count == TABLES_MAX)
			stop("too many tables");
		snprintf(t->name, sizeof(t->name), "%s",
			 (const char *)sqlite3_column_text(st, 0));
		t->history = strstr(" operations journal events ", t->name);
		read_table(t);
	}
	sqlite3_finalize(st);
}

/* --- copies -------------------------------------------------------------- */

/* Sealed values are kept open between copies: the sample's row says with which
 * place they were sealed. */
static void open_secrets(struct table *t)
{
	for (int64_t row = 0; t->secrets >= 0 && row < t->rows; row++) {
		struct value *values = t->values + row * t->column_count;
		struct value *v = &values[t->secrets];
		struct buf clear = BUF_INIT(1 << 16);
		struct err err = ERR_INIT;
		char place[128];

		if (v->type != SQLITE_BLOB)
			continue;
		snprintf(place, sizeof(place), "%s/%s", t->name,
			 values[t->id].data);
		if (seal_open(seal, place, v->data, (size_t)v->num, &clear,
			      &err))
			stop("%s: %s", place, err.detail);
		free(v->data);
		v->num = (int64_t)clear.len;
		v->data = buf_take(&clear);
		note_names(v->data);
	}
}

static void bind_sealed(const struct table *t, const struct value *values,
			struct buf *out)
{
	const struct value *v = &values[t->secrets];
	struct err err = ERR_INIT;
	char place[128];

	snprintf(place, sizeof(place), "%s/%s", t->name, values[t->id].data);
	buf_clear(out);
	if (seal_close(seal, clock_system(), place, v->data, (size_t)v->num,
		       out, &err))
		stop("%s: %s", place, err.detail);
	sqlite3_bind_blob64(t->insert, t->secrets + 1, out->data, out->len,
			    SQLITE_STATIC);
}

static void bind_packed(struct table *t, int i, const struct value *v)
{
	struct buf *packed = &t->columns[i].packed;
	struct text text = {v->data, (size_t)v->num};
	struct err err = ERR_INIT;

	if (pack(packer, packed, text, &err))
		stop("%s", err.detail);
	sqlite3_bind_blob64(t->insert, i + 1, packed->data, packed->len,
			    SQLITE_STATIC);
}

static void bind_value(const struct table *t, int i, const struct value *v,
		       int64_t copy)
{
	int64_t grown = v->num ? v->num + copy * t->columns[i].step : 0;

	switch (v->type) {
	case SQLITE_INTEGER:
		sqlite3_bind_int64(t->insert, i + 1, grown);
		break;
	case SQLITE_TEXT:
		sqlite3_bind_text(t->insert, i + 1, v->data, (int)v->num,
				  SQLITE_STATIC);
		break;
	case SQLITE_BLOB:
		sqlite3_bind_blob64(t->insert, i + 1, v->data,
				    (sqlite3_uint64)v->num, SQLITE_STATIC);
		break;
	default:
		sqlite3_bind_null(t->insert, i + 1);
		break;
	}
}

static void insert_copy(struct table *t, int64_t copy)
{
	static struct buf sealed = BUF_INIT(1 << 16);

	for (int64_t row = 0; row < t->rows; row++) {
		const struct value *values = t->values + row * t->column_count;

		for (int i = 0; i < t->column_count; i++)
			if (i == t->secrets && values[i].type == SQLITE_BLOB)
				bind_sealed(t, values, &sealed);
			else if (values[i].packed)
				bind_packed(t, i, &values[i]);
			else
				bind_value(t, i, &values[i], copy);
		if (sqlite3_step(t->insert) != SQLITE_DONE)
			stop("%s: %s", t->name, sqlite3_errmsg(db));
		sqlite3_reset(t->insert);
	}
}

static void copy_all(int64_t copies, int64_t with_history)
{
	for (int64_t copy = 1; copy < copies; copy++) {
		bool history = copy >= copies - with_history;

		for (size_t i = 0; i < place_count; i++)
			write_name(places[i].at, places[i].name,
				   (uint64_t)copy);
		for (int i = 0; i < table_count; i++)
			if (history || !tables[i].history)
				insert_copy(&tables[i], copy);
	}
}

/* Only what is added is written: the journal is of no use to anybody. */
static void open_database(const char *path)
{
	struct err err = ERR_INIT;
	const char *key = getenv("TRUNKLINE_MASTER_KEY");

	seal = seal_new(key ? key : "", &err);
	if (!seal)
		stop("TRUNKLINE_MASTER_KEY: %s", err.detail);
	packer = packer_new(&err);
	if (!packer)
		stop("%s", err.detail);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL))
		stop("%s: %s", path, sqlite3_errmsg(db));
	run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY;"
	    "PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; BEGIN");
}

static void close_database(void)
{
	for (int i = 0; i < table_count; i++)
		sqlite3_finalize(tables[i].insert);
	run("COMMIT; PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL");
	if (sqlite3_close(db))
		stop("cannot close: %s", sqlite3_errmsg(db));
	packer_free(packer);
	seal_free(seal);
}

int main(int argc, char **argv)
{
	int64_t wanted = argc == 4 ? atoll(argv[2]) : 0, there;

	if (wanted <= 0)
		stop("usage: seed FILE NUMBERS HISTORY");
	open_database(argv[1]);
	there = ask("SELECT count(*) FROM numbers");
	if (there == 0 || wanted % there)
		stop("NUMBERS must be a multiple of the %lld that are there",
		     (long long)there);
	read_tables();
	for (int i = 0; i < table_count; i++)
		open_secrets(&tables[i]);
	copy_all(wanted / there, atoll(argv[3]) / there);
	close_database();
	return 0;
}
