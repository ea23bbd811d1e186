/* SPDX-License-Identifier: MIT */
/*
 * numbers.h - the table of agent phone numbers.
 *
 * spec and built are JSON objects kept as the text that the API answers with,
 * so that a read only splices them: spec holds what the client asked for
 * (without secrets), built what stands at the providers (trunk, resources,
 * error). In the file they are packed (packed.h). The other columns exist to be
 * looked for.
 */
#ifndef STORE_NUMBERS_H
#define STORE_NUMBERS_H

#include "base/text.h"
#include "store/store.h"

#define NUMBER_AGENTS_MAX 20

struct number_row {
	int64_t seq; /* order of insertion: the cursor; given by the store */
	const char *id;
	const char *phone_number;
	const char *status; /* active, deleting, corrupted */
	const char *label;  /* NULL if none */
	const char *provider;
	const char *trunk_id;	  /* NULL with a trunk that is not ours */
	const char *operation_id; /* the last one that worked on it */
	int64_t version;	  /* counts changes; the ETag */
	int64_t created_ms, updated_ms;
	const char *spec;
	const char *built;
	const void *secrets; /* sealed JSON; NULL if none */
	size_t secrets_size;
	/* For the filters agent_id and assigned; not filled when reading. */
	const char *agents[NUMBER_AGENTS_MAX];
	int agent_count;
};

/* Inserts or replaces by id (seq stays). */
int number_put(struct store *s, const struct number_row *row, struct err *err);
int number_delete(struct store *s, const char *id, struct err *err);
/* ref is an id or an E.164 number (it begins with '+'). */
int number_find(struct store *s, const char *ref, struct number_row *row,
		struct err *err);

/* What clients are shown of a number, borrowed from the database until the
 * function that it is given to returns. */
struct number_shown {
	int64_t seq, version;
	struct text id, status, operation_id;
	int64_t created_ms, updated_ms;
	struct text spec, built;
};

typedef void number_show_fn(const struct number_shown *number, void *arg);

/* As number_find, but copies nothing: calls show with what it found. */
int number_show(struct store *s, const char *ref, number_show_fn *show,
		void *arg, struct err *err);

struct number_filter {
	const char *status, *agent_id, *phone_number, *label, *provider;
	int assigned;	/* -1: any; 1: has an agent; 0: has none */
	int64_t before; /* seq of the last row of the page before; 0: first */
};

/* Newest first; shows every one, at most limit. Returns how many, or -1. Never
 * scans or sorts: each filter has its index. show may not call number_show. */
int number_list(struct store *s, const struct number_filter *f, int limit,
		number_show_fn *show, void *arg, struct err *err);

#endif
