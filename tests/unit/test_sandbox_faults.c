/* SPDX-License-Identifier: MIT */
/*
 * test_sandbox_faults.c - fault rules: which calls they hit, what becomes of
 * the effect, and what of the answer.
 */
#include "sandbox_world.h"

static const char *const trunks = "/v1/Trunks";

static int try_trunk(struct world *w)
{
	return post(w, trunks, "FriendlyName=t");
}

static void a_status_stands_for_the_answer_and_nothing_is_done(void **state)
{
	struct world *w = *state;

	set_faults(w, "{'operation':'create_trunk','status':500}");
	assert_int_equal(try_trunk(w), 500);
	assert_int_equal(code(w), 20500);
	assert_int_equal(alive(w, SANDBOX_TRUNK), 0);
	assert_int_equal(try_trunk(w), 201); /* once is the default */
}

static void a_status_brings_its_usual_code(void **state)
{
	static const int rows[][2] = {
		{401, 20003}, {404, 20404}, {429, 20429}, {502, 20500}};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set_faults(w, path("{'status':%d}", rows[i][0]));
		assert_int_equal(try_trunk(w), rows[i][0]);
		assert_int_equal(code(w), rows[i][1]);
	}
}

static void with_effect_the_work_is_done_all_the_same(void **state)
{
	struct world *w = *state;

	set_faults(w, "{'operation':'create_trunk','status':503,'code':20503,"
		      "'message':'later','effect':true}");
	assert_int_equal(try_trunk(w), 503);
	assert_int_equal(code(w), 20503);
	assert_string_equal(said(w, "message"), "later");
	assert_int_equal(alive(w, SANDBOX_TRUNK), 1);
}

static void a_success_can_be_a_lie(void **state)
{
	struct world *w = *state;
	const char *trunk = new_trunk(w, "lie");

	set_faults(w, "{'operation':'delete_trunk','status':204}");
	assert_int_equal(del(w, path("/v1/Trunks/%s", trunk)), 204);
	assert_int_equal(alive(w, SANDBOX_TRUNK), 1);
}

static void nth_and_times_choose_the_calls(void **state)
{
	static const int expected[] = {201, 500, 500, 201};
	struct world *w = *state;

	set_faults(w, "{'operation':'create_trunk','nth':2,'times':2,"
		      "'status':500}");
	for (int i = 0; i < 4; i++) {
		assert_int_equal(get(w, trunks), 200); /* does not count */
		assert_int_equal(try_trunk(w), expected[i]);
	}
}

static void zero_times_is_for_ever(void **state)
{
	struct world *w = *state;

	set_faults(w, "{'operation':'*','times':0,'status':401}");
	for (int i = 0; i < 5; i++)
		assert_int_equal(try_trunk(w), 401);
	sandbox_clear_faults(w->sb);
	assert_int_equal(try_trunk(w), 201);
}

static void rules_match_by_list_method_path_and_account(void **state)
{
	struct world *w = *state;

	set_faults(w, "{'operation':['list_trunks','create_trunk'],"
		      "'method':'POST','times':0,'status':500},"
		      "{'path':'Sip','status':500},"
		      "{'account':'" SANDBOX_ACCOUNT_2 "','status':418}");
	assert_int_equal(get(w, trunks), 200);
	assert_int_equal(try_trunk(w), 500);
	w->login = SECOND_LOGIN;
	assert_int_equal(get(w, trunks), 418);
}

static void the_first_rule_that_hits_decides_and_all_count(void **state)
{
	struct world *w = *state;
	json_t *doc, *second;

	set_faults(w, "{'operation':'create_trunk','status':500},"
		      "{'operation':'create_trunk','nth':2,'status':503}");
	assert_int_equal(try_trunk(w), 500);
	assert_int_equal(try_trunk(w), 503);
	doc = sandbox_faults(w->sb);
	second = json_array_get(json_object_get(doc, "rules"), 1);
	assert_int_equal(json_integer_value(json_object_get(second, "matched")),
			 2);
	assert_int_equal(json_integer_value(json_object_get(second, "hits")),
			 1);
	json_decref(doc);
}

static void chance_comes_from_the_seed(void **state)
{
	struct world *w = *state, *again = world_with(&small_world);
	const char *rule = "{'operation':'list_trunks','times':0,"
			   "'probability':0.5,'status':500}";
	int failed = 0;

	set_faults(w, rule);
	set_faults(again, rule);
	for (int i = 0; i < 200; i++) {
		int status = get(w, trunks);

		assert_int_equal(status, get(again, trunks));
		failed += status == 500;
	}
	assert_in_range(failed, 60, 140);
	world_free(again);
}

static void a_dropped_call_is_done_or_not(void **state)
{
	struct world *w = *state;

	set_faults(w, "{'operation':'create_trunk','drop':'before'}");
	(void)try_trunk(w);
	assert_int_equal(w->plan.deliver, SANDBOX_DELIVER_CLOSE);
	assert_int_equal(alive(w, SANDBOX_TRUNK), 0);
	set_faults(w, "{'operation':'create_trunk','drop':'after'}");
	(void)try_trunk(w);
	assert_int_equal(w->plan.deliver, SANDBOX_DELIVER_CLOSE);
	assert_int_equal(alive(w, SANDBOX_TRUNK), 1);
	set_faults(w, "{'operation':'create_trunk','reset':true}");
	(void)try_trunk(w);
	assert_int_equal(w->plan.deliver, SANDBOX_DELIVER_RESET);
	assert_int_equal(alive(w, SANDBOX_TRUNK), 2);
	set_faults(w, "{'operation':'create_trunk','reset':true,"
		      "'drop':'before'}");
	(void)try_trunk(w);
	assert_int_equal(w->plan.deliver, SANDBOX_DELIVER_RESET);
	assert_int_equal(alive(w, SANDBOX_TRUNK), 2);
}

static void an_effect_can_land_late(void **state)
{
	struct world *w = *state;
	struct sandbox_call *c;

	set_faults(w, "{'operation':'create_trunk','land_late_ms':9000,"
		      "'status':504}");
	c = start(w, "POST", trunks, "FriendlyName=late");
	note_answer(w, sandbox_apply(c, w->now_ms));
	assert_int_equal(w->status, 504);
	assert_int_equal(sandbox_plan(c)->effect, SANDBOX_EFFECT_LATE);
	assert_int_equal(sandbox_plan(c)->land_late_ms, 9000);
	assert_int_equal(alive(w, SANDBOX_TRUNK), 0);
	sandbox_land(c, w->now_ms + 9000);
	assert_int_equal(alive(w, SANDBOX_TRUNK), 1);
	sandbox_call_free(c);
}

static void without_a_status_a_late_effect_is_not_answered(void **state)
{
	struct world *w = *state;

	set_faults(w, "{'operation':'create_trunk','land_late_ms':1}");
	(void)try_trunk(w);
	assert_int_equal(w->plan.deliver, SANDBOX_DELIVER_CLOSE);
}

static void delays_and_cuts_are_in_the_plan(void **state)
{
	struct world *w = *state;

	set_faults(w, "{'delay_before_ms':1,'delay_after_ms':2,'truncate':3,"
		      "'drip_ms':4}");
	assert_int_equal(try_trunk(w), 201);
	assert_int_equal(w->plan.delay_before_ms, 1);
	assert_int_equal(w->plan.delay_after_ms, 2);
	assert_int_equal(w->plan.truncate, 3);
	assert_int_equal(w->plan.drip_ms, 4);
}

static void answers_are_garbled_in_many_ways(void **state)
{
	static const struct {
		const char *garble;
		const char *holds; /* a part of the body */
		bool json;	   /* is it still JSON? */
	} rows[] = {{"html", "<html>", false},
		    {"empty", "", false},
		    {"json_junk", "}{", false},
		    {"cut_json", "{", false},
		    {"bom", "\xef\xbb\xbf{", false},
		    {"nul", "{", false},
		    {"wrong_type", "sid", true},
		    {"wrong_sid", "\"sid\":\"TK../../x\"", true},
		    {"number_sid", "\"sid\":42", true},
		    {"long_sid", "aaaaaaaa", true},
		    {"dup_keys", "\"sid\":\"XX\",\"sid\":\"YY\",", true},
		    {"huge", "aaaaaaaa", false}, /* cut by the test's buffer */
		    {"not_http", "220 mail", false},
		    {"echo_secrets", "FriendlyName=t", true}};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *parsed;

		set_faults(w, path("{'operation':'create_trunk','garble':"
				   "'%s'}",
				   rows[i].garble));
		(void)try_trunk(w);
		assert_non_null(strstr(w->text, rows[i].holds));
		parsed = json_loads(w->text, 0, NULL);
		assert_int_equal(parsed != NULL, rows[i].json);
		json_decref(parsed);
		assert_int_equal(alive(w, SANDBOX_TRUNK), i + 1);
	}
}

static void a_missing_or_other_sid_is_well_formed(void **state)
{
	struct world *w = *state;

	set_faults(w, "{'operation':'create_trunk','garble':'missing_sid'}");
	assert_int_equal(try_trunk(w), 201);
	assert_null(json_object_get(w->answer, "sid"));
	set_faults(w, "{'operation':'create_trunk','garble':'other_sid'}");
	assert_int_equal(try_trunk(w), 201);
	assert_int_equal(strlen(said(w, "sid")), 34);
	assert_null(sandbox_ledger_find(w->sb, SANDBOX_TRUNK, said(w, "sid"),
					NULL));
}

static void the_next_page_can_lead_elsewhere(void **state)
{
	struct world *w = *state;

	set_faults(w, "{'garble':'next_elsewhere','times':0}");
	assert_int_equal(get(w, trunks), 200);
	assert_non_null(strstr(w->text, "169.254.169.254"));
	assert_int_equal(get(w, OLD_API "/IncomingPhoneNumbers.json"), 200);
	assert_non_null(strstr(said(w, "next_page_uri"), "169.254.169.254"));
}

static const char *header(const struct sandbox_answer *a, const char *name)
{
	for (size_t i = 0; i < a->n_headers; i++)
		if (strcmp(a->headers[i].name, name) == 0)
			return a->headers[i].value;
	return "";
}

static void headers_and_redirects_are_added(void **state)
{
	struct world *w = *state;
	const struct sandbox_answer *a;
	struct sandbox_call *c;

	set_faults(w, "{'status':429,'retry_after':7,'headers':{'X-A':'b'}},"
		      "{'redirect':'http://127.0.0.1:1/'}");
	c = start(w, "POST", trunks, "");
	a = sandbox_apply(c, w->now_ms);
	assert_int_equal(a->status, 429);
	assert_string_equal(header(a, "Retry-After"), "7");
	assert_string_equal(header(a, "X-A"), "b");
	assert_string_equal(header(a, "Twilio-Concurrent-Requests"), "1");
	sandbox_call_free(c);
	c = start(w, "POST", trunks, "");
	a = sandbox_apply(c, w->now_ms);
	assert_int_equal(a->status, 307);
	assert_string_equal(header(a, "Location"), "http://127.0.0.1:1/");
	sandbox_call_free(c);
	assert_int_equal(alive(w, SANDBOX_TRUNK), 0);
}

static void one_creation_can_lag(void **state)
{
	struct world *w = *state;
	const char *trunk;

	set_faults(w, "{'operation':'create_trunk','lag_ms':5000}");
	trunk = new_trunk(w, "lag");
	assert_int_equal(get(w, path("/v1/Trunks/%s", trunk)), 404);
	w->now_ms += 5000;
	assert_int_equal(get(w, path("/v1/Trunks/%s", trunk)), 200);
}

static void a_bad_rule_is_named_and_changes_nothing(void **state)
{
	static const struct {
		const char *rule;
		const char *why;
	} rows[] = {{"{\"oops\":1}", "rule 1: unknown key \"oops\""},
		    {"{\"operation\":\"no_such\"}",
		     "rule 1: \"operation\" cannot be \"no_such\""},
		    {"{\"nth\":0}", "\"nth\" cannot be 0"},
		    {"{\"status\":600}", "\"status\" cannot be 600"},
		    {"{\"garble\":\"x\"}", "\"garble\" cannot be \"x\""},
		    {"{\"headers\":{\"a\":\"\\r\\n\"}}", "\"headers\""},
		    {"{\"drop\":\"soon\"}", "\"drop\""},
		    {"7", "rule 1: is not an object"}};
	struct world *w = *state;

	set_faults(w, "{'status':500,'times':0}");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[300], why[200];

		snprintf(text, sizeof(text), "{\"rules\":[{},%s]}",
			 rows[i].rule);
		assert_int_equal(
			sandbox_set_faults_text(w->sb, text, why, sizeof(why)),
			-1);
		assert_non_null(strstr(why, rows[i].why));
	}
	assert_int_equal(try_trunk(w), 500);
}

/* The last row of the log, as it says member. */
static json_t *last_row(struct world *w)
{
	json_t *doc = sandbox_requests(w->sb);
	json_t *rows = json_object_get(doc, "requests");
	json_t *row =
		json_incref(json_array_get(rows, json_array_size(rows) - 1));

	json_decref(doc);
	return row;
}

static void the_log_tells_effect_and_fault(void **state)
{
	static const struct {
		const char *rule;
		const char *effect;
	} rows[] = {{"{'drop':'after'}", "done"},
		    {"{'drop':'before'}", "none"},
		    {"{'land_late_ms':5}", "late"}};
	struct world *w = *state;
	json_t *row;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set_faults(w, rows[i].rule);
		(void)try_trunk(w);
		row = last_row(w);
		assert_string_equal(
			json_string_value(json_object_get(row, "effect")),
			rows[i].effect);
		assert_true(json_is_null(json_object_get(row, "status")));
		assert_true(json_is_object(json_object_get(row, "fault")));
		json_decref(row);
	}
	assert_int_equal(post(w, trunks, "Secure=maybe"), 400);
	row = last_row(w);
	assert_string_equal(json_string_value(json_object_get(row, "effect")),
			    "refused");
	json_decref(row);
}

static void the_sandbox_has_an_interface_of_its_own(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *method, *path, *body;
		int status;
	} rows[] = {
		{"GET", "/_sandbox/ledger", "", 200},
		{"GET", "/_sandbox/requests", "", 200},
		{"DELETE", "/_sandbox/requests", "", 204},
		{"PUT", "/_sandbox/faults", "{\"rules\":[{\"status\":500}]}",
		 200},
		{"PUT", "/_sandbox/faults", "{\"rules\":[{\"x\":500}]}", 400},
		{"PUT", "/_sandbox/faults", "x", 400},
		{"GET", "/_sandbox/faults", "", 200},
		{"DELETE", "/_sandbox/faults", "", 204},
		{"PUT", "/_sandbox/clock", "{\"advance_ms\":1000}", 200},
		{"PUT", "/_sandbox/clock", "{\"advance_ms\":-1}", 400},
		{"GET", "/_sandbox/operations", "", 200},
		{"POST", "/_sandbox/reset", "", 204},
		{"POST", "/_sandbox/ledger", "", 405},
		{"GET", "/_sandbox/nothing", "", 404},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sandbox_answer a;

		sandbox_admin(w->sb, rows[i].method, rows[i].path, rows[i].body,
			      strlen(rows[i].body), w->now_ms, &a);
		assert_int_equal(a.status, rows[i].status);
		sandbox_answer_release(&a);
	}
	assert_int_equal(sandbox_clock_advance(w->sb), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(a_status_stands_for_the_answer_and_nothing_is_done),
		in_world(a_status_brings_its_usual_code),
		in_world(with_effect_the_work_is_done_all_the_same),
		in_world(a_success_can_be_a_lie),
		in_world(nth_and_times_choose_the_calls),
		in_world(zero_times_is_for_ever),
		in_world(rules_match_by_list_method_path_and_account),
		in_world(the_first_rule_that_hits_decides_and_all_count),
		in_world(chance_comes_from_the_seed),
		in_world(a_dropped_call_is_done_or_not),
		in_world(an_effect_can_land_late),
		in_world(without_a_status_a_late_effect_is_not_answered),
		in_world(delays_and_cuts_are_in_the_plan),
		in_world(answers_are_garbled_in_many_ways),
		in_world(a_missing_or_other_sid_is_well_formed),
		in_world(the_next_page_can_lead_elsewhere),
		in_world(headers_and_redirects_are_added),
		in_world(one_creation_can_lag),
		in_world(a_bad_rule_is_named_and_changes_nothing),
		in_world(the_log_tells_effect_and_fault),
		in_world(the_sandbox_has_an_interface_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
