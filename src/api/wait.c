/* SPDX-License-Identifier: MIT */
/* wait.c - the one place where connections are suspended and resumed. */
#include "wait.h"

#include <stdlib.h>

#include "listener.h"

struct waiting {
	struct command command;
	struct server *server;
	/* Hands it over; the engine's unless wait_with said otherwise. */
	int (*take)(struct server *s, struct command *c, struct err *err);
	void *kept; /* wait_keep's */
	void (*free_kept)(void *kept);
	struct err err; /* why it was not taken, or failed without a reply */
	/* Under server->wait_lock: */
	struct MHD_Connection *connection; /* NULL: the request is gone */
	bool finished;
	int owners;
};

int wait_submit(struct server *s, struct command *c, struct err *err)
{
	int rc = -1;

	pthread_rwlock_rdlock(&s->engine_lock);
	if (s->engine)
		rc = engine_submit(s->engine, c, err);
	else
		err_set(err, ERR_SHUTTING_DOWN, "the service is stopping");
	pthread_rwlock_unlock(&s->engine_lock);
	return rc;
}

int wait_new(struct request *rq, bool brief, struct err *err)
{
	struct server *s = rq->server;
	int most = LIMIT_WAITING(s->conf.connections) +
		   (brief ? LIMIT_BRIEF(s->conf.connections) : 0);
	struct waiting *w;

	if (headcount_enter(&s->waiting) >= most) {
		err_set(err, ERR_OVERLOADED,
			"%d requests wait for their outcome already%s", most,
			brief ? "" : "; Prefer: respond-async need not");
		goto fail;
	}
	w = calloc(1, sizeof(*w));
	if (!w) {
		err_set(err, ERR_OVERLOADED, "there is no memory left");
		goto fail;
	}
	w->command = (struct command)COMMAND_INIT;
	w->server = s;
	w->take = wait_submit;
	w->owners = 1;
	rq->waiting = w;
	return 0;
fail:
	headcount_leave(&s->waiting);
	return -1;
}

struct command *wait_command(struct request *rq)
{
	return &rq->waiting->command;
}

void wait_with(struct request *rq,
	       int (*take)(struct server *, struct command *, struct err *))
{
	rq->waiting->take = take;
}

void wait_keep(struct request *rq, void *kept, void (*free_kept)(void *kept))
{
	rq->waiting->kept = kept;
	rq->waiting->free_kept = free_kept;
}

void *wait_kept(const struct command *c)
{
	const struct waiting *w = c->arg;

	return w->kept;
}

static void drop(struct waiting *w)
{
	struct server *s = w->server;
	bool last;

	pthread_mutex_lock(&s->wait_lock);
	last = --w->owners == 0;
	pthread_mutex_unlock(&s->wait_lock);
	if (!last)
		return;
	command_release(&w->command);
	if (w->free_kept)
		w->free_kept(w->kept);
	free(w);
}

/* The engine's last word on it. The connection is resumed under the lock, so
 * that it cannot end in between. */
static void finish(struct waiting *w)
{
	struct server *s = w->server;

	pthread_mutex_lock(&s->wait_lock);
	w->finished = true;
	if (w->connection)
		MHD_resume_connection(w->connection);
	pthread_mutex_unlock(&s->wait_lock);
	drop(w);
}

/* What was written may be an API key: those known so far are looked up anew,
 * and before the client hears of the change. */
static void on_done(struct command *c)
{
	struct waiting *w = c->arg;

	if (c->kind == COMMAND_WRITE)
		atomic_fetch_add(&w->server->auth.generation, 1);
	finish(w);
}

void wait_fail(struct command *c, const struct err *err)
{
	struct waiting *w = c->arg;

	w->err = *err;
	finish(w);
}

void wait_start(struct request *rq)
{
	struct waiting *w = rq->waiting;

	w->command.done = on_done;
	w->command.arg = w;
	w->connection = rq->connection;
	w->owners++;
	rq->phase = PHASE_WAIT;
	stamp_busy(rq->stamp, STAMP_NEVER);
	MHD_suspend_connection(rq->connection);
	if (w->take(rq->server, &w->command, &w->err))
		finish(w);
}

int wait_take(struct request *rq, struct err *err)
{
	struct waiting *w = rq->waiting;
	bool finished;

	pthread_mutex_lock(&rq->server->wait_lock);
	finished = w->finished;
	pthread_mutex_unlock(&rq->server->wait_lock);
	if (!finished)
		return 1;
	if (w->err.code != ERR_NONE) {
		*err = w->err;
	} else {
		buf_release(&rq->reply.body);
		rq->reply = w->command.reply;
		w->command.reply.body = (struct buf)BUF_INIT(REPLY_BODY_MAX);
	}
	wait_drop(rq);
	return err->code != ERR_NONE ? -1 : 0;
}

void wait_drop(struct request *rq)
{
	struct waiting *w = rq->waiting;

	if (!w)
		return;
	rq->waiting = NULL;
	pthread_mutex_lock(&rq->server->wait_lock);
	w->connection = NULL;
	pthread_mutex_unlock(&rq->server->wait_lock);
	headcount_leave(&rq->server->waiting);
	drop(w);
}
