/* SPDX-License-Identifier: MIT */
/* starved.c - no descriptor is left for a client. */
#include "starved.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

/* The beginning of both of the library's sentences, from 0.9.60 to 1.0. */
#define IT_SAYS	   "Hit process or system resource limit at "
#define NO_OTHER   "FIRST" /* the thread has no other connection */
#define PAUSE_NS   (100 * 1000 * 1000)
#define WARN_EVERY 10000 /* ms, of all threads */
#define LASTS	   2000	 /* ms: until then it counts as just now */

static atomic_int_fast64_t over; /* when it is no more just now */

static bool time_to_warn(int64_t now)
{
	static atomic_int_fast64_t next;
	int_fast64_t due = atomic_load(&next);

	return now >= due &&
	       atomic_compare_exchange_strong(&next, &due, now + WARN_EVERY);
}

void starved_listen(const char *text, struct clock *clock)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	int64_t now;

	if (strncmp(text, IT_SAYS, strlen(IT_SAYS)) != 0)
		return;
	now = clock->mono_ms(clock);
	atomic_store(&over, now + LASTS);
	if (time_to_warn(now))
		log_warn("no_descriptor_for_a_client",
			 L_STR("detail", "clients wait until one is free"));
	if (strncmp(text + strlen(IT_SAYS), NO_OTHER, strlen(NO_OTHER)) == 0)
		(void)nanosleep(&pause, NULL); /* less is fine as well */
}

bool starved_at(int64_t now)
{
	return now < atomic_load(&over);
}
