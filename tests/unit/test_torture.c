/* SPDX-License-Identifier: MIT */
/*
 * test_torture.c - whatever allocation fails, once or from there on: what reads
 * and writes either does all of its work or says that it did not, loses no
 * memory, and works again when there is some.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/seal.h"
#include "saga/view.h"
#include "steps/spec.h"
#include "torture.h"

static const char create_text[] =
	"{\"phone_number\":\"+14155550100\",\"label\":\"Front \\u00e9\","
	"\"inbound_agents\":[{\"agent_id\":\"a\",\"weight\":0.25},"
	"{\"agent_id\":\"b\",\"agent_version\":3,\"weight\":0.75}],"
	"\"outbound_agent_id\":\"c\",\"fallback_number\":\"+14155550101\","
	"\"twilio_account_sid\":\"AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a\","
	"\"twilio_auth_token\":\"a-token-that-is-secret\","
	"\"outbound_trunk\":{\"username\":\"u\",\"password\":"
	"\"Abcdefghijk1\"},\"metadata\":{\"k\":\"v\",\"l\":\"w\"}}";
static const char wrong_text[] =
	"{\"phone_number\":\"1415\",\"status\":\"active\",\"metadata\":{\"k\":"
	"1},\"inbound_agents\":[{\"weight\":2}],\"agent_id\":\"a\"}";
static const char patch_text[] =
	"{\"label\":\"new\",\"agent_id\":\"z\",\"metadata\":{\"k\":null,\"n\":"
	"\"x\"}}";
static const char wrong_patch_text[] =
	"{\"label\":7,\"phone_number\":\"+14155550199\",\"metadata\":{\"k\":"
	"{}}}";

/* What a part may end with: done as it should be, or no memory. */
enum end { RIGHT, NO_MEMORY, WRONG };

static json_t *body_of(const char *text)
{
	json_t *body = json_loads(text, 0, NULL);

	assert_non_null(body);
	return body;
}

static json_t *create, *wrong, *patch, *wrong_patch;
static struct spec whole, patched;
static struct buf whole_text = BUF_INIT(1 << 20);
static struct seal *sealer;
static int wrong_faults;

/* The code that a failure of memory may have: never one that blames the
 * client, or that says the record is damaged. */
static enum end no_memory(const struct err *err)
{
	return err_def(err->code)->http >= 500 ? NO_MEMORY : WRONG;
}

/* --- the parts ----------------------------------------------------------- */

static enum end read_json(void)
{
	struct err err = ERR_INIT;
	json_t *v = json_read(create_text, strlen(create_text), 16, &err);
	enum end end;

	torture_off();
	end = !v ? no_memory(&err) : json_equal(v, create) ? RIGHT : WRONG;
	json_decref(v);
	return end;
}

static enum end write_json(void)
{
	struct buf b = BUF_INIT(1 << 20);
	int rc = json_add_value(&b, whole.pub);
	enum end end = RIGHT;

	torture_off();
	if (rc)
		end = b.failed ? NO_MEMORY : WRONG;
	else if (b.failed || b.len != whole_text.len ||
		 memcmp(b.data, whole_text.data, b.len) != 0)
		end = WRONG;
	buf_release(&b);
	return end;
}

static enum end compare(struct spec *s, int rc, const struct err *err,
			const struct spec *want)
{
	enum end end;

	torture_off();
	if (rc)
		end = s->pub || s->secrets ? WRONG : no_memory(err);
	else
		end = json_equal(s->pub, want->pub) &&
				      json_equal(s->secrets, want->secrets)
			      ? RIGHT
			      : WRONG;
	spec_release(s);
	return end;
}

static enum end parse(void)
{
	struct spec s = SPEC_INIT;
	struct err err = ERR_INIT;
	struct faults faults;
	int rc = spec_parse(&s, create, &faults, &err);

	return compare(&s, rc, &err, &whole);
}

static enum end refuse(void)
{
	struct spec s = SPEC_INIT;
	struct err err = ERR_INIT;
	struct faults faults;
	int rc = spec_parse(&s, wrong, &faults, &err);

	torture_off();
	if (rc && err.code == ERR_INVALID_REQUEST)
		return faults.count == wrong_faults ? RIGHT : WRONG;
	return compare(&s, rc, &err, &whole);
}

static enum end change(void)
{
	struct spec s = SPEC_INIT;
	struct err err = ERR_INIT;
	struct faults faults;
	int rc = spec_patch(&whole, patch, &s, &faults, &err);

	return compare(&s, rc, &err, &patched);
}

static enum end refuse_change(void)
{
	struct spec s = SPEC_INIT;
	struct err err = ERR_INIT;
	struct faults faults;
	int rc = spec_patch(&whole, wrong_patch, &s, &faults, &err);

	torture_off();
	if (rc == 0) { /* taken without being looked at */
		spec_release(&s);
		return WRONG;
	}
	if (err.code == ERR_INVALID_REQUEST)
		return faults.count > 0 ? RIGHT : WRONG;
	return no_memory(&err);
}

static enum end restore(void)
{
	struct spec s = SPEC_INIT;
	struct err err = ERR_INIT;
	int rc = spec_restore(&s, whole_text.data, NULL, 0, &err);
	enum end end;

	torture_off();
	end = rc			     ? no_memory(&err)
	      : json_equal(s.pub, whole.pub) ? RIGHT
					     : WRONG;
	spec_release(&s);
	return end;
}

static const char built[] = "{\"trunk\":{\"id\":null},\"resources\":[],"
			    "\"error\":null}";

static enum end show_number(void)
{
	struct number_row row = {
		.id = "apn_1",
		.phone_number = "+14155550100",
		.status = "active",
		.provider = "twilio",
		.operation_id = "op_1",
		.version = 1,
		.spec = whole_text.data,
		.built = built,
	};
	struct buf b = BUF_INIT(1 << 20);
	int rc = view_number(&b, &row);
	json_t *v;
	enum end end;

	torture_off();
	v = json_loadb(b.data, b.len, 0, NULL);
	if (rc || b.failed)
		end = NO_MEMORY;
	else
		end = v && json_object_get(v, "phone_number") &&
				      json_object_get(v, "trunk") &&
				      json_object_get(v, "metadata")
			      ? RIGHT
			      : WRONG;
	json_decref(v);
	buf_release(&b);
	return end;
}

static enum end show_problem(void)
{
	static const struct faults faults = {
		.list = {{"/label", "must be a string"}}, .count = 1};
	struct buf b = BUF_INIT(1 << 20);
	struct err err = ERR_INIT;
	enum end end;
	json_t *v;
	int rc;

	err_set(&err, ERR_INVALID_REQUEST, "1 fault in the body");
	rc = view_problem(&b, &err, "req_1", &faults, "\"rolled_back\":true");
	torture_off();
	v = json_loadb(b.data, b.len, 0, NULL);
	if (rc || b.failed)
		end = NO_MEMORY;
	else
		end = json_object_get(v, "rolled_back") &&
				      json_array_size(
					      json_object_get(v, "errors")) == 1
			      ? RIGHT
			      : WRONG;
	json_decref(v);
	buf_release(&b);
	return end;
}

static enum end close_and_open(void)
{
	struct buf sealed = BUF_INIT(4096), clear = BUF_INIT(4096);
	struct err err = ERR_INIT;
	enum end end;
	int rc = seal_close(sealer, clock_system(), "place", "secret", 6,
			    &sealed, &err);

	if (!rc)
		rc = seal_open(sealer, "place", sealed.data, sealed.len, &clear,
			       &err);
	torture_off();
	if (rc)
		end = no_memory(&err);
	else
		end = strcmp(clear.data, "secret") == 0 ? RIGHT : WRONG;
	buf_release(&sealed);
	buf_release_secret(&clear);
	return end;
}

/* --- the rack ------------------------------------------------------------ */

static const struct part {
	const char *name;
	enum end (*run)(void);
} parts[] = {
	{"json_read", read_json},
	{"json_add_value", write_json},
	{"spec_parse", parse},
	{"spec_parse of a wrong body", refuse},
	{"spec_patch", change},
	{"spec_patch with a wrong body", refuse_change},
	{"spec_restore", restore},
	{"view_number", show_number},
	{"view_problem", show_problem},
	{"seal", close_and_open},
};

static int wrongs;

/* n = 1, 2 … until it runs through without a failure. */
static void rack(const struct part *p, bool lasting)
{
	long n = 0, live;
	enum end end;

	torture.what = p->name;
	do {
		live = torture.live;
		torture_on(++n, lasting, TORTURE_OURS);
		end = p->run();
		torture_off();
		if (end == WRONG || (end == NO_MEMORY && !torture.failed) ||
		    torture.live != live) {
			fprintf(stderr, "%s, n=%ld%s: %s\n", p->name, n,
				lasting ? " and on" : "",
				torture.live != live ? "a leak" : "wrong");
			wrongs++;
		}
	} while (torture.failed && n < 100000);
	assert_int_equal(end, RIGHT);
}

static void all_or_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		rack(&parts[i], false);
		rack(&parts[i], true);
	}
	assert_int_equal(wrongs, 0);
}

static int make_samples(void **state)
{
	struct err err = ERR_INIT;
	struct faults faults;

	(void)state;
	create = body_of(create_text);
	wrong = body_of(wrong_text);
	patch = body_of(patch_text);
	wrong_patch = body_of(wrong_patch_text);
	assert_int_equal(spec_parse(&whole, create, &faults, &err), 0);
	assert_int_not_equal(spec_parse(&patched, wrong, &faults, NULL), 0);
	wrong_faults = faults.count;
	assert_int_equal(spec_patch(&whole, patch, &patched, &faults, &err), 0);
	assert_int_equal(json_add_value(&whole_text, whole.pub), 0);
	sealer = seal_new("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", &err);
	assert_non_null(sealer);
	return 0;
}

static int drop_samples(void **state)
{
	(void)state;
	json_decref(create);
	json_decref(wrong);
	json_decref(patch);
	json_decref(wrong_patch);
	spec_release(&whole);
	spec_release(&patched);
	buf_release(&whole_text);
	seal_free(sealer);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_or_nothing),
	};

	torture_begin();
	return cmocka_run_group_tests(tests, make_samples, drop_samples);
}
