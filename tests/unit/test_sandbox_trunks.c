/* SPDX-License-Identifier: MIT */
/*
 * test_sandbox_trunks.c - the modelled Twilio without faults: who may ask, and
 * trunks, lists and what hangs on them; what is refused, and with which code.
 */
#include "sandbox_world.h"

/* base64 of SANDBOX_ACCOUNT ":wrong" */
#define OUR_ACCOUNT_WRONG_TOKEN \
	"Basic QUM1YTVhNWE1YTVhNWE1YTVhNWE1YTVhNWE1YTVhNWE1YTp3cm9uZw=="

#define DAY_MS (24LL * 60 * 60 * 1000)

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
