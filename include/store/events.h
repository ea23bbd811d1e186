/* SPDX-License-Identifier: MIT */
/* events.h - the audit trail: who did what to which number, and when. Only ever
 * appended; holds no secrets. */
#ifndef STORE_EVENTS_H
#define STORE_EVENTS_H

#include "store/store.h"

struct event_row {
	int64_t seq; /* order and cursor; given by the store */
	const char *id;
	int64_t at_ms;
	const char *principal;
	const char *action; /* "number.created", "number.force_deleted" … */
	const char *number_id, *phone_number, *operation_id, *request_id;
	const char *detail; /* JSON; NULL if none */
};

struct event_filter {
	const char *number_id, *phone_number, *action, *operation_id;
	int64_t before;
};

int event_add(struct store *s, const struct event_row *row, struct err *err);
/* Newest first, at most limit. Returns how many, or -1. */
int event_list(struct store *s, const struct event_filter *f, int limit,
	       void (*each)(const struct event_row *row, void *arg), void *arg,
	       struct err *err);

#endif
