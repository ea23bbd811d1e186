/* SPDX-License-Identifier: MIT */
/* test_store_sealed.c - the walk finds every sealed value, each once, in the
 * place that it was sealed to. */
#include "store_fixture.h"

#include "store/accounts.h"
#include "store/numbers.h"
#include "store/operations.h"
#include "store/sealed.h"

static void put_number(struct fixture *f, const char *id, const char *phone,
		       const char *secrets)
{
	struct number_row row = {
		.id = id,
		.phone_number = phone,
		.status = "active",
		.provider = "twilio",
		.version = 1,
		.spec = "{}",
		.secrets = secrets,
		.secrets_size = secrets ? strlen(secrets) : 0,
	};

	assert_ok(f, number_put(f->store, &row, &f->err));
}

static void put_operation(struct fixture *f, const char *id, int64_t ended_ms,
			  const char *secrets)
{
	struct operation_row row = {
		.id = id,
		.kind = "create",
		.state = "running",
		.number_id = "apn_1",
		.phone_number = "+1",
		.secrets = secrets,
		.secrets_size = secrets ? strlen(secrets) : 0,
		.ended_ms = ended_ms,
	};

	assert_ok(f, operation_put(f->store, &row, &f->err));
}

static void fill(struct fixture *f)
{
	struct account_row account = {
		.account_sid = "AC1",
		.user = "SK1",
		.secret = "three",
		.secret_size = 5,
	};

	in_transaction(f);
	put_number(f, "apn_3", "+13", "two");
	put_number(f, "apn_1", "+11", "one");
	put_number(f, "apn_2", "+12", NULL);
	put_number(f, "apn_4", "+14", ""); /* none, as the engine writes it */
	put_operation(f, "op_1", 5, NULL);
	put_operation(f, "op_2", 0, "four");
	assert_ok(f, account_put(f->store, &account, &f->err));
	committed(f);
}

static void the_walk_finds_them_all(void **state)
{
	static const char *const want[][2] = {
		{"numbers/apn_1", "one"},
		{"numbers/apn_3", "two"},
		{"operations/op_2", "four"},
		{"accounts/AC1", "three"},
	};
	struct fixture *f = *state;
	struct sealed at = SEALED_INIT;

	fill(f);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(sealed_next(f->store, &at, &f->err), 1);
		assert_string_equal(at.place, want[i][0]);
		assert_string_equal(at.value.data, want[i][1]);
	}
	assert_int_equal(sealed_next(f->store, &at, &f->err), 0);
	buf_release(&at.value);
}

static void what_is_put_is_found_there(void **state)
{
	struct fixture *f = *state;
	struct sealed at = SEALED_INIT, again = SEALED_INIT;
	struct number_row row;

	fill(f);
	in_transaction(f);
	while (sealed_next(f->store, &at, &f->err) == 1)
		assert_ok(f, sealed_put(f->store, &at, "new", 3, &f->err));
	committed(f);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(sealed_next(f->store, &again, &f->err), 1);
		assert_string_equal(again.value.data, "new");
	}
	assert_int_equal(number_find(f->store, "apn_2", &row, &f->err), 1);
	assert_int_equal(row.secrets_size, 0);
	assert_int_equal(row.version, 1);
	buf_release(&at.value);
	buf_release(&again.value);
}

static void a_fresh_database_has_none(void **state)
{
	struct fixture *f = *state;
	struct sealed at = SEALED_INIT;

	assert_int_equal(sealed_next(f->store, &at, &f->err), 0);
	buf_release(&at.value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_STORE(a_fresh_database_has_none),
		TEST_STORE(the_walk_finds_them_all),
		TEST_STORE(what_is_put_is_found_there),
	};

	return cmocka_run_group_tests_name("store_sealed", tests, NULL, NULL);
}
