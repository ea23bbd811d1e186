/* SPDX-License-Identifier: MIT */
/* space.c - what the database takes up, and what is left for it. */
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "store/store.h"

/* 0 if it is not there: the log is not, before the first write. */
static int64_t size_of(const char *path, const char *suffix)
{
	char name[PATH_MAX + 8];
	struct stat st;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return stat(name, &st) ? 0 : (int64_t)st.st_size;
}

int store_space(const char *path, struct store_space *out)
{
	struct statvfs fs;

	if (statvfs(path, &fs))
		return -1;
	out->database = size_of(path, "");
	out->log = size_of(path, "-wal");
	out->free = (int64_t)(fs.f_bavail * fs.f_frsize);
	return 0;
}
