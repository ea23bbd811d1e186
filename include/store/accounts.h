/* SPDX-License-Identifier: MIT */
/* accounts.h - the table of clients' Twilio accounts that the sweep must visit
 * (the service's own it always visits). */
#ifndef STORE_ACCOUNTS_H
#define STORE_ACCOUNTS_H

#include "store/store.h"

struct account_row {
	const char *account_sid;
	const char *user;   /* AC… or SK… */
	const void *secret; /* sealed */
	size_t secret_size;
	int64_t noted_ms; /* when something of ours was last in doubt there */
};

int account_put(struct store *s, const struct account_row *row,
		struct err *err);
int account_delete(struct store *s, const char *account_sid, struct err *err);
/* Calls each for all of them; each must not write. */
int account_each(struct store *s,
		 void (*each)(const struct account_row *row, void *arg),
		 void *arg, struct err *err);

#endif
