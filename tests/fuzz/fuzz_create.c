/* SPDX-License-Identifier: MIT */
/* fuzz_create.c - the body of a create: read, checked, built into a spec. */
#include <string.h>

#include "base/json.h"
#include "fuzz.h"

#define CANARY "Kanarienvogel-0123456789-Xyzzy"

static void plant(json_t *object, const char *name)
{
	if (json_is_string(json_object_get(object, name)))
		must(json_object_set_new(object, name, json_string(CANARY)) ==
		     0);
}

/* With other secrets the same comes out, and none of them is in it. */
static void must_keep_secrets_apart(const json_t *body, const struct spec *s)
{
	json_t *with = json_deep_copy(body);
	struct buf text = BUF_INIT(1024 * 1024);
	bool open;
	struct spec other = SPEC_INIT;
	struct err err = ERR_INIT;
	struct faults faults;

	plant(with, "twilio_auth_token");
	plant(with, "twilio_api_key_secret");
	plant(json_object_get(with, "outbound_trunk"), "password");
	must(json_add_value(&text, s->pub) == 0);
	open = strstr(text.data, CANARY); /* somewhere else: fuzzers learn */
	must(spec_parse(&other, with, &faults, &err) == 0);
	must(json_equal(other.pub, s->pub));
	buf_clear(&text);
	must(json_add_value(&text, other.pub) == 0);
	must(open || !strstr(text.data, CANARY));
	buf_release(&text);
	spec_release(&other);
	json_decref(with);
}

/* Every field of the table is in the answer, but for secrets. */
static void must_be_whole(const struct spec *s)
{
	for (int i = 0; spec_field(i); i++) {
		const struct field_row *f = spec_field(i);

		if (f->secret)
			must(!spec_get(s, f->name));
		else if (strcmp(f->name, "agent_id") != 0 &&
			 !strstr(f->name, "agent_version"))
			must(spec_get(s, f->name));
	}
	must(spec_str(s, "phone_number"));
	must(spec_flag(s, "supports_inbound") ||
	     spec_flag(s, "supports_outbound"));
	for (int i = 0; i < spec_agent_count(s); i++) {
		const json_t *version;

		must(spec_agent(s, i, &version));
	}
}

static void check(const json_t *body)
{
	struct spec s = SPEC_INIT;
	struct err err = ERR_INIT;
	struct faults faults;

	if (spec_parse(&s, body, &faults, &err)) {
		must(!s.pub && !s.secrets);
		must_be_told(&err, &faults);
		return;
	}
	must(err.code == ERR_NONE && faults.count == 0);
	must_be_whole(&s);
	must_hide_secrets(s.pub);
	must_keep_secrets_apart(body, &s);
	must_restore(&s);
	spec_release(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	json_t *body = json_read(size ? (const char *)data : "", size,
				 JSON_DEPTH_MAX, &err);

	if (body)
		check(body);
	else
		must_be_public(&err, 4);
	json_decref(body);
	return 0;
}
