/* SPDX-License-Identifier: MIT */
/* sweep_report.c - what a sweep found and did: for its caller, the audit trail
 * and the log; and which accounts need not be visited again. */
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "store/accounts.h"
#include "store/events.h"
#include "store/imports.h"
#include "sweep.h"

#define TOLD_MAX 500 /* in `found`; the counts are of all */

static const char *const fates[] = {
	[ORPHAN_OWNED] = "owned",
	[ORPHAN_TO_REMOVE] = "orphan",
	[ORPHAN_TOO_YOUNG] = "too_young",
	[ORPHAN_UNKNOWN_NUMBER] = "unknown_number",
	[ORPHAN_REMOVED] = "removed",
	[ORPHAN_FAILED] = "failed",
};

static void put_orphan(const struct sweep *sw, struct buf *b,
		       const struct orphan *o)
{
	json_put_str(b, "kind", sweep_kind(o->stage));
	json_put_str(b, "id", o->id);
	json_put_str(b, "number_id", o->number_id[0] ? o->number_id : NULL);
	json_put_str(b, "account_sid",
		     o->stage == SWEEP_RETELL ? NULL
					      : sw->accounts[o->account].sid);
	json_put_str(b, "fate", fates[o->fate]);
	json_put_time(b, "created_at", o->made_ms);
	if (o->fate == ORPHAN_FAILED) {
		json_put_int(b, "provider_status", o->provider_status);
		json_put_int(b, "provider_code", o->provider_code);
	}
}

static int count(const struct sweep *sw, enum orphan_fate fate)
{
	int n = 0;

	for (int i = 0; i < sw->found_count; i++)
		n += sw->found[i].fate == fate;
	return n;
}

static void put_failed_lists(const struct sweep *sw, struct buf *b)
{
	bool first = true;

	json_key(b, "unread_lists");
	buf_char(b, '[');
	for (enum sweep_stage i = SWEEP_TRUNKS; i <= SWEEP_RETELL; i++) {
		if (!(sw->failed & 1u << i))
			continue;
		if (!first)
			buf_char(b, ',');
		first = false;
		json_add_str(b, sweep_kind(i));
	}
	buf_char(b, ']');
}

static void write_report(const struct sweep *sw, struct buf *b)
{
	struct clock *clock = sw->engine->clock;
	int told = 0;

	buf_char(b, '{');
	json_put_bool(b, "dry_run", sw->dry_run);
	json_put_time(b, "started_at", sw->started_ms);
	json_put_time(b, "ended_at", clock->wall_ms(clock));
	json_put_int(b, "removed", count(sw, ORPHAN_REMOVED));
	json_put_int(b, "owned", count(sw, ORPHAN_OWNED));
	json_key(b, "found");
	buf_char(b, '[');
	for (int i = 0; i < sw->found_count; i++) {
		if (sw->found[i].fate == ORPHAN_OWNED || told == TOLD_MAX)
			continue;
		buf_str(b, told++ ? ",{" : "{");
		put_orphan(sw, b, &sw->found[i]);
		buf_char(b, '}');
	}
	buf_char(b, ']');
	put_failed_lists(sw, b);
	buf_char(b, '}');
}

static void answer(struct sweep *sw, const struct buf *report)
{
	struct reply *r = &sw->waiter->reply;

	r->status = 200;
	r->content_type = CONTENT_JSON;
	buf_add(&r->body, report->data, report->len);
	r->body.failed |= report->failed; /* command_reply looks */
}

static int keep(struct sweep *sw, const struct buf *report, struct err *err)
{
	struct engine *e = sw->engine;
	char id[ID_SIZE];
	struct event_row row = {
		.id = id,
		.at_ms = e->clock->wall_ms(e->clock),
		.principal = sw->waiter ? sw->waiter->principal : "system",
		.action = "sweep.ended",
		.request_id = sw->waiter ? sw->waiter->request_id : NULL,
		.detail = report->data,
	};

	id_new(e->clock, ID_EVENT, id);
	return event_add(e->store, &row, err);
}

/* Is an operation under way in this account? It may leave something yet. */
static bool is_busy(const struct engine *e, const char *account_sid)
{
	for (int i = 0; i < e->timers.count; i++) {
		const char *sid = spec_str(&e->timers.heap[i]->spec,
					   "twilio_account_sid");

		if (sid && strcmp(sid, account_sid) == 0)
			return true;
	}
	return false;
}

/* A client's account is forgotten once a sweep later than the last doubt, by
 * more than the grace, has read all its lists and left nothing. */
static int forget_accounts(struct sweep *sw, struct err *err)
{
	int64_t grace = sw->engine->conf.sweep_grace_ms;

	for (int i = 0; i < sw->account_count; i++) {
		const struct sweep_account *a = &sw->accounts[i];
		bool clean = !a->own && !a->failed &&
			     !is_busy(sw->engine, a->sid) &&
			     a->noted_ms + 2 * grace < sw->started_ms;

		for (int j = 0; j < sw->found_count && clean; j++)
			clean = sw->found[j].account != i ||
				sw->found[j].fate == ORPHAN_OWNED ||
				sw->found[j].fate == ORPHAN_REMOVED;
		if (clean && account_delete(sw->engine->store, a->sid, err))
			return -1;
	}
	return 0;
}

/* So are imports in doubt, once Retell's list was read so much later that all
 * of them had landed, and nothing of it is left to be removed. */
static int forget_imports(struct sweep *sw, struct err *err)
{
	int64_t grace = sw->engine->conf.sweep_grace_ms;
	bool clean = !(sw->failed & 1u << SWEEP_RETELL);

	for (int i = 0; i < sw->found_count && clean; i++)
		clean = sw->found[i].stage != SWEEP_RETELL ||
			sw->found[i].fate == ORPHAN_OWNED ||
			sw->found[i].fate == ORPHAN_REMOVED;
	if (!clean)
		return 0;
	return import_expire(sw->engine->store,
			     sw->started_ms - sweep_doubt_ms(sw->engine) -
				     grace,
			     err) < 0
		       ? -1
		       : 0;
}

/* Worth a row: an order, or something that was not in order. */
static bool is_news(const struct sweep *sw)
{
	return sw->waiter || sw->failed ||
	       count(sw, ORPHAN_OWNED) != sw->found_count;
}

static void record(struct sweep *sw, const struct buf *report)
{
	struct store *s = sw->engine->store;
	struct err err = ERR_INIT;

	if (sw->dry_run || store_begin(s, &err))
		goto out;
	if (report->failed || (is_news(sw) && keep(sw, report, &err)) ||
	    forget_accounts(sw, &err) || forget_imports(sw, &err)) {
		err_set(&err, ERR_STORE_FULL, "out of memory");
		store_rollback(s);
		goto out;
	}
	store_commit(s, &err);
out:
	if (err.code)
		log_error("sweep_not_recorded", L_ERR(&err));
}

/* A dry run would count them twice. */
static void count_orphans(const struct sweep *sw)
{
	struct engine_counts *c = &sw->engine->counts;
	int removed = count(sw, ORPHAN_REMOVED);
	int left = count(sw, ORPHAN_FAILED);

	if (sw->dry_run)
		return;
	counter_add(&c->orphans_found, removed + left);
	counter_add(&c->orphans_removed, removed);
}

void sweep_report(struct sweep *sw)
{
	struct buf report = BUF_INIT(REPLY_BODY_MAX);

	write_report(sw, &report);
	record(sw, &report);
	count_orphans(sw);
	log_info("sweep_ended", L_INT("removed", count(sw, ORPHAN_REMOVED)),
		 L_INT("failed", count(sw, ORPHAN_FAILED)),
		 L_INT("too_young", count(sw, ORPHAN_TOO_YOUNG)),
		 L_INT("unknown_number", count(sw, ORPHAN_UNKNOWN_NUMBER)),
		 L_INT("unread_lists", sw->failed));
	if (sw->waiter)
		answer(sw, &report);
	buf_release(&report);
}
