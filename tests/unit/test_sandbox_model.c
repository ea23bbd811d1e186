/* SPDX-License-Identifier: MIT */
/*
 * test_sandbox_model.c - the modelled world as a whole: what is there, what is
 * remembered, and that its ledger holds together whatever is asked.
 */
#include "sandbox_world.h"

#define DAY_MS (24LL * 60 * 60 * 1000)

static void a_fresh_world_has_numbers_and_foreign_things(void **state)
{
	struct world *w = *state;
	size_t foreign_trunks = 0, foreign_lists = 0;

	/* 3 ordinary, 5 special, 10 of the second account; one is foreign */
	assert_int_equal(alive(w, SANDBOX_INCOMING_PHONE_NUMBER), 18);
	assert_int_equal(alive(w, SANDBOX_TRUNK), 0);
	for (size_t i = 0; i < sandbox_ledger_count(w->sb); i++) {
		const struct sandbox_resource *r = sandbox_ledger_at(w->sb, i);

		assert_true(r->preset && r->alive);
		foreign_trunks += r->kind == SANDBOX_TRUNK && r->foreign;
		foreign_lists +=
			r->kind == SANDBOX_CREDENTIAL_LIST && r->foreign;
	}
	assert_int_equal(foreign_trunks, 3);
	assert_int_equal(foreign_lists, 2);
	assert_non_null(number_field(w, SANDBOX_ON_FOREIGN_TRUNK, "trunk_sid"));
}

static void the_same_seed_gives_the_same_answers(void **state)
{
	struct world *a = *state, *b = world_with(&small_world);

	assert_string_equal(new_trunk(a, "same"), new_trunk(b, "same"));
	assert_string_equal(a->text, b->text);
	world_free(b);
}

static void a_reset_makes_the_world_fresh(void **state)
{
	struct world *w = *state;
	struct sandbox_call *late;
	size_t before = sandbox_ledger_count(w->sb);

	(void)new_trunk(w, "old");
	late = start(w, "POST", "/v1/Trunks", "FriendlyName=late");
	sandbox_reset(w->sb, w->now_ms);
	assert_int_equal(sandbox_ledger_count(w->sb), before);
	/* a call of the old world changes nothing in the new one */
	assert_int_equal(sandbox_apply(late, w->now_ms)->status, 503);
	sandbox_land(late, w->now_ms);
	sandbox_call_free(late);
	assert_int_equal(alive(w, SANDBOX_TRUNK), 0);
}

static void the_log_keeps_the_newest(void **state)
{
	struct sandbox_config short_log = small_world;
	struct world *w;
	json_t *log, *rows;

	short_log.log_max = 100;
	w = world_with(&short_log);
	for (int i = 0; i < 250; i++)
		(void)get(w, "/v1/Trunks");
	log = sandbox_requests(w->sb);
	rows = json_object_get(log, "requests");
	assert_int_equal(json_array_size(rows), 100);
	assert_int_equal(json_integer_value(json_object_get(
				 json_array_get(rows, 0), "seq")),
			 151);
	assert_int_equal(json_integer_value(json_object_get(log, "dropped")),
			 150);
	json_decref(log);
	world_free(w);
}

/* A random living resource's id of a kind, or one that never was. */
static const char *any(struct world *w, enum sandbox_kind kind)
{
	size_t n = sandbox_ledger_count(w->sb);

	for (int tries = 0; tries < 50; tries++) {
		const struct sandbox_resource *r =
			sandbox_ledger_at(w->sb, (size_t)rand() % n);

		if (r->kind == kind && (r->alive || rand() % 20 == 0))
			return r->id;
	}
	return "XX00000000000000000000000000000000";
}

static void random_call(struct world *w)
{
	const char *tk = any(w, SANDBOX_TRUNK);
	const char *cl = any(w, SANDBOX_CREDENTIAL_LIST);
	const char *pn = any(w, SANDBOX_INCOMING_PHONE_NUMBER);
	const char *tel = any(w, SANDBOX_RETELL_NUMBER);

	switch (rand() % 12) {
	case 0:
		(void)post(w, "/v1/Trunks",
			   path("DomainName=d%d.pstn.twilio.com", rand() % 50));
		break;
	case 1:
		(void)post(w, OLD_API "/SIP/CredentialLists.json",
			   path("FriendlyName=l%d", rand() % 30));
		break;
	case 2:
		(void)post(w, path("/v1/Trunks/%s/CredentialLists", tk),
			   path("CredentialListSid=%s", cl));
		break;
	case 3:
		(void)post(w, path("/v1/Trunks/%s/PhoneNumbers", tk),
			   path("PhoneNumberSid=%s", pn));
		break;
	case 4:
		(void)post(w, path(OLD_API "/IncomingPhoneNumbers/%s.json", pn),
			   path("TrunkSid=%s", rand() % 3 ? tk : ""));
		break;
	case 5:
		(void)del(w, path("/v1/Trunks/%s", tk));
		break;
	case 6:
		(void)del(w, path(OLD_API "/SIP/CredentialLists/%s.json", cl));
		break;
	case 7:
		(void)post(w,
			   path(OLD_API
				"/SIP/CredentialLists/%s/Credentials.json",
				cl),
			   path("Username=u%d&Password=Str0ngEnough", rand()));
		break;
	case 8:
		(void)post(w, "/import-phone-number",
			   path("{\"phone_number\":\"+1415555%04d\","
				"\"termination_uri\":\"a.b\"}",
				rand() % 20));
		break;
	case 9:
		(void)del(w, path("/delete-phone-number/%s", tel));
		break;
	case 10:
		(void)post(w, OLD_API "/IncomingPhoneNumbers.json",
			   path("PhoneNumber=%%2B1628555%04d&TrunkSid=%s",
				rand() % 10 + 1, tk));
		break;
	default:
		(void)del(w, path(OLD_API "/IncomingPhoneNumbers/%s.json", pn));
		break;
	}
	assert_in_range(w->status, 200, 422);
}

static void check_ledger(struct world *w)
{
	size_t living[SANDBOX_KINDS] = {0};

	for (size_t i = 0; i < sandbox_ledger_count(w->sb); i++) {
		const struct sandbox_resource *r = sandbox_ledger_at(w->sb, i);
		const char *trunk;

		if (!r->alive) {
			assert_true(r->deleted_ms >= r->created_ms);
			continue;
		}
		living[r->kind] += !r->foreign;
		assert_ptr_equal(
			sandbox_ledger_find(w->sb, r->kind, r->id, r->parent),
			r);
		trunk = sandbox_resource_field(r, "trunk_sid");
		if (trunk)
			assert_non_null(sandbox_ledger_find(
				w->sb, SANDBOX_TRUNK_PHONE_NUMBER, r->id,
				trunk));
		if (r->kind == SANDBOX_TRUNK_CREDENTIAL_LIST) {
			assert_non_null(sandbox_ledger_find(
				w->sb, SANDBOX_TRUNK, r->parent, NULL));
			assert_non_null(sandbox_ledger_find(
				w->sb, SANDBOX_CREDENTIAL_LIST, r->id, NULL));
		}
	}
	for (int kind = 0; kind < SANDBOX_KINDS; kind++)
		assert_int_equal(living[kind],
				 sandbox_ledger_alive(w->sb, kind));
}

static void whatever_is_asked_the_ledger_holds_together(void **state)
{
	struct world *w = *state;

	srand(1);
	for (int i = 0; i < 3000; i++) {
		w->now_ms += rand() % DAY_MS;
		random_call(w);
		if (i % 50 == 0)
			check_ledger(w);
	}
	check_ledger(w);
	assert_true(sandbox_ledger_count(w->sb) > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(a_fresh_world_has_numbers_and_foreign_things),
		in_world(the_same_seed_gives_the_same_answers),
		in_world(a_reset_makes_the_world_fresh),
		cmocka_unit_test(the_log_keeps_the_newest),
		in_world(whatever_is_asked_the_ledger_holds_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
