/* SPDX-License-Identifier: MIT */
/* process.h - what a long-lived process settles with the system at its start.
 */
#ifndef SRC_PROCESS_H
#define SRC_PROCESS_H

#include "base/err.h"

/* Private files, no core dumps, no signal that ends us by surprise; SIGTERM,
 * SIGINT and the one of process_wake are blocked for all threads, to be waited
 * for. A page of a mapped file that cannot be read is told to the log and ends
 * the process, with EX_SOFTWARE. Before the first thread. */
int process_settle(struct err *err);
/* Of that only private files and no core dumps: for commands that hold
 * secrets. */
int process_private(struct err *err);
/* Of that only the signals: what they tell of, calls return as errors. */
int process_ignore(struct err *err);
/* The signal that asks us to end, waited for at most ms; 0 if none came, or if
 * process_wake was called. One thread may wait. */
int process_signal(int ms);
/* Ends the wait of process_signal, or the next one if nobody waits: something
 * happened that the waiting thread wants to see. Any thread. */
void process_wake(void);
/* How many descriptors we may have, after raising it as far as allowed. */
long process_descriptors(void);

#endif
