/* SPDX-License-Identifier: MIT */
/* sweeps.c - run a sweep for orphans now. */
#include <string.h>

#include "api/target.h"
#include "handlers.h"
#include "paging.h"
#include "request.h"
#include "wait.h"

int sweeps_create(struct request *rq, struct err *err)
{
	enum { DRY_RUN, UNKNOWN };
	char dry_run[8], unknown[8];
	struct param params[] = {
		{"dry_run", dry_run, sizeof(dry_run), false, ERR_NONE, false},
		{"include_unknown", unknown, sizeof(unknown), false, ERR_NONE,
		 false},
	};
	struct command *c;

	if (query_read(rq->target.query, params, 2, err) ||
	    filter_words(&params[DRY_RUN], "true, false", err) ||
	    filter_words(&params[UNKNOWN], "true, false", err))
		return -1;
	c = prepare(rq, COMMAND_SWEEP, NULL, err);
	if (!c)
		return -1;
	c->dry_run = strcmp(dry_run, "true") == 0;
	c->unknown_too = strcmp(unknown, "true") == 0;
	return 0;
}
