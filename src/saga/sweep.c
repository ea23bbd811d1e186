/* SPDX-License-Identifier: MIT */
/*
 * sweep.c - find what carries our mark and belongs to nothing, and remove it.
 *
 * A request whose answer was lost can take effect after the saga has stopped
 * asking. So after unknown outcomes, every hour and on demand the lists of each
 * account are read, one call after the other:
 *
 *   trunks -> credential lists -> connection policies   (each account)
 *   -> Retell numbers -> removals -> report
 *
 * Removed is only what
 *  (1) carries this instance's mark (its name, or the trunk domain at Retell),
 *      or is a number on a client's own trunk whose import was in doubt, and
 *      which turned up in the time in which that could land,
 *  (2) is listed by no number and wanted by no operation under way,
 *  (3) is older than the grace time, by the provider's date, and
 *  (4) bears a number id that this database knows. One that it never heard of
 *      means that the database was put back to an older state: then what looks
 *      like an orphan may serve live calls. Such are reported, and removed only
 *      if the caller says so.
 * What a list does not show is left alone, so a failed list or a wrong region
 * hides but never destroys.
 */
#include "sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "provider/answer.h"
#include "store/accounts.h"
#include "store/events.h"

#define TRIES_MAX      3
#define AGAIN_MS       200   /* before the second try; then twice that */
#define RETRY_AFTER_MS 10000 /* more than this is not waited */

/* --- accounts ------------------------------------------------------------ */

static void add_account(struct sweep *sw, const char *sid, const char *user,
			const char *secret, bool own, int64_t noted_ms)
{
	struct sweep_account *a;

	if (sw->account_count == SWEEP_ACCOUNTS_MAX || !sid || !secret)
		return;
	a = &sw->accounts[sw->account_count++];
	snprintf(a->sid, sizeof(a->sid), "%s", sid);
	snprintf(a->user, sizeof(a->user), "%s", user);
	snprintf(a->secret, sizeof(a->secret), "%s", secret);
	a->own = own;
	a->noted_ms = noted_ms;
}

static void add_client_account(const struct account_row *row, void *arg)
{
	struct sweep *sw = arg;
	struct buf clear = BUF_INIT(1024);
	struct err err = ERR_INIT;
	char place[64];

	snprintf(place, sizeof(place), "accounts/%s", row->account_sid);
	if (seal_open(sw->engine->seal, place, row->secret, row->secret_size,
		      &clear, &err) == 0)
		add_account(sw, row->account_sid, row->user, clear.data, false,
			    row->noted_ms);
	else
		log_error("sweep_account_unreadable", L_ERR(&err));
	buf_release_secret(&clear);
}

static struct twilio twilio_of(const struct sweep *sw)
{
	const struct settings *s = &sw->engine->conf.settings;
	const struct sweep_account *a = &sw->accounts[sw->account];

	return (struct twilio){
		.api_url = s->twilio_api_url,
		.trunking_url = s->twilio_trunking_url,
		.voice_url = s->twilio_voice_url,
		.account_sid = a->sid,
		.user = a->user,
		.secret = a->secret,
	};
}

static struct retell retell_of(const struct sweep *sw)
{
	const struct settings *s = &sw->engine->conf.settings;

	return (struct retell){.url = s->retell_url, .key = s->retell_api_key};
}

/* --- requests ------------------------------------------------------------ */

static int ask_page(struct sweep *sw, struct http_request *rq)
{
	const struct listing *l = sweep_step(sw->stage)->listing;
	const char *next = sw->next.len ? sw->next.data : NULL;
	struct twilio t = twilio_of(sw);
	struct retell r = retell_of(sw);

	if (sw->stage == SWEEP_RETELL)
		return retell_list_numbers(&r, rq, next);
	if (l->ask(NULL, &t, rq))
		return -1;
	return next ? twilio_turn_page(rq, next) : 0;
}

static int ask_removal(struct sweep *sw, struct http_request *rq)
{
	const struct orphan *o = &sw->found[sw->removing];
	struct retell r = retell_of(sw);
	struct twilio t;

	sw->account = o->account;
	t = twilio_of(sw);
	switch (o->stage) {
	case SWEEP_TRUNKS:
		return twilio_delete_trunk(&t, rq, o->id);
	case SWEEP_LISTS:
		return twilio_delete_credential_list(&t, rq, o->id);
	case SWEEP_POLICIES:
		return twilio_delete_policy(&t, rq, o->id);
	default:
		return o->looked ? retell_delete_number(&r, rq, o->id)
				 : retell_get_number(&r, rq, o->id);
	}
}

static int ask(struct sweep *sw)
{
	struct call *call = calloc(1, sizeof(*call));
	int rc;

	if (!call)
		return -1;
	call->sweep = sw;
	call->rq = (struct http_request)HTTP_REQUEST_INIT;
	rc = sw->stage == SWEEP_REMOVE ? ask_removal(sw, &call->rq)
				       : ask_page(sw, &call->rq);
	if (rc) {
		http_request_release(&call->rq);
		free(call);
		return -1;
	}
	engine_send(sw->engine, call);
	return 0;
}

/* --- the course ---------------------------------------------------------- */

/* When the next one is due: for what is in doubt, or because time is up. */
static void plan_next(struct engine *e)
{
	int64_t every = e->conf.sweep_every_ms;

	e->sweep_at = every ? e->now + every : 0;
	if (e->doubt_until > e->now &&
	    (!e->sweep_at || e->doubt_until < e->sweep_at))
		e->sweep_at = e->doubt_until;
}

static void finish(struct sweep *sw)
{
	struct engine *e = sw->engine;

	sweep_report(sw);
	if (sw->waiter)
		command_reply(e, sw->waiter);
	sw->waiter = NULL;
	counter_add(&e->counts.sweeps, 1);
	plan_next(e);
	e->sweep = NULL;
	sweep_free(sw);
}

/* The next orphan that is to be removed, from this one on. Each is judged anew:
 * removing the ones before it took time. */
static bool seek_removal(struct sweep *sw)
{
	for (; sw->removing < sw->found_count; sw->removing++) {
		struct orphan *o = &sw->found[sw->removing];

		if (o->fate == ORPHAN_TO_REMOVE)
			o->fate = sweep_judge(sw, o);
		if (o->fate == ORPHAN_TO_REMOVE)
			return true;
	}
	return false;
}

/* Where to go when a stage is done (or given up). False: all is done. */
static bool step_on(struct sweep *sw)
{
	buf_clear(&sw->next);
	sw->tries = sw->pages = 0;
	if (sw->stage == SWEEP_REMOVE) {
		sw->removing++;
		return seek_removal(sw);
	}
	if (sw->stage == SWEEP_POLICIES &&
	    sw->account + 1 < sw->account_count) {
		sw->account++;
		sw->stage = SWEEP_TRUNKS;
		return true;
	}
	sw->stage++;
	if (sw->stage != SWEEP_REMOVE)
		return true;
	for (int i = 0; i < sw->found_count; i++)
		sw->found[i].fate = sweep_judge(sw, &sw->found[i]);
	return !sw->dry_run && seek_removal(sw);
}

static void go_on(struct sweep *sw)
{
	while (ask(sw)) {
		sw->failed |= 1u << sw->stage;
		if (!step_on(sw)) {
			finish(sw);
			return;
		}
	}
}

/* 1: there is another page; 0: the list is read; -1: it cannot be read. */
static int read_page(struct sweep *sw, const struct answer *a)
{
	struct twilio t = twilio_of(sw);
	struct err err = ERR_INIT;

	if (a->kind != ANSWER_OK || sw->pages == LISTING_PAGES_MAX)
		return -1;
	if (sw->stage == SWEEP_RETELL)
		return sweep_read_retell(sw, a->body);
	if (sweep_read_twilio(sw, a->body))
		return -1;
	return twilio_next_page(&t, a->body, &sw->next, &err);
}

/* A number's key at Retell is the number itself: what was an orphan may have
 * been replaced meanwhile. True: it is still the one, remove it. */
static bool read_last_look(struct sweep *sw, const struct answer *a)
{
	struct orphan *o = &sw->found[sw->removing];
	const json_t *config =
		json_object_get(a->body, "sip_outbound_trunk_config");
	const char *domain =
		json_string_value(json_object_get(config, "termination_uri"));

	o->looked = a->kind == ANSWER_OK && domain &&
		    strcmp(domain, o->domain) == 0;
	if (!o->looked)
		o->fate = a->kind == ANSWER_OK	   ? ORPHAN_OWNED
			  : a->kind == ANSWER_GONE ? ORPHAN_REMOVED
						   : ORPHAN_FAILED;
	return o->looked;
}

static void read_removal(struct sweep *sw, const struct answer *a)
{
	struct orphan *o = &sw->found[sw->removing];
	bool gone = a->kind == ANSWER_OK || a->kind == ANSWER_GONE;

	o->fate = gone ? ORPHAN_REMOVED : ORPHAN_FAILED;
	o->provider_status = a->status;
	o->provider_code = a->code;
	log_warn("orphan", L_STR("kind", sweep_kind(o->stage)),
		 L_STR("id", o->id), L_STR("number_id", o->number_id),
		 L_STR("fate", gone ? "removed" : "failed"));
}

/* The same again, when the provider has caught its breath. */
static void ask_later(struct sweep *sw, int64_t retry_after_ms)
{
	int64_t wait = (int64_t)AGAIN_MS << (sw->tries - 1);

	if (retry_after_ms > RETRY_AFTER_MS)
		retry_after_ms = RETRY_AFTER_MS;
	if (retry_after_ms > wait)
		wait = retry_after_ms;
	sw->again_at = sw->engine->now + wait;
}

void sweep_resume(struct sweep *sw)
{
	if (!sw->again_at || sw->again_at > sw->engine->now)
		return;
	sw->again_at = 0;
	go_on(sw);
}

int64_t sweep_wake(const struct sweep *sw)
{
	return sw->again_at ? sw->again_at : -1;
}

void sweep_answered(struct sweep *sw, const struct http_request *rq,
		    const struct http_response *rs)
{
	enum provider p =
		sw->stage == SWEEP_RETELL ||
				(sw->stage == SWEEP_REMOVE &&
				 sw->found[sw->removing].stage == SWEEP_RETELL)
			? PROVIDER_RETELL
			: PROVIDER_TWILIO;
	bool more = false;
	struct answer a;

	answer_read(&a, p, rq, rs);
	engine_count_answer(sw->engine, rq, &a);
	if ((a.kind == ANSWER_BUSY || a.kind == ANSWER_UNKNOWN) &&
	    ++sw->tries < TRIES_MAX) {
		ask_later(sw, a.retry_after_ms);
		answer_release(&a);
		return;
	}
	if (sw->stage == SWEEP_REMOVE &&
	    sw->found[sw->removing].stage == SWEEP_RETELL &&
	    !sw->found[sw->removing].looked) {
		more = read_last_look(sw, &a);
	} else if (sw->stage == SWEEP_REMOVE) {
		read_removal(sw, &a);
	} else {
		int rc = read_page(sw, &a);

		if (rc < 0) {
			log_warn("sweep_list_failed",
				 L_STR("list", sweep_kind(sw->stage)),
				 L_INT("status", a.status));
			sw->failed |= 1u << sw->stage;
			sw->accounts[sw->account].failed = true;
		}
		more = rc > 0;
		sw->pages++;
	}
	answer_release(&a);
	if (more || step_on(sw))
		go_on(sw);
	else
		finish(sw);
}

/* --- beginning and end --------------------------------------------------- */

int64_t sweep_doubt_ms(const struct engine *e)
{
	return e->conf.sweep_grace_ms + e->conf.operation_deadline_ms;
}

void sweep_expect(struct saga *sg)
{
	struct engine *e = sg->engine;

	sg->in_doubt = sg->doubted = true;
	e->doubt_until = e->now + sweep_doubt_ms(e);
	if (!e->sweep_at || e->doubt_until < e->sweep_at)
		e->sweep_at = e->doubt_until;
}

void sweep_begin(struct engine *e, struct command *waiter)
{
	const struct settings *s = &e->conf.settings;
	struct sweep *sw = calloc(1, sizeof(*sw));
	struct err err = ERR_INIT;

	if (!sw) {
		err_set(&err, ERR_OVERLOADED, "out of memory");
		if (waiter)
			command_problem(e, waiter, &err, NULL);
		e->sweep_at = e->now + e->conf.sweep_grace_ms;
		return;
	}
	sw->engine = e;
	sw->waiter = waiter;
	sw->dry_run = waiter && waiter->dry_run;
	sw->unknown_too = waiter && waiter->unknown_too;
	sw->next = (struct buf)BUF_INIT(HTTP_URL_MAX);
	sw->started_ms = e->clock->wall_ms(e->clock);
	add_account(sw, s->twilio_account_sid, s->twilio_user, s->twilio_secret,
		    true, 0);
	if (account_each(e->store, add_client_account, sw, &err))
		log_error("sweep_accounts_unreadable", L_ERR(&err));
	if (sw->account_count == 0)
		sw->stage = SWEEP_RETELL;
	e->sweep = sw;
	go_on(sw);
}

void sweep_free(struct sweep *sw)
{
	if (!sw)
		return;
	if (sw->waiter) {
		struct err err = ERR_INIT;

		err_set(&err, ERR_SHUTTING_DOWN,
			"the service is shutting down");
		problem_reply(sw->waiter, &err, NULL);
		sw->waiter->done(sw->waiter);
	}
	explicit_bzero(sw->accounts, sizeof(sw->accounts));
	buf_release(&sw->next);
	free(sw->found);
	free(sw);
}
