/* SPDX-License-Identifier: MIT */
/* fuzz_sweep.c - lists at the providers as a sweep reads them; the first byte
 * says which list. Only what carries this instance's mark is noted. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/e164.h"
#include "base/json.h"
#include "fuzz.h"
#include "saga/sweep.h"

static void must_be_ours(const struct orphan *o)
{
	must(id_valid(o->number_id, ID_NUMBER));
	must(o->made_ms >= 0);
	if (o->stage == SWEEP_RETELL)
		must(e164_valid(o->id, strlen(o->id)) && o->domain[0]);
	else
		must(strlen(o->id) == TWILIO_SID_SIZE - 1);
}

static void sweep(enum sweep_stage stage, const json_t *body)
{
	struct engine engine = {.clock = clock_system(),
				.conf.settings.instance = "fuzzfuzz"};
	struct sweep sw = {
		.engine = &engine,
		.stage = stage,
		.next = BUF_INIT(1024),
	};
	int rc;

	if (stage == SWEEP_RETELL) {
		rc = sweep_read_retell(&sw, body);
		must(rc != 1 || (sw.next.len > 0 && !sw.next.failed));
	} else {
		rc = sweep_read_twilio(&sw, body);
		must(rc != 1);
	}
	must(sw.found_count <= SWEEP_FOUND_MAX);
	for (int i = 0; i < sw.found_count; i++)
		must_be_ours(&sw.found[i]);
	free(sw.found);
	buf_release(&sw.next);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	enum sweep_stage stage = (enum sweep_stage)(input_byte(&in) % 4);
	json_t *body = json_read(in.at, in.left, 12, NULL);

	if (json_is_object(body))
		sweep(stage, body);
	json_decref(body);
	return 0;
}
