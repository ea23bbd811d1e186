/* SPDX-License-Identifier: MIT */
/* folder.c - bringing a folder to disk; see folder.h. */
#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int folder_sync_of(const char *path)
{
	char *copy = strdup(path);
	int fd, rc = -1, cause;

	if (!copy)
		return -1;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		rc = fsync(fd);
	cause = errno;
	if (fd >= 0)
		(void)close(fd); /* was not written through */
	free(copy);
	errno = cause;
	return rc;
}
