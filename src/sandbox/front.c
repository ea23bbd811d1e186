/* SPDX-License-Identifier: MIT */
/*
 * front.c - the loop of front.h and the life of an exchange:
 *
 *   READING --body complete--> WAITING --delays over--> READY --> delivered
 *
 * While it is WAITING the connection is suspended and exactly one timer knows
 * the exchange. Only resumed connections may be stopped (libmicrohttpd aborts
 * otherwise), so front_close() wakes all of them first.
 */
#include "exchange.h"

#include "must.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* libmicrohttpd clears a connection's memory one and a half times for each
 * request; bodies are not kept there, and headers are small. */
enum {
	BODY_MAX = 4 * 1024 * 1024,
	CONNECTIONS_MAX = 60000,
	MEMORY = 16 * 1024
};

static const char own_prefix[] = "/_sandbox";

int64_t monotonic_us(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t))
		abort();
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t model_ms(const struct front *f)
{
	return f->start_ms + (monotonic_us() - f->start_us) / 1000 +
	       sandbox_clock_advance(f->sb);
}

void exchange_suspend(struct exchange *x)
{
	x->suspended = true;
	MHD_suspend_connection(x->connection);
}

void exchange_wake(void *exchange)
{
	struct exchange *x = exchange;

	x->suspended = false;
	MHD_resume_connection(x->connection);
}

static void held_release(struct held_call *h)
{
	if (!h || --h->refs)
		return;
	sandbox_call_free(h->call);
	free(h);
}

static void land(void *held)
{
	struct held_call *h = held;

	sandbox_land(h->call, model_ms(h->f));
	held_release(h);
}

static void become_ready(void *exchange)
{
	struct exchange *x = exchange;

	x->progress = READY;
	if (x->suspended)
		exchange_wake(x);
}

static void apply(void *exchange)
{
	struct exchange *x = exchange;
	struct front *f = x->f;
	const struct sandbox_plan *plan;
	int64_t now = monotonic_us(), wait_ms;

	x->answer = sandbox_apply(x->held->call, model_ms(f));
	plan = sandbox_plan(x->held->call);
	if (plan->effect == SANDBOX_EFFECT_LATE) {
		x->held->refs++;
		timers_add(&f->timers, now + plan->land_late_ms * 1000, land,
			   x->held);
	}
	wait_ms = plan->delay_after_ms + f->options->latency_ms;
	if (wait_ms)
		timers_add(&f->timers, now + wait_ms * 1000, become_ready, x);
	else
		become_ready(x);
}

static void begin(struct exchange *x, const char *method)
{
	struct front *f = x->f;
	struct MHD_Connection *cn = x->connection;
	const char *host =
		MHD_lookup_connection_value(cn, MHD_HEADER_KIND, "Host");
	char base_url[300];
	struct sandbox_request rq = {
		.method = method,
		.target = x->target,
		.authorization = MHD_lookup_connection_value(
			cn, MHD_HEADER_KIND, "Authorization"),
		.content_type = MHD_lookup_connection_value(cn, MHD_HEADER_KIND,
							    "Content-Type"),
		.base_url = base_url,
		.body = x->body.data,
		.body_len = x->body.len,
	};
	int64_t wait_ms;

	snprintf(base_url, sizeof(base_url), "http://%.250s",
		 host ? host : "127.0.0.1");
	x->held = must(calloc(1, sizeof(*x->held)));
	x->held->f = f;
	x->held->refs = 1;
	x->held->call = sandbox_begin(f->sb, &rq, model_ms(f));
	wait_ms = sandbox_plan(x->held->call)->delay_before_ms;
	if (wait_ms)
		timers_add(&f->timers, monotonic_us() + wait_ms * 1000, apply,
			   x);
	else
		apply(x);
}

/* What is ours is answered at once, without faults and latency. */
static void answer_own(struct exchange *x, const char *method)
{
	sandbox_admin(x->f->sb, method, x->target, x->body.data, x->body.len,
		      model_ms(x->f), &x->own);
	x->answer = &x->own;
	x->progress = READY;
}

static void take_body(struct exchange *x, const char *data, size_t *len)
{
	if (buf_add(&x->body, data, *len))
		x->too_large = true;
	*len = 0;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection,
			      const char *url, const char *method,
			      const char *version, const char *data,
			      size_t *data_len, void **con_cls)
{
	struct exchange *x = *con_cls;

	x->connection = connection;
	if (!x->started) {
		x->started = true;
		return MHD_YES;
	}
	if (*data_len) {
		take_body(x, data, data_len);
		return MHD_YES;
	}
	if (x->too_large || x->f->closing)
		return MHD_NO;
	if (x->progress == READING) {
		x->progress = WAITING;
		if (strncmp(x->target, own_prefix, sizeof(own_prefix) - 1) == 0)
			answer_own(x, method);
		else
			begin(x, method);
	}
	if (x->progress == READY)
		return deliver(x);
	exchange_suspend(x);
	return MHD_YES;
}

/* Called with the untouched request target: an exchange starts here. */
static void *start_exchange(void *cls, const char *target,
			    struct MHD_Connection *connection)
{
	struct front *f = cls;
	struct exchange *x = must(calloc(1, sizeof(*x)));

	x->f = f;
	x->connection = connection;
	x->target = must(strdup(target));
	x->body = (struct buf)BUF_INIT(BODY_MAX);
	x->next = f->exchanges;
	if (x->next)
		x->next->prev = x;
	f->exchanges = x;
	return x;
}

static void end_exchange(void *cls, struct MHD_Connection *connection,
			 void **con_cls, enum MHD_RequestTerminationCode why)
{
	struct exchange *x = *con_cls;

	if (!x)
		return;
	if (x->prev)
		x->prev->next = x->next;
	else
		x->f->exchanges = x->next;
	if (x->next)
		x->next->prev = x->prev;
	held_release(x->held);
	sandbox_answer_release(&x->own);
	buf_release_secret(&x->body);
	free(x->target);
	free(x);
	*con_cls = NULL;
}

/* As many connections as the system lets us have. */
static unsigned connection_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r))
		return 1000;
	r.rlim_cur = r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur > CONNECTIONS_MAX)
		return CONNECTIONS_MAX;
	return r.rlim_cur > 128 ? (unsigned)r.rlim_cur - 64 : 64;
}

static int watch_signals(void)
{
	sigset_t set;

	if (sigemptyset(&set) || sigaddset(&set, SIGTERM) ||
	    sigaddset(&set, SIGINT) || sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static struct MHD_Daemon *listen_http(struct front *f)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)f->options->port)};

	if (inet_pton(AF_INET, f->options->listen, &at.sin_addr) != 1) {
		errno = EINVAL;
		return NULL;
	}
	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle,
		f, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at,
		MHD_OPTION_URI_LOG_CALLBACK, start_exchange, f,
		MHD_OPTION_NOTIFY_COMPLETED, end_exchange, f,
		MHD_OPTION_CONNECTION_LIMIT, connection_limit(),
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
		MHD_OPTION_LISTEN_BACKLOG_SIZE, 4096u, MHD_OPTION_END);
}

struct front *front_open(const struct front_options *options,
			 const struct sandbox_config *config, char *why,
			 size_t why_size)
{
	struct front *f = must(calloc(1, sizeof(*f)));

	f->options = options;
	f->start_us = monotonic_us();
	f->start_ms = (int64_t)time(NULL) * 1000;
	f->signals = watch_signals();
	f->sb = sandbox_new(config, f->start_ms);
	if (f->signals < 0)
		snprintf(why, why_size, "cannot watch for signals: %s",
			 strerror(errno));
	else if (!(f->daemon = listen_http(f)))
		snprintf(why, why_size, "cannot listen on %s:%ld: %s",
			 options->listen, options->port, strerror(errno));
	else
		return f;
	front_close(f);
	return NULL;
}

long front_port(const struct front *f)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(f->daemon, MHD_DAEMON_INFO_BIND_PORT);

	return info ? info->port : -1;
}

/* Until the next timer or libmicrohttpd's own next deadline. */
static struct timespec patience(const struct front *f)
{
	int64_t us = 60 * 1000000LL, next = timers_next(&f->timers);
	MHD_UNSIGNED_LONG_LONG ms;

	if (next >= 0 && next - monotonic_us() < us)
		us = next - monotonic_us();
	if (MHD_get_timeout(f->daemon, &ms) == MHD_YES &&
	    (int64_t)ms * 1000 < us)
		us = (int64_t)ms * 1000;
	if (us < 0)
		us = 0;
	return (struct timespec){us / 1000000, us % 1000000 * 1000};
}

void front_run(struct front *f)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(f->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd fds[] = {
		{.fd = info ? info->epoll_fd : -1, .events = POLLIN},
		{.fd = f->signals, .events = POLLIN},
	};

	while (!(fds[1].revents & POLLIN)) {
		struct timespec wait = patience(f);

		if (ppoll(fds, 2, &wait, NULL) < 0 && errno != EINTR)
			return;
		while (timers_run_one(&f->timers, monotonic_us()))
			continue;
		if (MHD_run(f->daemon) != MHD_YES)
			return;
	}
}

/* Effects that have not landed yet never will. */
static void forget_timers(struct front *f)
{
	for (size_t i = 0; i < f->timers.n; i++)
		if (f->timers.heap[i].run == land)
			held_release(f->timers.heap[i].arg);
	timers_release(&f->timers);
}

/* Timers go first: nothing may wake an exchange twice. */
static void wake_all(struct front *f)
{
	f->closing = true;
	forget_timers(f);
	for (struct exchange *x = f->exchanges; x; x = x->next)
		if (x->suspended)
			exchange_wake(x);
	/* resumed connections come back in the first run and close */
	for (int i = 0; i < 3; i++)
		(void)MHD_run(f->daemon);
}

void front_close(struct front *f)
{
	MHD_socket listener;

	if (f->daemon) {
		listener = MHD_quiesce_daemon(f->daemon);
		if (listener >= 0)
			(void)close(listener);
		wake_all(f);
		MHD_stop_daemon(f->daemon);
	}
	sandbox_free(f->sb);
	if (f->signals >= 0)
		(void)close(f->signals);
	free(f);
}
