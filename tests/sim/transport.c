/* SPDX-License-Identifier: MIT */
/*
 * transport.c - the engine's calls as events in virtual time.
 *
 *   sent --latency--> applied at the model --latency--> told to the engine
 *                        |                     (or "lost" at the time limit)
 *                        +--late--> landed
 *
 * poll is what moves the clock: to the next event, or as far as it may wait.
 * When the process dies its calls go on, but nobody is told.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sandbox/fault.h"
#include "sim.h"

#define NEVER INT64_MAX

struct flight {
	struct flight *next;
	int record; /* in world.calls */
	void *tag;
	bool told;
	struct sandbox_call *call; /* NULL: no byte left */
	const struct sandbox_answer *answer;
	int64_t apply_at, tell_at, land_at; /* NEVER: not, or done */
	bool in_time; /* the answer comes before the time limit */
};

/* --- a request as the model takes it ------------------------------------- */

static const char *target_of(const struct http_request *rq)
{
	const char *host = strstr(rq->url.data, "://");
	const char *path = host ? strchr(host + 3, '/') : NULL;

	return path ? path : "/";
}

static void authorization(const struct http_request *rq, char *out, size_t size)
{
	char login[1400];

	out[0] = '\0';
	if (rq->auth == HTTP_AUTH_BEARER) {
		snprintf(out, size, "Bearer %s", rq->secret.data);
	} else if (rq->auth == HTTP_AUTH_BASIC) {
		int n = snprintf(login, sizeof(login), "%s:%s", rq->user.data,
				 rq->secret.data);

		strcpy(out, "Basic ");
		sodium_bin2base64(out + 6, size - 6, (unsigned char *)login,
				  (size_t)n, sodium_base64_VARIANT_ORIGINAL);
	}
}

static struct sandbox_call *begin(struct world *w,
				  const struct http_request *rq, int fault)
{
	static const char *const types[] = {
		NULL, "application/x-www-form-urlencoded", "application/json"};
	char header[2000], why[200];
	struct sandbox_request sent = {
		.method = http_method_name(rq->method),
		.target = target_of(rq),
		.authorization = header,
		.content_type = types[rq->body_type],
		.body = rq->body.data,
		.body_len = rq->body.len,
	};
	struct sandbox_call *call;

	authorization(rq, header, sizeof(header));
	if (fault >= 0 &&
	    sandbox_set_faults(w->sandbox, fault_rule(fault), why, sizeof(why)))
		broken(w, "sim", "fault %s: %s", fault_name(fault), why);
	call = sandbox_begin(w->sandbox, &sent, w->clock.now);
	if (fault >= 0)
		sandbox_clear_faults(w->sandbox);
	if (strcmp(sandbox_operation(call), "unknown") == 0)
		broken(w, "sim", "the model does not know %s %s", sent.method,
		       sent.target);
	return call;
}

/* --- sending ------------------------------------------------------------- */

static int remember(struct world *w, const struct http_request *rq)
{
	if (w->call_count == w->call_room) {
		w->call_room = w->call_room ? 2 * w->call_room : 256;
		w->calls = realloc(w->calls,
				   (size_t)w->call_room * sizeof(*w->calls));
	}
	w->calls[w->call_count] = (struct past_call){
		.landed = -1, .told = -1, .writes = rq->method != HTTP_GET};
	snprintf(w->calls[w->call_count].name, sizeof(w->calls[0].name), "%s",
		 rq->name);
	return w->call_count++;
}

static void set_times(struct world *w, struct flight *f)
{
	const struct sandbox_plan *plan = sandbox_plan(f->call);
	int64_t now = w->clock.now, answer;

	f->apply_at = now + chance_from(&w->fault_dice, 1, 60) +
		      plan->delay_before_ms;
	answer = f->apply_at + chance_from(&w->fault_dice, 1, 60) +
		 plan->delay_after_ms;
	if (plan->effect == SANDBOX_EFFECT_LATE)
		f->land_at = f->apply_at + plan->land_late_ms;
	f->in_time = answer < now + CALL_TIMEOUT_MS && !plan->endless;
	f->tell_at = f->in_time ? answer : now + CALL_TIMEOUT_MS;
}

static void fly(struct sim_transport *t, struct http_request *rq, void *tag,
		bool listens)
{
	struct world *w = t->world;
	struct flight *f = calloc(1, sizeof(*f));
	bool retell = rq->auth == HTTP_AUTH_BEARER;
	int fault = w->healed ? -1
			      : faults_hit(&w->faults, &w->fault_dice,
					   w->clock.now, rq->name, retell);

	f->record = remember(w, rq);
	f->tag = tag;
	f->told = !listens;
	f->apply_at = f->tell_at = f->land_at = NEVER;
	if (fault_not_sent(fault)) {
		f->tell_at = w->clock.now + chance_from(&w->fault_dice, 1, 400);
	} else {
		f->call = begin(w, rq, fault);
		set_times(w, f);
	}
	trace(w, "call %d %s %s%s%s", f->record, rq->name, target_of(rq),
	      fault >= 0 ? " FAULT " : "", fault >= 0 ? fault_name(fault) : "");
	*t->flights_end = f;
	t->flights_end = &f->next;
	t->under_way++;
}

static int send_call(struct transport *base, struct http_request *rq, void *tag,
		     struct err *err)
{
	struct sim_transport *t = (struct sim_transport *)base;
	struct world *w = t->world;
	bool dead = w->crashed, last = !dead && world_send_is_last(w);

	if (last ? w->crash.arrives : !dead)
		fly(t, rq, last ? NULL : tag, !last);
	if (last)
		world_crash(w, w->crash.power, "at a send");
	http_request_release(rq);
	return 0;
}

/* --- what happens to a call ---------------------------------------------- */

void births_note(struct world *w, int origin)
{
	int count = (int)sandbox_ledger_count(w->sandbox);

	if (count > w->birth_room) {
		w->birth_room = 2 * count;
		w->birth = realloc(w->birth,
				   (size_t)w->birth_room * sizeof(*w->birth));
	}
	while (w->birth_count < count)
		w->birth[w->birth_count++] = origin;
}

static void apply(struct world *w, struct flight *f)
{
	f->apply_at = NEVER;
	f->answer = sandbox_apply(f->call, w->clock.now);
	if (sandbox_plan(f->call)->effect == SANDBOX_EFFECT_NOW)
		w->calls[f->record].landed = w->clock.now;
	births_note(w, f->record);
}

static void land(struct world *w, struct flight *f)
{
	f->land_at = NEVER;
	sandbox_land(f->call, w->clock.now);
	w->calls[f->record].landed = w->clock.now;
	births_note(w, f->record);
	trace(w, "call %d lands late", f->record);
}

static bool done(const struct flight *f)
{
	return f->told && f->apply_at == NEVER && f->land_at == NEVER;
}

static int64_t next_event(const struct flight *f)
{
	int64_t at = f->apply_at < f->land_at ? f->apply_at : f->land_at;

	return !f->told && f->tell_at < at ? f->tell_at : at;
}

static int64_t first_event(const struct sim_transport *t)
{
	int64_t at = NEVER;

	for (const struct flight *f = t->flights; f; f = f->next)
		if (next_event(f) < at)
			at = next_event(f);
	return at;
}

/* Effects that are due; drops flights that nothing can come of any more. */
static void run_effects(struct sim_transport *t)
{
	struct world *w = t->world;
	struct flight **at = &t->flights;

	while (*at) {
		struct flight *f = *at;

		if (f->apply_at <= w->clock.now)
			apply(w, f);
		if (f->land_at <= w->clock.now)
			land(w, f);
		if (!done(f)) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		sandbox_call_free(f->call);
		free(f);
		t->under_way--;
	}
	t->flights_end = at;
}

static bool something_to_tell(const struct sim_transport *t)
{
	for (const struct flight *f = t->flights; f; f = f->next)
		if (!f->told && f->tell_at <= t->world->clock.now)
			return true;
	return false;
}

static int poll_calls(struct transport *base, int timeout_ms, struct err *err)
{
	struct sim_transport *t = (struct sim_transport *)base;
	struct sim_clock *clock = &t->world->clock;
	int64_t until = timeout_ms < 0 ? NEVER : clock->now + timeout_ms;

	if (t->woken)
		until = clock->now;
	t->woken = false;
	for (;;) {
		int64_t at = first_event(t);

		if (at > until)
			at = until;
		if (at == NEVER) {
			broken(t->world, "sim", "nothing will ever happen");
			return -1;
		}
		if (at > clock->now)
			clock->now = at;
		if (something_to_tell(t) || clock->now >= until)
			break;
		run_effects(t);
	}
	run_effects(t);
	return 0;
}

/* --- handing over -------------------------------------------------------- */

static int64_t retry_after(const struct sandbox_answer *a)
{
	for (size_t i = 0; i < a->n_headers; i++)
		if (strcasecmp(a->headers[i].name, "Retry-After") == 0)
			return 1000 * atoll(a->headers[i].value);
	return -1;
}

static void lose(struct http_response *rs, const char *why)
{
	rs->fate = HTTP_LOST;
	snprintf(rs->error, sizeof(rs->error), "%s", why);
}

static void fill(const struct flight *f, struct http_response *rs)
{
	const struct sandbox_plan *plan = sandbox_plan(f->call);
	const struct sandbox_answer *a = f->answer;

	if (!f->in_time || !a) {
		lose(rs, "timeout");
	} else if (plan->deliver == SANDBOX_DELIVER_RAW) {
		lose(rs, "garbled");
	} else if (plan->deliver != SANDBOX_DELIVER_ANSWER) {
		lose(rs, "reset");
	} else if (plan->truncate >= 0 &&
		   (size_t)plan->truncate < a->body_len) {
		lose(rs, "truncated");
	} else if (buf_add(&rs->body, a->body, a->body_len)) {
		lose(rs, "too_large");
	} else {
		rs->fate = HTTP_ANSWERED;
		rs->status = a->status;
		rs->json =
			a->content_type &&
			strncmp(a->content_type, "application/json", 16) == 0;
		rs->retry_after_ms = retry_after(a);
	}
}

static bool next_ended(struct transport *base, void **tag,
		       struct http_response *rs)
{
	struct sim_transport *t = (struct sim_transport *)base;
	struct world *w = t->world;
	struct flight *f = t->flights;

	while (f && (f->told || f->tell_at > w->clock.now))
		f = f->next;
	if (!f)
		return false;
	f->told = true;
	w->calls[f->record].told = w->clock.now;
	*tag = f->tag;
	*rs = (struct http_response)HTTP_RESPONSE_INIT;
	if (f->call)
		fill(f, rs);
	else
		rs->fate = HTTP_NOT_SENT;
	trace(w, "call %d -> %s %d %s", f->record,
	      rs->fate == HTTP_ANSWERED ? "answered"
	      : rs->fate == HTTP_LOST	? "lost"
					: "not sent",
	      rs->status, rs->error);
	return true;
}

static void wakeup(struct transport *base)
{
	((struct sim_transport *)base)->woken = true;
}

static void nothing(struct transport *base)
{
}

/* --- life ---------------------------------------------------------------- */

void sim_transport_init(struct sim_transport *t, struct world *w)
{
	*t = (struct sim_transport){
		.base = {.send = send_call,
			 .poll = poll_calls,
			 .next = next_ended,
			 .wakeup = wakeup,
			 .free = nothing},
		.world = w,
		.flights_end = &t->flights,
	};
}

void sim_transport_abandon(struct sim_transport *t)
{
	struct chance *dice = &t->world->fault_dice;

	for (struct flight *f = t->flights; f; f = f->next) {
		f->told = true;
		/* some had not left completely */
		if (f->apply_at != NEVER && chance_percent(dice, 25))
			f->apply_at = f->land_at = NEVER;
	}
	t->woken = false;
}

bool sim_transport_idle(const struct sim_transport *t)
{
	for (const struct flight *f = t->flights; f; f = f->next)
		if (t->world->calls[f->record].writes)
			return false;
	return true;
}

void sim_transport_release(struct sim_transport *t)
{
	sim_transport_abandon(t);
	while (t->flights) {
		struct flight *f = t->flights;

		t->flights = f->next;
		sandbox_call_free(f->call);
		free(f);
	}
}
