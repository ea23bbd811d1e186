/* SPDX-License-Identifier: MIT */
/*
 * main.c - run seeds, one after the other, and stop at the first that breaks a
 * rule.
 *
 *   sim --first S --seeds N     S, S+1 … N of them; exit 1 at the first failure
 *   sim --seed N --trace        one, with its story
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "sim.h"

struct options {
	uint64_t first, seeds;
	bool trace, log, all;
};

static volatile uint64_t running;

static void usage(void)
{
	(void)fprintf(stderr,
		      "sim [--first S] [--seeds N] [--seed N] [--trace] "
		      "[--log] [--all]\n"
		      "  --first S   the first seed (1)\n"
		      "  --seeds N   how many (1000)\n"
		      "  --seed N    just this one\n"
		      "  --trace     tell what happens\n"
		      "  --log       and what the service logs\n"
		      "  --all       do not stop at the first failure\n");
	exit(2);
}

static struct options read_options(int argc, char **argv)
{
	static const struct option known[] = {
		{"first", 1, NULL, 'f'}, {"seeds", 1, NULL, 'n'},
		{"seed", 1, NULL, 's'},	 {"trace", 0, NULL, 't'},
		{"log", 0, NULL, 'l'},	 {"all", 0, NULL, 'a'},
		{NULL, 0, NULL, 0}};
	struct options o = {.first = 1, .seeds = 1000};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'f') {
			o.first = strtoull(optarg, NULL, 10);
		} else if (c == 'n') {
			o.seeds = strtoull(optarg, NULL, 10);
		} else if (c == 's') {
			o.first = strtoull(optarg, NULL, 10);
			o.seeds = 1;
		} else if (c == 't') {
			o.trace = true;
		} else if (c == 'l') {
			o.log = true;
		} else if (c == 'a') {
			o.all = true;
		} else {
			usage();
		}
	}
	return o;
}

/* An assert or a bad pointer in the core: the seed is what matters. */
static void died(int sig)
{
	char text[80];
	int n = snprintf(text, sizeof(text),
			 "seed %llu: the core died of signal %d\n",
			 (unsigned long long)running, sig);

	(void)!write(1, text, (size_t)n);
	_exit(1);
}

int main(int argc, char **argv)
{
	struct options o = read_options(argc, argv);
	struct world *w = malloc(sizeof(*w));
	struct timespec from, to;
	long late = 0, runs = 0, calls = 0;
	int rc = 0;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)signal(SIGABRT, died);
	(void)signal(SIGSEGV, died);
	log_open(2, o.log ? LOG_DEBUG : LOG_OFF);
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	for (uint64_t i = 0; i < o.seeds && (rc == 0 || o.all); i++) {
		running = o.first + i;
		if (world_run(running, o.trace, w)) {
			printf("seed %llu failed after %llu seeds: %s\n",
			       (unsigned long long)running,
			       (unsigned long long)i + 1, w->first);
			rc = 1;
		}
		late += w->late_orphans;
		runs += w->runs;
		calls += w->call_count;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	if (rc == 0)
		printf("%llu seeds from %llu: all rules held; %ld runs, %ld "
		       "calls, %ld late orphans, %.1f s\n",
		       (unsigned long long)o.seeds, (unsigned long long)o.first,
		       runs, calls, late,
		       (double)(to.tv_sec - from.tv_sec) +
			       (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	world_leave_stage();
	free(w);
	return rc;
}
