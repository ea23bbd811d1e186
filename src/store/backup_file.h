/* SPDX-License-Identifier: MIT */
/* backup_file.h - a file that bears its name only when it is finished. */
#ifndef STORE_BACKUP_FILE_H
#define STORE_BACKUP_FILE_H

#include <limits.h>

#include "base/err.h"

struct backup_file {
	int dir_fd; /* locked, so that nobody tidies here; -1: closed */
	char temp[PATH_MAX];
	char path[PATH_MAX]; /* the final name, absolute */
};

/* Removes what killed ones left, and makes an empty file (0600) under a
 * temporary name. CONFIG if path exists. */
int backup_file_begin(struct backup_file *f, const char *path, struct err *err);
/* Returns once the content would survive a power cut. Nothing of it is kept in
 * memory, so that who reads it again sees the disk. */
int backup_file_sync(struct backup_file *f, struct err *err);
/* Gives it its final name, for good. */
int backup_file_publish(struct backup_file *f, struct err *err);
/* Removes the temporary file unless it was published, and lets go. */
void backup_file_end(struct backup_file *f);

/* Fills err for the failed call of errno. Returns -1. */
int backup_file_fail(struct err *err, const char *doing, const char *path);

#endif
