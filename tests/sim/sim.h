/* SPDX-License-Identifier: MIT */
/*
 * sim.h - a world in which one seed decides everything.
 *
 * The saga core and the real SQLite store run on a virtual clock, against the
 * modelled Twilio and Retell, on a disk that is only memory. A seed draws what
 * clients ask for, which calls go wrong and how, and where the process dies.
 * Then the faults stop, time runs until nothing is under way, and the oracles
 * compare what the service believes with what the model's ledger says.
 *
 *   main.c       options; seeds one after the other
 *   world.c      one seed: starts, crashes, restarts, the end
 *   clock.c      virtual time, and chance from the seed
 *   transport.c  the engine's calls as events in virtual time
 *   faults.c     which call goes wrong, and how
 *   stranger.c   somebody else, who imports a number of ours
 *   vfs.c        the disk: SQLite's files in memory; power cuts, I/O errors
 *   workload.c   what the clients want, and when
 *   clients.c    sending it, and keeping every answer
 *   oracles.c    what must be true at the end
 *   answers.c    what must be true of the answers
 *   providers.c  what must be true at the providers
 *   counts.c     what must be true of the numbers that operators see
 *   trace.c      the story of a seed, and the rules that were broken
 */
#ifndef SIM_H
#define SIM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/transport.h"
#include "saga/engine.h"
#include "sandbox/ledger.h"
#include "sandbox/sandbox.h"
#include "store/number_counts.h"

/* The core's patience and the model's lag: what was made before the core is
 * told "lost" is seen by its second look, for lag <= settle. */
#define SETTLE_MS	 600
#define LAG_MS		 400
#define CALL_TIMEOUT_MS	 3000
#define DO_DEADLINE_MS	 15000
#define UNDO_DEADLINE_MS 40000
#define SWEEP_GRACE_MS	 4000
#define INSTANCE	 "simulate"
#define DATABASE	 "t.db"

/* --- clock.c --- */

/* A stream of chance; each part of the world has its own, so that a change in
 * one does not shift the others. */
struct chance {
	uint64_t state;
};

struct sim_clock {
	struct clock base;
	int64_t now;
	struct chance chance;
};

void chance_init(struct chance *c, uint64_t seed, uint64_t stream);
uint64_t chance_next(struct chance *c);
/* From low to high, both included. */
int64_t chance_from(struct chance *c, int64_t low, int64_t high);
bool chance_percent(struct chance *c, int percent);
void sim_clock_init(struct sim_clock *c, uint64_t seed);

/* --- faults.c --- */

struct sticky {
	const char *call; /* name of the call it spoils */
	int fault;
	int nth, times; /* from the n-th on, so often */
	int seen;
};

struct outage {
	int64_t from, until;
	int provider; /* 0 Twilio, 1 Retell, 2 both */
	int fault;
};

/* What may go wrong in this seed. */
struct fault_profile {
	int percent;	  /* of all calls */
	uint64_t enabled; /* bit i: row i of the table */
	struct sticky sticky[2];
	struct outage outage;
};

void faults_draw(struct fault_profile *p, struct chance *c, int64_t heal_at);
/* -1: the call goes well; else a row. */
int faults_hit(struct fault_profile *p, struct chance *c, int64_t now,
	       const char *call, bool retell);
const char *fault_name(int fault);
bool fault_not_sent(int fault);
/* The rule for the model, borrowed; NULL if it is not the model's. */
const json_t *fault_rule(int fault);

/* --- transport.c --- */

struct world;
struct flight;

struct sim_transport {
	struct transport base;
	struct world *world;
	struct flight *flights; /* in the order they left */
	struct flight **flights_end;
	int under_way;
	bool woken;
};

/* One call as history remembers it. */
struct past_call {
	char name[40];
	int64_t landed; /* when its effect came; -1: never */
	int64_t told;	/* when the core heard of it or rose again; -1: not */
	bool writes;
};

void sim_transport_init(struct sim_transport *t, struct world *w);
void sim_transport_release(struct sim_transport *t);
/* The process died: what is under way goes on, but nobody listens. */
void sim_transport_abandon(struct sim_transport *t);
/* Nothing that changes anything is under way. */
bool sim_transport_idle(const struct sim_transport *t);

#define BIRTH_PRESET   -1
#define BIRTH_STRANGER -2

/* What the ledger has more than before came from this call (or BIRTH_…). */
void births_note(struct world *w, int origin);

/* --- stranger.c --- */

void stranger_draw(struct world *w);
void stranger_acts(struct world *w);
/* He has (or had) this number at Retell. */
bool stranger_has(const struct world *w, const char *phone);

/* --- vfs.c --- */

enum disk_place {
	DISK_NOWHERE,
	DISK_AT_WRITE,	  /* before the n-th write of the commit */
	DISK_BEFORE_SYNC, /* all is written, nothing is sure */
	DISK_AFTER_SYNC,  /* it is on disk, and nobody knows it yet */
};

struct disk_plan {
	enum disk_place place;
	int commit; /* counted from now, 1 is the next */
	int write;
	bool power; /* unsynced writes are lost or torn */
	/* An I/O error or a full disk: from the n-th such call, so often. */
	int fail_rc; /* 0: none; SQLITE_FULL or an SQLITE_IOERR_… */
	int fail_nth, fail_times;
};

/* Makes it SQLite's default, for the whole process. */
void disk_register(void);
/* An empty disk, or one with what disk_keep kept. */
void disk_reset(uint64_t seed, int64_t *now, void (*on_crash)(void *),
		void *arg);
void disk_keep(void);
void disk_arm(const struct disk_plan *plan);
/* The process dies now: what will be there after it is settled here; writes
 * fail from now on. */
void disk_crash(bool power);
/* Puts there what survived. */
void disk_restart(void);
long disk_commits(void);

/* --- workload.c, clients.c --- */

#define REQUESTS_MAX 48

/* One answer that a client got. */
struct answer_seen {
	int status;
	char *body;
	json_t *json; /* NULL if it is none */
	const char *content_type;
	char location[96], etag[24];
	bool replayed;
	int64_t at;
};

/* One thing that a client asks for. */
struct request {
	enum command_kind kind;
	char phone[24];
	json_t *body; /* of a create or patch; NULL else */
	char key[32]; /* "" if none */
	uint8_t fingerprint[SEAL_HASH_SIZE];
	bool by_id; /* names the number by its id, if it is known */
	int match;  /* If-Match with this version; 0: none */
	bool async;
	int64_t wait_ms;
	int64_t at; /* when it is sent; -1: was sent */
	int expect; /* status that it must get; 0: any */
	int send;   /* number of its sending, 0 before */
	bool answered;
	struct answer_seen answer;
};

#define PHONES_MAX 3

struct pending; /* a command that the engine has */

struct facts;

void workload_draw(struct world *w);
/* After the faults: repeat every key; then sweep. */
void workload_again(struct world *w);
/* Then: what has no record can be created, what has one can be removed. */
void workload_afresh(struct world *w, const struct facts *f);
void workload_clear(struct world *w);
int64_t workload_last(const struct world *w); /* at least now */
int64_t workload_next(const struct world *w); /* INT64_MAX: no more */
void clients_send_due(struct world *w);
void clients_forget(struct world *w); /* frees what was never answered */

/* --- world.c --- */

enum crash_kind { CRASH_NONE, CRASH_DISK, CRASH_SEND, CRASH_TIME, CRASH_STOP };

/* How this run of the process ends, unless it lives to the end. */
struct crash_plan {
	enum crash_kind kind;
	struct disk_plan disk;
	int sends;    /* CRASH_SEND: at the n-th */
	bool arrives; /* its request reaches the provider */
	int64_t at;   /* CRASH_TIME, CRASH_STOP */
	bool power;
};

struct world {
	uint64_t seed;
	bool tracing;
	struct sim_clock clock;
	struct chance dice;	  /* workload and crashes */
	struct chance fault_dice; /* faults and latencies */
	struct sandbox *sandbox;
	int64_t lag_ms;
	bool tight; /* the accounts hold few trunks */
	struct sim_transport transport;
	struct engine_conf conf;
	struct store *store;
	struct engine *engine;
	struct number_counts numbers; /* of this run */

	int64_t heal_at;
	bool healed;
	struct fault_profile faults;
	int crashes_left;
	bool storm; /* each run dies in its recovery, until one is given up */
	struct crash_plan crash;
	bool crashed; /* the process is dead, though its code still returns */
	int runs;

	const char *phones[PHONES_MAX]; /* that this seed is about */
	int phone_count, theme;
	const char *stranger_phone;
	int64_t stranger_at; /* -1: never, or done */
	struct request requests[REQUESTS_MAX];
	int request_count, sends, keys;
	struct pending *pending;

	struct past_call *calls;
	int call_count, call_room;
	int *birth; /* for each row of the ledger: its call, or BIRTH_… */
	int birth_count, birth_room;
	size_t preset_count;
	uint64_t *preset; /* a digest of each row that was there before */
	int late_orphans;
	bool swept; /* nothing that a sweep can find is left */

	int broken; /* how many rules */
	char first[400];
};

/* Runs one seed. 0: all rules held. */
int world_run(uint64_t seed, bool tracing, struct world *w);
/* A call landed where no core could have seen it: what stands at the providers
 * may differ from what was asked. */
bool world_loose(const struct world *w);
/* Removes what the process keeps outside of memory. */
void world_leave_stage(void);
/* The process dies here and now. */
void world_crash(struct world *w, bool power, const char *where);
bool world_send_is_last(struct world *w);

/* --- oracles.c, answers.c, providers.c, counts.c --- */

struct record {
	char id[ID_SIZE], phone[24], status[12], operation_id[ID_SIZE];
	json_t *spec, *built;
};
struct ended {
	char id[ID_SIZE], kind[8], state[12], number_id[ID_SIZE], phone[24],
		request_id[72];
	json_t *result;
};
/* What the database says. */
struct facts {
	struct record *records;
	int record_count;
	struct ended *operations;
	int operation_count;
};

int facts_load(struct world *w, struct facts *f);
void facts_release(struct facts *f);
/* Compares everything. deep: reads the whole file for damage, too. */
void oracles_check(struct world *w, const struct facts *f, bool deep);
/* For each run, before its first fault; and when nothing goes on. */
void counts_begin(struct world *w);
void counts_check(struct world *w, const struct facts *f);
const struct record *facts_by_id(const struct facts *f, const char *id);
const struct record *facts_by_phone(const struct facts *f, const char *phone);
const struct ended *facts_operation(const struct facts *f, const char *id);
void answers_check(struct world *w, const struct facts *f);
void providers_check(struct world *w, const struct facts *f);
void providers_note_preset(struct world *w);
/* Its effect came after the core could have seen it. */
bool call_was_late(const struct world *w, int call);

/* --- trace.c --- */
void trace(const struct world *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A rule is broken. The first one is the seed's. */
void broken(struct world *w, const char *rule, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
