/* SPDX-License-Identifier: MIT */
/* The small tables: trunks, replies, events, keys and meta. */
#include "store_fixture.h"

#include "store/events.h"
#include "store/keys.h"
#include "store/replies.h"
#include "store/trunks.h"

static const uint8_t hash_a[SEAL_HASH_SIZE] = {1, 0, 2};
static const uint8_t hash_b[SEAL_HASH_SIZE] = {1, 0, 3};

static void a_trunk_comes_back_and_goes(void **state)
{
	struct fixture *f = *state;
	const struct trunk_row put = {.id = "trk_1",
				      .kind = "dedicated",
				      .account_sid = "AC5a",
				      .created_ms = 1795843002123};
	struct trunk_row got;

	in_transaction(f);
	assert_ok(f, trunk_put(f->store, &put, &f->err));
	committed(f);
	assert_int_equal(trunk_find(f->store, "trk_1", &got, &f->err), 1);
	assert_text(got.id, put.id);
	assert_text(got.kind, put.kind);
	assert_text(got.account_sid, put.account_sid);
	assert_int_equal(got.created_ms, put.created_ms);
	in_transaction(f);
	assert_ok(f, trunk_delete(f->store, "trk_1", &f->err));
	committed(f);
	assert_int_equal(trunk_find(f->store, "trk_1", &got, &f->err), 0);
}

/* --- replies --- */

static void put_reply(struct fixture *f, const struct reply_row *row)
{
	in_transaction(f);
	assert_ok(f, reply_put(f->store, row, &f->err));
	committed(f);
}

static const struct reply_row unfinished = {.principal = "key_1",
					    .key = "k",
					    .fingerprint = hash_a,
					    .operation_id = "op_1",
					    .created_ms = 5};

static void a_reply_begins_unfinished_and_is_finished_once(void **state)
{
	struct fixture *f = *state;
	struct reply_row done = unfinished, got;

	put_reply(f, &unfinished);
	assert_int_equal(reply_of_operation(f->store, "op_1", &got, &f->err),
			 1);
	assert_text(got.principal, "key_1");
	assert_text(got.key, "k");
	assert_memory_equal(got.fingerprint, hash_a, SEAL_HASH_SIZE);
	assert_int_equal(got.finished_ms, 0);
	assert_int_equal(got.status, 0);
	assert_null(got.content_type);
	assert_null(got.location);
	assert_null(got.etag);
	assert_null(got.body);
	assert_int_equal(got.body_size, 0);

	done.finished_ms = 9;
	done.status = 201;
	done.retry_after_s = 7;
	done.content_type = "application/json";
	done.location = "/v1/agent-phone-numbers/apn_1";
	done.etag = "\"1\"";
	done.body = "a\0b\n";
	done.body_size = 4;
	put_reply(f, &done);
	assert_int_equal(reply_find(f->store, "key_1", "k", &got, &f->err), 1);
	assert_text(got.operation_id, "op_1");
	assert_int_equal(got.created_ms, 5);
	assert_int_equal(got.finished_ms, 9);
	assert_int_equal(got.status, 201);
	assert_int_equal(got.retry_after_s, 7);
	assert_text(got.content_type, done.content_type);
	assert_text(got.location, done.location);
	assert_text(got.etag, done.etag);
	assert_int_equal(got.body_size, 4);
	assert_memory_equal(got.body, "a\0b\n", 5); /* and a NUL behind it */
}

static void an_empty_body_is_not_a_missing_one(void **state)
{
	struct fixture *f = *state;
	struct reply_row row = unfinished, got;

	row.body = "";
	put_reply(f, &row);
	assert_int_equal(reply_find(f->store, "key_1", "k", &got, &f->err), 1);
	assert_non_null(got.body);
	assert_string_equal(got.body, "");
	assert_int_equal(got.body_size, 0);
}

static void a_key_belongs_to_its_principal(void **state)
{
	struct fixture *f = *state;
	struct reply_row other = unfinished, got;

	other.principal = "key_2";
	other.operation_id = "op_2";
	put_reply(f, &unfinished);
	put_reply(f, &other);
	assert_int_equal(reply_find(f->store, "key_2", "k", &got, &f->err), 1);
	assert_text(got.operation_id, "op_2");
	assert_int_equal(reply_find(f->store, "key_3", "k", &got, &f->err), 0);
	assert_int_equal(reply_find(f->store, "key_1", "K", &got, &f->err), 0);
}

static int expire(struct fixture *f, int64_t before)
{
	int n;

	in_transaction(f);
	n = reply_expire(f->store, before, &f->err);
	assert_ok(f, n);
	committed(f);
	return n;
}

static void only_finished_replies_expire_at_most_500_a_call(void **state)
{
	struct fixture *f = *state;
	struct reply_row row = unfinished, got;
	char key[16];

	in_transaction(f);
	for (int i = 0; i < 700; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		row.key = key;
		row.created_ms = 1; /* age does not count while it runs */
		row.finished_ms = i < 100 ? 0 : 100 + i;
		assert_ok(f, reply_put(f->store, &row, &f->err));
	}
	committed(f);
	assert_int_equal(expire(f, 200), 0);
	assert_int_equal(expire(f, 203), 3);
	assert_int_equal(reply_find(f->store, "key_1", "k103", &got, &f->err),
			 1);
	assert_int_equal(expire(f, INT64_MAX), 500);
	assert_int_equal(expire(f, INT64_MAX), 97);
	assert_int_equal(expire(f, INT64_MAX), 0);
	assert_int_equal(reply_find(f->store, "key_1", "k99", &got, &f->err),
			 1);
}

/* --- events --- */

struct seen {
	char ids[8][16];
	int count;
	int64_t last;
};

static void see_event(const struct event_row *row, void *arg)
{
	struct seen *seen = arg;

	assert_true(seen->count < 8);
	snprintf(seen->ids[seen->count++], 16, "%s", row->id);
	seen->last = row->seq;
	assert_int_equal(row->at_ms, 7);
	if (strcmp(row->id, "evt_2") != 0) {
		assert_text(row->principal, NULL);
		assert_text(row->detail, NULL);
		return;
	}
	assert_text(row->principal, "root");
	assert_text(row->action, "number.created");
	assert_text(row->number_id, "apn_1");
	assert_text(row->phone_number, "+14155550100");
	assert_text(row->operation_id, "op_1");
	assert_text(row->request_id, "req_1");
	assert_text(row->detail, "{}");
}

static int fill_events(void **state)
{
	struct fixture *f;
	struct event_row rows[] = {
		{.id = "evt_1", .action = "number.deleted", .at_ms = 7},
		{.id = "evt_2",
		 .at_ms = 7,
		 .principal = "root",
		 .action = "number.created",
		 .number_id = "apn_1",
		 .phone_number = "+14155550100",
		 .operation_id = "op_1",
		 .request_id = "req_1",
		 .detail = "{}"},
		{.id = "evt_3",
		 .at_ms = 7,
		 .action = "number.deleted",
		 .number_id = "apn_1"},
	};

	fixture_store(state);
	f = *state;
	in_transaction(f);
	for (int i = 0; i < 3; i++)
		assert_ok(f, event_add(f->store, &rows[i], &f->err));
	committed(f);
	return 0;
}

static struct seen events(struct fixture *f, struct event_filter filter,
			  int limit)
{
	struct seen seen = {.count = 0};
	int n = event_list(f->store, &filter, limit, see_event, &seen, &f->err);

	assert_ok(f, n);
	assert_int_equal(n, seen.count);
	return seen;
}

static void events_come_newest_first_by_any_filter(void **state)
{
	struct fixture *f = *state;
	struct seen seen = events(f, (struct event_filter){0}, 2);

	assert_int_equal(seen.count, 2);
	assert_string_equal(seen.ids[0], "evt_3");
	seen = events(f, (struct event_filter){.before = seen.last}, 2);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.ids[0], "evt_1");
	seen = events(f, (struct event_filter){.number_id = "apn_1"}, 9);
	assert_int_equal(seen.count, 2);
	seen = events(f, (struct event_filter){.action = "number.deleted"}, 9);
	assert_int_equal(seen.count, 2);
	assert_string_equal(seen.ids[1], "evt_1");
	seen = events(f, (struct event_filter){.phone_number = "+14155550100"},
		      9);
	assert_int_equal(seen.count, 1);
	seen = events(f, (struct event_filter){.operation_id = "op_1"}, 9);
	assert_int_equal(seen.count, 1);
	seen = events(f,
		      (struct event_filter){.number_id = "apn_1",
					    .action = "number.deleted"},
		      9);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.ids[0], "evt_3");
}

static void an_event_is_never_replaced(void **state)
{
	struct fixture *f = *state;
	struct event_row again = {.id = "evt_1", .action = "other"};

	in_transaction(f);
	assert_int_equal(event_add(f->store, &again, &f->err), -1);
	store_rollback(f->store);
}

/* --- keys --- */

static void see_key(const struct key_row *row, void *arg)
{
	struct seen *seen = arg;

	assert_true(seen->count < 8);
	snprintf(seen->ids[seen->count++], 16, "%s", row->id);
}

static void a_key_is_found_by_its_hash(void **state)
{
	struct fixture *f = *state;
	struct key_row a = {.id = "key_z",
			    .name = "ops",
			    .scope = "admin",
			    .hash = hash_a,
			    .created_ms = 1,
			    .expires_ms = 2,
			    .revoked_ms = 3,
			    .last_used_ms = 4};
	struct key_row b = {
		.id = "key_a", .name = "ci", .scope = "read", .hash = hash_b};
	struct seen seen = {.count = 0};
	struct key_row got;

	in_transaction(f);
	assert_ok(f, key_put(f->store, &a, &f->err));
	assert_ok(f, key_put(f->store, &b, &f->err));
	a.last_used_ms = 60000;
	assert_ok(f, key_put(f->store, &a, &f->err));
	committed(f);
	assert_int_equal(key_find(f->store, hash_a, &got, &f->err), 1);
	assert_text(got.id, "key_z");
	assert_text(got.name, "ops");
	assert_text(got.scope, "admin");
	assert_memory_equal(got.hash, hash_a, SEAL_HASH_SIZE);
	assert_int_equal(got.created_ms, 1);
	assert_int_equal(got.expires_ms, 2);
	assert_int_equal(got.revoked_ms, 3);
	assert_int_equal(got.last_used_ms, 60000);
	assert_int_equal(key_find(f->store, hash_b, &got, &f->err), 1);
	assert_text(got.id, "key_a");
	assert_int_equal(key_find(f->store, (const uint8_t[SEAL_HASH_SIZE]){0},
				  &got, &f->err),
			 0);
	assert_int_equal(key_by_id(f->store, "key_z", &got, &f->err), 1);
	assert_memory_equal(got.hash, hash_a, SEAL_HASH_SIZE);
	assert_int_equal(key_by_id(f->store, "key_0", &got, &f->err), 0);
	assert_int_equal(key_list(f->store, 0, 9, see_key, &seen, &f->err), 2);
	assert_string_equal(seen.ids[0], "key_a"); /* the newest first */
	assert_string_equal(seen.ids[1], "key_z");
}

static void keys_are_listed_in_pages(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {.count = 0};
	struct key_row row = {.name = "n", .scope = "read"}, got;

	in_transaction(f);
	for (uint8_t i = 1; i <= 3; i++) {
		const uint8_t hash[SEAL_HASH_SIZE] = {i};
		const char id[] = {(char)('0' + i), '\0'};

		row.id = id;
		row.hash = hash;
		assert_ok(f, key_put(f->store, &row, &f->err));
	}
	committed(f);
	assert_int_equal(key_list(f->store, 0, 2, see_key, &seen, &f->err), 2);
	assert_string_equal(seen.ids[1], "2");
	assert_int_equal(key_by_id(f->store, "2", &got, &f->err), 1);
	assert_int_equal(
		key_list(f->store, got.seq, 2, see_key, &seen, &f->err), 1);
	assert_string_equal(seen.ids[2], "1");
}

static void a_use_is_noted_and_never_set_back(void **state)
{
	struct fixture *f = *state;
	struct key_row got, row = {.id = "key_z",
				   .name = "n",
				   .scope = "read",
				   .hash = hash_a};
	static const int64_t uses[] = {120000, 60000};

	in_transaction(f);
	assert_ok(f, key_put(f->store, &row, &f->err));
	for (int i = 0; i < 2; i++)
		assert_ok(f, key_touch(f->store, "key_z", uses[i], &f->err));
	assert_ok(f, key_touch(f->store, "key_gone", 60000, &f->err));
	committed(f);
	assert_int_equal(key_by_id(f->store, "key_z", &got, &f->err), 1);
	assert_int_equal(got.last_used_ms, 120000);
}

static void two_keys_with_one_hash_or_a_new_scope_are_refused(void **state)
{
	struct fixture *f = *state;
	struct key_row row = {
		.id = "a", .name = "n", .scope = "read", .hash = hash_a};

	in_transaction(f);
	assert_ok(f, key_put(f->store, &row, &f->err));
	committed(f);
	row.id = "b";
	in_transaction(f);
	assert_int_equal(key_put(f->store, &row, &f->err), -1);
	store_rollback(f->store);
	row.hash = hash_b;
	row.scope = "owner";
	in_transaction(f);
	assert_int_equal(key_put(f->store, &row, &f->err), -1);
	store_rollback(f->store);
}

/* --- meta --- */

static void a_small_fact_is_kept_and_changed(void **state)
{
	struct fixture *f = *state;
	char value[9];

	assert_int_equal(
		meta_get(f->store, "instance", value, sizeof(value), &f->err),
		0);
	in_transaction(f);
	assert_ok(f, meta_put(f->store, "instance", "abcdefgh", &f->err));
	assert_ok(f, meta_put(f->store, "instance", "bcdefghi", &f->err));
	committed(f);
	assert_int_equal(
		meta_get(f->store, "instance", value, sizeof(value), &f->err),
		1);
	assert_string_equal(value, "bcdefghi");
	assert_int_equal(meta_get(f->store, "instance", value, 8, &f->err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_STORE(a_trunk_comes_back_and_goes),
		TEST_STORE(a_reply_begins_unfinished_and_is_finished_once),
		TEST_STORE(an_empty_body_is_not_a_missing_one),
		TEST_STORE(a_key_belongs_to_its_principal),
		TEST_STORE(only_finished_replies_expire_at_most_500_a_call),
		cmocka_unit_test_setup_teardown(
			events_come_newest_first_by_any_filter, fill_events,
			fixture_release),
		cmocka_unit_test_setup_teardown(an_event_is_never_replaced,
						fill_events, fixture_release),
		TEST_STORE(a_key_is_found_by_its_hash),
		TEST_STORE(keys_are_listed_in_pages),
		TEST_STORE(a_use_is_noted_and_never_set_back),
		TEST_STORE(two_keys_with_one_hash_or_a_new_scope_are_refused),
		TEST_STORE(a_small_fact_is_kept_and_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
