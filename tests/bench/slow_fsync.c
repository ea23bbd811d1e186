/* SPDX-License-Identifier: MIT */
/* slow_fsync.c - LD_PRELOAD: every fsync and fdatasync takes SLOW_FSYNC_US
 * longer, as on a disk that is slower than this machine's. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void wait_first(void)
{
	const char *us = getenv("SLOW_FSYNC_US");
	struct timespec t = {.tv_nsec = us ? atol(us) * 1000 : 0};

	nanosleep(&t, NULL);
}

static int call(const char *name, int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);

	wait_first();
	return real(fd);
}

int fsync(int fd)
{
	return call("fsync", fd);
}

int fdatasync(int fd)
{
	return call("fdatasync", fd);
}
