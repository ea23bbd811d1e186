/* SPDX-License-Identifier: MIT */
/* plan.c - which steps a saga has, and which must come before which. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "saga.h"
#include "store/operations.h"

#define UPDATES_LOOKED_AT 100 /* back from the latest */

static int rows_alloc(struct saga *sg, int count, struct err *err)
{
	sg->rows = calloc((size_t)count + 1, sizeof(*sg->rows));
	sg->tasks = calloc((size_t)count + 1, sizeof(*sg->tasks));
	if (!sg->rows || !sg->tasks)
		return err_set(err, ERR_OVERLOADED, "out of memory");
	sg->row_count = 0;
	return 0;
}

static struct task *row_add(struct saga *sg, const struct step *step,
			    int instance)
{
	int i = sg->row_count++;

	sg->rows[i] = (struct step_row){
		.step = step,
		.instance = instance,
		.next_page = BUF_INIT(HTTP_URL_MAX),
	};
	sg->tasks[i] = (struct task){.saga = sg, .row = &sg->rows[i]};
	return &sg->tasks[i];
}

int plan_create(struct saga *sg, struct err *err)
{
	int count = 0;

	for (int id = 0; id < STEP_COUNT; id++)
		count += step_get(id)->wanted(&sg->spec);
	if (rows_alloc(sg, count, err))
		return -1;
	for (int id = 0; id < STEP_COUNT; id++)
		for (int i = 0; i < step_get(id)->wanted(&sg->spec); i++)
			row_add(sg, step_get(id), i);
	return 0;
}

/* Is anything different that Retell keeps? Metadata is ours alone. */
static bool retell_differs(const struct spec *a, const struct spec *b)
{
	static const char *const fields[] = {
		"label",
		"inbound_agents",
		"outbound_agents",
		"inbound_webhook_url",
		"fallback_number",
		"allowed_inbound_country_list",
		"allowed_outbound_country_list",
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!json_equal((json_t *)spec_get(a, fields[i]),
				(json_t *)spec_get(b, fields[i])))
			return true;
	return false;
}

/* Was the i-th agent of the new spec in the former one already? */
static bool agent_known(const struct saga *sg, int i)
{
	const json_t *version, *other;
	const char *id = spec_agent(&sg->spec, i, &version);
	int n = spec_agent_count(&sg->former);

	for (int j = 0; j < n; j++)
		if (strcmp(spec_agent(&sg->former, j, &other), id) == 0 &&
		    (version == other ||
		     json_equal((json_t *)version, (json_t *)other)))
			return true;
	return false;
}

/* The number's latest update that says how its settings at Retell are: one that
 * succeeded, or one that got stuck. (One that failed left them as they were.)
 */
struct latest {
	const struct saga *sg;
	bool found, stuck;
};

static void look_at_update(const struct operation_row *row, void *arg)
{
	struct latest *l = arg;

	if (l->found || strcmp(row->id, l->sg->id) == 0)
		return;
	l->stuck = strcmp(row->state, op_state_name(OP_STUCK)) == 0;
	l->found = l->stuck ||
		   strcmp(row->state, op_state_name(OP_SUCCEEDED)) == 0;
}

/* Did an update get stuck, so that they may be other than the record says?
 * 1, 0 or -1. */
static int is_in_doubt(const struct saga *sg, struct err *err)
{
	const struct operation_filter f = {
		.number_id = sg->number_id,
		.kind = op_kind_name(OP_UPDATE),
	};
	struct latest l = {.sg = sg};

	if (operation_list(sg->engine->store, &f, UPDATES_LOOKED_AT,
			   look_at_update, &l, err) < 0)
		return -1;
	return l.stuck;
}

int plan_update(struct saga *sg, struct err *err)
{
	int agents = spec_agent_count(&sg->spec), doubt = 0;
	bool differs = retell_differs(&sg->spec, &sg->former);

	if (!differs)
		doubt = is_in_doubt(sg, err);
	if (doubt < 0 || rows_alloc(sg, agents + 1, err))
		return -1;
	for (int i = 0; i < agents; i++)
		if (!agent_known(sg, i))
			row_add(sg, step_get(STEP_AGENT_CHECK), i);
	if (differs || doubt)
		row_add(sg, step_get(STEP_RETELL_SETTINGS), 0);
	return 0;
}

struct loading {
	struct saga *sg;
	int count;
	bool bad;
};

static void count_row(const struct journal_row *row, void *arg)
{
	(void)row;
	((struct loading *)arg)->count++;
}

static void load_row(const struct journal_row *row, void *arg)
{
	struct loading *l = arg;
	const struct step *step = step_by_name(row->step);

	if (!step || row_from_journal(row_add(l->sg, step, row->instance), row))
		l->bad = true;
}

int plan_load(struct saga *sg, struct err *err)
{
	struct store *s = sg->engine->store;
	struct loading l = {.sg = sg};

	if (journal_each(s, sg->number_id, count_row, &l, err) < 0 ||
	    (sg->trunk_id[0] &&
	     journal_each(s, sg->trunk_id, count_row, &l, err) < 0) ||
	    rows_alloc(sg, l.count, err) ||
	    journal_each(s, sg->number_id, load_row, &l, err) < 0 ||
	    (sg->trunk_id[0] &&
	     journal_each(s, sg->trunk_id, load_row, &l, err) < 0))
		return -1;
	if (l.bad)
		return err_set(err, ERR_STORE,
			       "a journal row cannot be read: its step is not "
			       "known to this version, or there is no memory");
	return 0;
}

bool plan_needs_met(const struct saga *sg, const struct step *step)
{
	for (int i = 0; i < sg->row_count; i++)
		if (((step->needs | step->after) &
		     STEP_BIT(sg->rows[i].step->id)) &&
		    sg->rows[i].state != ROW_PRESENT)
			return false;
	return true;
}

bool plan_dependents_settled(const struct saga *sg, const struct step *step)
{
	for (int i = 0; i < sg->row_count; i++) {
		const struct step_row *row = &sg->rows[i];

		if ((row->step->needs & STEP_BIT(step->id)) &&
		    row->step->dies_with != step->id && !row_settled(row))
			return false;
	}
	return true;
}

/* --- the plan as a dry run shows it -------------------------------------- */

/* One more than the latest wave of what it needs, among the wanted steps. */
static int wave_of(const struct spec *spec, const struct step *step)
{
	int wave = 0;

	for (int id = 0; id < STEP_COUNT; id++) {
		const struct step *other = step_get(id);
		int w;

		if (!((step->needs | step->after) & STEP_BIT(id)) ||
		    !other->wanted(spec))
			continue;
		w = wave_of(spec, other);
		if (w > wave)
			wave = w;
	}
	return wave + 1;
}

static void view_needs(struct buf *b, const struct spec *spec,
		       const struct step *step)
{
	bool first = true;

	json_key(b, "needs");
	buf_char(b, '[');
	for (int id = 0; id < STEP_COUNT; id++) {
		if (!((step->needs | step->after) & STEP_BIT(id)) ||
		    !step_get(id)->wanted(spec))
			continue;
		if (!first)
			buf_char(b, ',');
		first = false;
		json_add_str(b, step_get(id)->name);
	}
	buf_char(b, ']');
}

int view_plan(struct buf *b, const struct spec *spec, struct err *err)
{
	bool first = true;

	buf_char(b, '{');
	json_put_bool(b, "dry_run", true);
	json_put_str(b, "phone_number", spec_str(spec, "phone_number"));
	json_key(b, "steps");
	buf_char(b, '[');
	for (int id = 0; id < STEP_COUNT; id++) {
		const struct step *step = step_get(id);

		for (int i = 0; i < step->wanted(spec); i++) {
			buf_str(b, first ? "{" : ",{");
			first = false;
			json_put_str(b, "name", step->name);
			json_put_int(b, "wave", wave_of(spec, step));
			json_put_str(b, "provider",
				     provider_name(step->provider));
			json_put_str(b, "makes", step->kind);
			view_needs(b, spec, step);
			buf_char(b, '}');
		}
	}
	buf_str(b, "]}");
	return b->failed ? err_set(err, ERR_OVERLOADED,
				   "there is no memory for the answer")
			 : 0;
}
