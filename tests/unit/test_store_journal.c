/* SPDX-License-Identifier: MIT */
/* The table of journal rows: what went in comes back, to the last column. */
#include "store_fixture.h"

#include "store/journal.h"

static const struct journal_row full = {
	.owner = "apn_01234567890123456789012345",
	.step = "twilio_trunk_credential_list",
	.instance = 2,
	.operation_id = "op_1",
	.state = "present",
	.external_id = "TK0123456789abcdef0123456789abcdef",
	.phase = 1,
	.attempts = 3,
	.data = "{\"a\":1}",
	.error = "provider-unavailable",
	.provider_status = 503,
	.provider_code = 20503,
	.started_ms = 1795843002123,
	.updated_ms = 1795843002124,
};

struct seen {
	struct journal_row rows[16];
	int count;
};

/* What a callback gets is borrowed: swaps it for what does not go away. */
static const char *known(const char *text, const char *word)
{
	assert_text(text, text ? word : NULL);
	return text ? word : NULL;
}

static void see(const struct journal_row *row, void *arg)
{
	struct seen *seen = arg;
	struct journal_row *kept = &seen->rows[seen->count];

	assert_true(seen->count < 16);
	*kept = *row;
	kept->data = known(row->data, full.data);
	kept->error = known(row->error, full.error);
	seen->count++;
}

static void assert_row(const struct journal_row *got,
		       const struct journal_row *want)
{
	assert_string_equal(got->owner, want->owner);
	assert_string_equal(got->step, want->step);
	assert_int_equal(got->instance, want->instance);
	assert_string_equal(got->operation_id, want->operation_id);
	assert_string_equal(got->state, want->state);
	assert_string_equal(got->external_id, want->external_id);
	assert_int_equal(got->phase, want->phase);
	assert_int_equal(got->attempts, want->attempts);
	assert_text(got->data, want->data);
	assert_text(got->error, want->error);
	assert_int_equal(got->provider_status, want->provider_status);
	assert_int_equal(got->provider_code, want->provider_code);
	assert_int_equal(got->started_ms, want->started_ms);
	assert_int_equal(got->updated_ms, want->updated_ms);
}

static void put(struct fixture *f, const struct journal_row *row)
{
	in_transaction(f);
	assert_ok(f, journal_put(f->store, row, &f->err));
	committed(f);
}

static struct seen of_owner(struct fixture *f, const char *owner)
{
	struct seen seen = {.count = 0};

	assert_ok(f, journal_each(f->store, owner, see, &seen, &f->err));
	return seen;
}

static void every_column_comes_back_as_it_went_in(void **state)
{
	struct fixture *f = *state;
	struct journal_row bare = {
		.owner = "apn_2", .step = "agent_check", .state = "intended"};
	struct seen seen;

	put(f, &full);
	seen = of_owner(f, full.owner);
	assert_int_equal(seen.count, 1);
	assert_row(&seen.rows[0], &full);
	put(f, &bare);
	seen = of_owner(f, "apn_2");
	assert_int_equal(seen.count, 1);
	assert_row(&seen.rows[0], &bare);
}

static void the_longest_words_fit_and_come_back_whole(void **state)
{
	struct fixture *f = *state;
	struct journal_row row = full;
	struct seen seen;

	memset(row.owner, 'o', ID_SIZE - 1);
	memset(row.step, 's', STEP_NAME_SIZE - 1);
	memset(row.external_id, 'e', EXTERNAL_ID_SIZE - 1);
	row.owner[ID_SIZE - 1] = row.step[STEP_NAME_SIZE - 1] =
		row.external_id[EXTERNAL_ID_SIZE - 1] = '\0';
	put(f, &row);
	seen = of_owner(f, row.owner);
	assert_int_equal(seen.count, 1);
	assert_row(&seen.rows[0], &row);
}

static void a_put_replaces_by_owner_step_and_instance(void **state)
{
	struct fixture *f = *state;
	struct journal_row row = full;
	struct seen seen;

	put(f, &full);
	strcpy(row.state, "undoing");
	row.attempts = 0;
	row.data = NULL;
	row.error = NULL;
	put(f, &row);
	seen = of_owner(f, full.owner);
	assert_int_equal(seen.count, 1);
	assert_row(&seen.rows[0], &row);
}

static void rows_come_in_the_order_they_were_first_put(void **state)
{
	static const char *const steps[] = {"z", "m", "a", "m", "z"};
	static const int instances[] = {0, 1, 0, 0, 1};
	struct fixture *f = *state;
	struct journal_row row = full;
	struct seen seen;

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 5; i++) {
			int k = round ? 4 - i : i; /* later puts: backwards */

			strcpy(row.step, steps[k]);
			row.instance = instances[k];
			put(f, &row);
		}
	}
	seen = of_owner(f, full.owner);
	assert_int_equal(seen.count, 5);
	for (int i = 0; i < 5; i++) {
		assert_string_equal(seen.rows[i].step, steps[i]);
		assert_int_equal(seen.rows[i].instance, instances[i]);
	}
}

static void an_operation_has_the_rows_that_it_moved_last(void **state)
{
	struct fixture *f = *state;
	struct journal_row row = full;
	struct seen seen = {.count = 0};

	put(f, &row);
	strcpy(row.step, "retell_number");
	put(f, &row);
	strcpy(row.operation_id, "op_2");
	put(f, &row);
	assert_ok(f,
		  journal_of_operation(f->store, "op_1", see, &seen, &f->err));
	assert_ok(f,
		  journal_of_operation(f->store, "op_2", see, &seen, &f->err));
	assert_int_equal(seen.count, 2);
	assert_string_equal(seen.rows[0].step, full.step);
	assert_string_equal(seen.rows[1].step, "retell_number");
}

static void a_delete_takes_the_rows_of_its_owner_alone(void **state)
{
	struct fixture *f = *state;
	struct journal_row other = full;

	strcpy(other.owner, "trk_1");
	put(f, &full);
	put(f, &other);
	in_transaction(f);
	assert_ok(f, journal_delete(f->store, full.owner, &f->err));
	committed(f);
	assert_int_equal(of_owner(f, full.owner).count, 0);
	assert_int_equal(of_owner(f, "trk_1").count, 1);
}

static void a_state_that_is_none_is_refused(void **state)
{
	struct fixture *f = *state;
	struct journal_row row = full;

	strcpy(row.state, "maybe");
	in_transaction(f);
	assert_int_equal(journal_put(f->store, &row, &f->err), -1);
	store_rollback(f->store);
	assert_int_equal(of_owner(f, full.owner).count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_STORE(every_column_comes_back_as_it_went_in),
		TEST_STORE(the_longest_words_fit_and_come_back_whole),
		TEST_STORE(a_put_replaces_by_owner_step_and_instance),
		TEST_STORE(rows_come_in_the_order_they_were_first_put),
		TEST_STORE(an_operation_has_the_rows_that_it_moved_last),
		TEST_STORE(a_delete_takes_the_rows_of_its_owner_alone),
		TEST_STORE(a_state_that_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
