/* SPDX-License-Identifier: MIT */
/*
 * bad_clock.c - a library put before the system's (LD_PRELOAD), so that a test
 * can set the wall clock of one running process.
 *
 * While one of these files exists in the folder that BAD_CLOCK names:
 *   forward   it is an hour later
 *   back      it is an hour earlier
 *   epoch     it is the first day of 1970
 *   far       it is past 2038
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define HOUR 3600
#define DAY  86400

static int is_set(const char *name)
{
	const char *folder = getenv("BAD_CLOCK");
	char path[4096];

	if (!folder)
		return 0;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

static time_t set(time_t now)
{
	if (is_set("forward"))
		return now + HOUR;
	if (is_set("back"))
		return now - HOUR;
	if (is_set("epoch"))
		return now % DAY;
	if (is_set("far"))
		return now + 20 * 365 * (time_t)DAY;
	return now;
}

int clock_gettime(clockid_t which, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, which, ts);

	if (rc == 0 &&
	    (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
		ts->tv_sec = set(ts->tv_sec);
	return rc;
}

int gettimeofday(struct timeval *tv, void *zone)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *to)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (to)
		*to = ts.tv_sec;
	return ts.tv_sec;
}
