/* SPDX-License-Identifier: MIT */
/*
 * command_backup.c - `trunkline backup FILE`: a checked copy of the database.
 *
 * While the service runs, only the service may copy: a second process on a live
 * SQLite file is what damages it. So it is asked to, and what it made is moved
 * to FILE. Otherwise the copy is made here, under the lock that keeps a service
 * from starting meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "ask.h"
#include "base/conf.h"
#include "commands.h"
#include "process.h"
#include "store/backup.h"
#include "store/store.h"

static int ask_service(const struct conf *c, struct backup *copy,
		       struct err *err)
{
	struct asked answer;
	const char *file;
	int rc = ask(c, "POST", "/v1/backups", NULL, 201, &answer, err);

	file = asked_text(&answer, "file");
	if (!rc && (file[0] != '/' || strlen(file) >= sizeof(copy->file)))
		rc = err_set(err, ERR_INTERNAL, "the service names no file");
	if (!rc) {
		strcpy(copy->file, file);
		copy->bytes = json_integer_value(
			json_object_get(answer.body, "bytes"));
		copy->version = (int)json_integer_value(
			json_object_get(answer.body, "version"));
	}
	asked_release(&answer);
	return rc;
}

static int by_service(const struct conf *c, const char *path,
		      struct backup *copy, struct err *err)
{
	if (ask_service(c, copy, err))
		return -1;
	if (backup_move(copy->file, path, err) == 0)
		return 0;
	fprintf(stderr, "trunkline: the copy was made and stays as %s\n",
		copy->file);
	return -1;
}

static int make(const struct conf *c, const char *path, struct backup *copy,
		struct err *err)
{
	char database[PATH_MAX];
	struct err locked = ERR_INIT;
	struct store *s;
	struct stat st;
	int rc;

	/* A writer would make what is missing. */
	if (store_path(c->database_url, database, err))
		return -1;
	if (lstat(path, &st) == 0)
		return err_set(err, ERR_CONFIG, "%.120s exists already", path);
	s = store_open(c->database_url, STORE_WRITER, &locked);
	if (!s && locked.code == ERR_STORE_LOCKED)
		return by_service(c, path, copy, err);
	if (!s)
		return err_set(err, locked.code, "%s", locked.detail);
	rc = store_backup(c->database_url, path, NULL, copy, err);
	store_close(s);
	return rc;
}

static void tell(const struct conf *c, const char *path,
		 const struct backup *copy)
{
	char database[PATH_MAX];
	struct err err = ERR_INIT;

	printf("%s: %lld bytes, database version %d, checked\n", path,
	       (long long)copy->bytes, copy->version);
	if (c->master_key)
		puts("The secrets in it are sealed. To restore it you also "
		     "need the value of TRUNKLINE_MASTER_KEY,\nwhich is not "
		     "in the copy.");
	else if (store_path(c->database_url, database, &err) == 0)
		printf("The secrets in it are sealed. To restore it you also "
		       "need the key file %s.key,\nwhich is not in the copy: "
		       "keep one elsewhere.\n",
		       database);
}

int command_backup(int argc, char **argv)
{
	struct backup copy = {.bytes = 0};
	struct err err = ERR_INIT;
	struct conf c = {0};
	int rc;

	umask(077);
	if (process_ignore(&err) || conf_load(&c, environ, &err) ||
	    make(&c, argv[1], &copy, &err)) {
		rc = command_fail(&err);
	} else {
		tell(&c, argv[1], &copy);
		rc = fflush(stdout) ? EX_SOFTWARE : EX_OK;
	}
	conf_release(&c);
	return rc;
}
