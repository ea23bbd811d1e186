/* SPDX-License-Identifier: MIT */
/* What a number's texts are in the file: packed when written, and read as they
 * were before there was packing. */
#include "store_fixture.h"

#include <sqlite3.h>

#include "store/numbers.h"

static const char spec[] = "{\"phone_number\":\"+14155550100\",\"label\":null,"
			   "\"provider\":\"twilio\",\"supports_inbound\":true}";
static const char built[] = "{\"trunk\":{\"id\":null,\"sid\":null},"
			    "\"resources\":[],\"error\":null}";

static void put(struct fixture *f, const char *id, const char *with_built)
{
	const struct number_row row = {
		.id = id,
		.phone_number = strcmp(id, "apn_1") == 0 ? "+14155550100"
							 : "+14155550101",
		.status = "active",
		.provider = "twilio",
		.version = 1,
		.spec = spec,
		.built = with_built,
	};

	in_transaction(f);
	assert_ok(f, number_put(f->store, &row, &f->err));
	committed(f);
}

/* The first value of a statement that another program runs; -1: none. */
static int64_t raw(struct fixture *f, const char *sql)
{
	sqlite3_stmt *st;
	sqlite3 *db;
	int64_t value;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	value = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0)
					       : -1;
	assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return value;
}

static void assert_found(struct fixture *f, const char *id,
			 const char *with_built)
{
	struct number_row row;

	assert_int_equal(number_find(f->store, id, &row, &f->err), 1);
	assert_string_equal(row.spec, spec);
	assert_text(row.built, with_built);
}

static void the_file_holds_packed_texts(void **state)
{
	struct fixture *f = *state;

	put(f, "apn_1", built);
	assert_int_equal(raw(f,
			     "SELECT length(spec) FROM numbers WHERE"
			     " typeof(spec) = 'blob'") < (int64_t)strlen(spec),
			 1);
	assert_int_equal(raw(f, "SELECT count(*) FROM numbers WHERE"
				" typeof(built) = 'blob'"),
			 1);
	assert_found(f, "apn_1", built);
}

static void what_is_not_built_yet_stays_none(void **state)
{
	struct fixture *f = *state;

	put(f, "apn_1", NULL);
	assert_int_equal(raw(f, "SELECT built IS NULL FROM numbers"), 1);
	assert_found(f, "apn_1", NULL);
}

static void unpack_row(struct fixture *f)
{
	char sql[1024];

	snprintf(sql, sizeof(sql),
		 "UPDATE numbers SET spec = '%s', built = '%s'", spec, built);
	raw(f, sql);
}

static void a_row_from_before_is_read_and_packed_when_written(void **state)
{
	struct fixture *f = *state;

	put(f, "apn_1", built);
	unpack_row(f);
	assert_found(f, "apn_1", built);
	put(f, "apn_1", built);
	assert_int_equal(raw(f, "SELECT count(*) FROM numbers WHERE"
				" typeof(spec) = 'blob'"),
			 1);
	assert_found(f, "apn_1", built);
}

static void show(const struct number_shown *n, void *arg)
{
	int *shown = arg;

	assert_int_equal(n->spec.len, strlen(spec));
	assert_memory_equal(n->spec.at, spec, n->spec.len);
	assert_int_equal(n->built.len, strlen(built));
	assert_memory_equal(n->built.at, built, n->built.len);
	(*shown)++;
}

static void old_and_new_rows_are_listed_and_shown_alike(void **state)
{
	struct fixture *f = *state;
	const struct number_filter all = {.assigned = -1};
	int shown = 0;

	put(f, "apn_1", built);
	unpack_row(f);
	put(f, "apn_2", built);
	assert_int_equal(number_list(f->store, &all, 10, show, &shown, &f->err),
			 2);
	assert_int_equal(shown, 2);
	assert_int_equal(number_show(f->store, "apn_1", show, &shown, &f->err),
			 1);
	assert_int_equal(number_show(f->store, "apn_2", show, &shown, &f->err),
			 1);
	assert_int_equal(shown, 4);
}

static void a_damaged_text_is_an_error_and_no_number(void **state)
{
	struct fixture *f = *state;
	const struct number_filter all = {.assigned = -1};
	struct number_row row;
	int shown = 0;

	put(f, "apn_1", built);
	put(f, "apn_2", built);
	raw(f, "UPDATE numbers SET built = substr(built, 1, length(built) - 1)"
	       " WHERE id = 'apn_1'");
	assert_int_equal(number_find(f->store, "apn_1", &row, &f->err), -1);
	assert_int_equal(f->err.code, ERR_STORE);
	err_clear(&f->err);
	assert_int_equal(number_show(f->store, "apn_1", show, &shown, &f->err),
			 -1);
	assert_int_equal(f->err.code, ERR_STORE);
	err_clear(&f->err);
	assert_int_equal(number_list(f->store, &all, 10, show, &shown, &f->err),
			 -1);
	assert_int_equal(f->err.code, ERR_STORE);
	err_clear(&f->err);
	assert_found(f, "apn_2", built);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_STORE(the_file_holds_packed_texts),
		TEST_STORE(what_is_not_built_yet_stays_none),
		TEST_STORE(a_row_from_before_is_read_and_packed_when_written),
		TEST_STORE(old_and_new_rows_are_listed_and_shown_alike),
		TEST_STORE(a_damaged_text_is_an_error_and_no_number),
	};

	return cmocka_run_group_tests_name("store_packed", tests, NULL, NULL);
}
