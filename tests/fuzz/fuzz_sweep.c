/* SPDX-License-Identifier: MIT */
/* fuzz_sweep.c - lists at the providers as a sweep reads them; the first byte
 * says which list. Only what carries this instance's mark is noted, and the one
 * import that the database says was in doubt. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/e164.h"
#include "base/json.h"
#include "fuzz.h"
#include "saga/sweep.h"
#include "store/imports.h"

static const struct import_row doubt = {
	.number_id = ID_NUMBER "_01jd3x8m5kf7wv2q9h4c6t0zrj",
	.phone_number = "+14155550100",
	.termination_uri = "sip.example.com",
	.noted_ms = 1790000000000,
};

static struct {
	char folder[32];
	struct store *store;
} database = {.folder = "/tmp/fuzz_sweep-XXXXXX"};

static void remove_database(void)
{
	static const char *const files[] = {"t.db", "t.db.lock", "t.db-wal",
					    "t.db-shm"};
	char path[64];

	store_close(database.store);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", database.folder,
			 files[i]);
		(void)unlink(path); /* not all are there */
	}
	must(rmdir(database.folder) == 0);
}

/* With that import in it; is only read. */
static struct store *store(void)
{
	struct store *s = database.store;
	char url[64];

	if (s)
		return s;
	must(mkdtemp(database.folder) && atexit(remove_database) == 0);
	snprintf(url, sizeof(url), "sqlite:%s/t.db", database.folder);
	s = database.store = store_open(url, STORE_WRITER, NULL);
	must(s && store_migrate(s, NULL) > 0);
	must(store_begin(s, NULL) == 0 && import_put(s, &doubt, NULL) == 0 &&
	     store_commit(s, NULL) == 0);
	return s;
}

static void must_be_ours(const struct orphan *o)
{
	must(id_valid(o->number_id, ID_NUMBER));
	must(o->made_ms >= 0);
	if (o->stage == SWEEP_RETELL)
		must(e164_valid(o->id, strlen(o->id)) &&
		     (strncmp(o->domain, "tl-fuzzfuzz-", 12) == 0 ||
		      (strcmp(o->domain, doubt.termination_uri) == 0 &&
		       strcmp(o->id, doubt.phone_number) == 0)));
	else
		must(strlen(o->id) == TWILIO_SID_SIZE - 1);
}

static void sweep(enum sweep_stage stage, const json_t *body)
{
	struct engine engine = {.clock = clock_system(),
				.store = store(),
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
