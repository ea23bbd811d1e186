/* SPDX-License-Identifier: MIT */
/* operations.c - /v1/operations: how far the work on numbers has come. */
#include <string.h>

#include "answer.h"
#include "base/e164.h"
#include "handlers.h"
#include "listener.h"
#include "paging.h"
#include "reader.h"
#include "saga/view.h"
#include "store/journal.h"
#include "store/operations.h"

struct steps {
	struct buf text;
	bool backwards; /* rows count as done when they are gone */
	int64_t done;
};

static void add_step(const struct journal_row *row, void *arg)
{
	struct steps *s = arg;
	bool present = strcmp(row->state, "present") == 0;
	bool intended = strcmp(row->state, "intended") == 0;
	bool undoing = strcmp(row->state, "undoing") == 0;

	s->done += s->backwards ? !present && !intended && !undoing : present;
	if (s->text.len > 1)
		buf_char(&s->text, ',');
	(void)view_step(&s->text, row); /* render sees the failure */
}

/* The steps of one that has ended were kept with it; those of one under way
 * are what the journal says now. */
static int render(struct store *store, const struct operation_row *row,
		  struct buf *out, struct err *err)
{
	struct steps steps = {
		.text = BUF_INIT(LIMIT_ANSWER),
		.backwards = strcmp(row->state, "undoing") == 0 ||
			     strcmp(row->kind, "delete") == 0,
	};
	struct operation_row now = *row;
	int rc = -1;

	if (row->ended_ms) {
		(void)view_operation(out, row, NULL);
		return 0;
	}
	buf_char(&steps.text, '[');
	if (journal_of_operation(store, row->id, add_step, &steps, err))
		goto out;
	if (buf_char(&steps.text, ']')) {
		err_set(err, ERR_INTERNAL, "the steps are too long");
		goto out;
	}
	now.done = steps.done;
	(void)view_operation(out, &now, steps.text.data);
	rc = 0;
out:
	buf_release(&steps.text);
	return rc;
}

struct list {
	struct page page;
	struct store *store;
	struct err *err;
};

static void list_row(const struct operation_row *row, void *list)
{
	struct list *l = list;

	if (l->err->code == ERR_NONE && page_row(&l->page, row->seq))
		(void)render(l->store, row, l->page.out, l->err);
}

static int check_filters(const struct param *number_id,
			 const struct param *phone_number, struct err *err)
{
	if (number_id->given && !id_valid(number_id->value, ID_NUMBER))
		return err_set(err, ERR_INVALID_PARAMETER,
			       "number_id must be the id of a number");
	if (phone_number->given &&
	    !e164_valid(phone_number->value, strlen(phone_number->value)))
		return err_set(err, ERR_INVALID_PARAMETER,
			       "phone_number must be an E.164 number, as "
			       "+14155550100 or %%2B14155550100");
	return 0;
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
	    check_filters(&params[NUMBER_ID], &params[NUMBER], err) ||
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

int operations_get(struct request *rq, struct err *err)
{
	struct operation_row row = {0};
	struct store *store;
	int rc;

	if (query_read(rq->target.query, NULL, 0, err))
		return -1;
	if (!id_valid(rq->arg, ID_OPERATION))
		return err_set(err, ERR_NOT_FOUND,
			       "this is not the id of an operation");
	store = reader_get(rq->server->conf.database_url, err);
	rc = store ? operation_find(store, rq->arg, &row, err) : -1;
	if (!rc)
		return err_set(err, ERR_NOT_FOUND,
			       "there is no such operation");
	if (rc < 0 || render(store, &row, answer_json(rq), err)) {
		reader_drop();
		return -1;
	}
	return 0;
}
