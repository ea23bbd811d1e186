/* SPDX-License-Identifier: MIT */
/* command_migrate.c - bring the database to this version and say so. */
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/conf.h"
#include "commands.h"
#include "store/store.h"

static int migrate(const struct conf *c, struct err *err)
{
	struct store *s = store_open(c->database_url, STORE_WRITER, err);
	int applied, known, rc = -1;

	if (!s)
		return -1;
	if (store_migrate(s, err) < 0 ||
	    store_version(s, &applied, &known, err))
		goto out;
	printf("the database is at version %d\n", applied);
	rc = 0;
out:
	store_close(s);
	return rc;
}

int command_migrate(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct conf c = {0};
	int rc;

	umask(077);
	rc = conf_load(&c, environ, &err) || migrate(&c, &err)
		     ? command_fail(&err)
		     : EX_OK;
	if (fflush(stdout) && rc == EX_OK)
		rc = EX_IOERR;
	conf_release(&c);
	return rc;
}
