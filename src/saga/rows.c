/* SPDX-License-Identifier: MIT */
/*
 * rows.c - how far one step has come, as the journal keeps it.
 *
 *   none -> intended -> present -> undoing -> gone
 *               |          ^          |  ^
 *               v          |          v  |
 *             absent       +------- stuck
 *
 *   intended  an intent is on disk; its call may have been sent. Until an
 *             answer is: unknown. Found after a crash, it is looked for.
 *   present   made, or found and ours
 *   undoing   being taken back
 *   gone      taken back, or vanished with what it hung on
 *   absent    tried, and certainly not there
 *   stuck     there, or perhaps there, and cannot be taken back
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "saga.h"

#define TO(state) (1u << ROW_##state)

/* clang-format off */
static const struct {
	const char *name;
	unsigned to;
} states[] = {
	[ROW_NONE]     = {"none",     TO(INTENDED)},
	[ROW_INTENDED] = {"intended", TO(PRESENT) | TO(ABSENT) | TO(GONE) | TO(STUCK)},
	[ROW_PRESENT]  = {"present",  TO(UNDOING) | TO(GONE) | TO(INTENDED) | TO(STUCK)},
	[ROW_UNDOING]  = {"undoing",  TO(GONE) | TO(STUCK)},
	[ROW_GONE]     = {"gone",     TO(INTENDED)},
	[ROW_ABSENT]   = {"absent",   TO(INTENDED)},
	[ROW_STUCK]    = {"stuck",    TO(UNDOING) | TO(INTENDED) | TO(GONE)},
};
/* clang-format on */

#define STATES ((int)(sizeof(states) / sizeof(states[0])))

const char *row_state_name(enum row_state s)
{
	return states[s].name;
}

enum row_state row_state_parse(const char *s)
{
	for (int i = 0; i < STATES; i++)
		if (strcmp(states[i].name, s) == 0)
			return (enum row_state)i;
	return ROW_STUCK; /* unreadable: let a person look */
}

void row_move(struct task *t, enum row_state to)
{
	struct step_row *row = t->row;

	if (row->state == to)
		return;
	assert(states[row->state].to & (1u << to));
	log_debug("row_moved", L_STR("operation_id", t->saga->id),
		  L_STR("step", row->step->name),
		  L_STR("from", states[row->state].name),
		  L_STR("to", states[to].name));
	row->state = to;
	t->updated_ms = saga_wall_ms(t->saga);
	if (!t->started_ms)
		t->started_ms = t->updated_ms;
	t->dirty = true;
	saga_touch(t->saga, false);
}

bool row_settled(const struct step_row *row)
{
	switch (row->state) {
	case ROW_NONE:
	case ROW_GONE:
	case ROW_ABSENT:
	case ROW_STUCK:
		return true;
	default:
		return !row->step->undo.request;
	}
}

bool row_counts(const struct step_row *row)
{
	return row->step->kind && row->state != ROW_NONE &&
	       row->state != ROW_ABSENT;
}

int row_data(const struct task *t, struct buf *text)
{
	buf_clear(text);
	return t->row->data ? json_add_value(text, t->row->data) : 0;
}

void row_to_journal(const struct task *t, struct journal_row *out)
{
	const struct step_row *row = t->row;
	const struct saga *sg = t->saga;

	memset(out, 0, sizeof(*out));
	strcpy(out->owner, row->step->of_trunk ? sg->trunk_id : sg->number_id);
	strncpy(out->step, row->step->name, sizeof(out->step) - 1);
	out->instance = row->instance;
	strcpy(out->operation_id, sg->id);
	strcpy(out->state, row_state_name(row->state));
	strcpy(out->external_id, row->external_id);
	out->phase = row->phase;
	out->attempts = row->attempts;
	out->error = t->trouble.code ? err_def(t->trouble.code)->code : NULL;
	out->provider_status = t->trouble.provider_status;
	out->provider_code = t->trouble.provider_code;
	out->started_ms = t->started_ms;
	out->updated_ms = t->updated_ms;
}

int row_from_journal(struct task *t, const struct journal_row *in)
{
	struct step_row *row = t->row;

	row->step = step_by_name(in->step);
	if (!row->step)
		return -1;
	row->instance = in->instance;
	row->state = row_state_parse(in->state);
	strcpy(row->external_id, in->external_id);
	row->attempts = in->attempts;
	row->data = NULL;
	if (in->data) {
		row->data = json_read(in->data, strlen(in->data),
				      JSON_DEPTH_MAX, NULL);
		if (!row->data)
			return -1;
	}
	t->started_ms = in->started_ms;
	t->updated_ms = in->updated_ms;
	t->unknown = row->state == ROW_INTENDED;
	t->other = strcmp(in->operation_id, t->saga->id) != 0;
	t->before = row->state == ROW_GONE && t->other;
	if (in->error)
		t->trouble.code = err_by_name(in->error);
	t->trouble.provider_status = in->provider_status;
	t->trouble.provider_code = in->provider_code;
	return 0;
}
