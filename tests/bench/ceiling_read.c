/* SPDX-License-Identifier: MIT */
/*
 * ceiling_read.c - how fast libmicrohttpd and SQLite can answer the reads of
 * the service, from its database, with its bytes.
 *
 * One prepared statement, JSON by hand, blobs taken without conversion. Each
 * thread holds one read snapshot for ever, since nobody writes: SQLite makes no
 * system call. (A service would take a new one whenever it has committed.)
 */
#include <lz4.h>
#include <stdlib.h>
#include <string.h>

#include "ceiling.h"
#include "store/packed.h"

#define COLUMNS                                                              \
	"SELECT id, status, version, spec, built, operation_id, created_ms," \
	" updated_ms, seq FROM numbers "
#define ROW_MAX	  16384 /* none of the sample's rows comes near */
#define WORDS_MAX 4096
#define LIMIT_MAX 200

enum { ID, STATUS, VERSION, SPEC, BUILT, OPERATION, CREATED, UPDATED, SEQ };

struct reader {
	sqlite3 *db;
	sqlite3_stmt *one, *page;
	char unpacked[WORDS_MAX + ROW_MAX]; /* behind the dictionary */
};

static struct ceiling_args args;
static _Thread_local struct reader own;

static struct reader *reader(void)
{
	if (!own.db) {
		own.db = ceiling_open(args.database, false);
		own.one = ceiling_prepare(own.db, COLUMNS "WHERE id = ?1");
		own.page = ceiling_prepare(
			own.db,
			COLUMNS "WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2");
		sqlite3_exec(own.db, "BEGIN", NULL, NULL, NULL);
		memcpy(own.unpacked, packed_words, packed_words_size);
	}
	return &own;
}

/* --- a row as JSON ------------------------------------------------------- */

static char *put_column(char *to, sqlite3_stmt *st, int i)
{
	const char *text = sqlite3_column_blob(st, i);

	return put_string(to, text, (size_t)sqlite3_column_bytes(st, i));
}

/* The members of an object that is kept packed. */
static char *put_members(char *to, sqlite3_stmt *st, int i)
{
	const char *packed = sqlite3_column_blob(st, i);
	char *object = own.unpacked + packed_words_size;
	int size = LZ4_decompress_safe_usingDict(
		packed + PACKED_HEAD_SIZE, object,
		sqlite3_column_bytes(st, i) - PACKED_HEAD_SIZE, ROW_MAX,
		own.unpacked, (int)packed_words_size);

	*to++ = ',';
	return put_raw(to, object + 1, size > 2 ? (size_t)size - 2 : 0);
}

static char *put_int(char *to, int64_t n)
{
	char digits[24];
	int at = (int)sizeof(digits);

	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	return put_raw(to, digits + at, sizeof(digits) - (size_t)at);
}

static char *put_number(char *to, sqlite3_stmt *st)
{
	to = PUT(to, "{\"id\":");
	to = put_column(to, st, ID);
	to = PUT(to, ",\"status\":");
	to = put_column(to, st, STATUS);
	to = PUT(to, ",\"version\":");
	to = put_int(to, sqlite3_column_int64(st, VERSION));
	to = put_members(to, st, SPEC);
	to = put_members(to, st, BUILT);
	to = PUT(to, ",\"operation_id\":");
	to = put_column(to, st, OPERATION);
	to = PUT(to, ",\"created_at\":");
	to = put_time(to, sqlite3_column_int64(st, CREATED));
	to = PUT(to, ",\"updated_at\":");
	to = put_time(to, sqlite3_column_int64(st, UPDATED));
	*to++ = '}';
	return to;
}

/* --- requests ------------------------------------------------------------ */

static enum MHD_Result get_one(struct MHD_Connection *c, const char *id)
{
	sqlite3_stmt *st = reader()->one;
	char *body = NULL, *end = NULL;

	sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC);
	if (sqlite3_step(st) == SQLITE_ROW && (body = malloc(ROW_MAX)))
		end = put_number(body, st);
	sqlite3_reset(st);
	return body ? ceiling_send_own(c, 200, body, (size_t)(end - body))
		    : ceiling_refuse(c, 404);
}

static int64_t argument(struct MHD_Connection *c, const char *name,
			int64_t otherwise)
{
	const char *value =
		MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);

	return value ? atoll(value) : otherwise;
}

static enum MHD_Result get_page(struct MHD_Connection *c)
{
	sqlite3_stmt *st = reader()->page;
	int64_t limit = argument(c, "limit", 50), count = 0, last = 0;
	char *body, *to;

	if (limit < 1 || limit > LIMIT_MAX)
		return ceiling_refuse(c, 400);
	body = to = malloc((size_t)limit * 4096 + ROW_MAX);
	if (!body)
		return MHD_NO;
	sqlite3_bind_int64(st, 1, argument(c, "cursor", INT64_MAX));
	sqlite3_bind_int64(st, 2, limit + 1);
	to = PUT(to, "{\"items\":[");
	for (; sqlite3_step(st) == SQLITE_ROW && count < limit; count++) {
		if (count)
			*to++ = ',';
		to = put_number(to, st);
		last = sqlite3_column_int64(st, SEQ);
	}
	if (count == limit && sqlite3_stmt_busy(st)) {
		to = PUT(to, "],\"next_cursor\":\"");
		to = put_int(to, last);
		to = PUT(to, "\"}");
	} else {
		to = PUT(to, "],\"next_cursor\":null}");
	}
	sqlite3_reset(st);
	return ceiling_send_own(c, 200, body, (size_t)(to - body));
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c,
				  const char *url, const char *method,
				  const char *version, const char *upload,
				  size_t *upload_size, void **state)
{
	size_t len = sizeof(NUMBERS_PATH) - 1;

	(void)arg, (void)version, (void)upload, (void)upload_size;
	if (!*state) { /* the head; answered when the request is whole */
		*state = &args;
		return MHD_YES;
	}
	if (!ceiling_authorized(c, args.key))
		return ceiling_refuse(c, 401);
	if (strcmp(method, "GET") != 0 || strncmp(url, NUMBERS_PATH, len) != 0)
		return ceiling_refuse(c, 404);
	return url[len] == '/' ? get_one(c, url + len + 1) : get_page(c);
}

int main(int argc, char **argv)
{
	ceiling_args(&args, argc, argv);
	ceiling_serve(&args, on_request, NULL);
	return 0;
}
