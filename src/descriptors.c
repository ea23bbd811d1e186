/* SPDX-License-Identifier: MIT */
/* descriptors.c - the table of who needs descriptors, and dividing by it. */
#include "descriptors.h"

#include "api/limits.h"

#define CALLS_AT_LEAST	 4 /* to each host of the providers */
#define ADMIN_AT_LEAST	 8
#define CLIENTS_AT_LEAST 16

/* clang-format off */
/* What the service opens for itself: so many; so many for each thread that
 * answers (those of the API, and one of the admin listener); and for each 32
 * calls at once (which are up to 64 to a host, of two accounts). */
static const struct {
	int fixed, per_thread, per_32_calls;
} own[] = {
	{4, 0, 0},  /* standard input, output and error; the log */
	{4, 0, 0},  /* the engine's database: file, log, index, lock */
	{0, 2, 0},  /* a reader's database: file, log */
	{2, 0, 0},  /* the same of the check at the start */
	{8, 0, 0},  /* a backup: both databases, their logs, file, folder */
	{2, 0, 0},  /* the listening sockets */
	{0, 2, 0},  /* a thread's events: epoll, eventfd */
	{2, 0, 0},  /* the engine's: the same */
	{0, 0, 8},  /* libcurl's: a pair of sockets for 64 connections to a host */
	{2, 0, 0},  /* what /metrics reads of /proc */
	{16, 0, 0}, /* names that are looked up, authorities that are read */
	{4, 0, 0},  /* what the C library and others open for a moment */
};
/* clang-format on */

static long least_of(long a, long b)
{
	return a < b ? a : b;
}

static long own_needs(const struct conf *c)
{
	long sum = 0, batches = (c->provider_concurrency + 31) / 32;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sum += own[i].fixed + own[i].per_thread * (c->threads + 1) +
		       own[i].per_32_calls * batches;
	return sum;
}

/* The others' shares: the least they must have, and what they can use at most.
 * Each in turn takes of what is left above the least. */
struct share {
	int *out;
	long least, most;
	int part; /* takes one in so many */
};

int descriptors_share(const struct conf *c, long limit, struct descriptors *out,
		      struct err *err)
{
	const char *urls[CONF_URLS];
	long calls = c->provider_concurrency, hosts = conf_urls(c, urls);
	const struct share shares[] = {
		{&out->providers, hosts * least_of(calls, CALLS_AT_LEAST),
		 hosts * 2 * calls, 4},
		{&out->admin, ADMIN_AT_LEAST, LIMIT_ADMIN_CONNECTIONS, 4},
		/* One for each thread, or it would be of no use. */
		{&out->clients,
		 c->threads > CLIENTS_AT_LEAST ? c->threads : CLIENTS_AT_LEAST,
		 LIMIT_CONNECTIONS, 1},
	};
	const size_t count = sizeof(shares) / sizeof(shares[0]);
	long least = own_needs(c), rest;

	for (size_t i = 0; i < count; i++)
		least += shares[i].least;
	if (limit < least)
		return err_set(
			err, ERR_CONFIG,
			"the process may have %ld open files, and needs "
			"%ld: raise the limit (ulimit -n, LimitNOFILE=), "
			"or lower TRUNKLINE_THREADS",
			limit, least);
	out->own = (int)own_needs(c);
	rest = limit - least;
	for (size_t i = 0; i < count; i++) {
		const struct share *s = &shares[i];
		long more = least_of(rest / s->part, s->most - s->least);

		*s->out = (int)(s->least + more);
		rest -= more;
	}
	out->per_host = (int)(out->providers / hosts);
	return 0;
}
