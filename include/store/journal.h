/* SPDX-License-Identifier: MIT */
/*
 * journal.h - the table of journal rows: one for each owner, step and instance,
 * saying how far that change in the outside world has come.
 *
 *   intended -> present -> undoing -> gone      and  absent, stuck
 *
 * What the states mean and which moves are allowed is the saga's to say
 * (src/saga/journal.c); this table keeps the words.
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "base/id.h"
#include "store/store.h"

#define STEP_NAME_SIZE	 40
#define EXTERNAL_ID_SIZE 48

struct journal_row {
	char owner[ID_SIZE]; /* a number's or a trunk's id */
	char step[STEP_NAME_SIZE];
	int instance;		    /* 0, or which of several (agents …) */
	char operation_id[ID_SIZE]; /* the last one that moved it */
	char state[12];
	char external_id[EXTERNAL_ID_SIZE]; /* the provider's; "" if none */
	int phase;	   /* calls done of a step that takes several */
	int attempts;	   /* of the present direction */
	const char *data;  /* what the step must remember; JSON or sealed
			    * base64; NULL if nothing */
	const char *error; /* code of the last error (err.h); NULL if none */
	int provider_status, provider_code;
	int64_t started_ms, updated_ms;
};

/* Inserts or replaces by owner, step and instance. */
int journal_put(struct store *s, const struct journal_row *row,
		struct err *err);
/* All rows of one owner, in the order they were first put. */
int journal_each(struct store *s, const char *owner,
		 void (*each)(const struct journal_row *row, void *arg),
		 void *arg, struct err *err);
/* All rows that an operation moved last. */
int journal_of_operation(struct store *s, const char *operation_id,
			 void (*each)(const struct journal_row *, void *arg),
			 void *arg, struct err *err);
int journal_delete(struct store *s, const char *owner, struct err *err);

#endif
