/* SPDX-License-Identifier: MIT */
/*
 * exchange.h - one HTTP request and its answer, between front.c (the loop)
 * and deliver.c (the last step).
 */
#ifndef SANDBOX_EXCHANGE_H
#define SANDBOX_EXCHANGE_H

#include "base/buf.h"
#include "front.h"
#include "timers.h"

#include <microhttpd.h>

struct exchange;

struct front {
	const struct front_options *options;
	struct sandbox *sb;
	struct MHD_Daemon *daemon;
	struct timers timers;
	struct exchange *exchanges; /* all that are open */
	int64_t start_us;	    /* monotonic */
	int64_t start_ms;	    /* wall clock */
	int signals;		    /* signalfd */
	bool closing;
};

/* A call may outlive its exchange, when its effect lands late. */
struct held_call {
	struct front *f;
	struct sandbox_call *call;
	unsigned refs;
};

enum progress { READING, WAITING, READY };

struct exchange {
	struct front *f;
	struct exchange *next, *prev;
	struct MHD_Connection *connection;
	char *target; /* raw, from the request line */
	struct buf body;
	enum progress progress;
	bool started;	/* the handler has seen it */
	bool too_large; /* the body is not stored */
	bool suspended;
	struct held_call *held;		     /* NULL: one of our own paths */
	const struct sandbox_answer *answer; /* of the call, or own */
	struct sandbox_answer own;
	int64_t next_byte_us; /* when dripping */
};

int64_t monotonic_us(void);
/* Both suspend the connection; the second wakes it up again. */
void exchange_suspend(struct exchange *x);
void exchange_wake(void *exchange);
/* Gives the answer as the plan says. MHD_NO closes the connection. */
enum MHD_Result deliver(struct exchange *x);

#endif
