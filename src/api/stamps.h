/* SPDX-License-Identifier: MIT */
/*
 * stamps.h - a deadline for every connection, which the HTTP library has not.
 *
 * Its own timer, which is off, starts anew with each byte, so a client that
 * sends one byte a second holds a connection for ever. Here each connection
 * carries the moment at which its present phase must be over; a reaper shuts
 * down the socket of those that are late and leaves the rest to the library.
 *
 * A socket is only shut down under the lock that the library's notice of
 * closing takes too, so it is never another one with the same number.
 */
#ifndef SRC_API_STAMPS_H
#define SRC_API_STAMPS_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "headcount.h"

#define STAMP_NEVER INT64_MAX

/* One connection. Its thread sets the deadline, the reaper reads it. */
struct stamp {
	int fd;
	bool cut;	       /* the reaper's */
	atomic_bool idle;      /* between two requests */
	_Atomic int64_t until; /* mono_ms */
	struct stamp *prev, *next;
};

struct stamps {
	pthread_mutex_t lock;
	struct stamp *first;
	struct headcount open;
	int64_t (*now)(void *arg);
	void *arg;
};

void stamps_init(struct stamps *all, int64_t (*now)(void *arg), void *arg);
/* The threads that have connections must have ended. */
void stamps_release(struct stamps *all);
/* MHD_OPTION_NOTIFY_CONNECTION, with a struct stamps. A connection for whose
 * stamp there is no memory is shut down. */
void stamps_notify(void *stamps, struct MHD_Connection *connection,
		   void **socket_context,
		   enum MHD_ConnectionNotificationCode code);
/* The stamp of a connection; may be NULL, which all below take. */
struct stamp *stamp_of(struct MHD_Connection *connection);
void stamp_busy(struct stamp *s, int64_t until);
void stamp_idle(struct stamp *s, int64_t until);
/* Cuts what is late; with drain, closes what is idle as well. Returns how many
 * were cut for being late. */
int stamps_reap(struct stamps *s, int64_t now, bool drain);

#endif
