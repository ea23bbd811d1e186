/* SPDX-License-Identifier: MIT */
/* sweep.h - the insides of a sweep, shared by its three files: sweep.c runs it,
 * sweep_find.c reads lists and judges, sweep_report.c tells. */
#ifndef SAGA_SWEEP_H
#define SAGA_SWEEP_H

#include "provider/retell.h"
#include "provider/twilio.h"
#include "saga.h"

#define SWEEP_ACCOUNTS_MAX 64
#define SWEEP_FOUND_MAX	   10000

enum sweep_stage {
	SWEEP_TRUNKS,
	SWEEP_LISTS,
	SWEEP_POLICIES,
	SWEEP_RETELL,
	SWEEP_REMOVE,
};

enum orphan_fate {
	ORPHAN_OWNED, /* not one: not reported */
	ORPHAN_TO_REMOVE,
	ORPHAN_TOO_YOUNG,
	ORPHAN_UNKNOWN_NUMBER,
	ORPHAN_REMOVED,
	ORPHAN_FAILED,
};

/* Something with our mark. */
struct orphan {
	enum sweep_stage stage; /* the list it was in: its kind */
	enum orphan_fate fate;
	int account;
	char id[EXTERNAL_ID_SIZE];
	char number_id[ID_SIZE]; /* from the mark, or the domain at Retell */
	char domain[256];	 /* of a Retell number: its termination URI */
	bool looked;		 /* at Retell, just before it is removed */
	int64_t made_ms; /* Unix; 0: the provider's date is unreadable */
	int provider_status, provider_code;
};

struct sweep_account {
	char sid[40], user[40], secret[256];
	bool own; /* the service's */
	int64_t noted_ms;
	bool failed;
};

struct sweep {
	struct engine *engine;
	struct command *waiter;
	bool dry_run, unknown_too;
	int64_t started_ms;
	struct sweep_account accounts[SWEEP_ACCOUNTS_MAX];
	int account_count, account; /* the present one */
	enum sweep_stage stage;
	struct buf next; /* where the list goes on */
	int pages;	 /* of it were read */
	int tries;
	int64_t again_at; /* mono ms: when to ask the same again; 0: not due */
	unsigned failed;  /* lists that could not be read, a bit a stage */
	struct orphan *found;
	int found_count, found_size, removing;
};

/* The step that makes what a stage lists, and its kind. */
const struct step *sweep_step(enum sweep_stage stage);
const char *sweep_kind(enum sweep_stage stage);

/* Notes what carries our mark. -1: the page cannot be read. The second: 1 if
 * there is another page, whose key is in sw->next. */
int sweep_read_twilio(struct sweep *sw, const json_t *body);
int sweep_read_retell(struct sweep *sw, const json_t *body);
/* For how long, in ms, what was in doubt may yet take effect. */
int64_t sweep_doubt_ms(const struct engine *e);
/* What becomes of it, as things are now. */
enum orphan_fate sweep_judge(struct sweep *sw, const struct orphan *o);
/* Writes the report: to the waiter, the audit trail and the log. */
void sweep_report(struct sweep *sw);

#endif
