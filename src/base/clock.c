/* SPDX-License-Identifier: MIT */
/* clock.c - the system's time and randomness, and time as people read it. */
#include "base/clock.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_MS	(86400 * (int64_t)1000)
#define LAST_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

static int64_t now_us(clockid_t which)
{
	struct timespec ts;

	/* Both clocks exist on every Linux, the pointer is good: no failure. */
	if (clock_gettime(which, &ts))
		abort();
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t system_mono(struct clock *c)
{
	return now_us(CLOCK_MONOTONIC) / 1000;
}

static int64_t system_mono_us(struct clock *c)
{
	return now_us(CLOCK_MONOTONIC);
}

static int64_t system_wall(struct clock *c)
{
	return now_us(CLOCK_REALTIME) / 1000;
}

/* Every request has an id, and a system call for 16 bytes costs more than all
 * else about it: so a thread takes more at once (as much as the kernel gives
 * in one piece). What is handed out is forgotten; what is long, as keys are,
 * does not come from here. A child of fork() would draw the same: we have none.
 */
static void system_random(struct clock *c, void *out, size_t n)
{
	static _Thread_local struct {
		unsigned char bytes[256];
		size_t left;
	} stock;

	if (n > sizeof(stock.bytes) / 8) {
		randombytes_buf(out, n);
		return;
	}
	if (stock.left < n) {
		randombytes_buf(stock.bytes, sizeof(stock.bytes));
		stock.left = sizeof(stock.bytes);
	}
	stock.left -= n;
	memcpy(out, stock.bytes + stock.left, n);
	sodium_memzero(stock.bytes + stock.left, n);
}

/* Weak ids and nonces are worse than no service: without entropy we stop. */
static void seed(void)
{
	if (sodium_init() >= 0)
		return;
	fputs("trunkline: the kernel gives no randomness\n", stderr);
	abort();
}

struct clock *clock_system(void)
{
	static struct clock system = {
		.mono_ms = system_mono,
		.mono_us = system_mono_us,
		.wall_ms = system_wall,
		.random = system_random,
	};
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (pthread_once(&once, seed))
		abort();
	return &system;
}

int64_t clock_mono_us(struct clock *c)
{
	return c->mono_us ? c->mono_us(c) : c->mono_ms(c) * 1000;
}

uint64_t clock_chance_of(uint64_t random, uint64_t n)
{
	/* Scaling 64 bits down favours no value by more than n in 2^64, and
	 * unlike rejection it ends whatever a simulated source returns. */
	return (uint64_t)(((unsigned __int128)random * n) >> 64);
}

uint64_t clock_chance(struct clock *c, uint64_t n)
{
	uint64_t x;

	c->random(c, &x, sizeof(x));
	return clock_chance_of(x, n);
}

/* Days since 1970 to a date, proleptic Gregorian, by counting the years from
 * March so that the leap day is a year's last (Hinnant, "chrono-compatible
 * low-level date algorithms"). gmtime_r would take the time zone lock. */
static void date(int days, int *year, int *month, int *day)
{
	int shifted = days + 719468; /* days since 0000-03-01 */
	int era = shifted / 146097;
	int doe = shifted % 146097;
	int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int m = (5 * doy + 2) / 153; /* 0 is March */

	*day = doy - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = yoe + era * 400 + (*month <= 2);
}

static void digits(char *out, int n, int width)
{
	while (width--) {
		out[width] = (char)('0' + n % 10);
		n /= 10;
	}
}

void timestamp_format(int64_t wall_ms, char out[TIMESTAMP_SIZE])
{
	int year, month, day, ms;

	if (wall_ms < 0)
		wall_ms = 0;
	if (wall_ms > LAST_MS)
		wall_ms = LAST_MS;
	date((int)(wall_ms / DAY_MS), &year, &month, &day);
	ms = (int)(wall_ms % DAY_MS);
	memcpy(out, "0000-00-00T00:00:00.000Z", TIMESTAMP_SIZE);
	digits(out, year, 4);
	digits(out + 5, month, 2);
	digits(out + 8, day, 2);
	digits(out + 11, ms / 3600000, 2);
	digits(out + 14, ms / 60000 % 60, 2);
	digits(out + 17, ms / 1000 % 60, 2);
	digits(out + 20, ms % 1000, 3);
}

/* ---- and back ---- */

/* Reads exactly `width` digits, and moves on. */
static bool number(const char **s, int width, int *out)
{
	*out = 0;
	for (; width; width--, ++*s) {
		if (**s < '0' || **s > '9')
			return false;
		*out = *out * 10 + (**s - '0');
	}
	return true;
}

static bool one_of(const char **s, const char *choices)
{
	if (!**s || !strchr(choices, **s))
		return false;
	++*s;
	return true;
}

/* Days since 1970; the reverse of date(). -1: there is no such day. */
static int days_until(int year, int month, int day)
{
	int shifted = month > 2 ? year : year - 1;
	int yoe = shifted % 400;
	int doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int days = shifted / 400 * 146097 + yoe * 365 + yoe / 4 - yoe / 100 +
		   doy - 719468;
	int y, m, d;

	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
		return -1;
	date(days, &y, &m, &d);
	return m == month && d == day ? days : -1;
}

static bool read_fraction(const char **s, int *ms)
{
	*ms = 0;
	if (!one_of(s, "."))
		return true;
	if (**s < '0' || **s > '9')
		return false;
	for (int unit = 100; **s >= '0' && **s <= '9'; unit /= 10, ++*s)
		*ms += (**s - '0') * unit;
	return true;
}

static bool read_offset(const char **s, int *minutes)
{
	bool west = **s == '-';
	int hours, rest;

	*minutes = 0;
	if (one_of(s, "Zz"))
		return true;
	if (!one_of(s, "+-") || !number(s, 2, &hours) || !one_of(s, ":") ||
	    !number(s, 2, &rest) || hours > 23 || rest > 59)
		return false;
	*minutes = (hours * 60 + rest) * (west ? -1 : 1);
	return true;
}

bool timestamp_parse(const char *s, int64_t *wall_ms)
{
	int year, month, day, hour, minute, second, ms, offset, days;

	if (!number(&s, 4, &year) || !one_of(&s, "-") ||
	    !number(&s, 2, &month) || !one_of(&s, "-") ||
	    !number(&s, 2, &day) || !one_of(&s, "Tt ") ||
	    !number(&s, 2, &hour) || !one_of(&s, ":") ||
	    !number(&s, 2, &minute) || !one_of(&s, ":") ||
	    !number(&s, 2, &second) || !read_fraction(&s, &ms) ||
	    !read_offset(&s, &offset) || *s)
		return false;
	days = days_until(year, month, day);
	if (days < 0 || hour > 23 || minute > 59 || second > 59)
		return false;
	*wall_ms =
		days * DAY_MS +
		((hour * 60 + minute - offset) * 60 + second) * INT64_C(1000) +
		ms;
	return *wall_ms >= 0;
}
