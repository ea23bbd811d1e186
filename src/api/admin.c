/* SPDX-License-Identifier: MIT */
/* admin.c - what the operator's machinery asks: alive, ready, how much? */
#include "answer.h"
#include "base/json.h"
#include "handlers.h"
#include "metrics.h"

#define STUCK_MS 30000

static int say(struct request *rq, const char *status)
{
	struct buf *b = answer_json(rq);

	buf_char(b, '{');
	json_put_str(b, "status", status);
	return buf_char(b, '}'); /* fails only if the buffer did */
}

/* Alive: the engine's loop goes round while it has work. */
int admin_live(struct request *rq, struct err *err)
{
	struct clock *clock = rq->server->clock;
	struct engine_stats e;
	int64_t silent;

	if (server_engine_stats(rq->server, &e) && e.operations) {
		silent = clock->mono_ms(clock) - e.last_tick_ms;
		if (silent > STUCK_MS)
			return err_set(err, ERR_OVERLOADED,
				       "the engine has been stuck for %lld s",
				       (long long)(silent / 1000));
	}
	return say(rq, "live");
}

static const char *not_ready(struct server *s)
{
	struct engine_stats e;

	if (atomic_load(&s->draining) || !server_engine_stats(s, &e))
		return "the service is stopping";
	if (atomic_load(&s->damaged))
		return "the database is damaged";
	if (!e.ready)
		return e.not_ready ? e.not_ready : "the engine is not ready";
	return NULL;
}

int admin_ready(struct request *rq, struct err *err)
{
	const char *why = not_ready(rq->server);
	struct engine_stats e;

	/* A provider that is away is no reason to take traffic elsewhere. */
	if (!why)
		return say(rq, server_engine_stats(rq->server, &e) &&
					       e.breakers_open
				       ? "degraded"
				       : "ready");
	return err_set(err,
		       atomic_load(&rq->server->draining)
			       ? ERR_SHUTTING_DOWN
			       : ERR_STORAGE_UNAVAILABLE,
		       "%s", why);
}

int admin_metrics(struct request *rq, struct err *err)
{
	struct buf *b = answer_json(rq);

	rq->reply.content_type = CONTENT_METRICS;
	if (metrics_write(rq->server, b))
		return err_set(err, ERR_INTERNAL, "the metrics are too long");
	return 0;
}
