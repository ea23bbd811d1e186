/* SPDX-License-Identifier: MIT */
/*
 * burst.c - many requests at once: burst PORT KEY IN_FLIGHT TIMEOUT_S <
 * REQUESTS
 *
 * Each line of REQUESTS is "METHOD PATH BODY" (the body may be missing). All
 * connections are opened first; then the clock starts, and IN_FLIGHT of them
 * are kept busy until every request is answered or the time is over. Prints
 * one JSON object: the wall time of it all, how the answers ended, and the time
 * that one took, in milliseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX 32768
#define LINE_LIMIT 4096
#define EVENTS	   512

struct conn {
	int fd;
	int64_t began;
	char *request; /* NULL: none under way */
	size_t sent, size;
	size_t len;
	char answer[ANSWER_MAX + 1];
};

static char **requests; /* as they go over the wire */
static size_t request_count, next_request, answered;
static double *took; /* of each that ended well */
static size_t good, refused, broken;
static char first_bad[400];
static int loop;
static uint16_t port;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void stop(const char *what)
{
	fprintf(stderr, "burst: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- the requests -------------------------------------------------------- */

static char *wire_form(char *line, const char *key)
{
	char *path = strchr(line, ' '), *body, *out;

	if (!path)
		stop("a line without a path");
	*path++ = '\0';
	body = strchr(path, ' ');
	if (body)
		*body++ = '\0';
	else
		body = path + strlen(path);
	if (asprintf(&out,
		     "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
		     "Authorization: Bearer %s\r\n%s"
		     "Content-Length: %zu\r\n\r\n%s",
		     line, path, key,
		     *body ? "Content-Type: application/json\r\n" : "",
		     strlen(body), body) < 0)
		stop("memory");
	return out;
}

static void read_requests(const char *key)
{
	char line[LINE_LIMIT];
	size_t room = 0;

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (request_count == room) {
			room = room ? 2 * room : 1024;
			requests = realloc(requests, room * sizeof(*requests));
			if (!requests)
				stop("memory");
		}
		requests[request_count++] = wire_form(line, key);
	}
	took = calloc(request_count + 1, sizeof(*took));
	if (!took || !request_count)
		stop("no requests");
}

/* --- connections --------------------------------------------------------- */

static void watch(struct conn *c, int op, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = c};

	if (epoll_ctl(loop, op, c->fd, &e))
		stop("epoll_ctl");
}

static void dial(struct conn *c)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int on = 1;

	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof(to)))
		stop("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	watch(c, EPOLL_CTL_ADD, EPOLLIN);
}

static void send_some(struct conn *c)
{
	ssize_t n = send(c->fd, c->request + c->sent, c->size - c->sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0)
		c->sent += (size_t)n;
	watch(c, EPOLL_CTL_MOD,
	      c->sent < c->size ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void begin(struct conn *c)
{
	c->request = NULL;
	if (next_request == request_count)
		return;
	c->request = requests[next_request++];
	c->sent = c->len = 0;
	c->size = strlen(c->request);
	c->began = now_ns();
	send_some(c);
}

static void note_bad(const char *text)
{
	if (!first_bad[0])
		snprintf(first_bad, sizeof(first_bad), "%.390s", text);
}

/* The connection broke: the next request goes over a new one. */
static void lost(struct conn *c)
{
	if (c->request) {
		broken++;
		answered++;
		note_bad("the connection broke");
	}
	close(c->fd);
	dial(c);
	begin(c);
}

static long length_of(const char *head, const char *end)
{
	for (const char *at = head; (at = strstr(at, "\r\n")) && at < end;) {
		at += 2;
		if (strncasecmp(at, "Content-Length:", 15) == 0)
			return atol(at + 15);
	}
	return -1;
}

/* 0: not whole yet; else its status. */
static int whole(struct conn *c)
{
	char *end;
	long length;

	c->answer[c->len] = '\0';
	end = strstr(c->answer, "\r\n\r\n");
	if (!end)
		return 0;
	length = length_of(c->answer, end);
	if (length < 0 ||
	    c->len < (size_t)(end + 4 - c->answer) + (size_t)length)
		return 0;
	return atoi(c->answer + 9);
}

static void read_some(struct conn *c)
{
	ssize_t n = recv(c->fd, c->answer + c->len, ANSWER_MAX - c->len,
			 MSG_DONTWAIT);
	int status;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || !c->request) {
		lost(c);
		return;
	}
	c->len += (size_t)n;
	status = whole(c);
	if (!status)
		return;
	answered++;
	if (status >= 200 && status < 300) {
		took[good++] = (double)(now_ns() - c->began) / 1e6;
	} else {
		refused++;
		note_bad(c->answer);
	}
	begin(c);
}

static struct conn *dial_all(size_t in_flight)
{
	struct conn *conns = calloc(in_flight, sizeof(*conns));

	if (!conns)
		stop("memory");
	for (size_t i = 0; i < in_flight; i++)
		dial(&conns[i]);
	return conns;
}

static void run(struct conn *conns, size_t in_flight, int64_t until)
{
	struct epoll_event events[EVENTS];

	for (size_t i = 0; i < in_flight; i++)
		begin(&conns[i]);
	while (answered < request_count && now_ns() < until) {
		int n = epoll_wait(loop, events, EVENTS, 100);

		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;

			if (events[i].events & EPOLLOUT && c->request)
				send_some(c);
			if (events[i].events & ~(uint32_t)EPOLLOUT)
				read_some(c);
		}
	}
}

/* --- what came of it ----------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double share(double of)
{
	return good ? took[(size_t)((double)(good - 1) * of)] : 0;
}

static void print_json_text(const char *text)
{
	putchar('"');
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text >= ' ')
			putchar(*text);
	putchar('"');
}

int main(int argc, char **argv)
{
	struct conn *conns;
	size_t in_flight;
	int64_t began;

	if (argc != 5) {
		fputs("usage: burst PORT KEY IN_FLIGHT TIMEOUT_S\n", stderr);
		return 2;
	}
	port = (uint16_t)atoi(argv[1]);
	in_flight = (size_t)atol(argv[3]);
	read_requests(argv[2]);
	if (in_flight > request_count)
		in_flight = request_count;
	loop = epoll_create1(0);
	conns = dial_all(in_flight);
	began = now_ns();
	run(conns, in_flight, began + atoll(argv[4]) * 1000000000);
	began = now_ns() - began;
	qsort(took, good, sizeof(*took), compare);
	printf("{\"wall_ms\":%.3f,\"good\":%zu,\"refused\":%zu,\"broken\":%zu,"
	       "\"unanswered\":%zu,\"min\":%.3f,\"p50\":%.3f,\"p90\":%.3f,"
	       "\"p99\":%.3f,\"max\":%.3f,\"first_bad\":",
	       (double)began / 1e6, good, refused, broken,
	       request_count - answered, share(0), share(0.5), share(0.9),
	       share(0.99), share(1));
	print_json_text(first_bad);
	puts("}");
	return 0;
}
