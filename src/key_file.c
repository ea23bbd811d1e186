/* SPDX-License-Identifier: MIT */
/* key_file.c - the names of key files, and one taking the place of another. */
#include "key_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/folder.h"

char *key_file_path(const char *url, const char *ending, struct err *err)
{
	const char *path = strncmp(url, "sqlite:", 7) == 0 ? url + 7 : url;
	char *out = NULL;

	if (strncmp(path, "///", 3) == 0)
		path += 2;
	if (asprintf(&out, "%s.key%s", path, ending) >= 0)
		return out;
	err_set(err, ERR_INTERNAL, "there is no memory left");
	return NULL;
}

int key_file_replace(const char *path, const char *next,
		     const char former[SEAL_NAME_SIZE], struct err *err)
{
	char *kept = NULL;
	int rc = -1;

	if (asprintf(&kept, "%s.%s", path, former) < 0)
		return err_set(err, ERR_INTERNAL, "there is no memory left");
	/* The link may be there, if we died after making it. */
	if ((link(path, kept) && errno != EEXIST) || rename(next, path) ||
	    folder_sync_of(path))
		err_set(err, ERR_CONFIG,
			"the new master key is in force, but the key file %s "
			"cannot be replaced by %s: %s",
			path, next, strerror(errno));
	else
		rc = 0;
	free(kept);
	return rc;
}
