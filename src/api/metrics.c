/* SPDX-License-Identifier: MIT */
/*
 * metrics.c - everything that is counted, as a table and as Prometheus text.
 *
 * Labels are words of tables (routes, classes of status, names of calls), never
 * what a client or a provider sent: their number does not grow. Counters are
 * there from the start, at 0, so that a rate sees the first event, too; a
 * histogram once it holds something.
 *
 * What the table says of a metric stands in the README as well; a test holds
 * both to what is really scraped.
 */
#include "metrics.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "tally.h"

/* One answer to a scrape, and the metric that is being written. */
struct scrape {
	struct server *server;
	struct buf *out;
	struct engine_stats engine;
	const struct metric *metric;
};

struct metric {
	const char *name, *type;
	const char *labels; /* as the README lists them */
	const char *help;
	void (*write)(const struct scrape *s);
};

/* --- samples ------------------------------------------------------------- */

static void sample(const struct scrape *s, int64_t value)
{
	buf_printf(s->out, "%s %lld\n", s->metric->name, (long long)value);
}

/* labels: what stands between the braces. */
static void sample_of(const struct scrape *s, int64_t value, const char *labels,
		      ...) __attribute__((format(printf, 3, 4)));
static void sample_of(const struct scrape *s, int64_t value, const char *labels,
		      ...)
{
	va_list ap;

	buf_printf(s->out, "%s{", s->metric->name);
	va_start(ap, labels);
	buf_vprintf(s->out, labels, ap);
	va_end(ap);
	buf_printf(s->out, "} %lld\n", (long long)value);
}

static void histogram_of(const struct scrape *s,
			 const struct histogram_view *view, const char *labels)
{
	const char *name = s->metric->name;
	const char *comma = labels[0] ? "," : "";
	const char *open = labels[0] ? "{" : "", *close = labels[0] ? "}" : "";
	int64_t sum = 0;

	for (int i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		sum += view->buckets[i];
		buf_printf(s->out, "%s_bucket{%s%sle=\"%s\"} %lld\n", name,
			   labels, comma, histogram_bound(i), (long long)sum);
	}
	buf_printf(s->out, "%s_sum%s%s%s %lld.%06d\n", name, open, labels,
		   close, (long long)(view->sum_us / 1000000),
		   (int)(view->sum_us % 1000000));
	buf_printf(s->out, "%s_count%s%s%s %lld\n", name, open, labels, close,
		   (long long)view->count);
}

/* --- the HTTP side ------------------------------------------------------- */

#define LABELS_SIZE 128

static void route_labels(char out[LABELS_SIZE], int row)
{
	const struct route *r = route_at(row);

	snprintf(out, LABELS_SIZE, "method=\"%s\",route=\"%s\"",
		 r ? r->method : "none", r ? r->path : "none");
}

/* Walks the rows of routes.c and then the last, of what has no route. */
static int next_row(int row)
{
	return row < ROUTES_MAX && !route_at(row) ? ROUTES_MAX : row;
}

static void requests(const struct scrape *s)
{
	static const char *const classes[STATUS_CLASSES] = {
		"none", "2xx", "3xx", "4xx", "5xx"};
	char labels[LABELS_SIZE];

	for (int row = 0; (row = next_row(row)) <= ROUTES_MAX; row++) {
		route_labels(labels, row);
		for (int c = 0; c < STATUS_CLASSES; c++) {
			const struct tally *t = NULL;
			int64_t n = 0;

			while ((t = tally_next(t)))
				n += counter_read(&t->answers[row][c]);
			sample_of(s, n, "%s,status=\"%s\"", labels, classes[c]);
		}
	}
}

static void request_durations(const struct scrape *s)
{
	char labels[LABELS_SIZE];

	for (int row = 0; (row = next_row(row)) <= ROUTES_MAX; row++) {
		struct histogram_view view = {.count = 0};
		const struct tally *t = NULL;

		while ((t = tally_next(t)))
			histogram_read(&view, &t->durations[row]);
		route_labels(labels, row);
		if (view.count)
			histogram_of(s, &view, labels);
	}
}

static void refusals(const struct scrape *s)
{
	static const char *const reasons[REFUSALS] = {
		[REFUSAL_UNAUTHORIZED] = "unauthorized",
		[REFUSAL_THROTTLED] = "throttled",
		[REFUSAL_FORBIDDEN] = "forbidden",
		[REFUSAL_RATE_LIMITED] = "rate_limited",
	};

	for (int i = 0; i < REFUSALS; i++) {
		const struct tally *t = NULL;
		int64_t n = 0;

		while ((t = tally_next(t)))
			n += counter_read(&t->refusals[i]);
		sample_of(s, n, "reason=\"%s\"", reasons[i]);
	}
}

static void build_info(const struct scrape *s)
{
	sample_of(s, 1, "version=\"%s\"", TRUNKLINE_VERSION);
}

/* clang-format off */
#define FIELD(name, expr) \
	static void name(const struct scrape *s) { sample(s, (int64_t)(expr)); }
FIELD(ready, s->engine.ready && !s->server->draining && !s->server->damaged)
FIELD(operations, s->engine.operations)
FIELD(in_flight, s->engine.calls_in_flight)
FIELD(queued, s->engine.calls_waiting)
FIELD(unknown, s->engine.unknown_outcomes)
FIELD(ticks, s->engine.ticks)
FIELD(commits, s->engine.commits)
FIELD(breakers, s->engine.breakers_open)
FIELD(sweeps, s->engine.sweeps)
FIELD(orphans, s->engine.orphans)
FIELD(connections, s->server->api.stamps.count)
FIELD(waiting, s->server->waiting)
FIELD(streams, s->server->streams.count)
FIELD(cut, s->server->connections_cut)
FIELD(dropped, log_dropped())
#undef FIELD

#define C "counter"
#define G "gauge"
#define H "histogram"
static const struct metric metrics[] = {
	{"trunkline_build_info", G, "version", "Always 1.", build_info},
	{"trunkline_ready", G, "", "1 if the service takes writes.", ready},
	{"trunkline_operations", G, "", "Operations that have not ended.", operations},
	{"trunkline_provider_calls", G, "", "Calls to providers in flight.", in_flight},
	{"trunkline_provider_calls_queued", G, "", "Calls to providers that wait for their turn.", queued},
	{"trunkline_unknown_outcomes_total", C, "", "Calls to providers of which it is not known whether they happened.", unknown},
	{"trunkline_breakers_open", G, "", "Provider accounts that are not called because they do not answer.", breakers},
	{"trunkline_sweeps_total", C, "", "Sweeps that have ended.", sweeps},
	{"trunkline_orphans_found_total", C, "", "Resources of ours that nothing owned, found by sweeps.", orphans},
	{"trunkline_engine_ticks_total", C, "", "Rounds of the engine.", ticks},
	{"trunkline_engine_commits_total", C, "", "Transactions of the engine.", commits},
	{"trunkline_http_requests_total", C, "method, route, status", "Requests that ended, by class of status; none: without an answer.", requests},
	{"trunkline_http_request_duration_seconds", H, "method, route", "From a request's first line to the last byte of its answer.", request_durations},
	{"trunkline_http_refused_total", C, "reason", "Requests refused for their API key.", refusals},
	{"trunkline_http_connections", G, "", "Open connections of the API listener.", connections},
	{"trunkline_http_waiting", G, "", "Requests that wait for an operation.", waiting},
	{"trunkline_http_streams", G, "", "Clients that watch an operation.", streams},
	{"trunkline_http_connections_cut_total", C, "", "Connections closed because they were too slow.", cut},
	{"trunkline_log_lines_dropped_total", C, "", "Log lines that could not be written.", dropped},
};
#undef C
#undef G
#undef H
/* clang-format on */

bool server_engine_stats(struct server *s, struct engine_stats *out)
{
	bool there;

	memset(out, 0, sizeof(*out));
	pthread_rwlock_rdlock(&s->engine_lock);
	there = s->engine != NULL;
	if (there)
		engine_stats(s->engine, out);
	pthread_rwlock_unlock(&s->engine_lock);
	return there;
}

int metrics_write(struct server *server, struct buf *out)
{
	struct scrape s = {.server = server, .out = out};

	(void)server_engine_stats(server, &s.engine);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		const struct metric *m = s.metric = &metrics[i];

		buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", m->name,
			   m->help, m->name, m->type);
		m->write(&s);
	}
	return out->failed ? -1 : 0;
}
