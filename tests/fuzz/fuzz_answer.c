/* SPDX-License-Identifier: MIT */
/*
 * fuzz_answer.c - what a provider answers, read by each act of each step.
 *
 * The first bytes choose the step, its act, how far it is and how the call
 * ended; the rest is the body. Each act then builds its next request: nothing
 * of the answer may lead it to another host or past its own part of the path.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "provider/retell.h"
#include "provider/twilio.h"
#include "steps/step.h"

#define API    "https://api.example.com"
#define TRUNKS "https://trunking.example.com"
#define VOICE  "https://voice.example.com"
#define RETELL "https://retell.example.com"

static const struct settings settings = {
	.instance = "fuzzfuzz",
	.twilio_api_url = API,
	.twilio_trunking_url = TRUNKS,
	.twilio_voice_url = VOICE,
	.retell_url = RETELL,
	.twilio_account_sid = "AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
	.twilio_user = "AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
	.twilio_secret = "fuzz-secret",
	.retell_api_key = "fuzz-key",
	.retell_sip_uri = "sip:sip.example.com;transport=tcp",
};

static const char spec_text[] =
	"{\"phone_number\":\"+14155550100\",\"agent_id\":\"a\",\"take_over\":"
	"true,\"connection_policy\":{\"target\":\"sip:h.example.com\"},"
	"\"fallback_number\":\"+14155550101\"}";

#define ID "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

/* How a saga's rows look when everything before the step is there. */
static void fill_rows(struct step_row rows[STEP_COUNT])
{
	static const char *const prefixes[STEP_COUNT] = {
		[STEP_NUMBER_LOOKUP] = "PN",
		[STEP_TRUNK] = "TK",
		[STEP_CREDENTIAL_LIST] = "CL",
		[STEP_CONNECTION_POLICY] = "NY",
		[STEP_CREDENTIAL] = "CR",
		[STEP_TRUNK_CREDENTIAL_LIST] = "CL",
		[STEP_ORIGINATION_URL] = "OU",
		[STEP_CONNECTION_POLICY_TARGET] = "NE",
		[STEP_NUMBER_ATTACHMENT] = "PN",
	};

	for (int i = 0; i < STEP_COUNT; i++) {
		rows[i] = (struct step_row){
			.step = step_get((enum step_id)i),
			.state = ROW_PRESENT,
			.next_page = BUF_INIT(HTTP_URL_MAX),
		};
		if (!prefixes[i])
			continue;
		strcpy(rows[i].external_id, prefixes[i]);
		strcat(rows[i].external_id, ID);
	}
	rows[STEP_TRUNK].data =
		json_pack("{s:s}", "domain", "tl-fuzzfuzz-x.pstn.twilio.com");
	rows[STEP_NUMBER_LOOKUP].data =
		json_pack("{s:s,s:s,s:s}", "trunk_sid", "TK" ID,
			  "voice_application_sid", "", "voice_url", "");
}

static bool below(const struct http_request *rq, const char *host)
{
	size_t n = strlen(host);

	return strncmp(rq->url.data, host, n) == 0 && rq->url.data[n] == '/';
}

/* What the next request of the act looks like, whatever was answered. */
static void check_request(struct step_cx *cx, const struct act *act)
{
	struct http_request rq = HTTP_REQUEST_INIT;
	struct err err = ERR_INIT;

	if (act->request(cx, &rq, &err)) {
		must(err.code != ERR_NONE);
	} else {
		must(below(&rq, API) || below(&rq, TRUNKS) ||
		     below(&rq, VOICE) || below(&rq, RETELL));
		must(!strstr(rq.url.data, "/.."));
		must(!strpbrk(rq.url.data, " \r\n\t#"));
		must(below(&rq, RETELL) == (rq.auth == HTTP_AUTH_BEARER));
	}
	http_request_release(&rq);
}

static void must_be_a_sid(const struct step_row *row)
{
	const char *id = row->external_id;

	if (!id[0] || row->step->provider == PROVIDER_RETELL)
		return;
	must(strlen(id) == TWILIO_SID_SIZE - 1);
	must(strspn(id + 2, "0123456789abcdefABCDEF") == 32);
}

static void read_it(struct step_cx *cx, const struct act *act,
		    const struct answer *a)
{
	struct err err = ERR_INIT;
	enum outcome o = act->read(cx, a, &err);

	must(o != OUTCOME_REFUSED || err.code != ERR_NONE);
	must(o != OUTCOME_UNKNOWN || err.code != ERR_NONE);
	must(o != OUTCOME_CLASH || act == &cx->row->step->make);
	must_be_a_sid(cx->row);
	if (o == OUTCOME_MORE) {
		cx->row->phase++;
		check_request(cx, act);
	}
}

static struct http_response response_of(struct input *in)
{
	static const int statuses[] = {200, 201, 204, 302, 400, 401, 403, 404,
				       408, 409, 422, 425, 429, 500, 503, 600};
	struct http_response rs = HTTP_RESPONSE_INIT;
	uint8_t how = input_byte(in), status = input_byte(in);

	rs.fate =
		how % 8 ? HTTP_ANSWERED : (how & 8 ? HTTP_LOST : HTTP_NOT_SENT);
	rs.json = (how & 16) == 0;
	rs.status = statuses[status % 16];
	buf_add(&rs.body, in->at, in->left);
	return rs;
}

static void must_be_sure(const struct answer *a, const struct http_response *rs)
{
	bool answered = rs->fate == HTTP_ANSWERED;

	must(a->kind != ANSWER_OK || (answered && rs->status / 100 == 2));
	must(a->kind != ANSWER_REFUSED || (answered && rs->status / 100 == 4));
	must(a->kind != ANSWER_CLASH || (answered && rs->status / 100 == 4));
	must(answered || a->kind == ANSWER_UNKNOWN || a->kind == ANSWER_BUSY);
	must(rs->json || !a->body);
	must(a->kind == ANSWER_OK || (a->text && a->error != ERR_NONE));
	must(a->kind == ANSWER_OK || err_public(a->error));
}

static void run(struct step_cx *cx, const struct act *act, struct input *in)
{
	static const enum http_method methods[] = {HTTP_POST, HTTP_GET,
						   HTTP_DELETE};
	enum provider p = cx->row->step->provider;
	struct http_request rq = {.method = methods[input_byte(in) % 3]};
	struct http_response rs = response_of(in);
	struct answer a;

	answer_read(&a, p, &rq, &rs);
	must_be_sure(&a, &rs);
	if (a.kind != ANSWER_BUSY && a.kind != ANSWER_UNKNOWN)
		read_it(cx, act, &a);
	answer_release(&a);
	http_response_release(&rs);
}

static const struct act *pick(const struct step *step, uint8_t which)
{
	const struct act *acts[] = {&step->make, &step->find, &step->undo};

	for (int i = 0; i < 3; i++, which++)
		if (acts[which % 3]->read)
			return acts[which % 3];
	return &step->make;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	struct step_row rows[STEP_COUNT];
	struct spec spec = SPEC_INIT;
	json_t *body = json_loads(spec_text, 0, NULL);
	struct faults faults;
	struct step_cx cx = {
		.settings = &settings,
		.spec = &spec,
		.number_id = "apn_01jd0000000000000000000000",
		.phone_number = "+14155550100",
		.clock = clock_system(),
		.rows = rows,
		.row_count = STEP_COUNT,
	};

	must(spec_parse(&spec, body, &faults, NULL) == 0);
	json_decref(body);
	fill_rows(rows);
	cx.row = &rows[input_byte(&in) % STEP_COUNT];
	cx.row->phase = input_byte(&in) % 3;
	run(&cx, pick(cx.row->step, input_byte(&in)), &in);
	for (int i = 0; i < STEP_COUNT; i++) {
		json_decref(rows[i].data);
		buf_release(&rows[i].next_page);
	}
	spec_release(&spec);
	return 0;
}
