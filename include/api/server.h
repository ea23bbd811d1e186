/* SPDX-License-Identifier: MIT */
/*
 * server.h - the HTTP side of the service: two listeners, started and stopped.
 *
 * The API listener has a pool of threads, the admin listener one of its own, so
 * that load on the API cannot starve it. Reads are answered by the thread that
 * took them; writes are handed to the engine while the connection is suspended.
 *
 * To stop, in this order, and never otherwise (the HTTP library aborts the
 * process if it is stopped while a connection is suspended):
 *     server_quiesce   no new connections, not ready any more
 *     engine_stop, and wait for its thread (server_reap meanwhile)
 *     server_detach    the engine is gone for everyone; streams end
 *     engine_free      answers what it still holds
 *     server_stop      lets the last answers out, then ends the threads
 */
#ifndef API_SERVER_H
#define API_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/seal.h"
#include "saga/engine.h"
#include "store/number_counts.h"

struct server;

/* Strings are borrowed for life. */
struct server_conf {
	struct conf_address listen, admin_listen;
	int threads;	 /* of the API listener */
	int connections; /* at once; three in four of them may wait */
	int admin_connections;
	int64_t wait_ms; /* how long a client waits before it gets 202 */
	bool access_log;
	const char *database_url;
	const struct number_counts *numbers;
	const char *backup_dir; /* NULL: "backups" beside the database */
	const char *api_key;	/* the root key */
	int64_t rate_limit;	/* requests a minute of a key; 0: any number */
	int64_t rate_burst;	/* of them at once; 0: as many as in a minute */
};

/* Listens; who connects waits until server_start. Begins no thread. All given
 * must outlive the server. NULL: CONFIG if it cannot listen. */
struct server *server_new(const struct server_conf *conf, struct engine *engine,
			  const struct seal *seal, struct clock *clock,
			  struct err *err);
/* Begins the threads that answer. The server stays to be stopped on -1, too. */
int server_start(struct server *s, struct err *err);
/* Where it listens, as "http://127.0.0.1:8080". Borrowed. */
const char *server_url(const struct server *s);
const char *server_admin_url(const struct server *s);

/* Cuts connections that are past their deadline, and tells those that watch an
 * operation what has been committed. Any thread, but one at a time. */
void server_reap(struct server *s);
/* How soon it wants to be called again. */
int server_pause_ms(struct server *s);
/* The database is damaged: not ready until the next start. Any thread. */
void server_damaged(struct server *s);

void server_quiesce(struct server *s);
void server_detach(struct server *s);
/* Frees it, started or not. -1: clients are still waiting for an engine that
 * does not answer; nothing was freed and the process should end. */
int server_stop(struct server *s, struct err *err);

#endif
