/* SPDX-License-Identifier: MIT */
/*
 * saga.h - the insides of the saga core, shared by its files only.
 *
 * A saga is an operation under way: its rows say how far each step has come
 * (kept in the journal), its tasks what each step is doing right now (kept
 * nowhere: after a crash they are rebuilt from the rows).
 *
 *   engine.c    the tick: commands, answers, timers; commit; send and answer
 *   commands.c  what a command becomes: a saga, a waiter or a plain answer
 *   create.c, change.c  the same by its kind; keys.c: idempotency keys
 *   operation.c decides: what may start, when to turn back, how it ended
 *   task.c      one act of one step: launch, what its answer means, again
 *   rows.c      a row's states and the allowed moves between them
 *   plan.c      which steps a spec wants, and in what order
 *   lanes.c     how many calls an account may have in flight; turns.c: whose
 *   flush.c     everything that changed in a tick, in one transaction
 *   recover.c   sagas from the journal, at start
 *   result.c    answers, receipts, problems of a saga
 *   sweep*.c    what bears our mark and belongs to nothing (sweep.h)
 *   index.c, timers.c, secrets.c  sagas by name, by time; sealing a spec
 *   stats.c     what it says of itself
 */
#ifndef SAGA_SAGA_H
#define SAGA_SAGA_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "saga/engine.h"
#include "saga/view.h"
#include "steps/step.h"
#include "store/numbers.h"
#include "turns.h"

enum act_kind { ACT_MAKE, ACT_FIND, ACT_UNDO };
enum task_state {
	TASK_IDLE,
	TASK_WAITING, /* until `due` */
	TASK_QUEUED,  /* in its account's lane */
	TASK_FLYING,  /* its call is out, or in the engine's outbox */
};

struct lane;

/* What a step met last: of struct err what a saga with ten steps has room for.
 */
struct trouble {
	enum err_code code; /* ERR_NONE after a success */
	int provider_status, provider_code;
	char *detail; /* NULL: there is none, or there was no memory */
};

struct task {
	struct saga *saga;
	struct step_row *row;
	enum task_state state;
	enum act_kind act;
	int64_t due;  /* mono ms */
	int tries;    /* of MAKE, or of FIND and UNDO while undoing */
	int looks;    /* FINDs since the last MAKE */
	int absences; /* looks in a row that found nothing */
	bool unknown; /* a make may have had its effect */
	bool dirty;   /* the row differs from the journal */
	bool retried; /* a stuck undo was tried once more */
	bool other;   /* as loaded: another operation moved it last */
	bool before;  /* gone before this operation began */
	int64_t started_ms, updated_ms;
	struct trouble trouble;
	uint64_t rank; /* turns.c's, while it waits there */
	int place;
};

/* What becomes of the number's record with the next commit. */
enum number_write { NUMBER_KEEP, NUMBER_PUT, NUMBER_DELETE };

struct saga {
	struct engine *engine;
	char id[ID_SIZE];
	enum op_kind kind;
	enum op_state state;
	char number_id[ID_SIZE];
	char trunk_id[ID_SIZE]; /* "" if there is none */
	char phone_number[24];
	char request_id[72];
	char principal[ID_SIZE];
	struct spec spec;
	struct spec former;			  /* an update's; else empty */
	int64_t created_ms, updated_ms, ended_ms; /* saga_wall_ms */
	int64_t deadline;			  /* mono */
	int64_t recoveries;
	struct err cause; /* why it turned back, or what got stuck */

	struct step_row *rows;
	struct task *tasks; /* tasks[i] works on rows[i] */
	int row_count;

	/* The number's record, as far as this saga knows or makes it. */
	char status[12];
	int64_t version;
	int64_t number_created_ms;
	enum number_write number_write;
	char *built; /* an update's: the record's, kept as it is */

	char cancelled_by[ID_SIZE], cancel_request[72]; /* "": by no one */
	bool cancel_told;				/* in the audit trail */
	bool doubted;	/* it was, at any time */
	bool in_doubt;	/* an outcome was unknown: its account needs a sweep */
	bool committed; /* its acceptance is on disk */
	bool op_dirty;
	bool touched; /* in the engine's list of sagas to flush */
	struct saga *next_touched;
	struct saga *older, *newer; /* all that are under way */
	int64_t place;		    /* the order in which they came in */
	struct client *client;
	struct lane *lane[PROVIDERS]; /* NULL: no call yet */
	struct turn *turn[PROVIDERS]; /* its client's in that lane */
	int heap_at;		      /* place in the timer heap, -1: none */
	int64_t wake;		      /* mono ms */

	struct command *waiters; /* clients that wait for the end */
	char key[256];		 /* idempotency key, "" if none */
	uint8_t fingerprint[SEAL_HASH_SIZE];
	struct reply reply; /* how it ended, for waiters and the key */
};

/* A call that leaves after the commit, and comes back with its task. */
struct call {
	struct task *task;   /* whose it is: a saga's task, or … */
	struct sweep *sweep; /* … the sweep */
	struct http_request rq;
	struct http_request head; /* name and method, which outlive the rest */
	int64_t sent_us;	  /* mono */
	struct call *next, *prev;
};

struct timers {
	struct saga **heap;
	int count, size;
};

struct lane {
	char key[64]; /* "twilio:AC…" or "retell" */
	enum provider provider;
	double cap;
	int flying;
	int64_t not_before; /* mono ms: the provider asked us to wait */
	int64_t shrunk_at;
	int failures;	    /* in a row: no answer, or 5xx */
	int64_t lost_us;    /* mono: the tick in which a call was lost last */
	int64_t open_until; /* breaker: no calls before this; 0: closed */
	bool probing;	    /* one call is out to see whether it may close */
	struct turns turns; /* of the calls that wait */
	int holders;	    /* sagas that may call here */
	struct lane *prev, *next;
};

/* An API key with operations under way. */
struct client {
	char principal[ID_SIZE];
	int sagas;
};

struct engine {
	struct engine_conf conf;
	struct clock *clock;
	struct transport *transport;
	struct store *store;
	const struct seal *seal;

	int64_t now, now_us;		  /* mono, taken once a tick */
	void *by_number, *by_id, *by_key; /* tsearch trees of sagas */
	struct saga *oldest, *newest;
	int64_t entered; /* sagas, ever */
	int saga_count;
	int most_sagas; /* since memory was given back last */
	void *clients;	/* tsearch tree */
	int client_count;
	struct timers timers;
	struct lane *lanes; /* all of them */
	void *lanes_by_key; /* tsearch tree */
	int lane_count;
	struct saga *touched, **touched_end; /* to flush, as they came */
	bool must_commit;   /* something has to be on disk before effects */
	int64_t lazy_since; /* when the oldest lazy change was made; 0: none */
	int64_t stalled_until; /* the database is full or busy: try then */
	struct call *calls, **calls_end;	/* to send */
	struct command *replies, **replies_end; /* to answer */
	struct call *flying;			/* sent, not back */
	struct saga *ended;			/* to free after the commit */
	struct sweep *sweep;			/* under way, or NULL */
	int64_t expire_at;   /* mono ms: when to drop old idempotency records */
	int64_t doubt_until; /* mono ms: by then what is in doubt has landed */
	int64_t sweep_at;    /* mono ms: the next one; 0: none is due */

	pthread_mutex_t lock; /* guards what follows */
	struct command *inbox, **inbox_end;
	int inbox_count;
	bool stopping;
	int64_t grace_ms;
	int64_t stop_at; /* engine thread only */

	atomic_bool recovered, stalled;
	atomic_llong operations, oldest_ms, last_tick;
	struct engine_counts counts;
};

/* Words of counts.h, back; -1 if it is none. */
int op_kind_parse(const char *s);
int op_state_parse(const char *s);

/* --- rows.c --- */
const char *row_state_name(enum row_state s);
enum row_state row_state_parse(const char *s);
/* The only place where a row's state changes. */
void row_move(struct task *t, enum row_state to);
/* Nothing more will happen to it while undoing. */
bool row_settled(const struct step_row *row);
/* Does it stand for something at a provider? */
bool row_counts(const struct step_row *row);
/* All but the data, which row_data gives as text; "" if there is none. -1: no
 * memory. */
void row_to_journal(const struct task *t, struct journal_row *out);
int row_data(const struct task *t, struct buf *text);
int row_from_journal(struct task *t, const struct journal_row *in);

/* --- plan.c --- */
/* Gives the saga a row for each step instance that its spec wants. */
int plan_create(struct saga *sg, struct err *err);
int plan_update(struct saga *sg, struct err *err);
/* From the journal: rows of the number and its trunk. */
int plan_load(struct saga *sg, struct err *err);
bool plan_needs_met(const struct saga *sg, const struct step *step);
/* No row that needs this one is still to be undone before it. */
bool plan_dependents_settled(const struct saga *sg, const struct step *step);
int view_plan(struct buf *b, const struct spec *spec, struct err *err);

/* --- stats.c --- */
void engine_count_answer(struct engine *e, const struct http_request *rq,
			 const struct answer *a);

/* --- task.c --- */
void task_start(struct task *t, enum act_kind act);
void task_wait(struct task *t, enum act_kind act, int64_t ms);
void task_cancel(struct task *t); /* unless it is flying */
/* What it met last, with step and provider; ERR_NONE if nothing. */
struct err task_err(const struct task *t);
void task_forget(struct task *t); /* what it met */
/* Stuck: no time is left to try again. */
void task_give_up(struct task *t);
void task_launch(struct task *t);
void task_answered(struct task *t, const struct http_request *rq,
		   const struct http_response *rs);

/* --- lanes.c --- */
void lane_enqueue(struct task *t);
void lane_remove(struct task *t);
void lanes_drain(struct engine *e);
/* The call is back; a: its answer, or NULL if it never went out. */
void lane_return(struct task *t, const struct answer *a);
/* Is an account that this spec needs out of reach just now? Then in how many
 * ms it may be tried again, else 0. */
int64_t lanes_closed_ms(const struct engine *e, const struct spec *spec,
			enum provider *which);
int64_t lanes_wake(const struct engine *e); /* -1: no lane waits for time */
/* The saga calls no more. */
void lanes_leave(struct saga *sg);
void lanes_free(struct engine *e);

/* --- operation.c --- */
struct saga *saga_new(struct engine *e);
void saga_free(struct saga *sg);
void saga_touch(struct saga *sg, bool must_commit);
void saga_advance(struct saga *sg);
void saga_turn_back(struct saga *sg, const struct err *cause);
void saga_schedule(struct saga *sg);
/* 202 and the operation for clients who have waited long enough, and for all of
 * this principal (NULL: none). */
void saga_release_waiters(struct saga *sg, const char *principal);
/* Ends it as stuck, whatever it was doing: for a person to look at. */
void saga_quarantine(struct saga *sg);
bool saga_undoing(const struct saga *sg); /* rows go backwards */
/* The wall clock; but in what one number's records tell, time does not go back
 * when the clock is set. */
int64_t saga_wall_ms(const struct saga *sg);
int64_t saga_progress(const struct saga *sg, int64_t *total);

/* --- timers.c --- */
int timers_set(struct timers *t, struct saga *sg, int64_t wake);
void timers_drop(struct timers *t, struct saga *sg);
struct saga *timers_first(const struct timers *t);

/* --- index.c: sagas by number, id, idempotency key and client --- */
int saga_enter(struct engine *e, struct saga *sg, struct err *err);
void saga_leave(struct engine *e, struct saga *sg);
/* How many operations of the client are under way. */
int saga_count_of(const struct engine *e, const char *principal);
struct saga *saga_by_number(struct engine *e, const char *phone_number);
struct saga *saga_by_ref(struct engine *e, const char *number_id);
struct saga *saga_by_key(struct engine *e, const char *principal,
			 const char *key);

/* --- commands.c --- */
void command_take(struct engine *e, struct command *c);
/* Replies that tell of an end that is not on disk become 202: it is still
 * running, and goes on at the next start. */
void replies_postpone(struct engine *e);
/* Hands the reply over after the commit. */
void command_reply(struct engine *e, struct command *c);
void problem_reply(struct command *c, const struct err *err,
		   const struct faults *faults);
void command_problem(struct engine *e, struct command *c, const struct err *err,
		     const struct faults *faults);
void command_accepted(struct engine *e, struct command *c,
		      const struct saga *sg);

/* --- keys.c --- */
/* 1: answered from what the key already stands for; 0: go on; -1: refused. */
int key_look_up(struct engine *e, struct command *c, struct err *err);
/* Keeps the command's reply for its key, in a transaction of its own: for an
 * answer without an operation. operation_id: the number's last. */
int key_keep(struct engine *e, const struct command *c,
	     const char *operation_id, struct err *err);

/* --- result.c --- */
void saga_result(struct saga *sg);		      /* fills sg->reply */
int saga_built(const struct saga *sg, struct buf *b); /* a number's `built` */
int saga_receipt(const struct saga *sg, struct buf *b);
int saga_steps(const struct saga *sg, struct buf *b);
int saga_problem_members(const struct saga *sg, struct buf *b);
/* The records of a saga. What the rows point to lives in the saga and in
 * text, which the caller releases with record_release. */
struct record {
	struct buf spec, built, result, error, steps, secrets;
};
int saga_number_row(const struct saga *sg, struct number_row *row,
		    struct record *text);
int saga_operation_row(const struct saga *sg, struct operation_row *row,
		       struct record *text);
void record_init(struct record *r);
void record_release(struct record *r);
void reply_copy(struct reply *to, const struct reply *from);

/* --- sweep.c --- */
/* Something of ours may yet turn up in the saga's account: sweep in a while. */
void sweep_expect(struct saga *sg);
void sweep_begin(struct engine *e, struct command *waiter);
/* Asks again what was refused for now, if it is time. */
void sweep_resume(struct sweep *sw);
int64_t sweep_wake(const struct sweep *sw); /* mono ms; -1: not by time */
void sweep_answered(struct sweep *sw, const struct http_request *rq,
		    const struct http_response *rs);
void sweep_free(struct sweep *sw);
void engine_send(struct engine *e, struct call *call);

/* --- recover.c --- */
struct saga *saga_restore(struct engine *e, const struct operation_row *row,
			  struct err *err);

/* --- flush.c --- */
/* 0: all is on disk; 1: not now, tried again later; -1: give up. */
int engine_flush(struct engine *e, struct err *err);
/* Replies that tell of a saga whose acceptance is not on disk become 503. */
void replies_revoke(struct engine *e);

/* The Twilio login a request brought with it; false: it brought none. Borrowed
 * from the spec. */
struct twilio_login {
	const char *account_sid, *user, *secret;
};
bool login_of(const struct spec *spec, struct twilio_login *out);

/* --- secrets of a spec, sealed for a record --- */
int secrets_close(struct engine *e, const char *place, const struct spec *spec,
		  struct buf *out, struct err *err);
int secrets_open(struct engine *e, const char *place, const void *sealed,
		 size_t size, const char *pub, struct spec *out,
		 struct err *err);

#endif
