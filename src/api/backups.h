/* SPDX-License-Identifier: MIT */
/* backups.h - the one backup that may be under way, and its thread. */
#ifndef SRC_API_BACKUPS_H
#define SRC_API_BACKUPS_H

#include <limits.h>
#include <pthread.h>

#include "api/server.h"
#include "store/backup.h"

struct backups {
	struct clock *clock;
	const char *database_url; /* borrowed */
	char dir[PATH_MAX];	  /* need not exist yet */
	pthread_mutex_t lock;
	bool running;  /* a copy is being made */
	bool joinable; /* there is, or was, a thread */
	bool stopped;  /* no more */
	pthread_t thread;
	struct command *command; /* the thread's, while it runs */
	struct backup_stop stop;
};

/* Settles the directory, and removes what a killed backup left there. */
int backups_init(struct backups *b, const struct server_conf *conf,
		 struct clock *clock, struct err *err);
/* The one under way fails soon and no other begins. To be called until its
 * client has its answer. */
void backups_stop(struct backups *b);
/* After that: waits for its thread to end. */
void backups_join(struct backups *b);
void backups_release(struct backups *b);

#endif
