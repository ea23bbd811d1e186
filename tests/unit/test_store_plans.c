/* SPDX-License-Identifier: MIT */
/*
 * No read scans a table or sorts: the plan of every statement that the store
 * keeps, for every combination of filters, is asked of SQLite itself.
 *
 * The statements are not written down here: a hook into each connection that is
 * opened gives its handle, and the handle the texts.
 */
#include "store_fixture.h"

#include <sqlite3.h>

#include "store/events.h"
#include "store/journal.h"
#include "store/keys.h"
#include "store/numbers.h"
#include "store/operations.h"
#include "store/replies.h"
#include "store/trunks.h"

static sqlite3 *opened; /* the last connection */

static int note_opened(sqlite3 *db, char **message,
		       const struct sqlite3_api_routines *api)
{
	opened = db;
	return SQLITE_OK;
}

static int hook(void **state)
{
	return sqlite3_auto_extension((void (*)(void))note_opened);
}

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

static void any_number(const struct number_row *row, void *arg)
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

#define BIT(n) (bits & (1u << (n)) ? "x" : NULL)

static void the_list_of_numbers_with_any_filters(void **state)
{
	struct fixture *f = *state;

	for (unsigned bits = 0; bits < 64; bits++) {
		struct number_filter filter = {
			.status = BIT(0),
			.agent_id = BIT(1),
			.phone_number = BIT(2),
			.label = BIT(3),
			.provider = BIT(4),
			.assigned = BIT(5) ? 1 : -1,
		};

		assert_ok(f, number_list(f->store, &filter, 50, any_number,
					 NULL, &f->err));
		filter.before = 100; /* the same text for the other pages */
		assert_ok(f, number_list(f->store, &filter, 50, any_number,
					 NULL, &f->err));
	}
	assert_int_equal(check_kept(opened), 64);
}

static void the_list_of_operations_with_any_filters(void **state)
{
	struct fixture *f = *state;

	for (unsigned bits = 0; bits < 16; bits++) {
		struct operation_filter filter = {.number_id = BIT(0),
						  .phone_number = BIT(1),
						  .state = BIT(2),
						  .kind = BIT(3)};

		assert_ok(f, operation_list(f->store, &filter, 50,
					    any_operation, NULL, &f->err));
	}
	assert_ok(f, operation_unended(f->store, any_operation, NULL, &f->err));
	assert_int_equal(check_kept(opened), 17);
}

static void the_list_of_events_with_any_filters(void **state)
{
	struct fixture *f = *state;

	for (unsigned bits = 0; bits < 16; bits++) {
		struct event_filter filter = {.number_id = BIT(0),
					      .phone_number = BIT(1),
					      .action = BIT(2),
					      .operation_id = BIT(3)};

		assert_ok(f, event_list(f->store, &filter, 50, any_event, NULL,
					&f->err));
	}
	assert_int_equal(check_kept(opened), 16);
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
	assert_int_equal(check_kept(opened), 14);
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
	};

	return cmocka_run_group_tests(tests, hook, NULL);
}
