/* SPDX-License-Identifier: MIT */
/*
 * bad_clock.c - a library put before the system's (LD_PRELOAD), so that a test
 * can set the clocks of one running process.
 *
 * While one of these files exists in the folder that BAD_CLOCK names, by the
 * wall clock:
 *   forward   it is an hour later
 *   back      it is an hour earlier
 *   epoch     it is the first day of 1970
 *   far       it is past 2038
 * and by those that nobody can set:
 *   ahead     as many milliseconds have gone by as it has bytes
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define HOUR 3600
#define DAY  86400

/* Its size; -1 if it is not there. */
static off_t size_of(const char *name)
{
	const char *folder = getenv("BAD_CLOCK");
	char path[4096];
	struct stat st;

	if (!folder)
		return -1;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return stat(path, &st) ? -1 : st.st_size;
}

static int is_set(const char *name)
{
	return size_of(name) >= 0;
}

static void put_ahead(struct timespec *ts)
{
	off_t ms = size_of("ahead");

	if (ms <= 0)
		return;
	ts->tv_sec += ms / 1000;
	ts->tv_nsec += ms % 1000 * 1000000;
	if (ts->tv_nsec >= 1000000000) {
		ts->tv_nsec -= 1000000000;
		ts->tv_sec++;
	}
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

	if (rc)
		return rc;
	if (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)
		ts->tv_sec = set(ts->tv_sec);
	if (which == CLOCK_MONOTONIC || which == CLOCK_MONOTONIC_COARSE)
		put_ahead(ts);
	return 0;
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
