/* SPDX-License-Identifier: MIT */
/* prepare.c - what every write takes from the header: who asks, how long to
 * wait, which version it must meet, and under which idempotency key. */
#include <stdio.h>
#include <string.h>

#include "api/etag.h"
#include "api/idempotency_key.h"
#include "listener.h"
#include "wait.h"

#define FINGERPRINT_MAX (1024 * 1024)

static int add_bytes(const char *bytes, size_t len, void *buf)
{
	return buf_add(buf, bytes, len);
}

/* Method, path, query, If-Match and body, each ended by a NUL, which none of
 * them can hold. The body is sorted, so that its spelling does not count. */
static int fingerprint(struct request *rq, const json_t *body,
		       uint8_t out[SEAL_HASH_SIZE], struct err *err)
{
	struct text match = rq->headers.value[HEADER_IF_MATCH];
	struct buf b = BUF_INIT(FINGERPRINT_MAX);

	/* Once and for all: the body may hold secrets, and growing would leave
	 * copies of them behind. */
	buf_reserve(&b, 2 * rq->body.len + 2 * LIMIT_TARGET);
	buf_add(&b, rq->route->method, strlen(rq->route->method) + 1);
	buf_add(&b, rq->route->path, strlen(rq->route->path) + 1);
	buf_add(&b, rq->arg, strlen(rq->arg) + 1);
	buf_str(&b, rq->target.query ? rq->target.query : "");
	buf_char(&b, '\0');
	if (match.at)
		buf_add(&b, match.at, match.len);
	buf_char(&b, '\0');
	if (body &&
	    json_dump_callback(body, add_bytes, &b,
			       JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY))
		b.failed = true;
	if (!b.failed)
		seal_hash(rq->server->seal, "request", b.data, b.len, out);
	else
		err_set(err, ERR_OVERLOADED, "there is no memory left");
	buf_release_secret(&b);
	return err->code != ERR_NONE ? -1 : 0;
}

static int64_t wait_ms(const struct request *rq)
{
	return prefer_wait_ms(&rq->headers.prefer, rq->server->conf.wait_ms);
}

static bool is_brief(const struct request *rq, enum command_kind kind)
{
	switch (kind) {
	case COMMAND_CREATE:
	case COMMAND_UPDATE:
	case COMMAND_DELETE:
		return wait_ms(rq) == 0;
	case COMMAND_SWEEP:
		return false;
	case COMMAND_FORCE:
	case COMMAND_CANCEL:
	case COMMAND_WRITE:
		break;
	}
	return true;
}

static int fill(struct request *rq, struct command *c, const json_t *body,
		struct err *err)
{
	const struct headers *h = &rq->headers;

	snprintf(c->request_id, sizeof(c->request_id), "%s", rq->id);
	snprintf(c->principal, sizeof(c->principal), "%s", rq->grant.principal);
	snprintf(c->ref, sizeof(c->ref), "%s", rq->arg);
	c->async = wait_ms(rq) == 0;
	c->wait_ms = auth_left_ms(rq->server, &rq->grant, wait_ms(rq));
	if (h->seen[HEADER_IF_MATCH]) {
		c->match = true;
		if (etag_versions(h->value[HEADER_IF_MATCH], &c->match_any,
				  c->match_versions, MATCH_MAX, &c->match_count,
				  err))
			return -1;
	}
	if (!h->seen[HEADER_IDEMPOTENCY_KEY] ||
	    !(rq->route->flags & ROUTE_REPLAYABLE))
		return 0;
	if (idempotency_key_read(h->value[HEADER_IDEMPOTENCY_KEY], c->key, err))
		return -1;
	return fingerprint(rq, body, c->fingerprint, err);
}

struct command *prepare(struct request *rq, enum command_kind kind,
			const json_t *body, struct err *err)
{
	struct command *c;

	if (wait_new(rq, is_brief(rq, kind), err))
		return NULL;
	c = wait_command(rq);
	c->kind = kind;
	if (fill(rq, c, body, err)) {
		wait_drop(rq);
		return NULL;
	}
	return c;
}
