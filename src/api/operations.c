/* SPDX-License-Identifier: MIT */
/* operations.c - /v1/operations: how far the work on numbers has come. */
#include <string.h>

#include "answer.h"
#include "base/e164.h"
#include "handlers.h"
#include "listener.h"
#include "operations.h"
#include "paging.h"
#include "reader.h"
#include "saga/view.h"
#include "steps/step.h"
#include "store/journal.h"
#include "wait.h"

struct steps {
	struct buf *text;
	bool backwards; /* rows count as done when they are gone */
	int64_t done;
};

static bool is_any(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

/* Backwards, what leaves nothing behind is done with as it is. */
static bool is_done(const struct journal_row *row, bool backwards)
{
	const struct step *step = step_by_name(row->step);
	bool present = strcmp(row->state, "present") == 0;

	if (!backwards)
		return present;
	return (step && !step->undo.request) ||
	       (!present && !is_any(row->state, "intended", "undoing"));
}

static void add_step(const struct journal_row *row, void *arg)
{
	struct steps *s = arg;

	s->done += is_done(row, s->backwards);
	if (s->text->len > 1)
		buf_char(s->text, ',');
	(void)view_step(s->text, row); /* read_steps sees the failure */
}

/* Those of one that has ended were kept with it; those of one under way are
 * what the journal says now. Sets row->done to match. */
static int read_steps(struct store *store, struct operation_row *row,
		      struct buf *out, struct err *err)
{
	struct steps steps = {
		.text = out,
		.backwards = strcmp(row->state, "undoing") == 0 ||
			     strcmp(row->kind, "delete") == 0,
	};

	if (row->ended_ms) {
		buf_str(out, row->steps ? row->steps : "[]");
	} else {
		buf_char(out, '[');
		if (journal_of_operation(store, row->id, add_step, &steps, err))
			return -1;
		buf_char(out, ']');
		row->done = steps.done;
	}
	if (out->failed)
		return err_set(err, ERR_INTERNAL, "the steps are too long");
	return 0;
}

int operation_read(struct store *store, const char *id,
		   struct operation_row *row, struct buf *steps,
		   struct err *err)
{
	int64_t done = -1; /* of the steps at hand */

	for (;;) {
		int rc = operation_find(store, id, row, err);

		if (rc != 1)
			return rc;
		if (done >= 0 && !row->ended_ms)
			break;
		buf_clear(steps);
		if (read_steps(store, row, steps, err))
			return -1;
		if (row->ended_ms)
			return 1;
		done = row->done;
	}
	row->done = done;
	return 1;
}

struct list {
	struct page page;
	struct store *store;
	struct err *err;
};

/* The list is still open, so that the steps are of the same moment. */
static void list_row(const struct operation_row *row, void *list)
{
	struct list *l = list;

	struct buf steps = BUF_INIT(LIMIT_ANSWER);
	struct operation_row now = *row;

	if (l->err->code != ERR_NONE || !page_row(&l->page, row->seq))
		return;
	if (read_steps(l->store, &now, &steps, l->err) == 0)
		(void)view_operation(l->page.out, &now, steps.data);
	buf_release(&steps);
}

int operations_list(struct request *rq, struct err *err)
{
	enum { NUMBER_ID, NUMBER, STATE, KIND };
	char id[ID_SIZE], number[E164_SIZE + 8], state[16], kind[16];
	struct list l = {.err = err};
	struct param params[] = {
		{"number_id", id, sizeof(id), false, ERR_NONE, false},
		{"phone_number", number, sizeof(number), false, ERR_NONE, true},
		{"state", state, sizeof(state), false, ERR_NONE, false},
		{"kind", kind, sizeof(kind), false, ERR_NONE, false},
		PAGE_PARAMS(&l.page),
	};
	struct operation_filter f = {0};

	if (page_begin(&l.page, rq, params, sizeof(params) / sizeof(params[0]),
		       err) ||
	    filter_id(&params[NUMBER_ID], ID_NUMBER, "a number", err) ||
	    filter_e164(&params[NUMBER], err) ||
	    filter_words(&params[STATE],
			 "running, undoing, succeeded, failed, stuck", err) ||
	    filter_words(&params[KIND], "create, update, delete, force", err))
		return -1;
	f.number_id = filter_value(&params[NUMBER_ID]);
	f.phone_number = filter_value(&params[NUMBER]);
	f.state = filter_value(&params[STATE]);
	f.kind = filter_value(&params[KIND]);
	f.before = l.page.before;
	l.store = reader_get(rq->server->conf.database_url, err);
	if (!l.store || operation_list(l.store, &f, l.page.limit + 1, list_row,
				       &l, err) < 0)
		goto broken;
	if (err->code != ERR_NONE)
		goto broken;
	return page_end(&l.page, err);
broken:
	reader_drop();
	return -1;
}

/* Of all paths below /v1/operations/{id}. */
static int check_path(const struct request *rq, struct err *err)
{
	if (query_read(rq->target.query, NULL, 0, err))
		return -1;
	if (!id_valid(rq->arg, ID_OPERATION))
		return err_set(err, ERR_NOT_FOUND,
			       "this is not the id of an operation");
	return 0;
}

int operation_of_path(struct request *rq, struct operation_row *row,
		      struct buf *steps, struct err *err)
{
	struct store *store;
	int rc;

	if (check_path(rq, err))
		return -1;
	store = reader_get(rq->server->conf.database_url, err);
	rc = store ? operation_read(store, rq->arg, row, steps, err) : -1;
	if (rc > 0)
		return 0;
	if (rc < 0)
		reader_drop();
	return err_set(err, ERR_NOT_FOUND, "there is no such operation");
}

int operations_get(struct request *rq, struct err *err)
{
	struct buf steps = BUF_INIT(LIMIT_ANSWER);
	struct operation_row row = {0};
	int rc = operation_of_path(rq, &row, &steps, err);

	if (rc == 0)
		(void)view_operation(answer_json(rq), &row, steps.data);
	buf_release(&steps);
	return rc;
}

/* Asking again for what is being taken back changes nothing, so it needs no
 * idempotency key, and the engine keeps none for it. */
int operations_cancel(struct request *rq, struct err *err)
{
	if (check_path(rq, err))
		return -1;
	return prepare(rq, COMMAND_CANCEL, NULL, err) ? 0 : -1;
}
