/* SPDX-License-Identifier: MIT */
/*
 * vitals.h - what the kernel says of this process, as far as Prometheus'
 * official client libraries tell it.
 *
 * What is read of /proc is opened once, at the start: later the process may
 * have shut itself out of the file system.
 */
#ifndef SRC_API_VITALS_H
#define SRC_API_VITALS_H

#include <dirent.h>
#include <stdint.h>

struct vitals {
	int stat;	    /* /proc/self/stat; -1: not to be had */
	DIR *fds;	    /* /proc/self/fd; NULL likewise */
	int64_t started_ms; /* wall */
};

/* At a moment; -1 for what is not to be had. */
struct vital_signs {
	int64_t cpu_us;
	int64_t open_fds, max_fds;
	int64_t resident_bytes, virtual_bytes;
	int64_t threads;
};

void vitals_open(struct vitals *v);
void vitals_close(struct vitals *v); /* of one that is open */
/* One thread at a time. */
void vitals_read(const struct vitals *v, struct vital_signs *out);

#endif
