/* SPDX-License-Identifier: MIT */
/*
 * keys.c - idempotency keys: one key, one operation, one answer.
 *
 * A key belongs to the request that first came with it and was accepted. What
 * fails before that (a conflict, a fault in the body) leaves the key free.
 * While its operation runs the answer is 409; from then on the very bytes of
 * the first answer, also after a crash: the record ends in the transaction that
 * ends the operation (draft-ietf-httpapi-idempotency-key-header-07).
 */
#include <stdio.h>
#include <string.h>

#include "saga.h"
#include "store/replies.h"

static void replay(struct engine *e, struct command *c,
		   const struct reply_row *row)
{
	struct reply *r = &c->reply;

	r->status = row->status;
	r->content_type = strcmp(row->content_type, CONTENT_PROBLEM) == 0
				  ? CONTENT_PROBLEM
				  : CONTENT_JSON;
	snprintf(r->location, sizeof(r->location), "%s",
		 row->location ? row->location : "");
	snprintf(r->etag, sizeof(r->etag), "%s", row->etag ? row->etag : "");
	r->retry_after_s = row->retry_after_s;
	r->replayed = true;
	buf_add(&r->body, row->body, row->body_size);
	command_reply(e, c);
}

static bool same_request(const struct command *c, const uint8_t *fingerprint)
{
	return memcmp(c->fingerprint, fingerprint, SEAL_HASH_SIZE) == 0;
}

static int refuse_key(bool same, const char *operation_id, struct err *err)
{
	if (!same)
		return err_set(err, ERR_IDEMPOTENCY_KEY_REUSED,
			       "this idempotency key belongs to a request with "
			       "another method, path or body");
	err_set(err, ERR_IDEMPOTENCY_IN_FLIGHT,
		"the request with this key is still running");
	snprintf(err->operation_id, sizeof(err->operation_id), "%s",
		 operation_id);
	return -1;
}

int key_look_up(struct engine *e, struct command *c, struct err *err)
{
	struct saga *sg = saga_by_key(e, c->principal, c->key);
	struct reply_row row;
	int found;

	if (sg && same_request(c, sg->fingerprint) && c->async) {
		command_accepted(e, c, sg);
		return 1;
	}
	if (sg)
		return refuse_key(same_request(c, sg->fingerprint), sg->id,
				  err);
	found = reply_find(e->store, c->principal, c->key, &row, err);
	if (found <= 0)
		return found;
	if (!same_request(c, row.fingerprint) || !row.finished_ms)
		return refuse_key(same_request(c, row.fingerprint),
				  row.operation_id, err);
	replay(e, c, &row);
	return 1;
}

int key_keep(struct engine *e, const struct command *c,
	     const char *operation_id, struct err *err)
{
	const struct reply *r = &c->reply;
	int64_t now = e->clock->wall_ms(e->clock);
	const struct reply_row row = {
		.principal = c->principal,
		.key = c->key,
		.fingerprint = c->fingerprint,
		.operation_id = operation_id,
		.created_ms = now,
		.finished_ms = now,
		.status = r->status,
		.retry_after_s = r->retry_after_s,
		.content_type = r->content_type,
		.etag = r->etag[0] ? r->etag : NULL,
		.body = r->body.data,
		.body_size = r->body.len,
	};

	if (r->body.failed)
		return err_set(err, ERR_OVERLOADED, "there is no memory left");
	if (store_begin(e->store, err))
		return -1;
	if (reply_put(e->store, &row, err)) {
		store_rollback(e->store);
		return -1;
	}
	return store_commit(e->store, err);
}
