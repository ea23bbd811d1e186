/* SPDX-License-Identifier: MIT */
/*
 * metrics.c - everything that is counted, as a table and as Prometheus text.
 *
 * Labels are words of tables (routes, classes of status, names of calls), never
 * what a client or a provider sent: their number does not grow. Counters are
 * there from the start, at 0, so that a rate sees the first event, too; a
 * histogram once it holds something.
 *
 * The README lists them with their labels; a test holds that list to what is
 * scraped.
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
	const struct engine_counts *counts; /* NULL: the engine is gone */
	struct store_space space;	    /* -1 each: not to be had */
	struct vital_signs vitals;
	const struct metric *metric;
};

/* Who knows it. Without an engine its metrics have no samples: a counter that
 * falls to 0 would look like a restart. */
enum source { SERVICE, ENGINE };

struct metric {
	enum source source;
	const char *name, *type, *help;
	void (*write)(const struct scrape *s);
};

/* --- samples ------------------------------------------------------------- */

static void sample(const struct scrape *s, int64_t value)
{
	buf_printf(s->out, "%s %lld\n", s->metric->name, (long long)value);
}

/* For what is never negative: -1 means that it is not known. */
static void sample_known(const struct scrape *s, int64_t value)
{
	if (value >= 0)
		sample(s, value);
}

static void sample_us(const struct scrape *s, int64_t us)
{
	if (us >= 0)
		buf_printf(s->out, "%s %lld.%06d\n", s->metric->name,
			   (long long)(us / 1000000), (int)(us % 1000000));
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

/* --- the engine ---------------------------------------------------------- */

static void operations_ended(const struct scrape *s)
{
	for (int k = 0; k < OP_KINDS; k++)
		for (int r = 0; r < OP_STATES; r++)
			if (op_ended(r))
				sample_of(s,
					  histogram_count(
						  &s->counts->operations[k][r]),
					  "kind=\"%s\",result=\"%s\"",
					  op_kind_name(k), op_state_name(r));
}

static void operation_durations(const struct scrape *s)
{
	for (int i = 0; i < OP_KINDS * OP_STATES; i++) {
		int kind = i / OP_STATES, result = i % OP_STATES;
		struct histogram_view view = {.count = 0};
		char labels[LABELS_SIZE];

		histogram_read(&view, &s->counts->operations[kind][result]);
		snprintf(labels, sizeof(labels), "kind=\"%s\",result=\"%s\"",
			 op_kind_name(kind), op_state_name(result));
		if (view.count)
			histogram_of(s, &view, labels);
	}
}

static void oldest_operation(const struct scrape *s)
{
	struct clock *clock = s->server->clock;
	int64_t since = s->engine.oldest_ms;
	int64_t age = since ? clock->wall_ms(clock) - since : 0;

	sample_us(s, age > 0 ? age * 1000 : 0); /* clocks are set back */
}

static void calls_ended(const struct scrape *s)
{
	for (int c = 0; c < PROVIDER_CALL_COUNT; c++)
		for (int a = 0; a < ANSWER_KINDS; a++)
			sample_of(s, counter_read(&s->counts->calls[c][a]),
				  "provider=\"%s\",call=\"%s\",answer=\"%s\"",
				  provider_name(call_provider(c)), call_name(c),
				  answer_kind_name(a));
}

static void by_provider(const struct scrape *s,
			const struct counter counts[PROVIDERS])
{
	for (int p = 0; p < PROVIDERS; p++)
		sample_of(s, counter_read(&counts[p]), "provider=\"%s\"",
			  provider_name(p));
}

static void call_durations(const struct scrape *s)
{
	for (int p = 0; p < PROVIDERS; p++) {
		struct histogram_view view = {.count = 0};
		char labels[LABELS_SIZE];

		histogram_read(&view, &s->counts->call_durations[p]);
		snprintf(labels, sizeof(labels), "provider=\"%s\"",
			 provider_name(p));
		histogram_of(s, &view, labels);
	}
}

static void duration(const struct scrape *s, const struct histogram *h)
{
	struct histogram_view view = {.count = 0};

	histogram_read(&view, h);
	histogram_of(s, &view, "");
}

/* --- the store and the process ------------------------------------------- */

static void numbers(const struct scrape *s)
{
	int64_t count[NUMBER_STATUSES];

	if (!number_counts_read(s->server->conf.numbers, count))
		return;
	for (int i = 0; i < NUMBER_STATUSES; i++)
		sample_of(s, count[i], "status=\"%s\"", number_status_name(i));
}

/* --- the table ----------------------------------------------------------- */

static void build_info(const struct scrape *s)
{
	sample_of(s, 1, "version=\"%s\"", TRUNKLINE_VERSION);
}

/* clang-format off */
#define FIELD(name, expr) \
	static void name(const struct scrape *s) { sample(s, (int64_t)(expr)); }
#define KNOWN_FIELD(name, expr) \
	static void name(const struct scrape *s) { sample_known(s, (int64_t)(expr)); }
#define PROVIDER_FIELD(name, field) \
	static void name(const struct scrape *s) { by_provider(s, s->counts->field); }
#define DURATION_FIELD(name, field) \
	static void name(const struct scrape *s) { duration(s, &s->counts->field); }
FIELD(ready, s->engine.ready && !s->server->draining && !s->server->damaged)
FIELD(connections, s->server->api.stamps.open.count)
FIELD(waiting, s->server->waiting.count)
FIELD(streams, s->server->streams.count)
FIELD(cut, s->server->connections_cut)
FIELD(operations, s->engine.operations)
FIELD(inbox, s->engine.inbox)
FIELD(ticks, histogram_count(&s->counts->ticks))
FIELD(commits, s->engine.commits)
FIELD(sweeps, counter_read(&s->counts->sweeps))
FIELD(orphans_found, counter_read(&s->counts->orphans_found))
FIELD(orphans_removed, counter_read(&s->counts->orphans_removed))
FIELD(writable, s->engine.writable)
FIELD(damaged, atomic_load(&s->server->damaged))
KNOWN_FIELD(database_bytes, s->space.database)
KNOWN_FIELD(wal_bytes, s->space.log)
KNOWN_FIELD(free_bytes, s->space.free)
FIELD(dropped, log_dropped())
KNOWN_FIELD(open_fds, s->vitals.open_fds)
KNOWN_FIELD(max_fds, s->vitals.max_fds)
KNOWN_FIELD(resident, s->vitals.resident_bytes)
KNOWN_FIELD(virtual, s->vitals.virtual_bytes)
KNOWN_FIELD(threads, s->vitals.threads)
static void cpu(const struct scrape *s) { sample_us(s, s->vitals.cpu_us); }
static void started(const struct scrape *s) { sample_us(s, s->server->vitals.started_ms * 1000); }
PROVIDER_FIELD(in_flight, calls_in_flight)
PROVIDER_FIELD(queued, calls_queued)
PROVIDER_FIELD(unknown, unknown_outcomes)
PROVIDER_FIELD(breakers, breakers_open)
DURATION_FIELD(tick_durations, ticks)
DURATION_FIELD(commit_durations, commits)

#define C "counter"
#define G "gauge"
#define H "histogram"
static const struct metric metrics[] = {
	{SERVICE, "trunkline_build_info", G, "Always 1; the label tells the version.", build_info},
	{SERVICE, "trunkline_ready", G, "1 if the service takes writes.", ready},
	{ENGINE, "trunkline_operations", G, "Operations that have not ended.", operations},
	{ENGINE, "trunkline_operations_oldest_age_seconds", G, "How long ago the oldest of them was accepted; 0 if there is none.", oldest_operation},
	{ENGINE, "trunkline_operations_ended_total", C, "Operations that ended, once that is on disk.", operations_ended},
	{ENGINE, "trunkline_operation_duration_seconds", H, "From acceptance to the end.", operation_durations},
	{ENGINE, "trunkline_provider_calls", G, "Calls to providers in flight.", in_flight},
	{ENGINE, "trunkline_provider_calls_queued", G, "Calls to providers that wait for their turn.", queued},
	{ENGINE, "trunkline_provider_calls_ended_total", C, "Calls to providers that are back, by what the answer means.", calls_ended},
	{ENGINE, "trunkline_provider_call_duration_seconds", H, "From sending a call to its answer or failure.", call_durations},
	{ENGINE, "trunkline_unknown_outcomes_total", C, "Calls to make something, of which it is not known whether it was made.", unknown},
	{ENGINE, "trunkline_breakers_open", G, "Provider accounts that are not called because they do not answer.", breakers},
	{ENGINE, "trunkline_sweeps_total", C, "Sweeps that have ended.", sweeps},
	{ENGINE, "trunkline_orphans_found_total", C, "Resources of ours that nothing owned, found by sweeps.", orphans_found},
	{ENGINE, "trunkline_orphans_removed_total", C, "Of those, what the sweeps removed.", orphans_removed},
	{ENGINE, "trunkline_engine_inbox_commands", G, "Writes that the engine has not taken up yet.", inbox},
	{ENGINE, "trunkline_engine_ticks_total", C, "Rounds of the engine.", ticks},
	{ENGINE, "trunkline_engine_tick_duration_seconds", H, "The work of a round, without the wait for it.", tick_durations},
	{ENGINE, "trunkline_engine_commits_total", C, "Transactions of the engine.", commits},
	{ENGINE, "trunkline_engine_commit_duration_seconds", H, "Writing such a transaction until it is on disk.", commit_durations},
	{SERVICE, "trunkline_numbers", G, "Numbers on record.", numbers},
	{ENGINE, "trunkline_store_writable", G, "1 if the database could be written when that was last tried.", writable},
	{SERVICE, "trunkline_store_damaged", G, "1 if the check after the start found the database damaged.", damaged},
	{SERVICE, "trunkline_store_database_bytes", G, "Size of the database's file.", database_bytes},
	{SERVICE, "trunkline_store_wal_bytes", G, "Size of its write-ahead log, which is not in that.", wal_bytes},
	{SERVICE, "trunkline_store_free_bytes", G, "What the file system they are on has left for the service.", free_bytes},
	{SERVICE, "trunkline_http_requests_total", C, "Requests that ended, by class of status.", requests},
	{SERVICE, "trunkline_http_request_duration_seconds", H, "From the first line of a request to the last byte of its answer.", request_durations},
	{SERVICE, "trunkline_http_refused_total", C, "Requests refused because of their API key.", refusals},
	{SERVICE, "trunkline_http_connections", G, "Open connections of the API listener.", connections},
	{SERVICE, "trunkline_http_waiting", G, "Requests that wait for an operation.", waiting},
	{SERVICE, "trunkline_http_streams", G, "Clients that watch an operation.", streams},
	{SERVICE, "trunkline_http_connections_cut_total", C, "Connections closed because they were too slow.", cut},
	{SERVICE, "trunkline_log_lines_dropped_total", C, "Log lines that could not be written.", dropped},
	{SERVICE, "process_cpu_seconds_total", C, "Time that its threads have worked, also in the kernel.", cpu},
	{SERVICE, "process_start_time_seconds", G, "When it started, in Unix time.", started},
	{SERVICE, "process_open_fds", G, "Open file descriptors.", open_fds},
	{SERVICE, "process_max_fds", G, "How many it may open.", max_fds},
	{SERVICE, "process_resident_memory_bytes", G, "Memory that it has in use, with what it has read of the database, which the kernel takes back when it needs it.", resident},
	{SERVICE, "process_virtual_memory_bytes", G, "Addresses that it has reserved, most of them to map the database.", virtual},
	{SERVICE, "process_threads", G, "Its threads.", threads},
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

static void write_all(struct scrape *s)
{
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		const struct metric *m = s->metric = &metrics[i];

		buf_printf(s->out, "# HELP %s %s\n# TYPE %s %s\n", m->name,
			   m->help, m->name, m->type);
		if (m->source == SERVICE || s->counts)
			m->write(s);
	}
}

int metrics_write(struct server *server, struct buf *out)
{
	struct scrape s = {.server = server, .out = out};

	if (store_space(server->database, &s.space))
		s.space = (struct store_space){-1, -1, -1};
	vitals_read(&server->vitals, &s.vitals);
	/* Held to the end, so that the counts stay where they are. */
	pthread_rwlock_rdlock(&server->engine_lock);
	if (server->engine) {
		engine_stats(server->engine, &s.engine);
		s.counts = engine_counts(server->engine);
	}
	write_all(&s);
	pthread_rwlock_unlock(&server->engine_lock);
	return out->failed ? -1 : 0;
}
