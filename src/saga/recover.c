/* SPDX-License-Identifier: MIT */
/*
 * recover.c - take up what an earlier run left unfinished.
 *
 * A saga is rebuilt from its operation and its journal rows; nothing else is
 * needed. A row that is intended has an unknown outcome and is looked for
 * (operation.c); everything else goes on where it stands.
 *
 * An operation whose recovery ends the process each time must not keep the
 * others from running: recoveries are counted on disk before anything is done,
 * the count begins anew with every step forward, and at RECOVERIES_MAX the
 * operation is given to a person: stuck, its number corrupted, with the list of
 * what it may have left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "saga.h"
#include "store/replies.h"

#define RECOVERIES_MAX 5

/* An update's former spec, and what an update or delete knows of the record. */
static int restore_number(struct engine *e, struct saga *sg, struct err *err)
{
	struct number_row row;
	char place[64];
	int found = number_find(e->store, sg->number_id, &row, err);

	if (found <= 0)
		return found; /* a create has no record yet */
	snprintf(sg->status, sizeof(sg->status), "%s", row.status);
	sg->version = row.version;
	sg->number_created_ms = row.created_ms;
	if (sg->kind != OP_UPDATE)
		return 0;
	sg->built = strdup(row.built);
	if (!sg->built)
		return err_set(err, ERR_STORE_FULL, "out of memory");
	snprintf(place, sizeof(place), "numbers/%s", sg->number_id);
	return secrets_open(e, place, row.secrets, row.secrets_size, row.spec,
			    &sg->former, err);
}

static int restore_key(struct engine *e, struct saga *sg, struct err *err)
{
	struct reply_row row;
	int found = reply_of_operation(e->store, sg->id, &row, err);

	if (found <= 0)
		return found;
	snprintf(sg->key, sizeof(sg->key), "%s", row.key);
	memcpy(sg->fingerprint, row.fingerprint, SEAL_HASH_SIZE);
	return 0;
}

/* Rows that the plan wants and the journal does not have yet. */
static int restore_rows(struct saga *sg, struct err *err)
{
	struct saga loaded = *sg;

	if (sg->kind == OP_DELETE || sg->kind == OP_FORCE)
		return plan_load(sg, err);
	if (sg->kind == OP_UPDATE ? plan_update(sg, err) : plan_create(sg, err))
		return -1;
	if (plan_load(&loaded, err))
		return -1;
	for (int i = 0; i < loaded.row_count; i++) {
		for (int j = 0; j < sg->row_count; j++) {
			struct step_row *to = &sg->rows[j];
			struct step_row *from = &loaded.rows[i];

			if (to->step != from->step ||
			    to->instance != from->instance ||
			    (sg->kind == OP_UPDATE && loaded.tasks[i].other))
				continue; /* an earlier update's row */
			*to = *from;
			from->data = NULL;
			sg->tasks[j] = loaded.tasks[i];
			sg->tasks[j].saga = sg;
			sg->tasks[j].row = to;
		}
		json_decref(loaded.rows[i].data);
	}
	free(loaded.rows);
	free(loaded.tasks);
	return 0;
}

/* Why it turned back is kept with the operation, as view_problem wrote it. */
static void restore_cause(struct saga *sg, const struct operation_row *row)
{
	struct err *cause = &sg->cause;
	struct err ignored = ERR_INIT;
	json_t *kept = row->error ? json_read(row->error, strlen(row->error),
					      JSON_DEPTH_MAX, &ignored)
				  : NULL;
	const char *code = json_string_value(json_object_get(kept, "code"));
	const char *text = json_string_value(json_object_get(kept, "detail"));
	const char *step = json_string_value(json_object_get(kept, "step"));
	const char *who = json_string_value(json_object_get(kept, "provider"));

	if (code && err_by_name(code))
		err_set(cause, err_by_name(code), "%s", text ? text : "");
	snprintf(cause->step, sizeof(cause->step), "%s", step ? step : "");
	snprintf(cause->provider, sizeof(cause->provider), "%s",
		 who ? who : "");
	cause->provider_status = (int)json_integer_value(
		json_object_get(kept, "provider_status"));
	cause->provider_code =
		(int)json_integer_value(json_object_get(kept, "provider_code"));
	json_decref(kept);
	if (sg->state == OP_UNDOING)
		err_set(cause, ERR_INTERNAL, "the cause was not kept");
}

/* What a call under way at the crash made may turn up after we stop looking. */
static void expect_doubts(struct saga *sg)
{
	for (int i = 0; i < sg->row_count; i++) {
		const struct step *step = sg->rows[i].step;

		if (sg->tasks[i].unknown && !step->idempotent)
			sweep_expect(sg);
	}
}

static int restore(struct engine *e, struct saga *sg,
		   const struct operation_row *row, struct err *err)
{
	char place[64];
	int kind = op_kind_parse(row->kind);
	int state = op_state_parse(row->state);

	if (kind < 0 || state < 0)
		return err_set(err, ERR_STORE, "an operation of unknown kind");
	sg->kind = (enum op_kind)kind;
	sg->state = (enum op_state)state;
	snprintf(sg->id, sizeof(sg->id), "%s", row->id);
	snprintf(sg->number_id, sizeof(sg->number_id), "%s", row->number_id);
	snprintf(sg->trunk_id, sizeof(sg->trunk_id), "%s",
		 row->trunk_id ? row->trunk_id : "");
	snprintf(sg->phone_number, sizeof(sg->phone_number), "%s",
		 row->phone_number);
	snprintf(sg->request_id, sizeof(sg->request_id), "%s",
		 row->request_id ? row->request_id : "");
	snprintf(sg->principal, sizeof(sg->principal), "%s",
		 row->principal ? row->principal : "");
	sg->created_ms = row->created_ms;
	sg->updated_ms = row->updated_ms;
	sg->recoveries = row->recoveries + 1;
	sg->committed = true;
	sg->op_dirty = true;
	sg->deadline =
		e->now + (saga_undoing(sg) ? e->conf.undo_deadline_ms
					   : e->conf.operation_deadline_ms);
	snprintf(place, sizeof(place), "operations/%s", sg->id);
	if (secrets_open(e, place, row->secrets, row->secrets_size, row->spec,
			 &sg->spec, err) ||
	    restore_number(e, sg, err) || restore_key(e, sg, err) ||
	    restore_rows(sg, err))
		return -1;
	restore_cause(sg, row);
	expect_doubts(sg);
	return 0;
}

struct saga *saga_restore(struct engine *e, const struct operation_row *row,
			  struct err *err)
{
	struct saga *sg = saga_new(e);

	if (!sg) {
		err_set(err, ERR_STORE_FULL, "out of memory");
		return NULL;
	}
	if (restore(e, sg, row, err) || saga_enter(e, sg, err)) {
		saga_free(sg);
		return NULL;
	}
	return sg;
}

/* Ids first: restoring reads the same tables. */
struct ids {
	char (*list)[ID_SIZE];
	int count;
	bool failed;
};

static void collect(const struct operation_row *row, void *arg)
{
	struct ids *ids = arg;
	void *more = realloc(ids->list,
			     (size_t)(ids->count + 1) * sizeof(*ids->list));

	if (!more) {
		ids->failed = true;
		return;
	}
	ids->list = more;
	snprintf(ids->list[ids->count++], ID_SIZE, "%s", row->id);
}

static int recover_one(struct engine *e, const char *id, struct err *err)
{
	struct operation_row row;
	struct saga *sg;

	if (operation_find(e->store, id, &row, err) != 1)
		return -1;
	sg = saga_restore(e, &row, err);
	if (!sg)
		return -1;
	log_info("operation_recovered", L_STR("operation_id", sg->id),
		 L_STR("kind", op_kind_name(sg->kind)),
		 L_STR("state", op_state_name(sg->state)),
		 L_INT("recoveries", sg->recoveries));
	saga_touch(sg, true);
	return timers_set(&e->timers, sg, e->now)
		       ? err_set(err, ERR_STORE_FULL, "out of memory")
		       : 0;
}

/* The counts are on disk before the first of them may end the process. */
static int count_recoveries(struct engine *e, struct err *err)
{
	int rc = engine_flush(e, err);

	if (rc > 0)
		return err_set(err, ERR_STORE_FULL,
			       "the database cannot be written");
	return rc;
}

static void quarantine_poison(struct engine *e)
{
	for (int i = e->timers.count - 1; i >= 0; i--)
		if (e->timers.heap[i]->recoveries > RECOVERIES_MAX)
			saga_quarantine(e->timers.heap[i]);
}

int engine_recover(struct engine *e, struct err *err)
{
	struct ids ids = {.list = NULL};
	int rc = -1;

	if (operation_unended(e->store, collect, &ids, err) < 0)
		goto out;
	if (ids.failed) {
		err_set(err, ERR_STORE_FULL, "out of memory");
		goto out;
	}
	for (int i = 0; i < ids.count; i++)
		if (recover_one(e, ids.list[i], err))
			goto out;
	if (count_recoveries(e, err))
		goto out;
	quarantine_poison(e);
	atomic_store(&e->recovered, true);
	rc = 0;
out:
	free(ids.list);
	return rc;
}
