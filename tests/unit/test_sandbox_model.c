/* SPDX-License-Identifier: MIT */
/*
 * test_sandbox_model.c - the modelled Twilio and Retell without faults: what
 * is there, what is refused, and with which code.
 */
#include "sandbox_world.h"

/* base64 of SANDBOX_ACCOUNT ":wrong" */
#define OUR_ACCOUNT_WRONG_TOKEN \
	"Basic QUM1YTVhNWE1YTVhNWE1YTVhNWE1YTVhNWE1YTVhNWE1YTp3cm9uZw=="
#define DAY_MS (24LL * 60 * 60 * 1000)

#define IMPORT(number, more)          \
	"{\"phone_number\":\"" number \
	"\",\"termination_uri\":\"a.pstn.twilio.com\"" more "}"

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

static void wrong_credentials_are_refused_with_20003(void **state)
{
	struct world *w = *state;

	w->login = "Basic QUM1YTpub3Bl";
	assert_int_equal(get(w, "/v1/Trunks"), 401);
	assert_int_equal(code(w), 20003);
	w->login = NULL;
	assert_int_equal(get(w, "/v1/Trunks"), 401);
	w->login = OUR_ACCOUNT_WRONG_TOKEN;
	assert_int_equal(get(w, "/v1/Trunks"), 401);
	w->login = SECOND_LOGIN;
	assert_int_equal(get(w, "/v1/Trunks"), 200);
	/* another account's path */
	assert_int_equal(get(w, OLD_API "/IncomingPhoneNumbers.json"), 401);
	w->login = OUR_KEY_LOGIN;
	assert_int_equal(get(w, OLD_API "/IncomingPhoneNumbers.json"), 200);
}

static void another_accounts_trunk_is_not_found(void **state)
{
	struct world *w = *state;
	const char *trunk = new_trunk(w, "mine");

	w->login = SECOND_LOGIN;
	assert_int_equal(get(w, path("/v1/Trunks/%s", trunk)), 404);
	assert_int_equal(code(w), 20404);
}

static void an_unknown_path_is_404_and_a_wrong_method_405(void **state)
{
	struct world *w = *state;

	assert_int_equal(get(w, OLD_API "/IncomingPhoneNumbers"), 404);
	assert_int_equal(code(w), 20404);
	assert_int_equal(call(w, "PUT", "/v1/Trunks", NULL), 405);
	assert_int_equal(code(w), 20004);
	assert_int_equal(get(w, "/no-such-route"), 404);
	assert_string_equal(said(w, "status"), "error");
}

static void a_json_body_is_refused_by_twilio(void **state)
{
	struct world *w = *state;
	struct sandbox_request rq = {.method = "POST",
				     .target = "/v1/Trunks",
				     .authorization = OUR_LOGIN,
				     .content_type = "application/json",
				     .body = "{}",
				     .body_len = 2};
	struct sandbox_call *c = sandbox_begin(w->sb, &rq, w->now_ms);

	assert_int_equal(sandbox_apply(c, w->now_ms)->status, 415);
	sandbox_call_free(c);
}

static void unknown_parameters_are_ignored_by_twilio(void **state)
{
	struct world *w = *state;

	assert_int_equal(post(w, "/v1/Trunks", "friendlyname=x&Oops=1"), 201);
	assert_true(json_is_null(json_object_get(w->answer, "friendly_name")));
}

static void a_body_that_cannot_be_read_is_400(void **state)
{
	struct world *w = *state;

	assert_int_equal(post(w, "/v1/Trunks", "FriendlyName=a%00b"), 400);
	assert_int_equal(post(w, "/v1/Trunks", "FriendlyName=%ff"), 400);
	assert_int_equal(post(w, "/v1/Trunks", "FriendlyName=%2"), 400);
	assert_int_equal(alive(w, SANDBOX_TRUNK), 0);
}

static void a_missing_parameter_is_20001(void **state)
{
	struct world *w = *state;
	const char *trunk = new_trunk(w, "missing");
	const char *urls = path("/v1/Trunks/%s/OriginationUrls", trunk);

	assert_int_equal(post(w, urls, "SipUrl=sip:a.b&Priority=1&Weight=1"),
			 400);
	assert_int_equal(code(w), 20001);
	assert_non_null(strstr(said(w, "message"), "Enabled"));
}

static void an_origination_url_needs_sip_and_ranges(void **state)
{
	static const char *const bad[] = {
		"SipUrl=sips:a.b&Priority=1&Weight=1",
		"SipUrl=sip:a.b&Priority=65536&Weight=1",
		"SipUrl=sip:a.b&Priority=1&Weight=0",
		"SipUrl=sip:a.b&Priority=1&Weight=x"};
	struct world *w = *state;
	const char *trunk = new_trunk(w, "ranges");
	const char *urls = path("/v1/Trunks/%s/OriginationUrls", trunk);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char body[200];

		snprintf(body, sizeof(body), "FriendlyName=a&Enabled=true&%s",
			 bad[i]);
		assert_int_equal(post(w, urls, body), 400);
		assert_int_equal(code(w), 20422);
	}
	assert_int_equal(alive(w, SANDBOX_ORIGINATION_URL), 0);
}

static void a_trunk_takes_ten_origination_urls(void **state)
{
	struct world *w = *state;
	const char *trunk = new_trunk(w, "ten");
	char urls[100];

	snprintf(urls, sizeof(urls), "/v1/Trunks/%s/OriginationUrls", trunk);
	for (int i = 0; i < 10; i++)
		assert_int_equal(post(w, urls,
				      "FriendlyName=a&Enabled=true&"
				      "SipUrl=sip:a.b&Priority=1&Weight=1"),
				 201);
	assert_int_equal(post(w, urls,
			      "FriendlyName=a&Enabled=true&SipUrl=sip:a.b&"
			      "Priority=1&Weight=1"),
			 400);
	assert_int_equal(code(w), 21249);
}

static void a_domain_must_be_one_of_twilios(void **state)
{
	struct world *w = *state;

	assert_int_equal(post(w, "/v1/Trunks", "DomainName=a.example.com"),
			 400);
	assert_int_equal(code(w), 21245);
	assert_int_equal(
		post(w, "/v1/Trunks", "DomainName=a.b.pstn.twilio.com"), 400);
}

static void a_domain_belongs_to_one_trunk(void **state)
{
	struct world *w = *state;

	(void)new_trunk(w, "taken");
	assert_int_equal(
		post(w, "/v1/Trunks", "DomainName=TAKEN.pstn.twilio.com"), 400);
	assert_int_equal(code(w), 21245);
	assert_int_equal(post(w, "/v1/Trunks",
			      "DomainName=" SANDBOX_OTHER_ACCOUNTS_DOMAIN),
			 400);
	assert_int_equal(code(w), 21248);
	assert_int_equal(alive(w, SANDBOX_TRUNK), 1);
}

static void a_deleted_domain_stays_reserved_for_thirty_days(void **state)
{
	struct world *w = *state;
	const char *again = "DomainName=gone.pstn.twilio.com";

	assert_int_equal(del(w, path("/v1/Trunks/%s", new_trunk(w, "gone"))),
			 204);
	assert_int_equal(post(w, "/v1/Trunks", again), 400);
	assert_int_equal(code(w), 21248);
	w->now_ms += 30 * DAY_MS - 1;
	assert_int_equal(post(w, "/v1/Trunks", again), 400);
	w->now_ms += 1;
	assert_int_equal(post(w, "/v1/Trunks", again), 201);
}

static void a_renamed_domain_stays_reserved(void **state)
{
	struct world *w = *state;
	const char *trunk = new_trunk(w, "before");

	assert_int_equal(post(w, path("/v1/Trunks/%s", trunk),
			      "DomainName=after.pstn.twilio.com"),
			 200);
	assert_int_equal(
		post(w, "/v1/Trunks", "DomainName=before.pstn.twilio.com"),
		400);
	assert_int_equal(code(w), 21248);
}

static void trunks_and_lists_have_a_limit(void **state)
{
	struct sandbox_config two = small_world;
	struct world *w;

	two.max_trunks = 4; /* two are foreign */
	w = world_with(&two);
	(void)new_trunk(w, "one");
	(void)new_trunk(w, "two");
	assert_int_equal(post(w, "/v1/Trunks", "FriendlyName=three"), 400);
	assert_int_equal(code(w), 21244);
	(void)new_list(w, "one");
	(void)new_list(w, "two");
	assert_int_equal(post(w, OLD_API "/SIP/CredentialLists.json",
			      "FriendlyName=three"),
			 400);
	assert_int_equal(code(w), 21239);
	world_free(w);
}

static void a_list_name_is_taken_once(void **state)
{
	struct world *w = *state;
	const char *list = new_list(w, "name");
	const char *lists = OLD_API "/SIP/CredentialLists.json";

	assert_int_equal(post(w, lists, "FriendlyName=name"), 400);
	assert_int_equal(code(w), 21240);
	assert_int_equal(
		del(w, path(OLD_API "/SIP/CredentialLists/%s.json", list)),
		204);
	assert_int_equal(post(w, lists, "FriendlyName=name"), 201);
}

static void a_password_must_be_strong(void **state)
{
	static const char *const weak[] = {"Short1aA", "alllowercase1",
					   "ALLUPPERCASE1", "NoDigitsAtAll"};
	struct world *w = *state;
	char to[200];

	snprintf(to, sizeof(to),
		 OLD_API "/SIP/CredentialLists/%s/Credentials.json",
		 new_list(w, "l"));
	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
		assert_int_equal(
			post(w, to, path("Username=u&Password=%s", weak[i])),
			400);
		assert_int_equal(code(w), 21240);
	}
	assert_int_equal(post(w, to, "Username=u&Password=Str0ngEnough"), 201);
	assert_null(strstr(w->text, "Str0ng"));
	assert_int_equal(post(w, to, "Username=u&Password=Str0ngEnough"), 400);
	assert_int_equal(code(w), 21243);
}

static void passwords_are_kept_only_as_digests_that_compare(void **state)
{
	struct world *w = *state;
	const char *list = new_list(w, "l");
	const struct sandbox_resource *a, *b;
	json_t *all[2];

	(void)post(
		w,
		path(OLD_API "/SIP/CredentialLists/%s/Credentials.json", list),
		"Username=u&Password=Str0ngEnough");
	a = sandbox_ledger_find(w->sb, SANDBOX_CREDENTIAL, made(w), list);
	(void)post(w, "/import-phone-number",
		   "{\"phone_number\":\"+14155550100\","
		   "\"termination_uri\":\"a.pstn.twilio.com\","
		   "\"sip_trunk_auth_password\":\"Str0ngEnough\"}");
	b = sandbox_ledger_find(w->sb, SANDBOX_RETELL_NUMBER, "+14155550100",
				NULL);
	assert_string_equal(sandbox_resource_field(a, "password_sha256"),
			    sandbox_resource_field(b, "password_sha256"));
	all[0] = sandbox_ledger(w->sb);
	all[1] = sandbox_requests(w->sb);
	for (int i = 0; i < 2; i++) {
		char *text = json_dumps(all[i], 0);

		assert_null(strstr(text, "Str0ng"));
		assert_null(strstr(text, SANDBOX_TOKEN));
		assert_null(strstr(text, SANDBOX_RETELL_KEY "\""));
		free(text);
		json_decref(all[i]);
	}
}

static void a_list_on_a_trunk_cannot_be_deleted(void **state)
{
	struct world *w = *state;
	const char *trunk = new_trunk(w, "uses"), *list = new_list(w, "used");
	const char *ties = path("/v1/Trunks/%s/CredentialLists", trunk);
	char self[200];

	snprintf(self, sizeof(self), OLD_API "/SIP/CredentialLists/%s.json",
		 list);
	assert_int_equal(post(w, ties, path("CredentialListSid=%s", list)),
			 201);
	assert_string_equal(said(w, "sid"), list);
	assert_int_equal(del(w, self), 400);
	assert_int_equal(code(w), 21241);
	assert_int_equal(
		del(w, path("/v1/Trunks/%s/CredentialLists/%s", trunk, list)),
		204);
	assert_int_equal(del(w, self), 204);
	assert_int_equal(del(w, self), 404);
	assert_int_equal(code(w), 20404);
}

static void the_second_association_is_21245(void **state)
{
	struct world *w = *state;
	const char *trunk = new_trunk(w, "twice"), *list = new_list(w, "l");
	const char *body = path("CredentialListSid=%s", list);
	char ties[100];

	snprintf(ties, sizeof(ties), "/v1/Trunks/%s/CredentialLists", trunk);
	assert_int_equal(post(w, ties, body), 201);
	assert_int_equal(post(w, ties, body), 400);
	assert_int_equal(code(w), 21245);
	assert_int_equal(get(w, path("/v1/Trunks/%s", trunk)), 200);
	assert_string_equal(said(w, "auth_type"), "CREDENTIAL_LIST");
}

static void credentials_die_with_their_list(void **state)
{
	struct world *w = *state;
	const char *list = new_list(w, "l");

	(void)post(
		w,
		path(OLD_API "/SIP/CredentialLists/%s/Credentials.json", list),
		"Username=u&Password=Str0ngEnough");
	assert_int_equal(alive(w, SANDBOX_CREDENTIAL), 1);
	(void)del(w, path(OLD_API "/SIP/CredentialLists/%s.json", list));
	assert_int_equal(alive(w, SANDBOX_CREDENTIAL), 0);
}

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
		in_world(wrong_credentials_are_refused_with_20003),
		in_world(another_accounts_trunk_is_not_found),
		in_world(an_unknown_path_is_404_and_a_wrong_method_405),
		in_world(a_json_body_is_refused_by_twilio),
		in_world(unknown_parameters_are_ignored_by_twilio),
		in_world(a_body_that_cannot_be_read_is_400),
		in_world(a_missing_parameter_is_20001),
		in_world(an_origination_url_needs_sip_and_ranges),
		in_world(a_trunk_takes_ten_origination_urls),
		in_world(a_domain_must_be_one_of_twilios),
		in_world(a_domain_belongs_to_one_trunk),
		in_world(a_deleted_domain_stays_reserved_for_thirty_days),
		in_world(a_renamed_domain_stays_reserved),
		cmocka_unit_test(trunks_and_lists_have_a_limit),
		in_world(a_list_name_is_taken_once),
		in_world(a_password_must_be_strong),
		in_world(passwords_are_kept_only_as_digests_that_compare),
		in_world(a_list_on_a_trunk_cannot_be_deleted),
		in_world(the_second_association_is_21245),
		in_world(credentials_die_with_their_list),
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
		in_world(a_reset_makes_the_world_fresh),
		cmocka_unit_test(the_log_keeps_the_newest),
		in_world(whatever_is_asked_the_ledger_holds_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
