/* SPDX-License-Identifier: MIT */
/*
 * backup.h - whole, checked copies of the live database.
 *
 * A copy is made through a reading handle, so there is never a second writer or
 * checkpointer on the file; the service goes on meanwhile. While a copy is made
 * the write-ahead log cannot be reset, so it grows by what is written.
 *
 * What bears its final name is whole, was read back and checked, and is on disk
 * (mode 0600). Until then it has a name that begins with BACKUP_TEMP_PREFIX in
 * the same directory; what a killed process leaves under such a name, the next
 * backup into the directory (or backup_tidy) removes. An existing file is never
 * overwritten. Secrets stay sealed in the copy; the master key is not in it.
 *
 * Errors: CONFIG for a place that cannot be written to or is taken, STORE_FULL
 * for a lack of space, STORE for a damaged database.
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define BACKUP_TEMP_PREFIX ".trunkline-backup-"

struct db;

/* For one that another thread may stop. */
struct backup_stop {
	pthread_mutex_t lock;
	struct db *db; /* what runs just now */
	bool asked;
};

#define BACKUP_STOP_INIT                          \
	{                                         \
		.lock = PTHREAD_MUTEX_INITIALIZER \
	}

struct backup {
	char file[PATH_MAX]; /* absolute */
	int64_t bytes;
	int version; /* of the schema: how many migrations it has */
};

/* Copies the database of url to path. The database itself is read for damage
 * first, for a copy would hide it. stop may be NULL. */
int store_backup(const char *url, const char *path, struct backup_stop *stop,
		 struct backup *out, struct err *err);
/* Makes it fail soon with SHUTTING_DOWN; to be called again until it has. */
void backup_stop(struct backup_stop *stop);

/* Gives a finished copy another name, also on another file system. from is
 * gone afterwards. */
int backup_move(const char *from, const char *to, struct err *err);
/* Removes what killed backups left in a directory; one that is being made there
 * is left alone, and so is a directory that does not exist. */
void backup_tidy(const char *dir);

#endif
