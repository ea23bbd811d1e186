/* SPDX-License-Identifier: MIT */
/*
 * starved.h - what a thread of the HTTP library does when a client stands at
 * the door and there is no descriptor for it.
 *
 * That is rare, since connections have a share of their own, but the whole
 * machine may run out of them. A thread that has connections then accepts no
 * more until one of them ends: so those that are idle are ended. One that has
 * none would try again at once, again and again, with all of a processor. The
 * library says so to its log, in that very thread: there it is made to wait a
 * little before each try.
 */
#ifndef SRC_API_STARVED_H
#define SRC_API_STARVED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

/* Takes what the library says. Waits, and warns now and then, if it is that. */
void starved_listen(const char *text, struct clock *clock);

/* Was there no descriptor just now (mono ms)? Any thread. */
bool starved_at(int64_t now);

#endif
