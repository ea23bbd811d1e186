/* SPDX-License-Identifier: MIT */
/*
 * torture_world.h - the engine on a real database in memory, with the modelled
 * providers behind a transport of a few lines. Every call takes 5 ms of virtual
 * time. While the model works, nothing fails: it has to have memory.
 */
#ifndef TESTS_TORTURE_WORLD_H
#define TESTS_TORTURE_WORLD_H

#include <limits.h>
#include <sodium.h>
#include <strings.h>

#include "base/json.h"
#include "saga/engine.h"
#include "sandbox/ledger.h"
#include "sandbox/sandbox.h"
#include "sandbox/world.h"
#include "store/numbers.h"
#include "torture.h"

#define CALL_MS 5

struct flight {
	struct flight *next;
	void *tag;
	int64_t tell_at;
	int status;
	bool json;
	char *body;
	size_t len;
};

struct world {
	struct clock clock;
	struct transport transport;
	int64_t now;
	uint64_t dice;
	struct flight *flights, **flights_end;
	struct sandbox *sandbox;
	struct store *store;
	struct seal *seal;
	struct engine *engine;
	char dir[64], url[96];
	int stops; /* how often the engine gave up */
};

static inline struct world *world_of_clock(struct clock *c)
{
	return (struct world *)c; /* its first member */
}

static inline struct world *world_of_transport(struct transport *t)
{
	return (struct world *)((char *)t - offsetof(struct world, transport));
}

static int64_t world_mono(struct clock *c)
{
	return world_of_clock(c)->now;
}

static int64_t world_wall(struct clock *c)
{
	return 1790000000000 + world_of_clock(c)->now;
}

static void world_random(struct clock *c, void *out, size_t n)
{
	struct world *w = world_of_clock(c);
	unsigned char *at = out;

	while (n--) { /* Knuth's MMIX */
		w->dice = w->dice * 6364136223846793005u + 1442695040888963407u;
		*at++ = (unsigned char)(w->dice >> 56);
	}
}

/* --- the transport ------------------------------------------------------- */

static void authorize(const struct http_request *rq, char *out, size_t size)
{
	char login[1400];
	int n = snprintf(login, sizeof(login), "%s:%s", rq->user.data,
			 rq->secret.data);

	if (rq->auth == HTTP_AUTH_BEARER) {
		snprintf(out, size, "Bearer %s", rq->secret.data);
		return;
	}
	strcpy(out, "Basic ");
	sodium_bin2base64(out + 6, size - 6, (unsigned char *)login, (size_t)n,
			  sodium_base64_VARIANT_ORIGINAL);
}

static void ask_model(struct world *w, const struct http_request *rq,
		      struct flight *f)
{
	static const char *const types[] = {
		NULL, "application/x-www-form-urlencoded", "application/json"};
	char header[2000];
	const char *host = strstr(rq->url.data, "://");
	struct sandbox_request sent = {
		.method = http_method_name(rq->method),
		.target = strchr(host + 3, '/'),
		.authorization = header,
		.content_type = types[rq->body_type],
		.body = rq->body.data,
		.body_len = rq->body.len,
	};
	const struct sandbox_answer *a;
	struct sandbox_call *call;

	authorize(rq, header, sizeof(header));
	call = sandbox_begin(w->sandbox, &sent, world_wall(&w->clock));
	a = sandbox_apply(call, world_wall(&w->clock));
	f->status = a->status;
	f->json = a->content_type &&
		  strncmp(a->content_type, "application/json", 16) == 0;
	f->body = strdup(a->body);
	f->len = a->body_len;
	sandbox_call_free(call);
}

static int world_send(struct transport *t, struct http_request *rq, void *tag,
		      struct err *err)
{
	struct world *w = world_of_transport(t);
	struct flight *f;

	(void)err;
	torture.aside = true;
	f = calloc(1, sizeof(*f));
	f->tag = tag;
	f->tell_at = w->now + CALL_MS;
	ask_model(w, rq, f);
	*w->flights_end = f;
	w->flights_end = &f->next;
	torture.aside = false;
	http_request_release(rq);
	return 0;
}

static int world_poll(struct transport *t, int timeout_ms, struct err *err)
{
	struct world *w = world_of_transport(t);
	int64_t until = w->now + (timeout_ms < 0 ? 1000 : timeout_ms);

	(void)err;
	if (w->flights && w->flights->tell_at < until)
		until = w->flights->tell_at;
	if (until > w->now)
		w->now = until;
	return 0;
}

static void forget(struct flight *f)
{
	torture.aside = true;
	free(f->body);
	free(f);
	torture.aside = false;
}

static bool world_next(struct transport *t, void **tag,
		       struct http_response *rs)
{
	struct world *w = world_of_transport(t);
	struct flight *f = w->flights;

	if (!f || f->tell_at > w->now)
		return false;
	w->flights = f->next;
	if (!f->next)
		w->flights_end = &w->flights;
	*tag = f->tag;
	*rs = (struct http_response)HTTP_RESPONSE_INIT;
	rs->fate = HTTP_ANSWERED;
	rs->status = f->status;
	rs->json = f->json;
	if (buf_add(&rs->body, f->body, f->len)) {
		rs->fate = HTTP_LOST;
		strcpy(rs->error, "memory");
	}
	forget(f);
	return true;
}

static void world_nothing(struct transport *t)
{
	(void)t;
}

/* --- life ---------------------------------------------------------------- */

static const struct engine_conf world_conf = {
	.settings =
		{
			.instance = "torture1",
			.twilio_api_url = "https://api.twilio.com",
			.twilio_trunking_url = "https://trunking.twilio.com",
			.twilio_voice_url = "https://voice.twilio.com",
			.retell_url = "https://api.retellai.com",
			.twilio_account_sid = SANDBOX_ACCOUNT,
			.twilio_user = SANDBOX_ACCOUNT,
			.twilio_secret = SANDBOX_TOKEN,
			.retell_api_key = SANDBOX_RETELL_KEY,
			.retell_sip_uri = "sip:sip.retellai.com;transport=tcp",
		},
	.concurrency = 8,
	.operation_deadline_ms = 60000,
	.undo_deadline_ms = 600000,
	.settle_ms = 1000,
	.max_operations = 100,
	.sweep_grace_ms = 1000,
};

static inline void world_start(struct world *w)
{
	struct err err = ERR_INIT;

	w->engine = engine_new(&world_conf, &w->clock, &w->transport, w->store,
			       w->seal, &err);
	if (!w->engine || engine_recover(w->engine, &err))
		fail_msg("engine: %s", err.detail);
}

/* As after the end of the process: what was under way at the providers is done
 * there, and nobody is told. */
static inline void world_restart(struct world *w)
{
	engine_free(w->engine);
	while (w->flights) {
		struct flight *f = w->flights;

		w->flights = f->next;
		forget(f);
	}
	w->flights_end = &w->flights;
	world_start(w);
}

static inline struct world *world_new(void)
{
	static const struct sandbox_config config = {
		.numbers = 3, .max_trunks = 100, .seed = 7, .log_max = 10};
	struct world *w = calloc(1, sizeof(*w));
	struct err err = ERR_INIT;

	w->clock = (struct clock){.mono_ms = world_mono,
				  .wall_ms = world_wall,
				  .random = world_random};
	w->transport = (struct transport){.send = world_send,
					  .poll = world_poll,
					  .next = world_next,
					  .wakeup = world_nothing,
					  .free = world_nothing};
	w->now = 1000;
	w->flights_end = &w->flights;
	w->sandbox = sandbox_new(&config, world_wall(&w->clock));
	strcpy(w->dir, "/dev/shm/trunkline-torture-XXXXXX");
	if (!mkdtemp(w->dir))
		fail_msg("no folder in /dev/shm");
	snprintf(w->url, sizeof(w->url), "sqlite:%s/t.db", w->dir);
	w->seal =
		seal_new("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", &err);
	w->store = store_open(w->url, STORE_WRITER, &err);
	if (!w->seal || !w->store || store_migrate(w->store, &err) < 0)
		fail_msg("store: %s", err.detail);
	world_start(w);
	return w;
}

static inline void world_end(struct world *w)
{
	static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
	char name[128];

	world_restart(w);
	engine_free(w->engine);
	store_close(w->store);
	seal_free(w->seal);
	sandbox_free(w->sandbox);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(name, sizeof(name), "%s/t.db%s", w->dir, ends[i]);
		unlink(name);
	}
	rmdir(w->dir);
	free(w);
}

/* A tick; an engine that gives up is started again, with memory. */
static inline void world_tick(struct world *w)
{
	struct err err = ERR_INIT;

	if (engine_tick(w->engine, 1000, &err) == 0)
		return;
	torture_off();
	if (getenv("TORTURE_TRACE"))
		fprintf(stderr, "n=%ld: stopped: %s\n", torture.n, err.detail);
	w->stops++;
	world_restart(w);
}

static inline bool world_busy(struct world *w)
{
	struct engine_stats stats;

	engine_stats(w->engine, &stats);
	return stats.operations > 0 || stats.calls_in_flight > 0 ||
	       !stats.ready;
}

/* Until nothing is under way; false if that never comes. */
static inline bool world_settle(struct world *w)
{
	torture_off();
	for (int i = 0; i < 20000; i++) {
		if (!world_busy(w) && i > 3)
			return true;
		world_tick(w);
	}
	return false;
}

/* What is ours and alive at the providers. */
static inline size_t world_alive(struct world *w)
{
	size_t n = 0;

	for (size_t i = 0; i < sandbox_ledger_count(w->sandbox); i++) {
		const struct sandbox_resource *r =
			sandbox_ledger_at(w->sandbox, i);

		n += r->alive && !r->foreign && !r->preset;
	}
	return n;
}

#endif
