/* SPDX-License-Identifier: MIT */
/*
 * cut.c - loaded before a program, kills it (as a power cut would) before its
 * CUT_AT-th call that changes a file.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static void count(void)
{
	static atomic_int calls;
	const char *at = getenv("CUT_AT");

	if (at && atomic_fetch_add(&calls, 1) + 1 == atoi(at))
		raise(SIGKILL);
}

/* The program's calls of these; what the C library calls itself is not seen. */
#define CUT(type, name, parameters, arguments)                       \
	type name parameters;                                        \
	type name parameters                                         \
	{                                                            \
		type(*real) parameters =                             \
			(type(*) parameters)dlsym(RTLD_NEXT, #name); \
                                                                     \
		count();                                             \
		return real arguments;                               \
	}

CUT(ssize_t, pwrite64, (int fd, const void *data, size_t n, off_t at),
    (fd, data, n, at))
CUT(ssize_t, write, (int fd, const void *data, size_t n), (fd, data, n))
CUT(int, unlink, (const char *path), (path))
CUT(int, fdatasync, (int fd), (fd))
CUT(int, fsync, (int fd), (fd))
CUT(int, link, (const char *from, const char *to), (from, to))
CUT(int, rename, (const char *from, const char *to), (from, to))
