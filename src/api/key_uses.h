/* SPDX-License-Identifier: MIT */
/*
 * key_uses.h - when API keys were last used: collected, and written now and
 * then.
 *
 * Requests only note a use, once a minute for each key and thread. What was
 * noted is handed to the engine every few seconds, in one transaction. What is
 * noted in the last seconds before a stop is lost; that is the price of reads
 * that never wait for a write.
 */
#ifndef SRC_API_KEY_USES_H
#define SRC_API_KEY_USES_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/id.h"
#include "saga/command.h"

#define USES_MAX 256 /* keys between two writes; more are noted later */

struct server;

struct key_use {
	char id[ID_SIZE];
	int64_t used_ms;
};

struct key_uses {
	pthread_mutex_t lock;
	struct key_use noted[USES_MAX];
	int count;

	/* Being written: the engine's while busy. */
	atomic_bool busy;
	struct command command;
	struct key_use writing[USES_MAX];
	int writing_count;
	int64_t next_ms; /* when to write again; mono_ms */
};

void key_uses_init(struct key_uses *u);
void key_uses_release(struct key_uses *u);
/* False: there is no room, note it another time. Any thread. */
bool key_uses_note(struct key_uses *u, const char *id, int64_t used_ms);
/* Hands what was noted to the engine, if it is time. One thread at a time. */
void key_uses_write(struct server *s);

#endif
