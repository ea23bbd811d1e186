/* SPDX-License-Identifier: MIT */
/* numbers.c - /v1/agent-phone-numbers: reads from this thread's store, writes
 * as commands for the engine. */
#include <string.h>

#include "answer.h"
#include "api/etag.h"
#include "base/e164.h"
#include "base/json.h"
#include "handlers.h"
#include "listener.h"
#include "paging.h"
#include "reader.h"
#include "saga/view.h"
#include "store/numbers.h"
#include "wait.h"

#define TEXT_MAX  64 /* characters of an agent's id, of a label */
#define TEXT_SIZE (4 * TEXT_MAX + 1)

/* More than a number's answer has beside its spec and what was built. */
#define NUMBER_FRAME 256

/* The id of a number, or the number itself. Anything else can be nowhere. */
static int check_ref(const struct request *rq, struct err *err)
{
	if (id_valid(rq->arg, ID_NUMBER) ||
	    e164_valid(rq->arg, strlen(rq->arg)))
		return 0;
	return err_set(err, ERR_NOT_FOUND,
		       "this is neither the id of a number nor an E.164 "
		       "number");
}

static int no_query(const struct request *rq, struct err *err)
{
	return query_read(rq->target.query, NULL, 0, err);
}

static void list_row(const struct number_shown *n, void *page)
{
	struct page *p = page;

	if (page_row(p, n->seq))
		(void)view_shown(p->out, n); /* page_end sees the failure */
}

int numbers_list(struct request *rq, struct err *err)
{
	enum { STATUS, AGENT, ASSIGNED, NUMBER, LABEL, PROVIDER };
	char status[16], agent[TEXT_SIZE], assigned[8], number[E164_SIZE + 8];
	char label[TEXT_SIZE], provider[16];
	struct page page;
	struct param params[] = {
		{"status", status, sizeof(status), false, ERR_NONE, false},
		{"agent_id", agent, sizeof(agent), false, ERR_NONE, false},
		{"assigned", assigned, sizeof(assigned), false, ERR_NONE,
		 false},
		{"phone_number", number, sizeof(number), false, ERR_NONE, true},
		{"label", label, sizeof(label), false, ERR_NONE, false},
		{"provider", provider, sizeof(provider), false, ERR_NONE,
		 false},
		PAGE_PARAMS(&page),
	};
	struct number_filter f = {.assigned = -1};
	struct store *store;

	if (page_begin(&page, rq, params, sizeof(params) / sizeof(params[0]),
		       err) ||
	    filter_words(&params[STATUS], "active, deleting, corrupted", err) ||
	    filter_words(&params[ASSIGNED], "true, false", err) ||
	    filter_words(&params[PROVIDER], "twilio, sip_trunk", err) ||
	    filter_text(&params[AGENT], TEXT_MAX, err) ||
	    filter_text(&params[LABEL], TEXT_MAX, err) ||
	    filter_e164(&params[NUMBER], err))
		return -1;
	f.status = filter_value(&params[STATUS]);
	f.agent_id = filter_value(&params[AGENT]);
	f.phone_number = filter_value(&params[NUMBER]);
	f.label = filter_value(&params[LABEL]);
	f.provider = filter_value(&params[PROVIDER]);
	f.before = page.before;
	if (params[ASSIGNED].given)
		f.assigned = strcmp(assigned, "true") == 0;
	store = reader_get(rq->server->conf.database_url, err);
	if (!store ||
	    number_list(store, &f, page.limit + 1, list_row, &page, err) < 0) {
		reader_drop();
		return -1;
	}
	return page_end(&page, err);
}

/* Fills the reply, or 304 if the client has it already. */
static void answer_number(const struct number_shown *n, void *request)
{
	struct request *rq = request;
	struct buf *b = answer_json(rq);

	view_etag(n->version, rq->reply.etag);
	if (rq->headers.seen[HEADER_IF_NONE_MATCH] &&
	    etag_listed(rq->headers.value[HEADER_IF_NONE_MATCH],
			rq->reply.etag)) {
		rq->reply.status = 304;
		return;
	}
	buf_reserve(b, NUMBER_FRAME + n->spec.len + n->built.len);
	(void)view_shown(b, n); /* answer_send sees the failure */
}

int numbers_get(struct request *rq, struct err *err)
{
	struct store *store;
	int rc;

	if (no_query(rq, err) || check_ref(rq, err))
		return -1;
	store = reader_get(rq->server->conf.database_url, err);
	rc = store ? number_show(store, rq->arg, answer_number, rq, err) : -1;
	if (rc < 0) {
		reader_drop();
		return -1;
	}
	if (!rc)
		return err_set(err, ERR_NOT_FOUND, "there is no such number");
	return 0;
}

/* A body with faults: all of them at once. */
static int refuse(struct request *rq, const struct err *err,
		  const struct faults *faults)
{
	answer_problem(rq, err, faults);
	return 0;
}

static int read_dry_run(struct request *rq, bool *dry_run, struct err *err)
{
	char value[8];
	struct param params[] = {
		{"dry_run", value, sizeof(value), false, ERR_NONE, false}};

	if (query_read(rq->target.query, params, 1, err) ||
	    filter_words(&params[0], "true, false", err))
		return -1;
	*dry_run = strcmp(value, "true") == 0;
	return 0;
}

/* The checked body becomes a command. A fault in it is an answer, not an err:
 * only here is the list of faults at hand. */
static int create_from(struct request *rq, const json_t *body, bool dry_run,
		       struct err *err)
{
	struct faults faults = {.count = 0};
	struct spec spec = SPEC_INIT;
	struct err wrong = ERR_INIT;
	struct command *c;

	if (spec_parse(&spec, body, &faults, &wrong)) {
		spec_release(&spec);
		return refuse(rq, &wrong, &faults);
	}
	c = prepare(rq, COMMAND_CREATE, body, err);
	if (!c) {
		spec_release(&spec);
		return -1;
	}
	c->spec = spec;
	c->dry_run = dry_run;
	return 0;
}

int numbers_create(struct request *rq, struct err *err)
{
	json_t *body;
	bool dry_run;
	int rc;

	if (read_dry_run(rq, &dry_run, err))
		return -1;
	body = json_read(rq->body.data, rq->body.len, JSON_DEPTH_MAX, err);
	if (!body)
		return -1;
	rc = create_from(rq, body, dry_run, err);
	json_decref(body);
	return rc;
}

/* The engine checks the patch, against what the number is by then. */
static int update_from(struct request *rq, json_t *patch, struct err *err)
{
	struct faults faults = {
		.list = {{.pointer = "", .detail = "must be an object"}},
		.count = 1,
	};
	struct err wrong = ERR_INIT;
	struct command *c;

	if (!json_is_object(patch)) {
		err_set(&wrong, ERR_INVALID_REQUEST,
			"the body must be an object");
		return refuse(rq, &wrong, &faults);
	}
	c = prepare(rq, COMMAND_UPDATE, patch, err);
	if (!c)
		return -1;
	c->patch = json_incref(patch);
	return 0;
}

int numbers_update(struct request *rq, struct err *err)
{
	json_t *patch;
	int rc;

	if (no_query(rq, err) || check_ref(rq, err))
		return -1;
	patch = json_read(rq->body.data, rq->body.len, JSON_DEPTH_MAX, err);
	if (!patch)
		return -1;
	rc = update_from(rq, patch, err);
	json_decref(patch);
	return rc;
}

int numbers_delete(struct request *rq, struct err *err)
{
	if (no_query(rq, err) || check_ref(rq, err))
		return -1;
	return prepare(rq, COMMAND_DELETE, NULL, err) ? 0 : -1;
}

int numbers_force(struct request *rq, struct err *err)
{
	if (no_query(rq, err) || check_ref(rq, err))
		return -1;
	return prepare(rq, COMMAND_FORCE, NULL, err) ? 0 : -1;
}
