/* SPDX-License-Identifier: MIT */
/*
 * engine.h - the one thread that changes things: takes commands, moves sagas,
 * commits, and only then sends and answers.
 *
 *   tick: take commands, finished calls and due timers
 *         -> saga logic turns them into rows and effects
 *         -> ONE transaction commits every row of the tick
 *         -> only then: send requests, answer clients
 *
 * The engine does no I/O of its own: clock, transport and store are given, so
 * that production and the simulation run the same code.
 */
#ifndef SAGA_ENGINE_H
#define SAGA_ENGINE_H

#include "base/clock.h"
#include "base/err.h"
#include "base/seal.h"
#include "net/transport.h"
#include "saga/command.h"
#include "saga/counts.h"
#include "steps/settings.h"
#include "store/store.h"

/* Commands between two ticks; more are OVERLOADED. */
#define ENGINE_INBOX_MAX 10000

struct engine;

struct engine_conf {
	struct settings settings; /* providers; strings borrowed for life */
	int64_t concurrency;	  /* calls in flight per provider account */
	int64_t operation_deadline_ms;
	int64_t undo_deadline_ms;
	int64_t settle_ms;
	int64_t max_operations; /* at once; more is OVERLOADED */
	int64_t sweep_grace_ms; /* an orphan is at least this old */
	int64_t sweep_every_ms; /* 0: only on demand */
};

/* All four must outlive the engine. */
struct engine *engine_new(const struct engine_conf *conf, struct clock *clock,
			  struct transport *transport, struct store *store,
			  const struct seal *seal, struct err *err);
/* Frees it. Commands not yet answered are answered SHUTTING_DOWN first. */
void engine_free(struct engine *e);

/* Takes up what earlier runs left unfinished. Once, before the first tick. */
int engine_recover(struct engine *e, struct err *err);

/* Hands a command over; any thread. -1 (OVERLOADED, SHUTTING_DOWN,
 * STORAGE_UNAVAILABLE): not taken, still the caller's, done will not be
 * called. */
int engine_submit(struct engine *e, struct command *c, struct err *err);

/* One tick; waits at most timeout_ms for something to do. -1: the database
 * failed for good, stop. */
int engine_tick(struct engine *e, int timeout_ms, struct err *err);
/* Milliseconds until the next timer is due (0: now; -1: none). */
int64_t engine_idle_ms(struct engine *e);
/* Ticks until engine_stop. */
int engine_run(struct engine *e, struct err *err);
/* Any thread: no new commands; running operations may go on for grace_ms, then
 * waiting clients get 202 with their operation and engine_run returns. The
 * operations go on at the next start. */
void engine_stop(struct engine *e, int64_t grace_ms);

/* What is going on; any thread. */
struct engine_stats {
	bool ready;	       /* recovered, storage writable, not stopping */
	const char *not_ready; /* why, else NULL; static */
	bool writable;	       /* the database was when last tried */
	int64_t operations;    /* not ended */
	int64_t oldest_ms;     /* wall: when the first of them began; 0: none */
	int64_t inbox;	       /* commands not yet taken up */
	int64_t calls_in_flight;
	int64_t commits;
	int64_t last_tick_ms;  /* mono time, to see a stuck engine */
	int64_t breakers_open; /* accounts that are not called just now */
};
void engine_stats(struct engine *e, struct engine_stats *out);
/* The rest of it; any thread, as long as the engine is there. */
const struct engine_counts *engine_counts(const struct engine *e);

#endif
