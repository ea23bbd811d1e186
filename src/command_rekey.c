/* SPDX-License-Identifier: MIT */
/* command_rekey.c - `trunkline rekey`: put the database under another master
 * key, while the service is stopped. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "commands.h"
#include "database.h"
#include "process.h"

static void tell(const struct conf *c, const struct rekeyed *r)
{
	if (r->already)
		printf("the master key %s is in force already\n", r->name);
	else
		printf("the master key %s is in force; secrets sealed anew: "
		       "%" PRId64 "%s\n",
		       r->name, r->moved,
		       r->resumed ? ", after an earlier run" : "");
	if (c->new_master_key)
		puts("Make it TRUNKLINE_MASTER_KEY, and unset "
		     "TRUNKLINE_NEW_MASTER_KEY.");
	if (!c->master_key && !r->already)
		printf("The former key %s is still in a file beside the "
		       "database: backups made until now\nneed it. Delete it "
		       "with the last of them.\n",
		       r->former);
}

static int rekey(const struct conf *c, struct rekeyed *out, struct err *err)
{
	char path[PATH_MAX];
	struct store *s;
	int rc;

	if (store_path(c->database_url, path, err))
		return -1;
	s = database_open(c, err);
	rc = s ? database_rekey(c, s, clock_system(), out, err) : -1;
	store_close(s);
	return rc;
}

int command_rekey(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct rekeyed done;
	struct conf c = {0};
	int rc;

	if (process_private(&err))
		return command_fail(&err);
	log_open(STDERR_FILENO, LOG_WARN);
	rc = conf_load(&c, environ, &err) || rekey(&c, &done, &err)
		     ? command_fail(&err)
		     : EX_OK;
	if (rc == EX_OK) {
		tell(&c, &done);
		if (fflush(stdout))
			rc = EX_IOERR;
	}
	conf_release(&c);
	return rc;
}
