/* SPDX-License-Identifier: MIT */
/*
 * engine.c - the tick; see engine.h.
 *
 * True at every line, and after a crash at any line:
 *  (1) A request that makes something leaves only after its intent is on disk.
 *  (2) A client hears of an outcome only after that is on disk.
 *  (3) An intent without an outcome means "look", never "do it again blindly".
 *
 * What need not be on disk before an effect - the result of a read, a removal
 * that may be repeated - waits for the next commit, at most LAZY_MS.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "saga.h"
#include "store/replies.h"

#define LAZY_MS 100
#define BURST	128 /* sagas, whose memory is worth giving back */

#define HEARTBEAT_MS 5000 /* it ticks at least so often: a sign of life */

#define KEYS_KEPT_MS   (72LL * 3600 * 1000) /* after they are finished */
#define EXPIRE_EACH_MS (10LL * 60 * 1000)

struct engine *engine_new(const struct engine_conf *conf, struct clock *clock,
			  struct transport *transport, struct store *store,
			  const struct seal *seal, struct err *err)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e || pthread_mutex_init(&e->lock, NULL)) {
		err_set(err, ERR_INTERNAL, "out of memory");
		free(e);
		return NULL;
	}
	e->conf = *conf;
	e->clock = clock;
	e->transport = transport;
	e->store = store;
	e->seal = seal;
	e->touched_end = &e->touched;
	e->calls_end = &e->calls;
	e->replies_end = &e->replies;
	e->inbox_end = &e->inbox;
	e->now = clock->mono_ms(clock);
	e->expire_at = e->now;
	if (conf->sweep_every_ms)
		e->sweep_at = e->now + conf->sweep_grace_ms;
	return e;
}

/* --- the inbox ----------------------------------------------------------- */

int engine_submit(struct engine *e, struct command *c, struct err *err)
{
	int rc = 0;

	c->next = NULL;
	pthread_mutex_lock(&e->lock);
	if (e->stopping)
		rc = err_set(err, ERR_SHUTTING_DOWN,
			     "the service is shutting down");
	else if (atomic_load(&e->stalled))
		rc = err_set(err, ERR_STORAGE_UNAVAILABLE,
			     "the database cannot be written just now");
	else if (e->inbox_count >= ENGINE_INBOX_MAX)
		rc = err_set(err, ERR_OVERLOADED, "too many requests at once");
	if (rc == 0) {
		*e->inbox_end = c;
		e->inbox_end = &c->next;
		e->inbox_count++;
	}
	pthread_mutex_unlock(&e->lock);
	if (rc == 0)
		e->transport->wakeup(e->transport);
	return rc;
}

static struct command *inbox_empty(struct engine *e, bool *stopping)
{
	struct command *all;

	pthread_mutex_lock(&e->lock);
	all = e->inbox;
	e->inbox = NULL;
	e->inbox_end = &e->inbox;
	e->inbox_count = 0;
	*stopping = e->stopping;
	if (e->stopping && !e->stop_at)
		e->stop_at = e->now + e->grace_ms;
	pthread_mutex_unlock(&e->lock);
	return all;
}

static void take_commands(struct engine *e)
{
	bool stopping;
	struct command *c = inbox_empty(e, &stopping);

	while (c) {
		struct command *next = c->next;
		struct err err = ERR_INIT;

		if (stopping) {
			err_set(&err, ERR_SHUTTING_DOWN,
				"the service is shutting down");
			command_problem(e, c, &err, NULL);
		} else {
			command_take(e, c);
		}
		c = next;
	}
}

/* --- calls out and back, and timers -------------------------------------- */

void engine_send(struct engine *e, struct call *call)
{
	call->head = (struct http_request){.name = call->rq.name,
					   .call = call->rq.call,
					   .method = call->rq.method};
	call->next = NULL;
	*e->calls_end = call;
	e->calls_end = &call->next;
}

static enum provider provider_of(const struct call *call)
{
	return call_provider((enum provider_call)call->head.call);
}

static void fly(struct engine *e, struct call *call, int64_t now_us)
{
	counter_add(&e->counts.calls_in_flight[provider_of(call)], 1);
	call->sent_us = now_us;
	call->prev = NULL;
	call->next = e->flying;
	if (e->flying)
		e->flying->prev = call;
	e->flying = call;
}

/* The call is back; it ends here. */
static void answered(struct engine *e, struct call *call,
		     const struct http_response *rs)
{
	enum provider p = provider_of(call);

	counter_add(&e->counts.calls_in_flight[p], -1);
	histogram_add(&e->counts.call_durations[p], e->now_us - call->sent_us);
	if (call->prev)
		call->prev->next = call->next;
	else
		e->flying = call->next;
	if (call->next)
		call->next->prev = call->prev;
	if (call->sweep)
		sweep_answered(call->sweep, &call->head, rs);
	else
		task_answered(call->task, &call->head, rs);
	free(call);
}

static void take_answers(struct engine *e)
{
	struct http_response rs = HTTP_RESPONSE_INIT;
	void *tag;

	while (e->transport->next(e->transport, &tag, &rs)) {
		answered(e, tag, &rs);
		http_response_release(&rs);
		rs = (struct http_response)HTTP_RESPONSE_INIT;
	}
}

/* Drops idempotency records past their time, a batch at once. Failing is no
 * harm: it is tried again. */
static void expire_keys(struct engine *e)
{
	int64_t before = e->clock->wall_ms(e->clock) - KEYS_KEPT_MS;
	struct err err = ERR_INIT;
	int count = -1;

	e->expire_at = e->now + EXPIRE_EACH_MS;
	if (store_begin(e->store, &err) == 0) {
		count = reply_expire(e->store, before, &err);
		if (count <= 0)
			store_rollback(e->store);
		else if (store_commit(e->store, &err))
			count = -1;
	}
	if (count < 0)
		log_warn("keys_not_expired", L_ERR(&err));
	else if (count > 0) /* there may be more */
		e->expire_at = e->now;
}

/* While the database cannot be written, time stands still for the sagas. */
static void take_timers(struct engine *e)
{
	struct saga *sg;

	if (atomic_load(&e->stalled))
		return;
	if (e->expire_at <= e->now)
		expire_keys(e);
	if (e->sweep)
		sweep_resume(e->sweep);
	else if (e->sweep_at && e->sweep_at <= e->now)
		sweep_begin(e, NULL);
	while ((sg = timers_first(&e->timers)) && sg->wake <= e->now) {
		timers_set(&e->timers, sg, INT64_MAX);
		saga_advance(sg);
	}
}

/* --- effects ------------------------------------------------------------- */

static void send_calls(struct engine *e)
{
	struct call *call = e->calls;
	int64_t now_us = call ? clock_mono_us(e->clock) : 0;

	e->calls = NULL;
	e->calls_end = &e->calls;
	while (call) {
		struct call *next = call->next;
		struct err err = ERR_INIT;

		fly(e, call, now_us);
		if (e->transport->send(e->transport, &call->rq, call, &err)) {
			struct http_response rs = HTTP_RESPONSE_INIT;

			log_error("send_failed", L_ERR(&err));
			rs.fate = HTTP_NOT_SENT;
			answered(e, call, &rs);
			http_response_release(&rs);
		}
		call = next;
	}
}

/* Those that tell of something not yet on disk stay, if it cannot be written.
 */
static void send_replies(struct engine *e, bool all)
{
	struct command **at = &e->replies;

	while (*at) {
		struct command *c = *at;

		if (!all && c->basis) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		c->next = NULL;
		c->done(c);
	}
	e->replies_end = at;
}

/* Those that have ended, but not on disk: in no list but that of the touched.
 */
static void free_unflushed(struct engine *e)
{
	while (e->touched) {
		struct saga *sg = e->touched;

		e->touched = sg->next_touched;
		if (!op_ended(sg->state))
			continue;
		saga_leave(e, sg);
		saga_free(sg);
	}
	e->touched_end = &e->touched;
}

static void free_ended(struct engine *e)
{
	while (e->ended) {
		struct saga *sg = e->ended;

		e->ended = sg->next_touched;
		saga_free(sg);
	}
}

/* What a burst has taken lies in pieces between others that are in use, and the
 * next burst would begin on top of that. So whenever as many as that have
 * ended, whole pages of it go back to the system: while the rest is under way,
 * for the answers to those that ended take memory too. */
static void give_back(struct engine *e)
{
	if (e->saga_count > e->most_sagas)
		e->most_sagas = e->saga_count;
	if (e->most_sagas - e->saga_count < BURST)
		return;
	e->most_sagas = e->saga_count;
	malloc_trim(0);
}

static bool flush_due(const struct engine *e)
{
	if (atomic_load(&e->stalled))
		return e->now >= e->stalled_until;
	return e->must_commit ||
	       (e->lazy_since && e->now - e->lazy_since >= LAZY_MS);
}

static int commit_and_act(struct engine *e, struct err *err)
{
	int rc = 0;

	if (flush_due(e))
		rc = engine_flush(e, err);
	if (rc < 0)
		return -1;
	if (atomic_load(&e->stalled)) {
		send_replies(e, false);
		return 0;
	}
	send_calls(e);
	send_replies(e, true);
	free_ended(e);
	give_back(e);
	return 0;
}

/* --- the loop ------------------------------------------------------------ */

static int64_t sooner(int64_t a, int64_t b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

int64_t engine_idle_ms(struct engine *e)
{
	const struct saga *first = timers_first(&e->timers);
	bool stalled = atomic_load(&e->stalled);
	int64_t at = -1, now = e->clock->mono_ms(e->clock);

	if (stalled)
		at = e->stalled_until;
	else if (first && first->wake < INT64_MAX)
		at = first->wake;
	if (!stalled)
		at = sooner(at, lanes_wake(e));
	if (e->lazy_since && !stalled)
		at = sooner(at, e->lazy_since + LAZY_MS);
	if (!stalled)
		at = sooner(at, e->expire_at);
	if (e->sweep && !stalled)
		at = sooner(at, sweep_wake(e->sweep));
	else if (e->sweep_at && !stalled)
		at = sooner(at, e->sweep_at);
	if (e->stop_at)
		at = sooner(at, e->stop_at);
	if (at < 0)
		return -1;
	return at > now ? at - now : 0;
}

int engine_tick(struct engine *e, int timeout_ms, struct err *err)
{
	int64_t idle = engine_idle_ms(e);

	if (idle >= 0 && (timeout_ms < 0 || idle < timeout_ms))
		timeout_ms = (int)idle;
	if (e->transport->poll(e->transport, timeout_ms, err))
		return -1;
	e->now_us = clock_mono_us(e->clock);
	e->now = e->now_us / 1000;
	atomic_store(&e->last_tick, e->now);
	take_commands(e);
	take_answers(e);
	take_timers(e);
	if (!atomic_load(&e->stalled))
		lanes_drain(e);
	if (commit_and_act(e, err))
		return -1;
	histogram_add(&e->counts.ticks, clock_mono_us(e->clock) - e->now_us);
	return 0;
}

/* Whoever still waits gets 202: the operations go on at the next start. */
static int let_go(struct engine *e, struct err *err)
{
	for (int i = 0; i < e->timers.count; i++) {
		struct saga *sg = e->timers.heap[i];

		if (sg->recoveries) { /* an orderly end is no crash */
			sg->recoveries = 0;
			sg->op_dirty = true;
			saga_touch(sg, true);
		}
		while (sg->waiters) {
			struct command *c = sg->waiters;

			sg->waiters = c->next;
			command_accepted(e, c, sg);
		}
	}
	e->must_commit = e->touched != NULL;
	take_commands(e);
	if (!atomic_load(&e->stalled)) /* it was tried often enough */
		return commit_and_act(e, err);
	send_replies(e, false);
	return 0;
}

int engine_run(struct engine *e, struct err *err)
{
	do {
		if (engine_tick(e, HEARTBEAT_MS, err))
			return -1;
	} while (!e->stop_at || (e->now < e->stop_at && e->saga_count > 0));
	return let_go(e, err);
}

void engine_stop(struct engine *e, int64_t grace_ms)
{
	pthread_mutex_lock(&e->lock);
	e->stopping = true;
	e->grace_ms = grace_ms;
	pthread_mutex_unlock(&e->lock);
	e->transport->wakeup(e->transport);
}

static void answer_rest(struct engine *e)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_SHUTTING_DOWN, "the service is shutting down");
	for (int i = 0; i < e->timers.count; i++) {
		struct saga *sg = e->timers.heap[i];

		while (sg->waiters) {
			struct command *c = sg->waiters;

			sg->waiters = c->next;
			command_problem(e, c, &err, NULL);
		}
	}
	take_commands(e);
	replies_revoke(e);
	replies_postpone(e);
	send_replies(e, true);
}

static void free_calls(struct call *call)
{
	while (call) {
		struct call *next = call->next;

		http_request_release(&call->rq);
		free(call);
		call = next;
	}
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	engine_stop(e, 0);
	answer_rest(e);
	free_calls(e->calls);
	free_calls(e->flying);
	free_ended(e);
	free_unflushed(e);
	sweep_free(e->sweep);
	while (e->timers.count) {
		struct saga *sg = e->timers.heap[e->timers.count - 1];

		timers_drop(&e->timers, sg);
		saga_leave(e, sg);
		saga_free(sg);
	}
	free(e->timers.heap);
	lanes_free(e);
	pthread_mutex_destroy(&e->lock);
	free(e);
}
