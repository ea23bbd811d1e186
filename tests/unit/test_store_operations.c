/* SPDX-License-Identifier: MIT */
/* The table of operations: round trips, one at a time for a number, lists. */
#include "store_fixture.h"

#include "store/operations.h"

static const struct operation_row full = {
	.id = "op_1",
	.kind = "create",
	.state = "failed",
	.number_id = "apn_1",
	.trunk_id = "trk_1",
	.phone_number = "+14155550100",
	.request_id = "req_1",
	.principal = "key_1",
	.spec = "{\"a\":1}",
	.secrets = "\0x\0",
	.secrets_size = 3,
	.cancelled = true,
	.recoveries = 2,
	.done = 3,
	.total = 9,
	.created_ms = 1795843002123,
	.updated_ms = 1795843002124,
	.ended_ms = 1795843002125,
	.error = "{\"b\":2}",
	.result = "{\"c\":3}",
	.steps = "[]",
};

static void assert_operation(const struct operation_row *got,
			     const struct operation_row *want)
{
	assert_text(got->id, want->id);
	assert_text(got->kind, want->kind);
	assert_text(got->state, want->state);
	assert_text(got->number_id, want->number_id);
	assert_text(got->trunk_id, want->trunk_id);
	assert_text(got->phone_number, want->phone_number);
	assert_text(got->request_id, want->request_id);
	assert_text(got->principal, want->principal);
	assert_text(got->spec, want->spec);
	assert_blob(got->secrets, got->secrets_size, want->secrets,
		    want->secrets_size);
	assert_int_equal(got->cancelled, want->cancelled);
	assert_int_equal(got->recoveries, want->recoveries);
	assert_int_equal(got->done, want->done);
	assert_int_equal(got->total, want->total);
	assert_int_equal(got->created_ms, want->created_ms);
	assert_int_equal(got->updated_ms, want->updated_ms);
	assert_int_equal(got->ended_ms, want->ended_ms);
	assert_text(got->error, want->error);
	assert_text(got->result, want->result);
	assert_text(got->steps, want->steps);
}

static void put(struct fixture *f, const struct operation_row *row)
{
	in_transaction(f);
	assert_ok(f, operation_put(f->store, row, &f->err));
	committed(f);
}

static void every_column_comes_back_as_it_went_in(void **state)
{
	struct fixture *f = *state;
	struct operation_row bare = {.id = "op_2",
				     .kind = "delete",
				     .state = "running",
				     .number_id = "apn_1",
				     .phone_number = "+14155550100"};
	struct operation_row got;

	put(f, &full);
	assert_int_equal(operation_find(f->store, "op_1", &got, &f->err), 1);
	assert_operation(&got, &full);
	put(f, &bare);
	assert_int_equal(operation_find(f->store, "op_2", &got, &f->err), 1);
	assert_operation(&got, &bare);
	assert_int_equal(operation_find(f->store, "op_3", &got, &f->err), 0);
}

static struct operation_row row_of(char id[16], char phone[16], int i)
{
	static const char *const kinds[] = {"create", "update", "delete"};
	static const char *const ends[] = {"succeeded", "failed", "stuck"};

	snprintf(id, 16, "op_%03d", i);
	snprintf(phone, 16, "+1415555%04d", i % 10);
	return (struct operation_row){
		.id = id,
		.kind = kinds[i % 3],
		.state = ends[i / 3 % 3],
		.number_id = i % 10 ? "apn_many" : "apn_few",
		.phone_number = phone,
		.ended_ms = 1,
	};
}

static int fill(void **state)
{
	struct fixture *f;
	char id[16], phone[16];

	fixture_store(state);
	f = *state;
	in_transaction(f);
	for (int i = 0; i < 100; i++) {
		struct operation_row row = row_of(id, phone, i);

		assert_ok(f, operation_put(f->store, &row, &f->err));
	}
	committed(f);
	return 0;
}

struct seen {
	int ids[100];
	int count;
	int64_t last;
};

static void see(const struct operation_row *row, void *arg)
{
	struct seen *seen = arg;

	assert_true(seen->count < 100);
	seen->ids[seen->count++] = atoi(row->id + 3);
	seen->last = row->seq;
}

static bool same(const char *filter, const char *value)
{
	return !filter || strcmp(filter, value) == 0;
}

static void check_list(struct fixture *f, struct operation_filter filter)
{
	struct seen seen = {.count = 0};
	char id[16], phone[16];
	int expected = 0, n;

	do {
		filter.before = seen.last;
		n = operation_list(f->store, &filter, 7, see, &seen, &f->err);
		assert_ok(f, n);
	} while (n == 7);
	for (int i = 99; i >= 0; i--) {
		struct operation_row row = row_of(id, phone, i);

		if (!same(filter.number_id, row.number_id) ||
		    !same(filter.phone_number, row.phone_number) ||
		    !same(filter.state, row.state) ||
		    !same(filter.kind, row.kind))
			continue;
		assert_true(expected < seen.count);
		assert_int_equal(seen.ids[expected++], i);
	}
	assert_int_equal(seen.count, expected);
}

static void any_filters_give_the_exact_rows_newest_first(void **state)
{
	for (unsigned bits = 0; bits < 16; bits++)
		check_list(*state,
			   (struct operation_filter){
				   .number_id = bits & 1 ? "apn_many" : NULL,
				   .phone_number =
					   bits & 2 ? "+14155550004" : NULL,
				   .state = bits & 4 ? "failed" : NULL,
				   .kind = bits & 8 ? "update" : NULL});
}

static void the_unended_come_oldest_first(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {.count = 0};
	char id[16], phone[16];

	for (int i = 0; i < 9; i += 2) {
		struct operation_row row = row_of(id, phone, i);

		row.state = i % 4 ? "undoing" : "running";
		row.ended_ms = 0;
		put(f, &row);
	}
	assert_ok(f, operation_unended(f->store, see, &seen, &f->err));
	assert_int_equal(seen.count, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(seen.ids[i], 2 * i);
}

static void two_unended_operations_of_one_number_cannot_be(void **state)
{
	struct fixture *f = *state;
	struct operation_row a = {.id = "op_a",
				  .kind = "create",
				  .state = "running",
				  .number_id = "apn_1",
				  .phone_number = "+14155550100"};
	struct operation_row b = a, got;
	struct err err = ERR_INIT;

	b.id = "op_b";
	b.number_id = "apn_2";
	put(f, &a);
	put(f, &a); /* itself again is no second one */
	in_transaction(f);
	assert_int_equal(operation_put(f->store, &b, &err), -1);
	assert_int_equal(err.code, ERR_STORE);
	store_rollback(f->store);
	assert_int_equal(operation_find(f->store, "op_b", &got, &f->err), 0);

	b.phone_number = "+14155550101";
	put(f, &b); /* another number does not wait */
	a.ended_ms = 5;
	a.state = "stuck";
	put(f, &a);
	a.id = "op_c";
	a.ended_ms = 0;
	a.state = "running";
	put(f, &a); /* nor does the next one of an ended one */
}

static void words_outside_the_closed_sets_are_refused(void **state)
{
	struct fixture *f = *state;
	struct operation_row row = full;

	row.state = "done";
	in_transaction(f);
	assert_int_equal(operation_put(f->store, &row, &f->err), -1);
	store_rollback(f->store);
	row = full;
	row.kind = "explode";
	in_transaction(f);
	assert_int_equal(operation_put(f->store, &row, &f->err), -1);
	store_rollback(f->store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_STORE(every_column_comes_back_as_it_went_in),
		cmocka_unit_test_setup_teardown(
			any_filters_give_the_exact_rows_newest_first, fill,
			fixture_release),
		cmocka_unit_test_setup_teardown(the_unended_come_oldest_first,
						fill, fixture_release),
		TEST_STORE(two_unended_operations_of_one_number_cannot_be),
		TEST_STORE(words_outside_the_closed_sets_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
