/* SPDX-License-Identifier: MIT */
/*
 * prefer.h - the Prefer header (RFC 7240): respond-async and wait.
 *
 * Other preferences, and malformed ones, are ignored, as the RFC asks. Of one
 * given twice the first counts, also over several fields.
 */
#ifndef API_PREFER_H
#define API_PREFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prefer {
	bool async;    /* respond-async */
	bool has_wait; /* wait=n was given */
	int64_t wait_s;
};

/* Takes in one field; p starts zeroed. */
void prefer_add(struct prefer *p, const char *value, size_t len);

/* How long to wait for the outcome, at most max_ms: 0 is not at all. */
int64_t prefer_wait_ms(const struct prefer *p, int64_t max_ms);

#endif
