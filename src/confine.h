/* SPDX-License-Identifier: MIT */
/*
 * confine.h - giving up, for good, what the service will not need again: who
 * gets into it through a fault can do no more than it could.
 *
 * Two locks of the kernel, which no privilege opens again. Both hold for this
 * thread and all threads and programs that it begins later, so they are for a
 * process that has opened everything and has one thread yet.
 *
 *   Landlock  Of files, the system's settings and libraries can be read, and
 *             files be made, changed and removed in the folders of the database
 *             and of the backups; nothing else is there. TCP leads to the
 *             providers' ports and DNS only, and nothing new listens. No signal
 *             reaches another process.
 *   seccomp   Only the system calls of a server that is open already. Others
 *             fail (ENOSYS); those by which one process takes over another, or
 *             the machine, end us.
 *
 * The rules are the tables of confine_landlock.c and confine_seccomp.c.
 */
#ifndef SRC_CONFINE_H
#define SRC_CONFINE_H

#include <limits.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"

#define CONFINE_NEEDS 4 /* of each kind */

/* What is needed beyond the system's own files. Lists end with "" or 0. */
struct confine_needs {
	/* To make and change files in. */
	char folders[CONFINE_NEEDS + 1][PATH_MAX];
	/* Files, or folders with all that is in them. */
	char readable[CONFINE_NEEDS + 1][PATH_MAX];
	/* TCP, to connect to. */
	uint16_t ports[CONFINE_NEEDS + 1];
};

/* What a running service needs, by its settings; makes the folder for backups
 * if it can. -1: CONFIG, INTERNAL. */
int confine_needs_init(struct confine_needs *n, const struct conf *c,
		       struct err *err);

/* Applies both as c->confine says, and logs what holds and what does not. -1
 * (CONFIG): required, and not to be had; the process should end. */
int confine(const struct conf *c, struct err *err);

#endif
