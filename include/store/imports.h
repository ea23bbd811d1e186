/* SPDX-License-Identifier: MIT */
/* imports.h - the table of imports to Retell on a client's own trunk that were
 * in doubt: by number and termination URI the sweep knows what comes of them,
 * since nothing there bears our mark. */
#ifndef STORE_IMPORTS_H
#define STORE_IMPORTS_H

#include "store/store.h"

struct import_row {
	const char *number_id;
	const char *phone_number;    /* E.164 */
	const char *termination_uri; /* as it was sent */
	int64_t noted_ms;	     /* when it was last in doubt */
};

int import_put(struct store *s, const struct import_row *row, struct err *err);
/* The one that was in doubt last. */
int import_find(struct store *s, const char *phone_number,
		const char *termination_uri, struct import_row *row,
		struct err *err);
/* Forgets those noted before; returns how many, or -1. */
int import_expire(struct store *s, int64_t noted_before_ms, struct err *err);

#endif
