/* SPDX-License-Identifier: MIT */
/*
 * raw_server.h - a server on a bare socket, for answers no decent server gives.
 *
 * It takes one connection after the other and plays a part on each: a function
 * of the test that reads requests and writes whatever bytes it likes. What it
 * saw may be read after server_stop, or after an answer to it has come.
 */
#ifndef TESTS_RAW_SERVER_H
#define TESTS_RAW_SERVER_H

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
	int listener, halt;
	int port;
	pthread_t thread;
	/* Plays on one connection; closed when it returns. arg is free. */
	void (*part)(struct server *s, int fd);
	const void *arg;
	int connections; /* atomic, as requests */
	int requests;
	pthread_mutex_t lock;
	char last[128 * 1024]; /* under lock: the last request, whole */
	char coming[128 * 1024];
};

/* Waits until fd can be read (or its peer left); false if the test is over. */
static inline bool server_wait(struct server *s, int fd, int timeout_ms)
{
	struct pollfd p[2] = {{.fd = fd, .events = POLLIN},
			      {.fd = s->halt, .events = POLLIN}};

	return poll(p, 2, timeout_ms) >= 0 && !p[1].revents;
}

/* Did the whole request come: its head, and as much body as it says? */
static inline bool request_complete(const char *text, size_t len)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = strcasestr(text, "\r\nContent-Length:");

	if (!end)
		return false;
	if (!length || length > end)
		return true;
	return len >= (size_t)(end + 4 - text) + strtoul(length + 17, NULL, 10);
}

/* Reads one request; false if the peer left instead. */
static inline bool server_read(struct server *s, int fd)
{
	size_t len = 0;

	do {
		ssize_t n;

		if (!server_wait(s, fd, -1))
			return false;
		n = recv(fd, s->coming + len, sizeof(s->coming) - 1 - len, 0);
		if (n <= 0)
			return false;
		len += (size_t)n;
		s->coming[len] = '\0';
	} while (!request_complete(s->coming, len));
	pthread_mutex_lock(&s->lock);
	memcpy(s->last, s->coming, len + 1);
	pthread_mutex_unlock(&s->lock);
	__atomic_add_fetch(&s->requests, 1, __ATOMIC_SEQ_CST);
	return true;
}

/* Does the last request hold this text? */
static inline bool server_saw(struct server *s, const char *text)
{
	bool saw;

	pthread_mutex_lock(&s->lock);
	saw = strstr(s->last, text) != NULL;
	pthread_mutex_unlock(&s->lock);
	return saw;
}

/* False if the peer does not want more. */
static inline bool server_write(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

static inline void *server_run(void *arg)
{
	struct server *s = arg;

	for (;;) {
		int fd;

		if (!server_wait(s, s->listener, -1))
			return NULL;
		fd = accept(s->listener, NULL, NULL);
		if (fd < 0)
			return NULL;
		__atomic_add_fetch(&s->connections, 1, __ATOMIC_SEQ_CST);
		s->part(s, fd);
		close(fd);
	}
}

static inline struct server *server_start(void (*part)(struct server *, int),
					  const void *arg)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	struct server *s = calloc(1, sizeof(*s));

	assert(s);
	s->part = part;
	s->arg = arg;
	pthread_mutex_init(&s->lock, NULL);
	s->halt = eventfd(0, EFD_CLOEXEC);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(bind(s->listener, (struct sockaddr *)&a, len) == 0);
	assert(listen(s->listener, 64) == 0);
	assert(getsockname(s->listener, (struct sockaddr *)&a, &len) == 0);
	s->port = ntohs(a.sin_port);
	assert(pthread_create(&s->thread, NULL, server_run, s) == 0);
	return s;
}

/* Ends the thread; what it saw stays readable until server_free. */
static inline void server_stop(struct server *s)
{
	if (s->listener < 0)
		return;
	eventfd_write(s->halt, 1);
	pthread_join(s->thread, NULL);
	close(s->listener);
	s->listener = -1;
}

static inline void server_free(struct server *s)
{
	server_stop(s);
	close(s->halt);
	free(s);
}

#endif
