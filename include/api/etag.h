/* SPDX-License-Identifier: MIT */
/*
 * etag.h - If-Match and If-None-Match (RFC 9110 13.1).
 *
 * Our entity tags are versions in quotes: "7". Others, and weak ones, are well
 * formed but never hold under If-Match, which compares strongly.
 */
#ifndef API_ETAG_H
#define API_ETAG_H

#include <stdbool.h>

#include "api/header.h"
#include "base/err.h"

/* If-Match: the versions that the list names (of at most max kept; more is
 * refused), or any of them for "*". -1: MALFORMED. */
int etag_versions(struct text value, bool *any, int64_t *versions, int max,
		  int *count, struct err *err);

/* If-None-Match: does the list name this tag, compared weakly? Garbage names
 * nothing. */
bool etag_listed(struct text value, const char *etag);

#endif
