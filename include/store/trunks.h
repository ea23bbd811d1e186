/* SPDX-License-Identifier: MIT */
/* trunks.h - the table of trunks. A dedicated trunk lives and dies with its
 * number; shared ones will be records that numbers point to. */
#ifndef STORE_TRUNKS_H
#define STORE_TRUNKS_H

#include "store/store.h"

struct trunk_row {
	const char *id;
	const char *kind;	 /* "dedicated" */
	const char *account_sid; /* Twilio account that holds it */
	int64_t created_ms;
};

int trunk_put(struct store *s, const struct trunk_row *row, struct err *err);
int trunk_delete(struct store *s, const char *id, struct err *err);
int trunk_find(struct store *s, const char *id, struct trunk_row *row,
	       struct err *err);

#endif
