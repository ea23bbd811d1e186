/* SPDX-License-Identifier: MIT */
/* metrics.c - the tables of metrics. Labels are rows of routes.c and classes of
 * status, never paths or ids: their number does not grow. */
#include "metrics.h"

#include <string.h>

#include "base/log.h"

struct gauges {
	struct engine_stats engine;
	struct server *server;
};

static int row_of(const struct route *route)
{
	for (int i = 0; route && route_at(i); i++)
		if (route_at(i) == route)
			return i;
	return ROUTES_MAX;
}

void metrics_count(struct server *s, const struct route *route, int status,
		   int ms)
{
	int row = row_of(route), class = status / 100;

	if (class < 0 || class >= STATUS_CLASSES)
		class = 0;
	atomic_fetch_add_explicit(&s->answers[row][class], 1,
				  memory_order_relaxed);
	atomic_fetch_add_explicit(&s->millis[row], (uint64_t)(ms > 0 ? ms : 0),
				  memory_order_relaxed);
}

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

/* clang-format off */
#define FIELD(name, expr) \
	static int64_t name(const struct gauges *g) { return (int64_t)(expr); }
FIELD(ready, g->engine.ready && !g->server->draining && !g->server->damaged)
FIELD(operations, g->engine.operations)
FIELD(in_flight, g->engine.calls_in_flight)
FIELD(queued, g->engine.calls_waiting)
FIELD(unknown, g->engine.unknown_outcomes)
FIELD(ticks, g->engine.ticks)
FIELD(commits, g->engine.commits)
FIELD(api_connections, g->server->api.stamps.count)
FIELD(breakers, g->engine.breakers_open)
FIELD(sweeps, g->engine.sweeps)
FIELD(orphans, g->engine.orphans)
FIELD(waiting, g->server->waiting)
FIELD(streams, g->server->streams.count)
FIELD(cut, g->server->connections_cut)
FIELD(dropped, log_dropped())
#undef FIELD

static const struct metric {
	const char *name, *type, *help;
	int64_t (*read)(const struct gauges *g);
} metrics[] = {
	{"trunkline_ready", "gauge", "1 if the service takes writes.", ready},
	{"trunkline_operations", "gauge", "Operations that have not ended.", operations},
	{"trunkline_provider_calls", "gauge", "Calls to providers in flight.", in_flight},
	{"trunkline_provider_calls_queued", "gauge", "Calls to providers that wait for their turn.", queued},
	{"trunkline_unknown_outcomes_total", "counter", "Calls to providers of which it is not known whether they happened.", unknown},
	{"trunkline_breakers_open", "gauge", "Provider accounts that are not called because they do not answer.", breakers},
	{"trunkline_sweeps_total", "counter", "Sweeps that have ended.", sweeps},
	{"trunkline_orphans_found_total", "counter", "Resources of ours that nothing owned, found by sweeps.", orphans},
	{"trunkline_engine_ticks_total", "counter", "Rounds of the engine.", ticks},
	{"trunkline_engine_commits_total", "counter", "Transactions of the engine.", commits},
	{"trunkline_http_connections", "gauge", "Open connections of the API listener.", api_connections},
	{"trunkline_http_waiting", "gauge", "Requests that wait for an operation.", waiting},
	{"trunkline_http_streams", "gauge", "Clients that watch an operation.", streams},
	{"trunkline_http_connections_cut_total", "counter", "Connections closed because they were too slow.", cut},
	{"trunkline_log_lines_dropped_total", "counter", "Log lines that could not be written.", dropped},
};
/* clang-format on */

static void head(struct buf *out, const char *name, const char *type,
		 const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void labels(struct buf *out, int row)
{
	const struct route *r = route_at(row);

	buf_printf(out, "{method=\"%s\",route=\"%s\"", r ? r->method : "none",
		   r ? r->path : "none");
}

static void write_answers(struct server *s, struct buf *out)
{
	static const char name[] = "trunkline_http_requests_total";

	head(out, name, "counter", "Requests by route and class of status.");
	for (int i = 0; i <= ROUTES_MAX; i++) {
		for (int c = 0; c < STATUS_CLASSES; c++) {
			uint64_t n = atomic_load(&s->answers[i][c]);

			if (!n)
				continue;
			buf_str(out, name);
			labels(out, i);
			buf_printf(out, ",status=\"%d%s\"} %llu\n", c,
				   c ? "xx" : "", (unsigned long long)n);
		}
	}
}

static void write_durations(struct server *s, struct buf *out)
{
	static const char name[] = "trunkline_http_request_duration_seconds";

	head(out, name, "summary", "From request line to last byte sent.");
	for (int i = 0; i <= ROUTES_MAX; i++) {
		uint64_t ms = atomic_load(&s->millis[i]), n = 0;

		for (int c = 0; c < STATUS_CLASSES; c++)
			n += atomic_load(&s->answers[i][c]);
		if (!n)
			continue;
		buf_printf(out, "%s_sum", name);
		labels(out, i);
		buf_printf(out, "} %llu.%03u\n",
			   (unsigned long long)(ms / 1000),
			   (unsigned)(ms % 1000));
		buf_printf(out, "%s_count", name);
		labels(out, i);
		buf_printf(out, "} %llu\n", (unsigned long long)n);
	}
}

int metrics_write(struct server *s, struct buf *out)
{
	struct gauges g = {.server = s};

	(void)server_engine_stats(s, &g.engine);
	head(out, "trunkline_build_info", "gauge", "Always 1.");
	buf_printf(out, "trunkline_build_info{version=\"%s\"} 1\n",
		   TRUNKLINE_VERSION);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		const struct metric *m = &metrics[i];

		head(out, m->name, m->type, m->help);
		buf_printf(out, "%s %lld\n", m->name, (long long)m->read(&g));
	}
	write_answers(s, out);
	write_durations(s, out);
	return out->failed ? -1 : 0;
}
