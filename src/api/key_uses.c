/* SPDX-License-Identifier: MIT */
/* key_uses.c - two lists: one is filled while the other is written. */
#include "key_uses.h"

#include <stdio.h>
#include <string.h>

#include "listener.h"
#include "store/keys.h"
#include "wait.h"

#define WRITE_EACH_MS 5000

void key_uses_init(struct key_uses *u)
{
	pthread_mutex_init(&u->lock, NULL);
	u->command = (struct command)COMMAND_INIT;
}

void key_uses_release(struct key_uses *u)
{
	command_release(&u->command);
	pthread_mutex_destroy(&u->lock);
}

bool key_uses_note(struct key_uses *u, const char *id, int64_t used_ms)
{
	int i = 0;

	pthread_mutex_lock(&u->lock);
	while (i < u->count && strcmp(u->noted[i].id, id) != 0)
		i++;
	if (i < USES_MAX) {
		snprintf(u->noted[i].id, ID_SIZE, "%s", id);
		u->noted[i].used_ms = used_ms;
		if (i == u->count)
			u->count++;
	}
	pthread_mutex_unlock(&u->lock);
	return i < USES_MAX;
}

static int touch_all(struct command *c, struct store *s, struct err *err)
{
	const struct key_uses *u = c->arg;

	for (int i = 0; i < u->writing_count; i++)
		if (key_touch(s, u->writing[i].id, u->writing[i].used_ms, err))
			return -1;
	c->reply.status = 204;
	return 0;
}

/* Failed or not: the next use is noted again. */
static void on_done(struct command *c)
{
	struct key_uses *u = c->arg;

	buf_release(&c->reply.body);
	atomic_store(&u->busy, false);
}

static int take(struct key_uses *u)
{
	pthread_mutex_lock(&u->lock);
	u->writing_count = u->count;
	memcpy(u->writing, u->noted, (size_t)u->count * sizeof(u->noted[0]));
	u->count = 0;
	pthread_mutex_unlock(&u->lock);
	return u->writing_count;
}

void key_uses_write(struct server *s)
{
	struct key_uses *u = &s->auth.uses;
	int64_t now = s->clock->mono_ms(s->clock);
	struct err err = ERR_INIT;

	if (now < u->next_ms || atomic_load(&u->busy) || !take(u))
		return;
	u->next_ms = now + WRITE_EACH_MS;
	u->command = (struct command)COMMAND_INIT;
	u->command.kind = COMMAND_WRITE;
	u->command.write = touch_all;
	u->command.done = on_done;
	u->command.arg = u;
	atomic_store(&u->busy, true);
	if (wait_submit(s, &u->command, &err))
		atomic_store(&u->busy, false);
}
