/* SPDX-License-Identifier: MIT */
/*
 * test_sandbox_numbers.c - the modelled Twilio without faults: where a number
 * is, pages of lists, and reads that lag.
 */
#include "sandbox_world.h"

#define IMPORT(number, more)          \
	"{\"phone_number\":\"" number \
	"\",\"termination_uri\":\"a.pstn.twilio.com\"" more "}"

static void attaching_wipes_the_voice_application_and_keeps_the_url(
	void **state)
{
	struct world *w = *state;
	const char *trunk = new_trunk(w, "app");
	const char *number = SANDBOX_WITH_APPLICATION;

	assert_non_null(number_field(w, number, "voice_application_sid"));
	assert_int_equal(post(w, path("/v1/Trunks/%s/PhoneNumbers", trunk),
			      path("PhoneNumberSid=%s", number_sid(w, number))),
			 201);
	assert_string_equal(said(w, "trunk_sid"), trunk);
	assert_null(number_field(w, number, "voice_application_sid"));
	assert_non_null(number_field(w, number, "voice_url"));
	/* and the other way round */
	assert_int_equal(post(w,
			      path(OLD_API "/IncomingPhoneNumbers/%s.json",
				   number_sid(w, number)),
			      "VoiceApplicationSid=" SANDBOX_APPLICATION),
			 200);
	assert_null(number_field(w, number, "trunk_sid"));
	assert_int_equal(alive(w, SANDBOX_TRUNK_PHONE_NUMBER), 0);
}

static void trunk_sid_moves_a_number_and_empty_clears_it(void **state)
{
	struct world *w = *state;
	const char *trunk = new_trunk(w, "taker");
	const char *number = SANDBOX_ON_FOREIGN_TRUNK;
	char self[200];

	snprintf(self, sizeof(self), OLD_API "/IncomingPhoneNumbers/%s.json",
		 number_sid(w, number));
	assert_int_equal(post(w, self, path("TrunkSid=%s", trunk)), 200);
	assert_string_equal(number_field(w, number, "trunk_sid"), trunk);
	assert_int_equal(post(w, self, "TrunkSid="), 200);
	assert_null(number_field(w, number, "trunk_sid"));
	assert_int_equal(post(w, self, "TrunkSid=TKnope"), 400);
	assert_int_equal(code(w), 20422);
}

/* As in the examples of Twilio's documents: one is null, one is "". */
static void what_is_unset_is_null_or_empty_as_at_twilio(void **state)
{
	struct world *w = *state;

	assert_int_equal(get(w, path(OLD_API "/IncomingPhoneNumbers/%s.json",
				     number_sid(w, "+14155550100"))),
			 200);
	assert_true(json_is_null(json_object_get(w->answer, "trunk_sid")));
	assert_true(json_is_null(json_object_get(w->answer, "voice_url")));
	assert_string_equal(json_string_value(json_object_get(
				    w->answer, "voice_application_sid")),
			    "");
}

static void a_number_on_another_trunk_is_not_attached(void **state)
{
	struct world *w = *state;
	const char *trunk = new_trunk(w, "strict");

	assert_int_equal(post(w, path("/v1/Trunks/%s/PhoneNumbers", trunk),
			      path("PhoneNumberSid=%s",
				   number_sid(w, SANDBOX_ON_FOREIGN_TRUNK))),
			 400);
	assert_int_equal(code(w), 21245);
}

static void deleting_a_trunk_takes_all_on_it_but_the_number(void **state)
{
	struct world *w = *state;
	const char *trunk = new_trunk(w, "all"), *list = new_list(w, "l");

	(void)post(w, path("/v1/Trunks/%s/PhoneNumbers", trunk),
		   path("PhoneNumberSid=%s", number_sid(w, "+14155550100")));
	(void)post(w, path("/v1/Trunks/%s/CredentialLists", trunk),
		   path("CredentialListSid=%s", list));
	(void)post(w, path("/v1/Trunks/%s/OriginationUrls", trunk),
		   "FriendlyName=a&Enabled=true&SipUrl=sip:a.b&Priority=1&"
		   "Weight=1");
	assert_int_equal(del(w, path("/v1/Trunks/%s", trunk)), 204);
	assert_int_equal(alive(w, SANDBOX_TRUNK), 0);
	assert_int_equal(alive(w, SANDBOX_ORIGINATION_URL), 0);
	assert_int_equal(alive(w, SANDBOX_TRUNK_CREDENTIAL_LIST), 0);
	assert_int_equal(alive(w, SANDBOX_TRUNK_PHONE_NUMBER), 0);
	assert_int_equal(alive(w, SANDBOX_CREDENTIAL_LIST), 1);
	assert_null(number_field(w, "+14155550100", "trunk_sid"));
}

static void emergency_calling_holds_the_trunk(void **state)
{
	struct world *w = *state;
	const char *trunk = new_trunk(w, "e911");

	(void)post(w, path("/v1/Trunks/%s/PhoneNumbers", trunk),
		   path("PhoneNumberSid=%s",
			number_sid(w, SANDBOX_WITH_EMERGENCY)));
	assert_int_equal(del(w, path("/v1/Trunks/%s", trunk)), 400);
	assert_int_equal(code(w), 21634);
}

static void the_number_filter_is_a_partial_match_with_stars(void **state)
{
	static const struct {
		const char *filter;
		size_t found;
	} rows[] = {{"%2B14155550100", 1}, {"5550", 3},
		    {"%2B1415*100", 1},	   {"*", 9},
		    {"9999999", 0},	   {"+14155550100", 0}};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(
			get(w, path(OLD_API
				    "/IncomingPhoneNumbers.json?PhoneNumber=%s",
				    rows[i].filter)),
			200);
		assert_int_equal(json_array_size(json_object_get(
					 w->answer, "incoming_phone_numbers")),
				 rows[i].found);
	}
}

static void pages_are_linked_and_end(void **state)
{
	struct world *w = *state;
	const char *next = "/v1/Trunks?PageSize=2";
	size_t rows = 0, pages = 0;
	char at[300];

	for (int i = 0; i < 3; i++)
		(void)new_trunk(w, path("page%d", i));
	while (next) {
		const json_t *meta;
		const char *link;

		assert_int_equal(get(w, next), 200);
		rows += json_array_size(json_object_get(w->answer, "trunks"));
		pages++;
		meta = json_object_get(w->answer, "meta");
		assert_string_equal(
			json_string_value(json_object_get(meta, "key")),
			"trunks");
		link = json_string_value(
			json_object_get(meta, "next_page_url"));
		assert_true(!link ||
			    strncmp(link, "https://trunking", 16) == 0);
		snprintf(at, sizeof(at), "%s", link ? link + 27 : "");
		next = link ? at : NULL;
	}
	assert_int_equal(rows, 5); /* with the two foreign ones */
	assert_int_equal(pages, 3);
}

static void pages_of_the_old_api_have_relative_links(void **state)
{
	struct world *w = *state;
	const char *next =
		OLD_API "/IncomingPhoneNumbers.json?PageSize=4&PhoneNumber=1";
	size_t rows = 0;
	char at[300];

	while (*next) {
		assert_int_equal(get(w, next), 200);
		rows += json_array_size(
			json_object_get(w->answer, "incoming_phone_numbers"));
		snprintf(at, sizeof(at), "%s", said(w, "next_page_uri"));
		next = at;
	}
	assert_int_equal(rows, 9);
}

static void a_page_may_be_shorter_than_asked_for(void **state)
{
	struct sandbox_config short_pages = small_world;
	struct world *w;
	const json_t *meta;

	short_pages.page_max = 1;
	w = world_with(&short_pages);
	assert_int_equal(get(w, "/v1/Trunks?PageSize=1000"), 200);
	assert_int_equal(json_array_size(json_object_get(w->answer, "trunks")),
			 1);
	meta = json_object_get(w->answer, "meta");
	assert_true(json_is_string(json_object_get(meta, "next_page_url")));
	(void)post(w, "/import-phone-number", IMPORT("+14155550100", ""));
	assert_int_equal(get(w, "/v2/list-phone-numbers?limit=1000"), 200);
	assert_int_equal(json_array_size(json_object_get(w->answer, "items")),
			 1);
	assert_true(json_is_true(json_object_get(w->answer, "has_more")));
	world_free(w);
}

static void page_sizes_over_1000_are_20007(void **state)
{
	struct world *w = *state;

	assert_int_equal(get(w, "/v1/Trunks?PageSize=1001"), 400);
	assert_int_equal(code(w), 20007);
	assert_int_equal(get(w, "/v1/Trunks?PageSize=0"), 400);
	assert_int_equal(get(w, "/v1/Trunks?Page=1"), 400);
	assert_int_equal(code(w), 20006);
	assert_int_equal(get(w, "/v1/Trunks?Page=1&PageToken=PA"), 400);
	assert_int_equal(code(w), 20422);
	assert_int_equal(get(w, "/v1/Trunks?Page=1&PageToken=PA1x"), 400);
	assert_int_equal(code(w), 20422);
}

/* As characters are counted: two bytes each, written as six. */
static void long_names_that_differ_at_their_end_are_two(void **state)
{
	const char *lists = OLD_API "/SIP/IpAccessControlLists.json";
	struct world *w = *state;
	char body[2048] = "FriendlyName=";
	char *end = body + strlen(body);

	for (int i = 0; i < 254; i++, end += 6)
		strcpy(end, "%C3%A9");
	strcpy(end, "1");
	assert_int_equal(post(w, lists, body), 201);
	assert_int_equal(post(w, lists, body), 400);
	assert_int_equal(code(w), 21235);
	strcpy(end, "2");
	assert_int_equal(post(w, lists, body), 201);
	strcpy(end, "22");
	assert_int_equal(post(w, lists, body), 400);
	assert_int_equal(code(w), 20002);
}

static void buying_an_owned_number_is_an_update(void **state)
{
	struct world *w = *state;
	const char *trunk = new_trunk(w, "buy");

	assert_int_equal(
		post(w, OLD_API "/IncomingPhoneNumbers.json",
		     path("PhoneNumber=%%2B14155550100&TrunkSid=%s", trunk)),
		201);
	assert_string_equal(said(w, "sid"), number_sid(w, "+14155550100"));
	assert_string_equal(number_field(w, "+14155550100", "trunk_sid"),
			    trunk);
	assert_int_equal(alive(w, SANDBOX_INCOMING_PHONE_NUMBER), 18);
}

static void numbers_are_bought_and_released(void **state)
{
	static const struct {
		const char *body;
		int code;
	} refused[] = {{"PhoneNumber=+14155551234", 21421}, /* '+' is a space */
		       {"PhoneNumber=%2B14155558001", 21422},
		       {"PhoneNumber=%2B14155550000", 21422},
		       {"AreaCode=12", 21451},
		       {"AreaCode=911", 21452},
		       {"FriendlyName=x", 20001}};
	struct world *w = *state;
	const char *numbers = OLD_API "/IncomingPhoneNumbers.json";

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(post(w, numbers, refused[i].body), 400);
		assert_int_equal(code(w), refused[i].code);
	}
	assert_int_equal(post(w, numbers, "AreaCode=628"), 201);
	assert_string_equal(said(w, "phone_number"), "+16285551000");
	assert_int_equal(del(w, path(OLD_API "/IncomingPhoneNumbers/%s.json",
				     made(w) /* 201 is still there */)),
			 204);
	assert_int_equal(get(w, OLD_API "/AvailablePhoneNumbers/US/"
					"Local.json?AreaCode=628&PageSize=1"),
			 200);
	assert_non_null(strstr(w->text, "+16285551000"));
}

static void reads_lag_behind_creation(void **state)
{
	struct sandbox_config lagging = small_world;
	struct world *w;
	const char *trunk;

	lagging.lag_ms = 5000;
	w = world_with(&lagging);
	trunk = new_trunk(w, "young");
	assert_int_equal(get(w, path("/v1/Trunks/%s", trunk)), 404);
	assert_int_equal(get(w, "/v1/Trunks"), 200);
	assert_int_equal(json_array_size(json_object_get(w->answer, "trunks")),
			 2);
	/* writes see it */
	assert_int_equal(
		post(w, path("/v1/Trunks/%s", trunk), "FriendlyName=x"), 200);
	w->now_ms += 5000;
	assert_int_equal(get(w, path("/v1/Trunks/%s", trunk)), 200);
	world_free(w);
}

static void a_number_seems_to_be_on_its_former_trunk_for_a_while(void **state)
{
	struct sandbox_config lagging = small_world;
	struct world *w;
	char self[200], former[40];
	const char *trunk;

	lagging.lag_ms = 5000;
	w = world_with(&lagging);
	trunk = new_trunk(w, "taker");
	snprintf(former, sizeof(former), "%s",
		 number_field(w, SANDBOX_ON_FOREIGN_TRUNK, "trunk_sid"));
	snprintf(self, sizeof(self), OLD_API "/IncomingPhoneNumbers/%s.json",
		 number_sid(w, SANDBOX_ON_FOREIGN_TRUNK));
	assert_int_equal(post(w, self, path("TrunkSid=%s", trunk)), 200);
	assert_string_equal(said(w, "trunk_sid"), trunk);
	assert_int_equal(get(w, self), 200);
	assert_string_equal(said(w, "trunk_sid"), former);
	w->now_ms += 5000;
	assert_int_equal(get(w, self), 200);
	assert_string_equal(said(w, "trunk_sid"), trunk);
	world_free(w);
}

static void an_account_takes_so_many_calls_at_once(void **state)
{
	struct sandbox_config narrow = small_world;
	struct sandbox_call *first;
	struct world *w;

	narrow.max_concurrency = 1;
	w = world_with(&narrow);
	first = start(w, "GET", "/v1/Trunks", NULL);
	assert_int_equal(post(w, "/v1/Trunks", "FriendlyName=x"), 429);
	assert_int_equal(code(w), 20429);
	assert_int_equal(alive(w, SANDBOX_TRUNK), 0);
	sandbox_call_free(first);
	assert_int_equal(post(w, "/v1/Trunks", "FriendlyName=x"), 201);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(
			attaching_wipes_the_voice_application_and_keeps_the_url),
		in_world(trunk_sid_moves_a_number_and_empty_clears_it),
		in_world(what_is_unset_is_null_or_empty_as_at_twilio),
		in_world(a_number_on_another_trunk_is_not_attached),
		in_world(deleting_a_trunk_takes_all_on_it_but_the_number),
		in_world(emergency_calling_holds_the_trunk),
		in_world(the_number_filter_is_a_partial_match_with_stars),
		in_world(pages_are_linked_and_end),
		in_world(pages_of_the_old_api_have_relative_links),
		cmocka_unit_test(a_page_may_be_shorter_than_asked_for),
		in_world(page_sizes_over_1000_are_20007),
		in_world(long_names_that_differ_at_their_end_are_two),
		in_world(buying_an_owned_number_is_an_update),
		in_world(numbers_are_bought_and_released),
		cmocka_unit_test(reads_lag_behind_creation),
		cmocka_unit_test(
			a_number_seems_to_be_on_its_former_trunk_for_a_while),
		cmocka_unit_test(an_account_takes_so_many_calls_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
