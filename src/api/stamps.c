/* SPDX-License-Identifier: MIT */
/* stamps.c - the list of connections and the reaper that walks it. */
#include "stamps.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "api/limits.h"

void stamps_init(struct stamps *all, int64_t (*now)(void *arg), void *arg)
{
	pthread_mutex_init(&all->lock, NULL);
	headcount_init(&all->open);
	all->now = now;
	all->arg = arg;
}

void stamps_release(struct stamps *all)
{
	headcount_release(&all->open);
	pthread_mutex_destroy(&all->lock);
}

static void opened(struct stamps *all, struct MHD_Connection *connection,
		   void **socket_context)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct stamp *s = info ? calloc(1, sizeof(*s)) : NULL;

	*socket_context = s;
	if (!s) { /* what has no deadline is not let in */
		if (info)
			shutdown(info->connect_fd, SHUT_RDWR);
		return;
	}
	s->fd = info->connect_fd;
	atomic_init(&s->idle, true);
	atomic_init(&s->until, all->now(all->arg) + LIMIT_HEADER_MS);
	pthread_mutex_lock(&all->lock);
	s->next = all->first;
	if (s->next)
		s->next->prev = s;
	all->first = s;
	pthread_mutex_unlock(&all->lock);
}

static void closed(struct stamps *all, struct stamp *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&all->lock);
	if (s->prev)
		s->prev->next = s->next;
	else
		all->first = s->next;
	if (s->next)
		s->next->prev = s->prev;
	pthread_mutex_unlock(&all->lock);
	free(s);
}

void stamps_notify(void *stamps, struct MHD_Connection *connection,
		   void **socket_context,
		   enum MHD_ConnectionNotificationCode code)
{
	struct stamps *all = stamps;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		headcount_enter(&all->open);
		opened(all, connection, socket_context);
	} else {
		closed(all, *socket_context);
		*socket_context = NULL;
		headcount_leave(&all->open);
	}
}

struct stamp *stamp_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

void stamp_busy(struct stamp *s, int64_t until)
{
	if (!s)
		return;
	atomic_store_explicit(&s->idle, false, memory_order_relaxed);
	atomic_store_explicit(&s->until, until, memory_order_relaxed);
}

void stamp_idle(struct stamp *s, int64_t until)
{
	if (!s)
		return;
	atomic_store_explicit(&s->until, until, memory_order_relaxed);
	atomic_store_explicit(&s->idle, true, memory_order_relaxed);
}

int stamps_reap(struct stamps *all, int64_t now, bool drain)
{
	int late = 0;

	pthread_mutex_lock(&all->lock);
	for (struct stamp *s = all->first; s; s = s->next) {
		if (s->cut)
			continue;
		if (atomic_load_explicit(&s->until, memory_order_relaxed) <
		    now) {
			s->cut = true;
			late++;
			shutdown(s->fd, SHUT_RDWR);
		} else if (drain && atomic_load_explicit(
					    &s->idle, memory_order_relaxed)) {
			/* A request that is in already is still read. */
			shutdown(s->fd, SHUT_RD);
		}
	}
	pthread_mutex_unlock(&all->lock);
	return late;
}
