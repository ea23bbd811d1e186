/* SPDX-License-Identifier: MIT */
/* test_answer.c - what a provider's response means, for every kind of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "provider/answer.h"

struct example {
	const char *what;
	enum provider provider;
	enum http_method method;
	enum http_fate fate;
	int status;
	bool json;
	const char *body;
	enum answer_kind kind;
	enum err_code error; /* unless OK or GONE */
};

#define T PROVIDER_TWILIO
#define R PROVIDER_RETELL

/* clang-format off */
static const struct example examples[] = {
	{"never sent", T, HTTP_POST, HTTP_NOT_SENT, 0, false, "", ANSWER_BUSY, ERR_PROVIDER_UNAVAILABLE},
	{"sent, no answer", T, HTTP_POST, HTTP_LOST, 0, false, "", ANSWER_UNKNOWN, ERR_PROVIDER_UNAVAILABLE},
	{"status seen, body lost", T, HTTP_POST, HTTP_LOST, 201, false, "", ANSWER_UNKNOWN, ERR_PROVIDER_UNAVAILABLE},
	{"created", T, HTTP_POST, HTTP_ANSWERED, 201, true, "{\"sid\":\"TK1\"}", ANSWER_OK, 0},
	{"deleted", T, HTTP_DELETE, HTTP_ANSWERED, 204, false, "", ANSWER_OK, 0},
	{"no content for a create", T, HTTP_POST, HTTP_ANSWERED, 204, false, "", ANSWER_UNKNOWN, ERR_PROVIDER_GARBLED},
	{"empty body", T, HTTP_POST, HTTP_ANSWERED, 201, true, "", ANSWER_UNKNOWN, ERR_PROVIDER_GARBLED},
	{"HTML", T, HTTP_POST, HTTP_ANSWERED, 201, false, "<html>", ANSWER_UNKNOWN, ERR_PROVIDER_GARBLED},
	{"JSON called HTML", T, HTTP_POST, HTTP_ANSWERED, 201, false, "{\"sid\":1}", ANSWER_UNKNOWN, ERR_PROVIDER_GARBLED},
	{"JSON and junk", T, HTTP_POST, HTTP_ANSWERED, 201, true, "{} x", ANSWER_UNKNOWN, ERR_PROVIDER_GARBLED},
	{"an array", T, HTTP_GET, HTTP_ANSWERED, 200, true, "[]", ANSWER_UNKNOWN, ERR_PROVIDER_GARBLED},
	{"duplicate keys", T, HTTP_POST, HTTP_ANSWERED, 201, true, "{\"a\":1,\"a\":2}", ANSWER_UNKNOWN, ERR_PROVIDER_GARBLED},
	{"nested deep", T, HTTP_POST, HTTP_ANSWERED, 201, true, "{\"a\":[[[[[[[[[[[[[1]]]]]]]]]]]]]}", ANSWER_UNKNOWN, ERR_PROVIDER_GARBLED},
	{"redirect", T, HTTP_POST, HTTP_ANSWERED, 307, true, "{}", ANSWER_UNKNOWN, ERR_PROVIDER_GARBLED},
	{"request timeout", T, HTTP_POST, HTTP_ANSWERED, 408, true, "{}", ANSWER_UNKNOWN, ERR_PROVIDER_GARBLED},
	{"server error", T, HTTP_POST, HTTP_ANSWERED, 500, true, "{\"code\":20500}", ANSWER_UNKNOWN, ERR_PROVIDER_UNAVAILABLE},
	{"bad gateway in HTML", R, HTTP_POST, HTTP_ANSWERED, 502, false, "<html>", ANSWER_UNKNOWN, ERR_PROVIDER_UNAVAILABLE},
	{"429 with a code", T, HTTP_POST, HTTP_ANSWERED, 429, true, "{\"code\":20429}", ANSWER_BUSY, ERR_PROVIDER_UNAVAILABLE},
	{"429 without a body", R, HTTP_POST, HTTP_ANSWERED, 429, false, "", ANSWER_BUSY, ERR_PROVIDER_UNAVAILABLE},
	{"bad token", T, HTTP_POST, HTTP_ANSWERED, 401, true, "{\"code\":20003}", ANSWER_REFUSED, ERR_PROVIDER_AUTH},
	{"403 for the token", T, HTTP_POST, HTTP_ANSWERED, 403, true, "{\"code\":20003}", ANSWER_REFUSED, ERR_PROVIDER_AUTH},
	{"403 for another reason", T, HTTP_POST, HTTP_ANSWERED, 403, true, "{\"code\":21999}", ANSWER_REFUSED, ERR_PROVIDER_REFUSED},
	{"not found", T, HTTP_DELETE, HTTP_ANSWERED, 404, true, "{\"code\":20404}", ANSWER_GONE, ERR_PROVIDER_REFUSED},
	{"a proxy's 404", T, HTTP_GET, HTTP_ANSWERED, 404, false, "<html>", ANSWER_UNKNOWN, ERR_PROVIDER_GARBLED},
	{"list name taken", T, HTTP_POST, HTTP_ANSWERED, 400, true, "{\"code\":21240}", ANSWER_CLASH, ERR_PROVIDER_REFUSED},
	{"domain taken", T, HTTP_POST, HTTP_ANSWERED, 400, true, "{\"code\":21248}", ANSWER_CLASH, ERR_PROVIDER_REFUSED},
	{"list in use", T, HTTP_DELETE, HTTP_ANSWERED, 400, true, "{\"code\":21241}", ANSWER_BUSY, ERR_PROVIDER_REFUSED},
	{"too many trunks", T, HTTP_POST, HTTP_ANSWERED, 400, true, "{\"code\":21244}", ANSWER_REFUSED, ERR_PROVIDER_REFUSED},
	{"a code we do not know", T, HTTP_POST, HTTP_ANSWERED, 400, true, "{\"code\":29999}", ANSWER_REFUSED, ERR_PROVIDER_REFUSED},
	{"Retell: exists", R, HTTP_POST, HTTP_ANSWERED, 400, true, "{\"message\":\"Phone number already exists\"}", ANSWER_CLASH, ERR_PROVIDER_REFUSED},
	{"Retell: invalid", R, HTTP_POST, HTTP_ANSWERED, 400, true, "{\"message\":\"Invalid request format\"}", ANSWER_REFUSED, ERR_PROVIDER_REFUSED},
	{"Retell: 422 not found", R, HTTP_GET, HTTP_ANSWERED, 422, true, "{\"message\":\"Cannot find requested asset under given api key.\"}", ANSWER_GONE, ERR_PROVIDER_REFUSED},
	{"Retell: 422 otherwise", R, HTTP_POST, HTTP_ANSWERED, 422, true, "{\"message\":\"weights\"}", ANSWER_REFUSED, ERR_PROVIDER_REFUSED},
	{"Retell: trial over", R, HTTP_POST, HTTP_ANSWERED, 402, true, "{\"message\":\"Trial has ended\"}", ANSWER_REFUSED, ERR_PROVIDER_REFUSED},
	{"Retell: bad key", R, HTTP_GET, HTTP_ANSWERED, 401, true, "{\"message\":\"API key\"}", ANSWER_REFUSED, ERR_PROVIDER_AUTH},
};
/* clang-format on */

static void every_response_means_what_the_table_says(void **state)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		const struct example *x = &examples[i];
		struct http_request rq = {.method = x->method};
		struct http_response rs = HTTP_RESPONSE_INIT;
		struct answer a;

		rs.fate = x->fate;
		rs.status = x->status;
		rs.json = x->json;
		assert_int_equal(buf_str(&rs.body, x->body), 0);
		answer_read(&a, x->provider, &rq, &rs);
		if (a.kind != x->kind)
			fail_msg("%s: kind %d, not %d", x->what, a.kind,
				 x->kind);
		if (a.kind != ANSWER_OK && a.error != x->error)
			fail_msg("%s: error %d, not %d", x->what, a.error,
				 x->error);
		answer_release(&a);
		http_response_release(&rs);
	}
}

static void an_answers_error_has_our_words_and_the_providers_codes(void **state)
{
	const char *body = "{\"code\":21244,\"message\":\"secret-echo\"}";
	struct http_request rq = {.method = HTTP_POST};
	struct http_response rs = HTTP_RESPONSE_INIT;
	struct err err = ERR_INIT;
	struct answer a;

	rs.fate = HTTP_ANSWERED;
	rs.status = 400;
	rs.json = true;
	assert_int_equal(buf_str(&rs.body, body), 0);
	answer_read(&a, PROVIDER_TWILIO, &rq, &rs);
	answer_error(&a, PROVIDER_TWILIO, &err);
	assert_int_equal(err.code, ERR_PROVIDER_REFUSED);
	assert_int_equal(err.provider_status, 400);
	assert_int_equal(err.provider_code, 21244);
	assert_string_equal(err.provider, "twilio");
	assert_null(strstr(err.detail, "secret-echo"));
	assert_non_null(strstr(err.detail, "trunks"));
	answer_release(&a);
	http_response_release(&rs);
}

static void retry_after_is_passed_on(void **state)
{
	struct http_request rq = {.method = HTTP_POST};
	struct http_response rs = HTTP_RESPONSE_INIT;
	struct answer a;

	rs.fate = HTTP_ANSWERED;
	rs.status = 429;
	rs.retry_after_ms = 7000;
	answer_read(&a, PROVIDER_TWILIO, &rq, &rs);
	assert_int_equal(a.retry_after_ms, 7000);
	answer_release(&a);
	http_response_release(&rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_response_means_what_the_table_says),
		cmocka_unit_test(
			an_answers_error_has_our_words_and_the_providers_codes),
		cmocka_unit_test(retry_after_is_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
