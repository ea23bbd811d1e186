/* SPDX-License-Identifier: MIT */
/*
 * bad_disk.c - a library put before the system's (LD_PRELOAD), so that a test
 * can make the disk of a running process fail.
 *
 * While one of these files exists in the folder that BAD_DISK names:
 *   eio       fdatasync, by which SQLite commits, fails with EIO
 *   full      pwrite, by which SQLite writes, fails with ENOSPC
 *   readonly  the same with EROFS: the kernel met an error and remounted
 *   hold      fsync, by which a backup is brought to disk, does not come back
 *   hang      fdatasync does not come back
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_set(const char *name)
{
	const char *folder = getenv("BAD_DISK");
	char path[4096];

	if (!folder)
		return 0;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

static int fail(int code)
{
	errno = code;
	return -1;
}

int fdatasync(int fd)
{
	while (is_set("hang"))
		usleep(5000);
	if (is_set("eio"))
		return fail(EIO);
	return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	while (is_set("hold"))
		usleep(5000);
	return (int)syscall(SYS_fsync, fd);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	if (is_set("full"))
		return fail(ENOSPC);
	if (is_set("readonly"))
		return fail(EROFS);
	return syscall(SYS_pwrite64, fd, data, n, at);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	return pwrite64(fd, data, n, at);
}
