/* SPDX-License-Identifier: MIT */
/*
 * listener.h - what the threads of the HTTP side share: struct server.
 *
 * Written once at start but for what is marked; see also stamps.h.
 */
#ifndef SRC_API_LISTENER_H
#define SRC_API_LISTENER_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "api/routes.h"
#include "api/server.h"
#include "auth.h"
#include "backups.h"
#include "headcount.h"
#include "stamps.h"
#include "stream.h"
#include "vitals.h"

/* One address that is listened on. */
struct listener {
	struct server *server;
	bool admin;
	int fd;
	char url[96];
	struct MHD_Daemon *daemon;
	struct stamps stamps;
};

struct server {
	struct server_conf conf;
	const struct seal *seal;
	struct clock *clock;
	struct listener api, admin;

	atomic_bool draining, damaged;

	/* The engine may be detached while requests want it. */
	pthread_rwlock_t engine_lock;
	struct engine *engine;

	/* wait.c: guards every struct waiting. */
	pthread_mutex_t wait_lock;
	struct headcount waiting;

	struct auth auth;

	struct backups backups;

	struct streams streams;

	atomic_uint_fast64_t connections_cut;

	/* metrics.c */
	char database[PATH_MAX];
	struct vitals vitals;
};

/* dispatch.c: what a listener's daemon calls. */
void *on_target(void *listener, const char *target,
		struct MHD_Connection *connection);
enum MHD_Result on_request(void *listener, struct MHD_Connection *connection,
			   const char *url, const char *method,
			   const char *version, const char *upload_data,
			   size_t *upload_data_size, void **req_cls);
void on_completed(void *listener, struct MHD_Connection *connection,
		  void **req_cls, enum MHD_RequestTerminationCode code);

#endif
