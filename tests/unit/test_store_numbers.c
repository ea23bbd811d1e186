/* SPDX-License-Identifier: MIT */
/* The table of numbers against a model of it: 1000 rows, every filter alone and
 * in pairs, page by page. */
#include "store_fixture.h"

#include <sqlite3.h>

#include "store/numbers.h"

#define ROWS 1000
#define PAGE 37

/* What row i is, drawn from i alone, so that the filters cut differently. */
struct model {
	char id[24], phone_number[20], label[16];
	const char *agents[2];
	const char *status, *provider;
	int agent_count;
};

static const char *const statuses[] = {"active", "active", "active", "deleting",
				       "corrupted"};
static const char *const agents[] = {"agent_0", "agent_1", "agent_2",
				     "agent_3"};

static struct model model_of(int i)
{
	struct model m = {.status = statuses[i % 5],
			  .provider = i % 7 == 3 ? "sip_trunk" : "twilio",
			  .agent_count = i % 3,
			  .agents = {agents[i % 4], agents[i / 3 % 4]}};

	snprintf(m.id, sizeof(m.id), "apn_%04d", i);
	snprintf(m.phone_number, sizeof(m.phone_number), "+1415555%04d", i);
	snprintf(m.label, sizeof(m.label), "label %d", i % 11);
	return m;
}

static struct number_row row_of(const struct model *m)
{
	struct number_row row = {
		.id = m->id,
		.phone_number = m->phone_number,
		.status = m->status,
		.label = strcmp(m->label, "label 10") == 0 ? NULL : m->label,
		.provider = m->provider,
		.version = 1,
		.spec = "{}",
		.agent_count = m->agent_count,
	};

	for (int i = 0; i < m->agent_count; i++)
		row.agents[i] = m->agents[i];
	return row;
}

static bool matches(const struct model *m, const struct number_filter *f)
{
	bool bound = !f->agent_id;

	for (int i = 0; i < m->agent_count; i++)
		bound |= f->agent_id && strcmp(m->agents[i], f->agent_id) == 0;
	return bound && (!f->status || strcmp(m->status, f->status) == 0) &&
	       (!f->phone_number ||
		strcmp(m->phone_number, f->phone_number) == 0) &&
	       (!f->label || (strcmp(m->label, "label 10") != 0 &&
			      strcmp(m->label, f->label) == 0)) &&
	       (!f->provider || strcmp(m->provider, f->provider) == 0) &&
	       (f->assigned < 0 || f->assigned == (m->agent_count > 0));
}

static int fill(void **state)
{
	struct fixture *f;

	fixture_store(state);
	f = *state;
	in_transaction(f);
	for (int i = 0; i < ROWS; i++) {
		struct model m = model_of(i);
		struct number_row row = row_of(&m);

		assert_ok(f, number_put(f->store, &row, &f->err));
	}
	committed(f);
	return 0;
}

struct seen {
	int ids[ROWS + 1];
	int count;
	int64_t last;
};

static void see(const struct number_shown *n, void *arg)
{
	struct seen *seen = arg;
	char id[16];

	assert_true(seen->count < ROWS);
	assert_true(seen->last == 0 || n->seq < seen->last);
	snprintf(id, sizeof(id), "%.*s", (int)n->id.len, n->id.at);
	seen->ids[seen->count++] = atoi(id + 4);
	seen->last = n->seq;
}

/* Walks all pages of the list and holds them against the model. */
static void check_list(struct fixture *f, struct number_filter filter)
{
	static struct seen seen;
	int expected = 0, n;

	memset(&seen, 0, sizeof(seen));
	do {
		filter.before = seen.last;
		n = number_list(f->store, &filter, PAGE, see, &seen, &f->err);
		assert_ok(f, n);
		assert_true(n <= PAGE);
	} while (n == PAGE);
	for (int i = ROWS - 1; i >= 0; i--) {
		struct model m = model_of(i);

		if (!matches(&m, &filter))
			continue;
		assert_true(expected < seen.count);
		assert_int_equal(seen.ids[expected], i);
		expected++;
	}
	assert_int_equal(seen.count, expected);
}

#define FILTERS 7

static void set_filter(struct number_filter *f, int which)
{
	switch (which) {
	case 0:
		f->status = "deleting";
		break;
	case 1:
		f->agent_id = "agent_2";
		break;
	case 2:
		f->phone_number = "+14155550143"; /* label 0, agent_3 and _3 */
		break;
	case 3:
		f->label = "label 0";
		break;
	case 4:
		f->provider = "sip_trunk";
		break;
	case 5:
		f->assigned = 1;
		break;
	case 6:
		f->assigned = 0;
		break;
	}
}

static void every_filter_and_pair_gives_the_exact_rows_in_order(void **state)
{
	struct fixture *f = *state;

	check_list(f, (struct number_filter){.assigned = -1});
	for (int a = 0; a < FILTERS; a++) {
		for (int b = a; b < FILTERS; b++) {
			struct number_filter filter = {.assigned = -1};

			set_filter(&filter, a);
			set_filter(&filter, b);
			check_list(f, filter);
		}
	}
}

static void all_filters_at_once_find_their_one_number(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < ROWS; i += 41) {
		struct model m = model_of(i);

		check_list(f, (struct number_filter){
				      .status = m.status,
				      .agent_id = m.agents[0],
				      .phone_number = m.phone_number,
				      .label = m.label,
				      .provider = m.provider,
				      .assigned = m.agent_count > 0});
	}
}

static void no_filter_value_is_ever_sql(void **state)
{
	struct fixture *f = *state;

	check_list(f, (struct number_filter){.assigned = -1,
					     .label = "' OR '1'='1"});
	check_list(f, (struct number_filter){.assigned = -1,
					     .agent_id = "x' OR 1=1 --"});
}

static void rows_that_come_and_go_between_pages_move_no_other(void **state)
{
	struct fixture *f = *state;
	struct number_filter filter = {.assigned = -1};
	static struct seen seen;
	struct number_row row = {.id = "apn_9999",
				 .phone_number = "+19999999999",
				 .status = "active",
				 .provider = "twilio",
				 .spec = "{}"};

	memset(&seen, 0, sizeof(seen));
	assert_int_equal(
		number_list(f->store, &filter, 10, see, &seen, &f->err), 10);
	in_transaction(f);
	assert_ok(f, number_put(f->store, &row, &f->err));
	assert_ok(f, number_delete(f->store, "apn_0990", &f->err));
	assert_ok(f, number_delete(f->store, "apn_0985", &f->err));
	committed(f);
	filter.before = seen.last;
	assert_int_equal(
		number_list(f->store, &filter, 10, see, &seen, &f->err), 10);
	assert_int_equal(seen.ids[9], 990);
	assert_int_equal(seen.ids[10], 989);
	assert_int_equal(seen.ids[13], 986);
	assert_int_equal(seen.ids[14], 984);
}

static void a_limit_of_zero_or_less_gives_nothing(void **state)
{
	struct fixture *f = *state;
	struct number_filter filter = {.assigned = -1};
	static struct seen seen;

	memset(&seen, 0, sizeof(seen));
	assert_int_equal(number_list(f->store, &filter, 0, see, &seen, &f->err),
			 0);
	assert_int_equal(
		number_list(f->store, &filter, -1, see, &seen, &f->err), 0);
}

static const struct number_row full = {
	.id = "apn_full",
	.phone_number = "+4915112345678",
	.status = "corrupted",
	.label = "Zürich \"desk\"",
	.provider = "twilio",
	.trunk_id = "trk_1",
	.operation_id = "op_1",
	.version = 3,
	.created_ms = 1795843002123,
	.updated_ms = 1795843002124,
	.spec = "{\"a\":1}",
	.built = "{\"b\":2}",
	.secrets = "\0seal\0ed",
	.secrets_size = 8,
	.agents = {"agent_in", "agent_out", "agent_in"},
	.agent_count = 3,
};

static void assert_number(const struct number_row *got,
			  const struct number_row *want)
{
	assert_text(got->id, want->id);
	assert_text(got->phone_number, want->phone_number);
	assert_text(got->status, want->status);
	assert_text(got->label, want->label);
	assert_text(got->provider, want->provider);
	assert_text(got->trunk_id, want->trunk_id);
	assert_text(got->operation_id, want->operation_id);
	assert_int_equal(got->version, want->version);
	assert_int_equal(got->created_ms, want->created_ms);
	assert_int_equal(got->updated_ms, want->updated_ms);
	assert_text(got->spec, want->spec);
	assert_text(got->built, want->built);
	assert_blob(got->secrets, got->secrets_size, want->secrets,
		    want->secrets_size);
}

static void put(struct fixture *f, const struct number_row *row)
{
	in_transaction(f);
	assert_ok(f, number_put(f->store, row, &f->err));
	committed(f);
}

static void every_column_comes_back_as_it_went_in(void **state)
{
	struct fixture *f = *state;
	struct number_row bare = full, got;

	put(f, &full);
	assert_int_equal(number_find(f->store, full.id, &got, &f->err), 1);
	assert_number(&got, &full);
	assert_int_equal(
		number_find(f->store, full.phone_number, &got, &f->err), 1);
	assert_number(&got, &full);

	bare.label = bare.trunk_id = bare.operation_id = bare.built = NULL;
	bare.secrets = NULL;
	bare.secrets_size = 0;
	put(f, &bare);
	assert_int_equal(number_find(f->store, full.id, &got, &f->err), 1);
	assert_number(&got, &bare);
}

static void assert_piece(struct text got, const char *want)
{
	assert_int_equal(got.at == NULL, want == NULL);
	assert_int_equal(got.len, want ? strlen(want) : 0);
	if (want)
		assert_memory_equal(got.at, want, got.len);
}

/* With the row that must be shown, and until it was. */
struct expected {
	const struct number_row *row;
	int64_t seq;
	int count;
};

static void must_be(const struct number_shown *n, void *arg)
{
	struct expected *e = arg;

	e->count++;
	assert_int_equal(n->seq, e->seq);
	assert_piece(n->id, e->row->id);
	assert_piece(n->status, e->row->status);
	assert_piece(n->operation_id, e->row->operation_id);
	assert_int_equal(n->version, e->row->version);
	assert_int_equal(n->created_ms, e->row->created_ms);
	assert_int_equal(n->updated_ms, e->row->updated_ms);
	assert_piece(n->spec, e->row->spec);
	assert_piece(n->built, e->row->built);
}

static void what_is_shown_is_what_was_put(void **state)
{
	struct fixture *f = *state;
	struct number_filter all = {.assigned = -1};
	struct number_row row = full, got;
	struct expected e = {.row = &row};

	for (int i = 0; i < 2; i++) {
		put(f, &row);
		assert_int_equal(number_find(f->store, row.id, &got, &f->err),
				 1);
		e.seq = got.seq;
		e.count = 0;
		assert_int_equal(
			number_show(f->store, row.id, must_be, &e, &f->err), 1);
		assert_int_equal(number_show(f->store, row.phone_number,
					     must_be, &e, &f->err),
				 1);
		assert_int_equal(
			number_list(f->store, &all, 1, must_be, &e, &f->err),
			1);
		assert_int_equal(e.count, 3);
		row.operation_id = row.built = NULL;
		row.spec = "";
	}
}

static void what_is_not_there_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct number_row got;

	assert_int_equal(number_show(f->store, "apn_x", must_be, NULL, &f->err),
			 0);
	assert_int_equal(number_find(f->store, "apn_x", &got, &f->err), 0);
	assert_int_equal(number_find(f->store, "+1", &got, &f->err), 0);
	assert_int_equal(number_find(f->store, "", &got, &f->err), 0);
}

static void a_change_keeps_the_place_in_the_list(void **state)
{
	struct fixture *f = *state;
	struct model m = model_of(500);
	struct number_row row = row_of(&m), before, after;

	assert_int_equal(number_find(f->store, m.id, &before, &f->err), 1);
	row.label = "new";
	row.version = 2;
	put(f, &row);
	assert_int_equal(number_find(f->store, m.id, &after, &f->err), 1);
	assert_int_equal(after.seq, before.seq);
	assert_string_equal(after.label, "new");
	assert_int_equal(after.version, 2);
}

static int listed(struct fixture *f, const char *agent)
{
	static struct seen seen;

	memset(&seen, 0, sizeof(seen));
	return number_list(
		f->store,
		&(struct number_filter){.assigned = -1, .agent_id = agent},
		ROWS, see, &seen, &f->err);
}

static int bindings(struct fixture *f)
{
	sqlite3_stmt *st;
	sqlite3 *db;
	int count;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db, "SELECT count(*) FROM number_agents", -1,
				   &st, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	count = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return count;
}

static void the_agents_follow_every_change_and_the_delete(void **state)
{
	struct fixture *f = *state;
	struct number_row row = full;

	put(f, &row);
	assert_int_equal(listed(f, "agent_in"), 1);
	assert_int_equal(listed(f, "agent_out"), 1);
	row.agent_count = 1;
	row.agents[0] = "agent_new";
	put(f, &row);
	assert_int_equal(listed(f, "agent_in"), 0);
	assert_int_equal(listed(f, "agent_new"), 1);
	in_transaction(f);
	assert_ok(f, number_delete(f->store, row.id, &f->err));
	assert_ok(f, number_delete(f->store, row.id, &f->err));
	committed(f);
	assert_int_equal(listed(f, "agent_new"), 0);
	assert_int_equal(bindings(f), 0);
}

static void refused(struct fixture *f, const struct number_row *row)
{
	struct number_row got;
	struct err err = ERR_INIT;

	in_transaction(f);
	assert_int_equal(number_put(f->store, row, &err), -1);
	assert_int_equal(err.code, ERR_STORE);
	/* A spoilt transaction cannot be committed by oversight. */
	err_clear(&err);
	assert_int_equal(number_put(f->store, &full, &err), -1);
	err_clear(&err);
	assert_int_equal(store_commit(f->store, &err), -1);
	assert_int_equal(number_find(f->store, full.id, &got, &f->err), 0);
}

static void the_schema_refuses_what_must_not_be(void **state)
{
	struct fixture *f = *state;
	struct number_row row = full;

	row.status = "provisioning";
	refused(f, &row);
	row = full;
	row.phone_number = "+14155550001"; /* another's */
	refused(f, &row);
	row = full;
	row.spec = NULL;
	refused(f, &row);
	put(f, &full); /* and the store goes on */
}

#define TEST_FILLED(test) \
	cmocka_unit_test_setup_teardown(test, fill, fixture_release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_STORE(every_column_comes_back_as_it_went_in),
		TEST_STORE(what_is_shown_is_what_was_put),
		TEST_STORE(what_is_not_there_is_not_found),
		TEST_FILLED(
			every_filter_and_pair_gives_the_exact_rows_in_order),
		TEST_FILLED(all_filters_at_once_find_their_one_number),
		TEST_FILLED(no_filter_value_is_ever_sql),
		TEST_FILLED(rows_that_come_and_go_between_pages_move_no_other),
		TEST_FILLED(a_limit_of_zero_or_less_gives_nothing),
		TEST_FILLED(a_change_keeps_the_place_in_the_list),
		TEST_STORE(the_agents_follow_every_change_and_the_delete),
		TEST_FILLED(the_schema_refuses_what_must_not_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
