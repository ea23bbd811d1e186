/* SPDX-License-Identifier: MIT */
/*
 * retell.h - what Retell's handlers share.
 */
#ifndef SANDBOX_RETELL_H
#define SANDBOX_RETELL_H

#include "handlers.h"

/* Which calls take a field. */
enum { IN_IMPORT = 1, IN_BUY = 2, IN_UPDATE = 4 };

/* retell_fields.c: refuses what is removed (400), unknown (400), ill-typed
 * (400) or names an agent that is not there (422); -1 then. */
int check_number_body(struct sandbox_call *c, unsigned call);

/* retell_agents.c: 1..9, or 0 */
int agent_number(const char *agent_id);
/* An integer or a tag of ours, or absent (NULL). */
bool agent_version_known(const json_t *version);
void refuse_asset(struct sandbox_call *c);
/* limit of a list, 1..1000, or -1 after refusing. */
long list_limit(struct sandbox_call *c);
/* pagination_key: the place, 1..max, that an earlier page gave; 0 if there is
 * none, -1 after refusing. */
long list_key(struct sandbox_call *c, long max);

#endif
