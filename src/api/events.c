/* SPDX-License-Identifier: MIT */
/* events.c - /v1/events: the audit trail, who did what to which number. */
#include <string.h>

#include "base/e164.h"
#include "handlers.h"
#include "listener.h"
#include "paging.h"
#include "reader.h"
#include "saga/view.h"
#include "store/events.h"

#define ACTION_SIZE 48

static void list_row(const struct event_row *row, void *page)
{
	struct page *p = page;

	if (page_row(p, row->seq))
		(void)view_event(p->out, row); /* page_end sees the failure */
}

/* Actions are not listed here: whoever does something names it. */
static int check_action(const struct param *p, struct err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_.";

	if (!p->given || p->value[strspn(p->value, letters)] == '\0')
		return 0;
	return err_set(err, ERR_INVALID_PARAMETER,
		       "action must be a word such as number.created");
}

int events_list(struct request *rq, struct err *err)
{
	enum { NUMBER_ID, NUMBER, OPERATION_ID, ACTION };
	char number_id[ID_SIZE], number[E164_SIZE + 8];
	char operation_id[ID_SIZE], action[ACTION_SIZE];
	struct page page;
	struct param params[] = {
		{"number_id", number_id, sizeof(number_id), false, ERR_NONE,
		 false},
		{"phone_number", number, sizeof(number), false, ERR_NONE, true},
		{"operation_id", operation_id, sizeof(operation_id), false,
		 ERR_NONE, false},
		{"action", action, sizeof(action), false, ERR_NONE, false},
		PAGE_PARAMS(&page),
	};
	struct event_filter f = {0};
	struct store *store;

	if (page_begin(&page, rq, params, sizeof(params) / sizeof(params[0]),
		       err) ||
	    filter_id(&params[NUMBER_ID], ID_NUMBER, "a number", err) ||
	    filter_e164(&params[NUMBER], err) ||
	    filter_id(&params[OPERATION_ID], ID_OPERATION, "an operation",
		      err) ||
	    check_action(&params[ACTION], err))
		return -1;
	f.number_id = filter_value(&params[NUMBER_ID]);
	f.phone_number = filter_value(&params[NUMBER]);
	f.operation_id = filter_value(&params[OPERATION_ID]);
	f.action = filter_value(&params[ACTION]);
	f.before = page.before;
	store = reader_get(rq->server->conf.database_url, err);
	if (!store ||
	    event_list(store, &f, page.limit + 1, list_row, &page, err) < 0) {
		reader_drop();
		return -1;
	}
	return page_end(&page, err);
}
