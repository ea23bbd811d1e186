/* SPDX-License-Identifier: MIT */
/*
 * main.c - trunkline-sandbox: reads the options, serves until SIGTERM.
 *
 * One table drives parsing, range checks and --help. Exit status: 0 after
 * SIGTERM or --help, 64 for a bad option, 1 if it cannot listen.
 */
#include "front.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 64 };

/* Options are long until they are put where they belong. */
struct settings {
	long port, latency_ms, numbers, max_trunks, lag_ms, seed;
	long max_concurrency, page_max, retell_not_found, log_max;
	const char *listen;
};

struct option_row {
	const char *name;
	size_t at;
	long min, max, unset; /* of numbers */
	const char *text;     /* of texts: what it is when unset */
	const char *help;
};

/* clang-format off */
#define AT(member) offsetof(struct settings, member)
static const struct option_row rows[] = {
	{ "port",             AT(port),             0, 65535,    9400,   NULL,        "port to listen on; 0 takes a free one" },
	{ "listen",           AT(listen),           0, 0,        0,      "127.0.0.1", "IPv4 address to listen on" },
	{ "latency-ms",       AT(latency_ms),       0, 3600000,  0,      NULL,        "how long every provider answer takes" },
	{ "numbers",          AT(numbers),          0, 1000000,  100,    NULL,        "owned numbers, from +14155550100 upward" },
	{ "max-trunks",       AT(max_trunks),       1, 10000000, 100,    NULL,        "limit of trunks, and of credential lists" },
	{ "lag-ms",           AT(lag_ms),           0, 3600000,  0,      NULL,        "reads miss what is younger than this" },
	{ "seed",             AT(seed),             0, LONG_MAX, 1,      NULL,        "of SIDs and of the faults' chance" },
	{ "max-concurrency",  AT(max_concurrency),  0, 1000000,  0,      NULL,        "calls under way per account before 429; 0: no limit" },
	{ "page-max",         AT(page_max),         0, 1000,     0,      NULL,        "rows of a list's page, though more were asked for; 0: as asked" },
	{ "retell-not-found", AT(retell_not_found), 404, 422,    404,    NULL,        "Retell's status for what is not there: 404 (live) or 422 (documented)" },
	{ "log-max",          AT(log_max),          0, 10000000, 200000, NULL,        "requests remembered" },
};
/* clang-format on */

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void help(void)
{
	printf("usage: trunkline-sandbox [options]\n\n"
	       "Twilio and Retell in a box: a strict model of both on one\n"
	       "port, with faults and a ledger under /_sandbox.\n\n");
	for (int i = 0; i < ROWS; i++) {
		printf("  --%-17s %s", rows[i].name, rows[i].help);
		if (rows[i].text)
			printf(" (%s)\n", rows[i].text);
		else
			printf(" (%ld)\n", rows[i].unset);
	}
	printf("  --%-17s this text\n", "help");
}

static int set_number(const struct option_row *row, struct settings *s,
		      const char *text)
{
	long *at = (long *)(void *)((char *)s + row->at);
	char *end;

	*at = strtol(text, &end, 10);
	if (*text && !*end && *at >= row->min && *at <= row->max)
		return 0;
	fprintf(stderr,
		"trunkline-sandbox: --%s must be a number from %ld to %ld, "
		"not '%s'\n",
		row->name, row->min, row->max, text);
	return -1;
}

static int set_row(const struct option_row *row, struct settings *s,
		   const char *text)
{
	if (!row->text)
		return set_number(row, s, text);
	*(const char **)(void *)((char *)s + row->at) = text;
	return 0;
}

static void set_defaults(struct settings *s)
{
	for (int i = 0; i < ROWS; i++) {
		char *at = (char *)s + rows[i].at;

		if (rows[i].text)
			*(const char **)(void *)at = rows[i].text;
		else
			*(long *)(void *)at = rows[i].unset;
	}
}

/* 0 to go on, 1 after --help, -1 after a complaint. */
static int read_options(struct settings *s, int argc, char **argv)
{
	struct option options[ROWS + 2] = {0};
	int i, got;

	for (i = 0; i < ROWS; i++)
		options[i] = (struct option){rows[i].name, required_argument,
					     NULL, 0};
	options[ROWS] = (struct option){"help", no_argument, NULL, 0};
	while ((got = getopt_long(argc, argv, "", options, &i)) != -1) {
		if (got == '?') /* getopt_long has complained */
			return -1;
		if (i == ROWS) {
			help();
			return 1;
		}
		if (set_row(&rows[i], s, optarg))
			return -1;
	}
	if (s->retell_not_found != 404 && s->retell_not_found != 422) {
		fprintf(stderr, "trunkline-sandbox: --retell-not-found must "
				"be 404 or 422\n");
		return -1;
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "trunkline-sandbox: unexpected '%s'\n", argv[optind]);
	return -1;
}

static int serve(const struct settings *s)
{
	struct front_options options = {s->listen, s->port, s->latency_ms};
	struct sandbox_config config = {
		.numbers = (unsigned)s->numbers,
		.max_trunks = (unsigned)s->max_trunks,
		.max_concurrency = (unsigned)s->max_concurrency,
		.lag_ms = s->lag_ms,
		.page_max = (unsigned)s->page_max,
		.seed = (uint64_t)s->seed,
		.retell_not_found_422 = s->retell_not_found == 422,
		.log_max = (size_t)s->log_max,
	};
	char why[256];
	struct front *f = front_open(&options, &config, why, sizeof(why));

	if (!f) {
		fprintf(stderr, "trunkline-sandbox: %s\n", why);
		return EXIT_FAILURE;
	}
	printf("trunkline-sandbox listening on http://%s:%ld\n", s->listen,
	       front_port(f));
	if (fflush(stdout))
		perror("trunkline-sandbox: stdout");
	front_run(f);
	front_close(f);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct settings s;
	int rc;

	set_defaults(&s);
	rc = read_options(&s, argc, argv);
	if (rc)
		return rc > 0 ? EXIT_SUCCESS : EXIT_USAGE;
	return serve(&s);
}
