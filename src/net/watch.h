/* SPDX-License-Identifier: MIT */
/*
 * watch.h - the sockets of all calls in one epoll descriptor, at few system
 * calls.
 *
 * A connection is watched for each answer, but not between two calls. It stays
 * in the epoll descriptor all the same: nothing comes while it is idle but its
 * end, and only then is it taken out. So a call on a warm connection costs no
 * system call here.
 *
 * That needs certainty that a descriptor is still the socket it was. libcurl
 * has us open and close its connections, but not the sockets of its resolver,
 * nor does it tell of all those closed that never got connected. So only what
 * was seen to become connected may stay.
 */
#ifndef NET_WATCH_H
#define NET_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct watched {
	uint64_t name;	 /* what its events carry */
	uint32_t events; /* in the epoll descriptor for these; 0: not in it */
	bool wanted;	 /* someone waits for them */
	bool ours;	 /* opened by watch_open */
	bool connected;	 /* and closed by watch_close, for certain */
};

struct watch {
	int epoll;
	struct watched *list; /* by descriptor */
	int size;
};

int watch_init(struct watch *w, struct err *err);
void watch_release(struct watch *w);

/* A new socket, or -1. */
int watch_open(struct watch *w, int family, int type, int protocol);
int watch_close(struct watch *w, int fd);

/* From now on events (EPOLLIN, EPOLLOUT) of fd are told with this name; 0:
 * none. -1: out of memory or descriptors. */
int watch_set(struct watch *w, int fd, uint64_t name, uint32_t events);
/* An event of fd came. False: nobody waits for it, and no more will come. */
bool watch_wanted(struct watch *w, int fd);

#endif
