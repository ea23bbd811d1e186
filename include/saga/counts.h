/* SPDX-License-Identifier: MIT */
/*
 * counts.h - what the engine has counted since its start.
 *
 * Its thread adds, any thread reads (base/histogram.h). The indexes are enums
 * whose rows have names, so that whoever shows a count needs no words of its
 * own.
 */
#ifndef SAGA_COUNTS_H
#define SAGA_COUNTS_H

#include "base/histogram.h"
#include "provider/answer.h"
#include "provider/calls.h"

enum op_kind { OP_CREATE, OP_UPDATE, OP_DELETE, OP_FORCE };
#define OP_KINDS 4

enum op_state {
	OP_RUNNING,
	OP_UNDOING,
	OP_SUCCEEDED,
	OP_FAILED, /* and everything taken back */
	OP_STUCK,  /* and something could not be taken back */
};
#define OP_STATES 5

/* As words: "create", "succeeded". */
const char *op_kind_name(enum op_kind k);
const char *op_state_name(enum op_state s);
bool op_ended(enum op_state s);

struct engine_counts {
	struct histogram ticks;	  /* the work of a round, without its wait */
	struct histogram commits; /* transactions that are on disk */
	/* From acceptance to the end, counted when that is on disk; only states
	 * in which an operation has ended have any. */
	struct histogram operations[OP_KINDS][OP_STATES];

	/* Calls that are back, by what their answer means; and how long they
	 * took from being sent. */
	struct counter calls[PROVIDER_CALL_COUNT][ANSWER_KINDS];
	struct histogram call_durations[PROVIDERS];
	/* Makes of which it is not known whether they happened. */
	struct counter unknown_outcomes[PROVIDERS];

	struct counter sweeps;
	struct counter orphans_found, orphans_removed; /* no dry runs */

	/* Levels: how it is now. */
	struct counter calls_in_flight[PROVIDERS];
	struct counter calls_queued[PROVIDERS];	 /* in the lanes */
	struct counter breakers_open[PROVIDERS]; /* accounts not called */
};

#endif
