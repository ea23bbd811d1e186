/* SPDX-License-Identifier: MIT */
/* fuzz_patch.c - a merge patch on one of a few numbers; the first byte says on
 * which. */
#include <string.h>

#include "base/json.h"
#include "fuzz.h"

static const char *const bodies[] = {
	"{\"phone_number\":\"+14155550100\"}",
	"{\"phone_number\":\"+14155550100\",\"agent_id\":\"a1\",\"label\":"
	"\"L\",\"metadata\":{\"k\":\"v\",\"l\":\"w\"},\"fallback_number\":"
	"\"+14155550101\",\"twilio_account_sid\":"
	"\"AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a\",\"twilio_auth_token\":\"t\"}",
	"{\"phone_number\":\"+14155550100\",\"supports_inbound\":false,"
	"\"outbound_agents\":[{\"agent_id\":\"a\",\"weight\":0.5},"
	"{\"agent_id\":\"b\",\"agent_version\":2,\"weight\":0.5}]}",
	"{\"phone_number\":\"+14155550100\",\"provider\":\"sip_trunk\","
	"\"outbound_trunk\":{\"address\":\"sip.example.com\",\"username\":"
	"\"u\",\"password\":\"Abcdefghijk1\"},"
	"\"supports_outbound\":true,\"inbound_agent_id\":\"a\"}",
};

static struct spec base_spec(uint8_t which)
{
	const char *text = bodies[which % 4];
	json_t *body = json_read(text, strlen(text), JSON_DEPTH_MAX, NULL);
	struct spec s = SPEC_INIT;
	struct err err = ERR_INIT;
	struct faults faults;

	must(body);
	must(spec_parse(&s, body, &faults, &err) == 0);
	json_decref(body);
	return s;
}

/* A merge patch may be sent again without another effect. */
static void must_be_idempotent(const struct spec *s, const json_t *patch)
{
	struct spec again = SPEC_INIT;
	struct err err = ERR_INIT;
	struct faults faults;

	must(spec_patch(s, patch, &again, &faults, &err) == 0);
	must(json_equal(again.pub, s->pub));
	spec_release(&again);
}

/* What a patch cannot change is as it was. */
static void must_only_change_what_it_may(const struct spec *old,
					 const struct spec *s)
{
	must(json_object_size(s->pub) == json_object_size(old->pub));
	must(json_equal(s->secrets, old->secrets));
	for (int i = 0; spec_field(i); i++) {
		const struct field_row *f = spec_field(i);

		if (!f->patch && !f->secret)
			must(json_equal((json_t *)spec_get(s, f->name),
					(json_t *)spec_get(old, f->name)));
	}
}

static void check(const struct spec *old, const json_t *patch)
{
	json_t *before = json_deep_copy(old->pub);
	struct spec s = SPEC_INIT;
	struct err err = ERR_INIT;
	struct faults faults;

	if (spec_patch(old, patch, &s, &faults, &err)) {
		must(!s.pub && !s.secrets);
		must_be_told(&err, &faults);
	} else {
		must(err.code == ERR_NONE && faults.count == 0);
		must_only_change_what_it_may(old, &s);
		must_hide_secrets(s.pub);
		must_be_idempotent(&s, patch);
		must_restore(&s);
	}
	must(json_equal(before, old->pub));
	json_decref(before);
	spec_release(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	struct spec old = base_spec(input_byte(&in));
	struct err err = ERR_INIT;
	json_t *patch = json_read(in.at, in.left, JSON_DEPTH_MAX, &err);

	if (patch)
		check(&old, patch);
	else
		must_be_public(&err, 4);
	json_decref(patch);
	spec_release(&old);
	return 0;
}
