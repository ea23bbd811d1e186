/* SPDX-License-Identifier: MIT */
/*
 * operations.h - the table of operations: what was asked, and how it ended.
 *
 * At most one operation that has not ended exists for a phone number: a unique
 * partial index says so, whatever the code believes.
 */
#ifndef STORE_OPERATIONS_H
#define STORE_OPERATIONS_H

#include "store/store.h"

struct operation_row {
	int64_t seq; /* order of insertion: the cursor; given by the store */
	const char *id;
	const char *kind;  /* create, update, delete, force */
	const char *state; /* running, undoing, succeeded, failed, stuck */
	const char *number_id;
	const char *trunk_id; /* NULL if none */
	const char *phone_number;
	const char *request_id;
	const char *principal; /* who asked: an API key's id or "root" */
	const char *spec;      /* what is wanted, JSON without secrets */
	const void *secrets;   /* sealed; NULL if none */
	size_t secrets_size;
	bool cancelled;	     /* a create that is to be taken back */
	int64_t recoveries;  /* how often a start took it up */
	int64_t done, total; /* steps */
	int64_t created_ms, updated_ms;
	int64_t ended_ms;   /* 0: not ended */
	const char *error;  /* problem document, JSON; NULL if none */
	const char *result; /* receipt, JSON; NULL until ended */
	const char *steps;  /* the steps as answered; NULL until ended */
};

/* Inserts or replaces by id (seq stays). */
int operation_put(struct store *s, const struct operation_row *row,
		  struct err *err);
int operation_find(struct store *s, const char *id, struct operation_row *row,
		   struct err *err);
/* Oldest first: those that have not ended. */
int operation_unended(struct store *s,
		      void (*each)(const struct operation_row *row, void *arg),
		      void *arg, struct err *err);

struct operation_filter {
	const char *number_id, *phone_number, *state, *kind;
	int64_t before; /* seq; 0: first page */
};

/* Newest first, at most limit. Returns how many, or -1. */
int operation_list(struct store *s, const struct operation_filter *f, int limit,
		   void (*each)(const struct operation_row *row, void *arg),
		   void *arg, struct err *err);

#endif
