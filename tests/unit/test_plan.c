/* SPDX-License-Identifier: MIT */
/* test_plan.c - the table of steps hangs together, and plans have the waves
 * that make a create four round trips long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "saga/saga.h"

static struct spec spec_of(const char *text)
{
	struct spec s = SPEC_INIT;
	struct faults faults;
	struct err err = ERR_INIT;
	json_t *body = json_loads(text, 0, NULL);

	assert_int_equal(spec_parse(&s, body, &faults, &err), 0);
	json_decref(body);
	return s;
}

/* "1:number_lookup 1:agent_check …" */
static const char *waves_of(const char *text)
{
	static char all[2048];
	struct spec s = spec_of(text);
	struct buf b = BUF_INIT(1 << 16);
	struct err err = ERR_INIT;
	json_t *plan, *step;
	size_t i;

	assert_int_equal(view_plan(&b, &s, &err), 0);
	plan = json_loads(b.data, 0, NULL);
	assert_non_null(plan);
	all[0] = '\0';
	json_array_foreach (json_object_get(plan, "steps"), i, step) {
		snprintf(all + strlen(all), sizeof(all) - strlen(all),
			 "%s%d:%s", i ? " " : "",
			 (int)json_integer_value(json_object_get(step, "wave")),
			 json_string_value(json_object_get(step, "name")));
	}
	json_decref(plan);
	buf_release(&b);
	spec_release(&s);
	return all;
}

static void a_number_of_both_directions_takes_four_waves(void **state)
{
	assert_string_equal(
		waves_of("{\"phone_number\":\"+14155550100\","
			 "\"agent_id\":\"a\"}"),
		"1:number_lookup 1:agent_check 1:retell_absent "
		"2:twilio_trunk 2:twilio_credential_list "
		"3:twilio_credential 3:twilio_trunk_credential_list "
		"3:twilio_origination_url 3:retell_number "
		"4:twilio_number_attachment");
}

static void inbound_only_needs_no_credentials(void **state)
{
	assert_string_equal(waves_of("{\"phone_number\":\"+14155550100\","
				     "\"supports_outbound\":false}"),
			    "1:number_lookup 1:retell_absent 2:twilio_trunk "
			    "3:twilio_origination_url 3:retell_number "
			    "4:twilio_number_attachment");
}

static void outbound_only_needs_no_origination(void **state)
{
	assert_string_equal(waves_of("{\"phone_number\":\"+14155550100\","
				     "\"supports_inbound\":false}"),
			    "1:number_lookup 1:retell_absent 2:twilio_trunk "
			    "2:twilio_credential_list 3:twilio_credential "
			    "3:twilio_trunk_credential_list 3:retell_number "
			    "4:twilio_number_attachment");
}

static void a_trunk_of_ones_own_leaves_only_retell(void **state)
{
	assert_string_equal(
		waves_of("{\"phone_number\":\"+14155550100\","
			 "\"provider\":\"sip_trunk\",\"agent_id\":\"a\","
			 "\"outbound_trunk\":{\"address\":\"sip.example.com\"},"
			 "\"fallback_number\":\"+14155550199\"}"),
		"1:agent_check 1:retell_absent 2:retell_number "
		"3:retell_settings");
}

static void each_different_agent_has_a_check_of_its_own(void **state)
{
	assert_string_equal(
		waves_of("{\"phone_number\":\"+14155550100\","
			 "\"provider\":\"sip_trunk\","
			 "\"inbound_agent_id\":\"a\","
			 "\"outbound_agent_id\":\"b\","
			 "\"outbound_trunk\":{\"address\":"
			 "\"sip.example.com\"}}"),
		"1:agent_check 1:agent_check 1:retell_absent 2:retell_number");
}

static void a_connection_policy_is_made_before_its_target(void **state)
{
	const char *waves = waves_of("{\"phone_number\":\"+14155550100\","
				     "\"connection_policy\":{\"target\":"
				     "\"sip:sip.example.com\"}}");

	assert_non_null(strstr(waves, "2:twilio_connection_policy"));
	assert_non_null(strstr(waves, "3:twilio_connection_policy_target"));
}

static void every_step_stands_in_the_table_under_its_own_id(void **state)
{
	for (int id = 0; id < STEP_COUNT; id++) {
		assert_int_equal(step_get(id)->id, id);
		assert_ptr_equal(step_by_name(step_get(id)->name),
				 step_get(id));
	}
	assert_null(step_by_name("nonsense"));
}

/* No cycle: whatever a step waits for stands before it. */
static void steps_wait_only_for_steps_above_them(void **state)
{
	for (int id = 0; id < STEP_COUNT; id++) {
		const struct step *s = step_get(id);

		assert_true((s->needs | s->after) < STEP_BIT(id) || id == 0);
		assert_int_equal((s->needs | s->after) & STEP_BIT(id), 0);
	}
}

static void what_makes_a_resource_can_find_undo_and_explain_it(void **state)
{
	for (int id = 0; id < STEP_COUNT; id++) {
		const struct step *s = step_get(id);

		assert_non_null(s->make.request);
		assert_non_null(s->make.read);
		if (!s->kind)
			continue;
		assert_non_null(s->find.request);
		assert_non_null(s->undo.request);
		assert_non_null(s->by_hand);
	}
}

static void a_step_dies_only_with_what_it_is_built_on(void **state)
{
	for (int id = 0; id < STEP_COUNT; id++) {
		const struct step *s = step_get(id);

		if (s->dies_with != STEP_NONE)
			assert_true(s->needs & STEP_BIT(s->dies_with));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_of_both_directions_takes_four_waves),
		cmocka_unit_test(inbound_only_needs_no_credentials),
		cmocka_unit_test(outbound_only_needs_no_origination),
		cmocka_unit_test(a_trunk_of_ones_own_leaves_only_retell),
		cmocka_unit_test(each_different_agent_has_a_check_of_its_own),
		cmocka_unit_test(a_connection_policy_is_made_before_its_target),
		cmocka_unit_test(
			every_step_stands_in_the_table_under_its_own_id),
		cmocka_unit_test(steps_wait_only_for_steps_above_them),
		cmocka_unit_test(
			what_makes_a_resource_can_find_undo_and_explain_it),
		cmocka_unit_test(a_step_dies_only_with_what_it_is_built_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
