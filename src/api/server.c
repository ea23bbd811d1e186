/* SPDX-License-Identifier: MIT */
/* server.c - starting, draining and stopping the two listeners. */
#include "api/server.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/limits.h"
#include "base/log.h"
#include "listener.h"
#include "socket.h"
#include "starved.h"

/* Between two rounds of server_reap; the second while clients watch. */
#define LOOK_MS		100
#define LOOK_STREAMS_MS 40

static int64_t stamp_now(void *clock)
{
	struct clock *c = clock;

	return c->mono_ms(c);
}

/* The library leaves escapes alone: target.c decodes. */
static size_t keep_escapes(void *cls, struct MHD_Connection *connection,
			   char *s)
{
	return strlen(s);
}

/* What the library has to say is about single connections: not for the log of
 * every day. */
static void log_library(void *cls, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
static void log_library(void *cls, const char *fmt, va_list ap)
{
	char text[256];

	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\r\n")] = '\0';
	log_debug("http_library", L_STR("detail", text));
	starved_listen(text, clock_system());
}

static int start_daemon(struct listener *l, unsigned threads,
			unsigned connections, struct err *err)
{
	const struct MHD_OptionItem pool[] = {
		{MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};

	l->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			MHD_USE_ITC | MHD_USE_ERROR_LOG,
		0, NULL, NULL, on_request, l,
		/* The logger must be the first. */
		MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
		MHD_OPTION_LISTEN_SOCKET, (MHD_socket)l->fd,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, l,
		MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, l,
		MHD_OPTION_NOTIFY_CONNECTION, stamps_notify, &l->stamps,
		MHD_OPTION_CONNECTION_LIMIT, connections,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIMIT_POOL,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY,
		threads > 1 ? pool : none, MHD_OPTION_END);
	if (l->daemon)
		return 0;
	l->fd = -1; /* the library has closed it */
	return err_set(err, ERR_INTERNAL,
		       "the HTTP library did not start on %s", l->url);
}

static int listener_open(struct listener *l, struct server *s, bool admin,
			 struct err *err)
{
	const struct server_conf *c = &s->conf;

	l->server = s;
	l->admin = admin;
	l->fd = socket_listen(admin ? &c->admin_listen : &c->listen,
			      admin ? "TRUNKLINE_ADMIN_LISTEN"
				    : "TRUNKLINE_LISTEN",
			      l->url, sizeof(l->url), err);
	return l->fd < 0 ? -1 : 0;
}

/* The socket must stay open until the threads have ended. Shut down, it
 * refuses new connections at once instead of letting them queue. */
static void listener_quiesce(struct listener *l)
{
	if (l->daemon && MHD_quiesce_daemon(l->daemon) != MHD_INVALID_SOCKET)
		shutdown(l->fd, SHUT_RDWR);
}

/* Quiesced first, the library leaves the socket to us. */
static void listener_stop(struct listener *l)
{
	listener_quiesce(l);
	if (l->daemon)
		MHD_stop_daemon(l->daemon);
	l->daemon = NULL;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

static void server_free(struct server *s)
{
	listener_stop(&s->api);
	listener_stop(&s->admin);
	stamps_release(&s->api.stamps);
	stamps_release(&s->admin.stamps);
	headcount_release(&s->waiting);
	pthread_mutex_destroy(&s->wait_lock);
	pthread_mutex_destroy(&s->streams.lock);
	pthread_rwlock_destroy(&s->engine_lock);
	vitals_close(&s->vitals);
	backups_release(&s->backups);
	auth_release(&s->auth);
	free(s);
}

struct server *server_new(const struct server_conf *conf, struct engine *engine,
			  const struct seal *seal, struct clock *clock,
			  struct err *err)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s) {
		err_set(err, ERR_INTERNAL, "there is no memory left");
		return NULL;
	}
	s->conf = *conf;
	s->engine = engine;
	s->seal = seal;
	s->clock = clock;
	s->api.fd = s->admin.fd = -1;
	stamps_init(&s->api.stamps, stamp_now, clock);
	stamps_init(&s->admin.stamps, stamp_now, clock);
	headcount_init(&s->waiting);
	pthread_mutex_init(&s->wait_lock, NULL);
	pthread_mutex_init(&s->streams.lock, NULL);
	pthread_rwlock_init(&s->engine_lock, NULL);
	vitals_open(&s->vitals);
	if (store_path(conf->database_url, s->database, err) ||
	    auth_init(&s->auth, conf, seal, err) ||
	    backups_init(&s->backups, conf, clock, err) ||
	    listener_open(&s->admin, s, true, err) ||
	    listener_open(&s->api, s, false, err)) {
		server_free(s);
		return NULL;
	}
	return s;
}

int server_start(struct server *s, struct err *err)
{
	const struct server_conf *c = &s->conf;

	if (start_daemon(&s->admin, 1, (unsigned)c->admin_connections, err))
		return -1;
	return start_daemon(&s->api, (unsigned)c->threads,
			    (unsigned)c->connections, err);
}

const char *server_url(const struct server *s)
{
	return s->api.url;
}

const char *server_admin_url(const struct server *s)
{
	return s->admin.url;
}

void server_reap(struct server *s)
{
	int64_t now = s->clock->mono_ms(s->clock);
	bool draining = atomic_load(&s->draining), room = starved_at(now);
	int cut = stamps_reap(&s->api.stamps, now, draining || room);

	cut += stamps_reap(&s->admin.stamps, now, room);
	atomic_fetch_add(&s->connections_cut, (uint64_t)cut);
	streams_look(s);
	key_uses_write(s);
	store_let_go(); /* this thread keeps time for it */
	if (draining)
		backups_stop(&s->backups);
}

int server_pause_ms(struct server *s)
{
	return atomic_load(&s->streams.count) ? LOOK_STREAMS_MS : LOOK_MS;
}

void server_damaged(struct server *s)
{
	atomic_store(&s->damaged, true);
}

void server_quiesce(struct server *s)
{
	atomic_store(&s->draining, true);
	listener_quiesce(&s->api);
	server_reap(s);
}

void server_detach(struct server *s)
{
	pthread_rwlock_wrlock(&s->engine_lock);
	s->engine = NULL;
	pthread_rwlock_unlock(&s->engine_lock);
	streams_close(s);
}

/* Reaps until nobody is left, or the time is over. */
static bool drained(struct server *s, struct headcount *left)
{
	int64_t until = s->clock->mono_ms(s->clock) + LIMIT_DRAIN_MS;

	do {
		server_reap(s);
		if (headcount_await_none(left, server_pause_ms(s)))
			return true;
	} while (s->clock->mono_ms(s->clock) <= until);
	return false;
}

int server_stop(struct server *s, struct err *err)
{
	if (!drained(s, &s->waiting))
		return err_set(err, ERR_INTERNAL,
			       "%d clients still wait for the engine",
			       atomic_load(&s->waiting.count));
	backups_join(&s->backups);
	if (!drained(s, &s->api.stamps.open))
		log_warn(
			"connections_dropped",
			L_INT("count", atomic_load(&s->api.stamps.open.count)));
	server_free(s);
	return 0;
}
