/* SPDX-License-Identifier: MIT */
/*
 * wait.h - a write: prepared by a handler, carried to the engine (or to a
 * thread of its own), awaited.
 *
 *   handler          prepare() makes rq->waiting, its command filled
 *   dispatch         wait_start() suspends the connection, then hands over
 *   engine's thread  command.done: marks it finished, resumes the connection
 *   dispatch, again  wait_take() makes the command's reply the request's
 *
 * A struct waiting has two owners, the request and the engine, and goes with
 * the last: the engine never works on freed memory, even if a connection ended
 * while it was suspended (the library does not do that today).
 */
#ifndef SRC_API_WAIT_H
#define SRC_API_WAIT_H

#include <jansson.h>

#include "request.h"

/* Makes the command of a request: who asks, Prefer, If-Match, Idempotency-Key
 * (body is what its fingerprint covers; NULL if there is none). Borrowed from
 * rq->waiting; NULL with err. */
struct command *prepare(struct request *rq, enum command_kind kind,
			const json_t *body, struct err *err);

/* An empty one. brief: the engine answers at its next commit, so that it passes
 * where too many wait for an outcome. -1: OVERLOADED. */
int wait_new(struct request *rq, bool brief, struct err *err);
/* Its command, to be filled; borrowed. */
struct command *wait_command(struct request *rq);
/* Who takes the command in place of the engine, from wait_start on, under the
 * same promises: as engine_submit; then command.done or wait_fail, once, on
 * any thread. */
void wait_with(struct request *rq,
	       int (*take)(struct server *, struct command *, struct err *));
/* What the command's write works with: freed with the command. */
void wait_keep(struct request *rq, void *kept, void (*free_kept)(void *kept));
/* The same, for command.write. */
void *wait_kept(const struct command *c);
/* Hands over a command that no request waits for, as engine_submit. */
int wait_submit(struct server *s, struct command *c, struct err *err);
/* In place of command.done: there is no reply, but this problem. */
void wait_fail(struct command *c, const struct err *err);
/* Suspends the connection and hands the command over. Must be the last act of
 * the library's call. A refusal comes out of wait_take. */
void wait_start(struct request *rq);
/* The outcome, once the library calls again. -1: it was not taken, err says
 * why. 1: the engine still works on it, which must not happen. */
int wait_take(struct request *rq, struct err *err);
/* The request lets go of it, in whatever state it is. */
void wait_drop(struct request *rq);

#endif
