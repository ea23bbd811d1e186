/* SPDX-License-Identifier: MIT */
/*
 * test_sandbox_retell.c - the modelled Retell without faults: imports, changes
 * and lists; what is refused, and how.
 */
#include "sandbox_world.h"

#define IMPORT(number, more)          \
	"{\"phone_number\":\"" number \
	"\",\"termination_uri\":\"a.pstn.twilio.com\"" more "}"

static void a_number_is_imported_once(void **state)
{
	struct world *w = *state;
	const char *body = IMPORT("+14155550100", "");

	assert_int_equal(post(w, "/import-phone-number", body), 201);
	assert_string_equal(said(w, "phone_number_type"), "custom");
	assert_int_equal(post(w, "/import-phone-number", body), 400);
	assert_string_equal(said(w, "message"), "Phone number already exists");
	assert_int_equal(get(w, "/get-phone-number/%2B14155550100"), 200);
	assert_int_equal(get(w, "/get-phone-number/+14155550100"), 200);
	assert_int_equal(del(w, "/delete-phone-number/+14155550100"), 204);
	assert_int_equal(del(w, "/delete-phone-number/+14155550100"), 404);
	assert_int_equal(post(w, "/import-phone-number", body), 201);
}

static void another_workspaces_number_exists_but_is_not_found(void **state)
{
	struct world *w = *state;

	assert_int_equal(
		post(w, "/import-phone-number", IMPORT("+14155559003", "")),
		400);
	assert_int_equal(get(w, "/get-phone-number/+14155559003"), 404);
	assert_int_equal(get(w, "/get-phone-number/+14155559002"), 200);
}

static void import_checks_its_body(void **state)
{
	static const struct {
		const char *body;
		int status;
	} rows[] = {
		{"[]", 400},
		{"{", 400},
		{"{\"phone_number\":\"+14155550100\"}", 400},
		{IMPORT("+14155550100", ",\"oops\":1"), 400},
		{IMPORT("+14155550100",
			",\"inbound_agent_id\":\"agent_sandbox_1\""),
		 400},
		{IMPORT("12", ",\"ignore_e164_validation\":false"), 400},
		{IMPORT("12", ""), 201},
		{IMPORT("+14155550100",
			",\"inbound_agents\":[{\"agent_id\":\"nobody\","
			"\"weight\":1}]"),
		 422},
		{IMPORT("+14155550100", ",\"inbound_agents\":[{\"agent_id\":"
					"\"agent_sandbox_1\","
					"\"weight\":0.5}]"),
		 400},
		{IMPORT("+14155550100", ",\"inbound_agents\":[{\"agent_id\":"
					"\"agent_sandbox_1\","
					"\"weight\":1,\"agent_version\":9}]"),
		 422},
		{"{\"phone_number\":\"+14155550101\","
		 "\"termination_uri\":\"sip:a@b.c\"}",
		 400},
		/* only an update takes a nickname away */
		{IMPORT("+14155550100", ",\"nickname\":null"), 400},
		{IMPORT("+14155550100", ",\"transport\":\"tcp\""), 400},
		{IMPORT("+14155550100", ",\"fallback_number\":\"+1415555010"
					"1\""),
		 400},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(post(w, "/import-phone-number", rows[i].body),
				 rows[i].status);
	assert_int_equal(alive(w, SANDBOX_RETELL_NUMBER), 1);
}

static void removed_fields_and_routes_say_so(void **state)
{
	struct world *w = *state;

	assert_int_equal(call(w, "PATCH", "/update-phone-number/+14155559002",
			      "{\"inbound_agent_id\":null}"),
			 400);
	assert_non_null(strstr(said(w, "message"),
			       "Deprecated API usage is no longer supported: "
			       "Phone number single-agent fields. Fields: "
			       "inbound_agent_id."));
	assert_int_equal(get(w, "/list-phone-numbers"), 400);
	assert_int_equal(get(w, "/list-agents"), 400);
}

static void a_patch_merges_and_null_unbinds(void **state)
{
	struct world *w = *state;
	const char *self = "/update-phone-number/+14155550100";

	(void)post(w, "/import-phone-number",
		   IMPORT("+14155550100",
			  ",\"inbound_agents\":[{\"agent_id\":"
			  "\"agent_sandbox_1\",\"weight\":1}]"));
	assert_int_equal(call(w, "PATCH", self, "{\"nickname\":\"n\"}"), 200);
	assert_int_equal(
		json_array_size(json_object_get(w->answer, "inbound_agents")),
		1);
	assert_int_equal(call(w, "PATCH", self, "{\"inbound_agents\":null}"),
			 200);
	assert_true(json_is_null(json_object_get(w->answer, "inbound_agents")));
	assert_string_equal(said(w, "nickname"), "n");
	assert_int_equal(call(w, "PATCH", self,
			      "{\"fallback_number\":\"+14155550100\"}"),
			 400);
}

static void not_found_at_retell_can_be_422(void **state)
{
	struct sandbox_config documented = small_world;
	struct world *w;

	documented.retell_not_found_422 = true;
	w = world_with(&documented);
	assert_int_equal(get(w, "/get-phone-number/+1"), 422);
	assert_int_equal(get(w, "/get-agent/nobody"), 422);
	world_free(w);
}

static void agents_have_versions(void **state)
{
	struct world *w = *state;

	assert_int_equal(get(w, "/get-agent/agent_sandbox_1"), 200);
	assert_int_equal(
		get(w, "/get-agent/agent_sandbox_9?version=latest_published"),
		200);
	assert_int_equal(
		json_integer_value(json_object_get(w->answer, "version")), 2);
	assert_int_equal(get(w, "/get-agent/agent_sandbox_10"), 404);
	assert_int_equal(get(w, "/get-agent/agent_sandbox_1?version=4"), 404);
	assert_int_equal(post(w, "/v2/list-agents?limit=4", "{}"), 200);
	assert_string_equal(said(w, "pagination_key"), "4");
}

static void retell_lists_in_pages(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 3; i++) {
		char body[200];

		snprintf(body, sizeof(body), IMPORT("+1415555010%d", ""), i);
		assert_int_equal(post(w, "/import-phone-number", body), 201);
	}
	assert_int_equal(get(w, "/v2/list-phone-numbers?limit=3"), 200);
	assert_true(json_is_true(json_object_get(w->answer, "has_more")));
	assert_int_equal(get(w, path("/v2/list-phone-numbers?limit=3"
				     "&pagination_key=%s",
				     said(w, "pagination_key"))),
			 200);
	assert_int_equal(json_array_size(json_object_get(w->answer, "items")),
			 1);
	assert_false(json_is_true(json_object_get(w->answer, "has_more")));
	assert_int_equal(get(w, "/v2/list-phone-numbers?limit=1001"), 400);
}

static void a_key_that_no_page_gave_is_refused(void **state)
{
	static const char *const keys[] = {"0",	 "-1", "x",
					   "1x", "",   "99999999999999999999"};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_int_equal(
			get(w, path("/v2/list-phone-numbers?pagination_key=%s",
				    keys[i])),
			400);
		assert_int_equal(
			post(w,
			     path("/v2/list-agents?pagination_key=%s", keys[i]),
			     "{}"),
			400);
	}
}

static void retell_sells_what_it_is_asked_for_in_its_words(void **state)
{
	static const char *const bad[] = {
		"{\"area_code\":12}", "{\"area_code\":\"415\"}",
		"{\"country_code\":\"DE\"}", "{\"number_provider\":\"vonage\"}",
		"{\"nickname\":null}"};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(post(w, "/create-phone-number", bad[i]), 400);
	assert_int_equal(post(w, "/create-phone-number",
			      "{\"area_code\":628,\"country_code\":\"US\"}"),
			 201);
	assert_string_equal(said(w, "phone_number_type"), "retell-twilio");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(a_number_is_imported_once),
		in_world(another_workspaces_number_exists_but_is_not_found),
		in_world(import_checks_its_body),
		in_world(removed_fields_and_routes_say_so),
		in_world(a_patch_merges_and_null_unbinds),
		cmocka_unit_test(not_found_at_retell_can_be_422),
		in_world(agents_have_versions),
		in_world(retell_lists_in_pages),
		in_world(a_key_that_no_page_gave_is_refused),
		in_world(retell_sells_what_it_is_asked_for_in_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
