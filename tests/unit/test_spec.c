/* SPDX-License-Identifier: MIT */
/* test_spec.c - from a body to a spec: faults, defaults, short forms, patches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "steps/spec.h"

static struct faults faults;

static int parse(struct spec *s, const char *text)
{
	struct err err = ERR_INIT;
	json_t *body = json_loads(text, 0, NULL);
	int rc;

	assert_non_null(body);
	*s = (struct spec)SPEC_INIT;
	rc = spec_parse(s, body, &faults, &err);
	assert_int_equal(rc ? err.code : 0, rc ? ERR_INVALID_REQUEST : 0);
	json_decref(body);
	return rc;
}

/* The pointers of all faults in order, with a space between. */
static const char *pointers(void)
{
	static char all[2048];

	all[0] = '\0';
	for (int i = 0; i < faults.count; i++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s",
			 i ? " " : "", faults.list[i].pointer);
	return all;
}

static void assert_faults(const char *text, const char *expected)
{
	struct spec s;

	assert_int_equal(parse(&s, text), -1);
	assert_string_equal(pointers(), expected);
}

static void the_least_body_becomes_a_number_of_both_directions(void **state)
{
	struct spec s;

	assert_int_equal(parse(&s, "{\"phone_number\":\"+14155550100\"}"), 0);
	assert_true(spec_is_twilio(&s));
	assert_true(spec_flag(&s, "supports_inbound"));
	assert_true(spec_flag(&s, "supports_outbound"));
	assert_int_equal(spec_agent_count(&s), 0);
	assert_string_equal(spec_sub(&s, "outbound_trunk", "transport"),
			    "auto");
	assert_true(json_is_null(spec_get(&s, "inbound_agent_id")));
	assert_false(spec_flag(&s, "has_twilio_credentials"));
	spec_release(&s);
}

static void all_faults_are_told_at_once(void **state)
{
	assert_faults("{\"phone_number\":\"415\",\"label\":7,\"nonsense\":1,"
		      "\"take_over\":null}",
		      "/phone_number /label /nonsense /take_over");
}

static void a_fault_inside_a_list_is_pointed_to(void **state)
{
	assert_faults("{\"phone_number\":\"+14155550100\",\"inbound_agents\":["
		      "{\"agent_id\":\"a\",\"weight\":2},{\"weight\":1}]}",
		      "/inbound_agents/0/weight /inbound_agents/1");
}

static void names_are_escaped_in_pointers(void **state)
{
	assert_faults("{\"phone_number\":\"+14155550100\",\"a/b~c\":1}",
		      "/a~1b~0c");
}

static void weights_sum_to_one(void **state)
{
	struct spec s;

	assert_faults("{\"phone_number\":\"+14155550100\",\"inbound_agents\":["
		      "{\"agent_id\":\"a\",\"weight\":0.5},"
		      "{\"agent_id\":\"b\",\"weight\":0.4}]}",
		      "/inbound_agents");
	/* Nearly is not enough for Retell, */
	assert_faults("{\"phone_number\":\"+14155550100\",\"inbound_agents\":["
		      "{\"agent_id\":\"a\",\"weight\":0.3333},"
		      "{\"agent_id\":\"b\",\"weight\":0.3333},"
		      "{\"agent_id\":\"c\",\"weight\":0.3333}]}",
		      "/inbound_agents");
	/* but ten tenths are one, though not in binary. */
	assert_int_equal(parse(&s, "{\"phone_number\":\"+14155550100\","
				   "\"inbound_agents\":["
				   "{\"agent_id\":\"a\",\"weight\":0.7},"
				   "{\"agent_id\":\"b\",\"weight\":0.2},"
				   "{\"agent_id\":\"c\",\"weight\":0.1}]}"),
			 0);
	spec_release(&s);
}

static void a_short_form_becomes_the_lists_of_both_directions(void **state)
{
	const json_t *version;
	struct spec s;

	assert_int_equal(parse(&s, "{\"phone_number\":\"+14155550100\","
				   "\"agent_id\":\"a\",\"agent_version\":3}"),
			 0);
	assert_int_equal(json_array_size(spec_get(&s, "inbound_agents")), 1);
	assert_int_equal(json_array_size(spec_get(&s, "outbound_agents")), 1);
	assert_string_equal(spec_str(&s, "inbound_agent_id"), "a");
	assert_int_equal(spec_agent_count(&s), 1);
	assert_string_equal(spec_agent(&s, 0, &version), "a");
	assert_int_equal(json_integer_value(version), 3);
	spec_release(&s);
}

static void the_same_agent_in_two_versions_counts_twice(void **state)
{
	struct spec s;

	assert_int_equal(parse(&s, "{\"phone_number\":\"+14155550100\","
				   "\"inbound_agent_id\":\"a\","
				   "\"outbound_agent_id\":\"a\","
				   "\"outbound_agent_version\":\"prod\"}"),
			 0);
	assert_int_equal(spec_agent_count(&s), 2);
	spec_release(&s);
}

static void a_list_and_its_short_form_do_not_mix(void **state)
{
	assert_faults("{\"phone_number\":\"+14155550100\",\"agent_id\":\"a\","
		      "\"inbound_agents\":[]}",
		      "/inbound_agents");
}

static void agents_need_their_direction(void **state)
{
	assert_faults("{\"phone_number\":\"+14155550100\","
		      "\"supports_inbound\":false,"
		      "\"inbound_agent_id\":\"a\"}",
		      "/inbound_agents");
}

static void secrets_are_kept_apart(void **state)
{
	struct spec s;
	char *text;

	assert_int_equal(parse(&s, "{\"phone_number\":\"+14155550100\","
				   "\"twilio_account_sid\":"
				   "\"AC00000000000000000000000000000000\","
				   "\"twilio_auth_token\":\"canary-token\","
				   "\"outbound_trunk\":{\"username\":\"u\","
				   "\"password\":\"Canary-Password-1\"}}"),
			 0);
	text = json_dumps(s.pub, 0);
	assert_null(strstr(text, "canary"));
	assert_null(strstr(text, "Canary"));
	free(text);
	assert_string_equal(spec_secret(&s, "sip_password"),
			    "Canary-Password-1");
	assert_true(spec_flag(&s, "has_twilio_credentials"));
	assert_true(spec_flag(&s, "has_auth_credentials"));
	spec_release(&s);
}

static void a_sip_trunk_needs_an_address_and_no_twilio(void **state)
{
	assert_faults("{\"phone_number\":\"+14155550100\","
		      "\"provider\":\"sip_trunk\",\"take_over\":true}",
		      "/take_over /outbound_trunk/address");
}

static void addresses_are_checked_as_data(void **state)
{
	static const char *const bad[] = {"http://hooks.example.com/",
					  "https://user@example.com/",
					  "https://127.0.0.1/",
					  "https://0x7f000001/",
					  "https://[::ffff:127.0.0.1]/",
					  "https://2130706433/",
					  "https://localhost/",
					  "file:///etc/passwd",
					  "https://example.com/\\u000d\\u000a",
					  "https://",
					  "https://a b.example.com/"};
	char body[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(body, sizeof(body),
			 "{\"phone_number\":\"+14155550100\","
			 "\"inbound_webhook_url\":\"%s\"}",
			 bad[i]);
		assert_faults(body, "/inbound_webhook_url");
	}
}

static void a_sip_uri_has_no_user_part(void **state)
{
	static const char *const bad[] = {"sip:+14155550100@sip.retellai.com",
					  "sips:sip.retellai.com",
					  "sip:",
					  "sip:host",
					  "sip:a.example.com:notaport",
					  "sip:5t4n6j0wnrl.sip.livekit.cloud"};
	char body[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(body, sizeof(body),
			 "{\"phone_number\":\"+14155550100\","
			 "\"inbound_trunk\":{\"origination_uri\":\"%s\"}}",
			 bad[i]);
		assert_faults(body, "/inbound_trunk/origination_uri");
	}
}

static void a_patch_changes_what_it_names_and_nothing_else(void **state)
{
	struct err err = ERR_INIT;
	struct spec old, new = SPEC_INIT;
	json_t *patch = json_loads("{\"label\":null,\"agent_id\":\"b\","
				   "\"metadata\":{\"x\":null,\"y\":\"2\"}}",
				   0, NULL);

	assert_int_equal(parse(&old, "{\"phone_number\":\"+14155550100\","
				     "\"label\":\"l\",\"agent_id\":\"a\","
				     "\"metadata\":{\"x\":\"1\",\"z\":\"3\"}}"),
			 0);
	assert_int_equal(spec_patch(&old, patch, &new, &faults, &err), 0);
	assert_null(spec_str(&new, "label"));
	assert_string_equal(spec_str(&new, "inbound_agent_id"), "b");
	assert_int_equal(json_object_size(spec_get(&new, "metadata")), 2);
	assert_string_equal(spec_sub(&new, "metadata", "y"), "2");
	assert_string_equal(spec_str(&old, "label"), "l");
	assert_string_equal(spec_str(&old, "inbound_agent_id"), "a");
	json_decref(patch);
	spec_release(&new);
	spec_release(&old);
}

static void a_patch_cannot_change_the_trunk(void **state)
{
	struct err err = ERR_INIT;
	struct spec old, new = SPEC_INIT;
	json_t *patch = json_loads("{\"phone_number\":\"+14155550101\","
				   "\"outbound_trunk\":{}}",
				   0, NULL);

	assert_int_equal(parse(&old, "{\"phone_number\":\"+14155550100\"}"), 0);
	assert_int_equal(spec_patch(&old, patch, &new, &faults, &err), -1);
	assert_string_equal(pointers(), "/phone_number /outbound_trunk");
	json_decref(patch);
	spec_release(&old);
}

static void what_is_stored_comes_back_equal(void **state)
{
	struct err err = ERR_INIT;
	struct spec a, b = SPEC_INIT;
	char *pub;

	assert_int_equal(parse(&a, "{\"phone_number\":\"+14155550100\","
				   "\"inbound_agents\":[{\"agent_id\":\"a\","
				   "\"weight\":0.3},{\"agent_id\":\"b\","
				   "\"weight\":0.7}]}"),
			 0);
	pub = json_dumps(a.pub, JSON_COMPACT);
	assert_int_equal(spec_restore(&b, pub, NULL, 0, &err), 0);
	assert_true(json_equal(a.pub, b.pub));
	free(pub);
	spec_release(&a);
	spec_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_least_body_becomes_a_number_of_both_directions),
		cmocka_unit_test(all_faults_are_told_at_once),
		cmocka_unit_test(a_fault_inside_a_list_is_pointed_to),
		cmocka_unit_test(names_are_escaped_in_pointers),
		cmocka_unit_test(weights_sum_to_one),
		cmocka_unit_test(
			a_short_form_becomes_the_lists_of_both_directions),
		cmocka_unit_test(the_same_agent_in_two_versions_counts_twice),
		cmocka_unit_test(a_list_and_its_short_form_do_not_mix),
		cmocka_unit_test(agents_need_their_direction),
		cmocka_unit_test(secrets_are_kept_apart),
		cmocka_unit_test(a_sip_trunk_needs_an_address_and_no_twilio),
		cmocka_unit_test(addresses_are_checked_as_data),
		cmocka_unit_test(a_sip_uri_has_no_user_part),
		cmocka_unit_test(
			a_patch_changes_what_it_names_and_nothing_else),
		cmocka_unit_test(a_patch_cannot_change_the_trunk),
		cmocka_unit_test(what_is_stored_comes_back_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
