/* SPDX-License-Identifier: MIT */
/*
 * front.h - the sandbox over HTTP: one thread, one loop.
 *
 * libmicrohttpd does the HTTP and is driven from our loop; calls that wait are
 * suspended and wait in a heap of timers, so the model needs no lock and
 * thousands of answers can be pending.
 *
 * Model time is the wall clock at the start, carried on by the monotonic
 * clock, plus what PUT /_sandbox/clock added: it never runs backwards.
 */
#ifndef SANDBOX_FRONT_H
#define SANDBOX_FRONT_H

#include "sandbox/sandbox.h"

struct front_options {
	const char *listen; /* IPv4 address */
	long port;	    /* 0: any free one */
	long latency_ms;    /* of every provider answer, on top of faults */
};

struct front;

/* NULL, with a sentence in why. options must outlive the front. */
struct front *front_open(const struct front_options *options,
			 const struct sandbox_config *config, char *why,
			 size_t why_size);
long front_port(const struct front *f);
/* Serves until SIGTERM or SIGINT. */
void front_run(struct front *f);
void front_close(struct front *f);

#endif
