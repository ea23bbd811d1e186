/* SPDX-License-Identifier: MIT */
/*
 * step.h - one change in the outside world, how to find it again, and the way
 * back. One table of them (src/steps/steps.c) serves create, rollback, delete
 * and dry run: a delete is the rollback of a finished create.
 *
 * A step never sends. It builds requests and says what an answer means; the
 * saga decides when. A step has up to three acts:
 *
 *   make  brings the change about
 *   find  looks whether it is there and ours (after an unknown outcome)
 *   undo  takes it back; "it is not there" counts as success
 *
 * An act is a request and the reading of its answer; reading may answer MORE to
 * have the act's next request sent (a list's next page, a second call).
 */
#ifndef STEPS_STEP_H
#define STEPS_STEP_H

#include <jansson.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/http.h"
#include "provider/answer.h"
#include "steps/settings.h"
#include "steps/spec.h"

enum step_id {
	STEP_NUMBER_LOOKUP,
	STEP_AGENT_CHECK,
	STEP_RETELL_ABSENT,
	STEP_TRUNK,
	STEP_CREDENTIAL_LIST,
	STEP_CONNECTION_POLICY,
	STEP_CREDENTIAL,
	STEP_TRUNK_CREDENTIAL_LIST,
	STEP_ORIGINATION_URL,
	STEP_CONNECTION_POLICY_TARGET,
	STEP_RETELL_NUMBER,
	STEP_RETELL_SETTINGS,
	STEP_NUMBER_ATTACHMENT,
	STEP_COUNT,
	STEP_NONE = -1,
};

#define STEP_BIT(id) (1u << (id))

/* "trunkline:INSTANCE:NUMBER", at most 64 bytes: what a sweep and an operator
 * recognise our resources by. Twilio's FriendlyName takes 64. */
#define MARK_SIZE 65

/* Where a row stands: journal.h. The words are in src/saga/journal.c. */
enum row_state {
	ROW_NONE,     /* nothing was tried yet */
	ROW_INTENDED, /* sent, or about to be; until an answer: unknown */
	ROW_PRESENT,
	ROW_UNDOING,
	ROW_GONE,
	ROW_ABSENT, /* tried, and certainly not there */
	ROW_STUCK,  /* there, or perhaps there, and cannot be removed */
};

/* How far one step of one number has come. */
struct step_row {
	const struct step *step;
	int instance;
	enum row_state state;
	char external_id[48]; /* the provider's id; "" if not known */
	int phase;	      /* requests of the present act answered MORE */
	int attempts;	      /* of the present act */
	json_t *data;	      /* what the step must remember; object or NULL */
	/* Not kept: */
	bool clash;	      /* the last make met something there already */
	struct buf next_page; /* where a find goes on */
};

/* What a step may know. */
struct step_cx {
	const struct settings *settings;
	const struct spec *spec;   /* what is wanted */
	const struct spec *former; /* an update: what it was; else NULL */
	const char *number_id;
	const char *phone_number;
	struct clock *clock;
	struct step_row *row;  /* the step's own */
	struct step_row *rows; /* all of the saga, for ids of other steps */
	int row_count;
};

enum outcome {
	OUTCOME_DONE,	 /* made, found (and ours) or taken back */
	OUTCOME_MORE,	 /* send the act's next request */
	OUTCOME_ABSENT,	 /* a read says that it is not there; believed when a
			  * second one, a settle time later, says so too */
	OUTCOME_REFUSED, /* for good; err is filled */
	OUTCOME_CLASH,	 /* make only: look whether what is there is ours */
	OUTCOME_UNKNOWN, /* the answer does not make sense; err is filled */
};

struct act {
	/* Fills rq. -1 with err: cannot be done, counts as refused. */
	int (*request)(struct step_cx *cx, struct http_request *rq,
		       struct err *err);
	/* What an answer of kind OK, GONE, CLASH or REFUSED means here. (BUSY
	 * and UNKNOWN mean the same everywhere: the saga deals with them.) */
	enum outcome (*read)(struct step_cx *cx, const struct answer *a,
			     struct err *err);
};

struct twilio;

/* A list with more pages has no end: it leads back to itself. */
#define LISTING_PAGES_MAX 200

/* A resource that a Twilio list shows: how to ask for the list, and how ours is
 * known in it. */
struct listing {
	const char *array;  /* the page's member that holds the items */
	const char *prefix; /* of their sids: "TK" */
	const char *key;    /* the item's member that says whose it is */
	/* What that is for ours: borrowed, or in mark. */
	const char *(*ours)(const struct step_cx *cx, char mark[MARK_SIZE]);
	/* The first page. cx may be NULL if the list is the account's. -1: no
	 * memory. */
	int (*ask)(const struct step_cx *cx, const struct twilio *t,
		   struct http_request *rq);
};

struct step {
	enum step_id id;
	const char *name; /* stands in journals: never rename */
	enum provider provider;
	const char *kind; /* of resource it makes; NULL if it makes none */
	const struct listing *listing; /* where it is found, or NULL */
	bool of_trunk;	/* its row belongs to the trunk, not the number */
	unsigned needs; /* STEP_BIT of those it is built on: they must be
			 * present first, and are undone after it */
	unsigned after; /* of those it only waits for: undone in parallel */
	enum step_id dies_with; /* gone at the provider together with this one:
				 * needs no call of its own; else STEP_NONE */
	bool retry_when_free;	/* a stuck undo is tried once more when what the
				 * row is built on has gone */
	bool idempotent; /* make may be repeated without looking: reads, PATCH
			  */
	/* How many instances this spec wants: 0 means the step is not in the
	 * plan. */
	int (*wanted)(const struct spec *spec);
	struct act make, find, undo; /* undo.request NULL: nothing to undo */
	const char *by_hand; /* what an operator does when undo is refused for
			      * good; %s is the resource's id */
};

const struct step *step_get(enum step_id id);
/* NULL if there is none of this name. */
const struct step *step_by_name(const char *name);

/* The row of another step (instance 0), or NULL if it is not in the saga. */
struct step_row *step_other(const struct step_cx *cx, enum step_id id);
/* Its provider id, "" if there is none. */
const char *step_other_id(const struct step_cx *cx, enum step_id id);

#endif
