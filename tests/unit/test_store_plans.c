/* SPDX-License-Identifier: MIT */
/*
 * No read scans a table or sorts: the plan of every statement that the store
 * keeps, for every combination of filters, is asked of SQLite itself.
 *
 * The statements are not written down here: a hook into each connection that is
 * opened gives its handle, and the handle the texts.
 */
#include "sqlite_opened.h"
#include "store_fixture.h"

#include <sqlite3.h>

#include "store/events.h"
#include "store/journal.h"
#include "store/keys.h"
#include "store/numbers.h"
#include "store/operations.h"
#include "store/replies.h"
#include "store/trunks.h"

/* To walk down from the cursor is a scan where there is something to look for.
 * The rows of one journal owner are few: they may be sorted. */
static bool bad_step(const char *plan, const char *sql)
{
	return strncmp(plan, "SCAN", 4) == 0 ||
	       (strstr(plan, "TEMP B-TREE") && !strstr(sql, "WHERE owner")) ||
	       (strstr(plan, "PRIMARY KEY (rowid<?)") && strstr(sql, " AND "));
}

static void check_plan(sqlite3 *db, const char *sql)
{
	char text[4096];
	sqlite3_stmt *st;

	snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", sql);
	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &st, NULL),
			 SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *plan = (const char *)sqlite3_column_text(st, 3);

		if (bad_step(plan, sql))
			fail_msg("\"%s\" in the plan of: %s", plan, sql);
	}
	sqlite3_finalize(st);
	/* Both read all that they do not give. */
	if (strcasestr(sql, "OFFSET") || strcasestr(sql, "count("))
		fail_msg("a count or an offset in: %s", sql);
}

/* Checks all statements kept so far; returns how many. */
static int check_kept(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	int count = 0;

	while ((st = sqlite3_next_stmt(db, st))) {
		const char *sql = sqlite3_sql(st);

		if (strncmp(sql, "SELECT", 6) != 0 &&
		    strncmp(sql, "DELETE", 6) != 0 &&
		    strncmp(sql, "INSERT", 6) != 0)
			continue;
		if (strstr(sql, "schema") || strstr(sql, "FROM keys ORDER"))
			continue; /* small for ever, and read as a whole */
		check_plan(db, sql);
		count++;
	}
	return count;
}

static void any_number(const struct number_shown *n, void *arg)
{
}

static void any_operation(const struct operation_row *row, void *arg)
{
}

static void any_journal(const struct journal_row *row, void *arg)
{
}

static void any_event(const struct event_row *row, void *arg)
{
}

/*
 * The filters of a list that are texts come first in its struct: all of them
 * are tried in every combination, a new one too. One of another kind stops the
 * build here.
 */
#define TEXTS(type, next) (offsetof(struct type, next) / sizeof(char *))

_Static_assert(offsetof(struct number_filter, before) ==
		       offsetof(struct number_filter, assigned) + 8,
	       "a new filter of numbers that is no text");
_Static_assert(sizeof(struct operation_filter) ==
		       offsetof(struct operation_filter, before) + 8,
	       "a new filter of operations that is no text");
_Static_assert(sizeof(struct event_filter) ==
		       offsetof(struct event_filter, before) + 8,
	       "a new filter of events that is no text");

/* Gives those of the filters a value whose bit is set. */
static void set_texts(void *filter, size_t count, unsigned bits)
{
	for (size_t i = 0; i < count; i++) {
		const char *value = bits & 1u << i ? "x" : NULL;

		memcpy((char *)filter + i * sizeof(value), &value,
		       sizeof(value));
	}
}

static void the_list_of_numbers_with_any_filters(void **state)
{
	const size_t texts = TEXTS(number_filter, assigned);
	struct fixture *f = *state;

	for (unsigned bits = 0; bits < 2u << texts; bits++) {
		struct number_filter filter = {
			.assigned = bits >> texts ? 1 : -1,
		};

		set_texts(&filter, texts, bits);
		assert_ok(f, number_list(f->store, &filter, 50, any_number,
					 NULL, &f->err));
		filter.before = 100; /* the same text for the other pages */
		assert_ok(f, number_list(f->store, &filter, 50, any_number,
					 NULL, &f->err));
	}
	assert_int_equal(check_kept(opened), 2u << texts);
}

static void the_list_of_operations_with_any_filters(void **state)
{
	const size_t texts = TEXTS(operation_filter, before);
	struct fixture *f = *state;

	for (unsigned bits = 0; bits < 1u << texts; bits++) {
		struct operation_filter filter = {.before = 0};

		set_texts(&filter, texts, bits);
		assert_ok(f, operation_list(f->store, &filter, 50,
					    any_operation, NULL, &f->err));
	}
	assert_ok(f, operation_unended(f->store, any_operation, NULL, &f->err));
	assert_int_equal(check_kept(opened), (1u << texts) + 1);
}

static void the_list_of_events_with_any_filters(void **state)
{
	const size_t texts = TEXTS(event_filter, before);
	struct fixture *f = *state;

	for (unsigned bits = 0; bits < 1u << texts; bits++) {
		struct event_filter filter = {.before = 0};

		set_texts(&filter, texts, bits);
		assert_ok(f, event_list(f->store, &filter, 50, any_event, NULL,
					&f->err));
	}
	assert_int_equal(check_kept(opened), 1u << texts);
}

static void every_find_expiry_and_delete(void **state)
{
	struct fixture *f = *state;
	struct number_row number;
	struct operation_row operation;
	struct trunk_row trunk;
	struct reply_row reply;
	struct key_row key;
	const uint8_t hash[SEAL_HASH_SIZE] = {0};
	char value[8];

	assert_ok(f, number_find(f->store, "x", &number, &f->err));
	assert_ok(f, number_find(f->store, "+", &number, &f->err));
	assert_ok(f, number_show(f->store, "x", any_number, NULL, &f->err));
	assert_ok(f, number_show(f->store, "+", any_number, NULL, &f->err));
	assert_ok(f, operation_find(f->store, "x", &operation, &f->err));
	assert_ok(f, trunk_find(f->store, "x", &trunk, &f->err));
	assert_ok(f, reply_find(f->store, "x", "x", &reply, &f->err));
	assert_ok(f, reply_of_operation(f->store, "x", &reply, &f->err));
	assert_ok(f, key_find(f->store, hash, &key, &f->err));
	assert_ok(f, meta_get(f->store, "x", value, sizeof(value), &f->err));
	assert_ok(f, journal_each(f->store, "x", any_journal, NULL, &f->err));
	assert_ok(f, journal_of_operation(f->store, "x", any_journal, NULL,
					  &f->err));
	in_transaction(f);
	assert_ok(f, number_delete(f->store, "x", &f->err));
	assert_ok(f, trunk_delete(f->store, "x", &f->err));
	assert_ok(f, journal_delete(f->store, "x", &f->err));
	assert_ok(f, reply_expire(f->store, 1, &f->err));
	committed(f);
	assert_int_equal(check_kept(opened), 16);
}

/* Whole rows, as a create writes them. */
static void put_all(struct fixture *f)
{
	const struct journal_row row = {.state = "intended"};
	const struct operation_row operation = {.id = "op_1",
						.kind = "create",
						.state = "running",
						.number_id = "apn_1",
						.phone_number = "+1"};
	const struct number_row number = {.id = "apn_1",
					  .phone_number = "+1",
					  .status = "active",
					  .provider = "twilio",
					  .spec = "{}"};
	const struct reply_row reply = {
		.principal = "root",
		.key = "k",
		.fingerprint = (const uint8_t *)"0123456789abcdef"
						"0123456789abcdef"};
	const struct event_row event = {.id = "evt_1",
					.action = "number.created"};

	in_transaction(f);
	assert_ok(f, journal_put(f->store, &row, &f->err));
	assert_ok(f, operation_put(f->store, &operation, &f->err));
	assert_ok(f, number_put(f->store, &number, &f->err));
	assert_ok(f, reply_put(f->store, &reply, &f->err));
	assert_ok(f, event_add(f->store, &event, &f->err));
	committed(f);
}

static void assert_no_table_in(const char *sql)
{
	char text[4096];
	sqlite3_stmt *st;

	snprintf(text, sizeof(text), "EXPLAIN %s", sql);
	assert_int_equal(sqlite3_prepare_v2(opened, text, -1, &st, NULL), 0);
	while (sqlite3_step(st) == SQLITE_ROW)
		if (strcmp((const char *)sqlite3_column_text(st, 1),
			   "OpenEphemeral") == 0)
			fail_msg("a table in memory for: %s", sql);
	sqlite3_finalize(st);
}

static bool writes_rows(const char *sql)
{
	return (strncmp(sql, "INSERT", 6) == 0 ||
		strncmp(sql, "UPDATE", 6) == 0) &&
	       !strstr(sql, "schema");
}

/* A CHECK with IN does so, for each row. */
static void no_put_builds_a_table_in_memory(void **state)
{
	sqlite3_stmt *st = NULL;
	int count = 0;

	put_all(*state);
	while ((st = sqlite3_next_stmt(opened, st))) {
		if (!writes_rows(sqlite3_sql(st)))
			continue;
		assert_no_table_in(sqlite3_sql(st));
		count++;
	}
	assert_in_range(count, 9, 20);
}

/* An index on what stays the same is not written again. */
static void a_step_that_moves_touches_no_index(void **state)
{
	static const char update[] = "UPDATE journal";
	sqlite3_stmt *st = NULL, *found = NULL;
	char text[4096];

	put_all(*state);
	while (!found && (st = sqlite3_next_stmt(opened, st)))
		if (strncmp(sqlite3_sql(st), update, strlen(update)) == 0)
			found = st;
	assert_non_null(found);
	snprintf(text, sizeof(text), "EXPLAIN %s", sqlite3_sql(found));
	assert_int_equal(sqlite3_prepare_v2(opened, text, -1, &st, NULL), 0);
	while (sqlite3_step(st) == SQLITE_ROW)
		assert_string_not_equal(
			(const char *)sqlite3_column_text(st, 1), "IdxInsert");
	sqlite3_finalize(st);
}

/* Where several filters are given, the index of the most telling one is used:
 * SQLite takes the one made last, and the schema makes them in that order. */
static void of_several_filters_the_most_telling_leads(void **state)
{
	static const struct {
		const char *where, *index;
	} rows[] = {
		{"status = 'a' AND label = 'b'", "numbers_by_label"},
		{"provider = 'a' AND status = 'b'", "numbers_by_status"},
		{"assigned = 1 AND provider = 'a'", "numbers_by_assigned"},
		{"label = 'b' AND phone_number = 'a'", "autoindex_numbers_2"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sqlite3_stmt *st;
		char sql[256];

		snprintf(sql, sizeof(sql),
			 "EXPLAIN QUERY PLAN SELECT * FROM numbers"
			 " WHERE seq < 9 AND %s ORDER BY seq DESC",
			 rows[i].where);
		assert_int_equal(sqlite3_prepare_v2(opened, sql, -1, &st, NULL),
				 0);
		assert_int_equal(sqlite3_step(st), SQLITE_ROW);
		assert_non_null(strstr((const char *)sqlite3_column_text(st, 3),
				       rows[i].index));
		sqlite3_finalize(st);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_STORE(the_list_of_numbers_with_any_filters),
		TEST_STORE(the_list_of_operations_with_any_filters),
		TEST_STORE(the_list_of_events_with_any_filters),
		TEST_STORE(every_find_expiry_and_delete),
		TEST_STORE(of_several_filters_the_most_telling_leads),
		TEST_STORE(no_put_builds_a_table_in_memory),
		TEST_STORE(a_step_that_moves_touches_no_index),
	};

	return cmocka_run_group_tests(tests, watch_opened, NULL);
}
