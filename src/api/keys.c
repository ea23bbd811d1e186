/* SPDX-License-Identifier: MIT */
/* keys.c - /v1/api-keys: made and revoked by the engine, the one writer; read
 * from this thread's store. */
#include <stdio.h>

#include "answer.h"
#include "api/api_key.h"
#include "base/json.h"
#include "handlers.h"
#include "listener.h"
#include "paging.h"
#include "reader.h"
#include "saga/view.h"
#include "wait.h"

static int check_id(const struct request *rq, struct err *err)
{
	if (id_valid(rq->arg, ID_KEY))
		return 0;
	return err_set(err, ERR_NOT_FOUND, "this is not the id of an API key");
}

static struct buf *reply_json(struct command *c, int status)
{
	c->reply.status = status;
	c->reply.content_type = CONTENT_JSON;
	return &c->reply.body;
}

/* --- making one ---------------------------------------------------------- */

static int write_order(struct command *c, struct store *s, struct err *err)
{
	const struct key_order *o = wait_kept(c);
	const struct key_by by = {c->principal, c->request_id};

	if (key_order_put(o, s, clock_system(), &by, reply_json(c, 201), err))
		return -1;
	snprintf(c->reply.location, sizeof(c->reply.location), KEY_PLACE "/%s",
		 o->id);
	return 0;
}

static void free_order(void *order)
{
	key_order_free(order);
}

/* A key that was shown cannot be shown again: there is nothing to replay. */
static int refuse_replay(const struct request *rq, struct err *err)
{
	if (!rq->headers.seen[HEADER_IDEMPOTENCY_KEY])
		return 0;
	return err_set(err, ERR_IDEMPOTENCY_KEY_INVALID,
		       "an API key is shown only once, so this request takes "
		       "no Idempotency-Key; if its answer was lost, revoke the "
		       "key and make another");
}

static int order(struct request *rq, const json_t *body, struct err *err)
{
	struct faults faults = {.count = 0};
	struct err wrong = ERR_INIT;
	struct key_order *o = key_order_new(body, rq->server->seal,
					    rq->server->clock, &faults, &wrong);
	struct command *c;

	if (!o) {
		answer_problem(rq, &wrong, &faults);
		return 0;
	}
	c = prepare(rq, COMMAND_WRITE, NULL, err);
	if (!c) {
		key_order_free(o);
		return -1;
	}
	c->write = write_order;
	wait_keep(rq, o, free_order);
	rq->secret = true;
	return 0;
}

int keys_create(struct request *rq, struct err *err)
{
	json_t *body;
	int rc;

	if (query_read(rq->target.query, NULL, 0, err) ||
	    refuse_replay(rq, err))
		return -1;
	body = json_read(rq->body.data, rq->body.len, JSON_DEPTH_MAX, err);
	if (!body)
		return -1;
	rc = order(rq, body, err);
	json_decref(body);
	return rc;
}

/* --- revoking one -------------------------------------------------------- */

static int write_revoke(struct command *c, struct store *s, struct err *err)
{
	const struct key_by by = {c->principal, c->request_id};

	snprintf(c->leaves, sizeof(c->leaves), "%s", c->ref);
	return key_revoke(s, c->ref, clock_system(), &by, reply_json(c, 200),
			  err);
}

int keys_revoke(struct request *rq, struct err *err)
{
	struct command *c;

	if (query_read(rq->target.query, NULL, 0, err) || check_id(rq, err))
		return -1;
	c = prepare(rq, COMMAND_WRITE, NULL, err);
	if (!c)
		return -1;
	c->write = write_revoke;
	return 0;
}

/* --- reading ------------------------------------------------------------- */

static void list_row(const struct key_row *row, void *page)
{
	struct page *p = page;
	struct clock *clock = p->rq->server->clock;

	if (page_row(p, row->seq)) /* page_end sees a failure */
		(void)key_view(p->out, row, clock->wall_ms(clock), NULL);
}

int keys_list(struct request *rq, struct err *err)
{
	struct page page;
	struct param params[] = {PAGE_PARAMS(&page)};
	struct store *store;

	if (page_begin(&page, rq, params, sizeof(params) / sizeof(params[0]),
		       err))
		return -1;
	store = reader_get(rq->server->conf.database_url, err);
	if (!store || key_list(store, page.before, page.limit + 1, list_row,
			       &page, err) < 0) {
		reader_drop();
		return -1;
	}
	return page_end(&page, err);
}

int keys_get(struct request *rq, struct err *err)
{
	struct clock *clock = rq->server->clock;
	struct key_row row = {0};
	struct store *store;
	int rc;

	if (query_read(rq->target.query, NULL, 0, err) || check_id(rq, err))
		return -1;
	store = reader_get(rq->server->conf.database_url, err);
	rc = store ? key_by_id(store, rq->arg, &row, err) : -1;
	if (rc < 0) {
		reader_drop();
		return -1;
	}
	if (!rc)
		return err_set(err, ERR_NOT_FOUND, "there is no such API key");
	(void)key_view(answer_json(rq), &row, clock->wall_ms(clock), NULL);
	return 0;
}
