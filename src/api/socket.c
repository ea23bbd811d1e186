/* SPDX-License-Identifier: MIT */
/* socket.c - we open the sockets ourselves: for the port that the system chose,
 * and to stop listening at once when the service drains. */
#include "socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/limits.h"

/* Accepted sockets inherit these. An option that is refused costs speed, not
 * truth: only the address options must hold. */
static int set_options(int fd, int family)
{
	static const int one = 1, idle_s = 60;

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s,
			 sizeof(idle_s));
	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)))
		return -1;
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
}

static int try_listen(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (set_options(fd, ai->ai_family) ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) ||
	    listen(fd, LIMIT_BACKLOG)) {
		int cause = errno;

		close(fd);
		errno = cause;
		return -1;
	}
	return fd;
}

static int describe(int fd, char *url, size_t size)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	char host[64], port[8];

	if (getsockname(fd, (struct sockaddr *)&at, &len) ||
	    getnameinfo((struct sockaddr *)&at, len, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
		return -1;
	snprintf(url, size,
		 at.ss_family == AF_INET6 ? "http://[%s]:%s" : "http://%s:%s",
		 host, port);
	return 0;
}

int socket_listen(const struct conf_address *at, const char *setting, char *url,
		  size_t url_size, struct err *err)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
	};
	struct addrinfo *found = NULL;
	char port[8];
	int fd = -1, rc;

	snprintf(port, sizeof(port), "%u", at->port);
	rc = getaddrinfo(at->host, port, &hints, &found);
	if (rc)
		return err_set(err, ERR_CONFIG, "%s: cannot listen on %s: %s",
			       setting, at->host, gai_strerror(rc));
	for (struct addrinfo *ai = found; ai && fd < 0; ai = ai->ai_next)
		fd = try_listen(ai);
	if (fd < 0)
		err_set(err, ERR_CONFIG, "%s: cannot listen on %s port %u: %s",
			setting, at->host, at->port, strerror(errno));
	freeaddrinfo(found);
	if (fd >= 0 && describe(fd, url, url_size)) {
		close(fd);
		return err_set(err, ERR_CONFIG,
			       "cannot tell the address of a socket");
	}
	return fd;
}
