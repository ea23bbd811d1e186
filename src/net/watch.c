/* SPDX-License-Identifier: MIT */
/* watch.c - see watch.h. */
#include "watch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

int watch_init(struct watch *w, struct err *err)
{
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll < 0)
		return err_set(err, ERR_INTERNAL, "no file descriptor is free");
	return 0;
}

void watch_release(struct watch *w)
{
	if (w->epoll >= 0)
		close(w->epoll);
	free(w->list);
}

static struct watched *watched(struct watch *w, int fd)
{
	if (fd >= w->size) {
		int size = fd < 64 ? 128 : 2 * fd;
		struct watched *longer =
			reallocarray(w->list, (size_t)size, sizeof(*longer));

		if (!longer)
			return NULL;
		for (int i = w->size; i < size; i++)
			longer[i] = (struct watched){.name = 0};
		w->list = longer;
		w->size = size;
	}
	return &w->list[fd];
}

int watch_open(struct watch *w, int family, int type, int protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);
	struct watched *s;

	if (fd < 0)
		return -1;
	s = watched(w, fd);
	if (s)
		*s = (struct watched){.ours = true};
	return fd;
}

int watch_close(struct watch *w, int fd)
{
	/* Closing takes it out of the epoll descriptor, too. */
	if (fd < w->size)
		w->list[fd] = (struct watched){.name = 0};
	return close(fd);
}

/* A socket that leaves the epoll descriptor was closed: if it can be modified,
 * it is the same as before. One that waited to be writable and now waits for an
 * answer is connected. */
static int put_in(struct watch *w, int fd, struct watched *s, uint64_t name,
		  uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.u64 = name};
	bool known = s->events != 0;

	if (known && epoll_ctl(w->epoll, EPOLL_CTL_MOD, fd, &ev) == 0) {
		if (s->ours && (s->events & EPOLLOUT))
			s->connected = true;
	} else if (known && errno != ENOENT) {
		return -1;
	} else {
		if (known)
			*s = (struct watched){.wanted = true};
		if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &ev))
			return -1;
	}
	s->name = name;
	s->events = events;
	return 0;
}

static void take_out(struct watch *w, int fd, struct watched *s)
{
	/* If it fails, it is not in it. */
	(void)epoll_ctl(w->epoll, EPOLL_CTL_DEL, fd, NULL);
	s->events = 0;
}

int watch_set(struct watch *w, int fd, uint64_t name, uint32_t events)
{
	struct watched *s = watched(w, fd);

	if (!s)
		return -1;
	s->wanted = events != 0;
	if (!events) {
		if (s->events && !s->connected)
			take_out(w, fd, s);
		return 0;
	}
	if (s->events == events && s->name == name)
		return 0;
	return put_in(w, fd, s, name, events);
}

bool watch_wanted(struct watch *w, int fd)
{
	struct watched *s = watched(w, fd);

	if (s && s->wanted)
		return true;
	if (s && s->events)
		take_out(w, fd, s);
	return false;
}
