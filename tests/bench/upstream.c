/* SPDX-License-Identifier: MIT */
/*
 * upstream.c - Twilio and Retell as fast as can be: upstream LATENCY_US
 *
 * Stands in for the sandbox where that would be the bottleneck. Every call is
 * answered LATENCY_US after it came, to a tenth of a millisecond, however many
 * there are; it takes a few microseconds of CPU. It knows just enough to be
 * believed: which number was imported with which termination URI, and which
 * trunk it is on. It checks nothing, so what it is good for is measuring.
 *
 * GET /_stats answers how many calls there were and how late the answers left;
 * DELETE /_stats begins anew.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define IN_SIZE	    4096
#define OUT_SIZE    1536
#define CONNS_MAX   32768
#define NUMBERS_MAX (1 << 18) /* telephone numbers known; a power of two */
#define EVENTS	    512
#define LATE_MAX    100000 /* microseconds told apart */

struct conn {
	int fd;
	bool waiting; /* its answer is not due yet */
	size_t in_len, out_len, out_sent;
	char in[IN_SIZE + 1], out[OUT_SIZE];
};

/* What a number is known for, found by its last ten digits. */
struct number {
	uint64_t digits;
	uint64_t trunk; /* 0: on none */
	bool imported;
	char uri[88];
};

struct due {
	int64_t at;
	struct conn *conn;
};

static struct number numbers[NUMBERS_MAX];
/* All wait equally long, so who came first is due first. */
static struct due line[CONNS_MAX];
static unsigned line_first, line_last;
static int64_t latency_ns;
static int loop;
static uint64_t last_id, calls, twilio_calls, opened, late[LATE_MAX + 1];

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- answers ------------------------------------------------------------- */

struct call {
	struct conn *conn;
	const char *path, *body; /* NUL-terminated */
};

static void answer(struct conn *c, const char *status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void answer(struct conn *c, const char *status, const char *fmt, ...)
{
	char body[OUT_SIZE - 200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(body, sizeof(body), fmt, ap);
	va_end(ap);
	c->out_len = (size_t)snprintf(
		c->out, sizeof(c->out),
		"HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
		"Content-Length: %zu\r\n\r\n%s",
		status, strlen(body), body);
}

static void answer_sid(const struct call *call, const char *prefix)
{
	answer(call->conn, "201 Created",
	       "{\"sid\":\"%s%032llx\","
	       "\"date_created\":\"2026-01-01T00:00:00Z\","
	       "\"date_updated\":\"2026-01-01T00:00:00Z\"}",
	       prefix, (unsigned long long)++last_id);
}

/* The last ten digits after the mark, which may be far from it. */
static uint64_t digits_after(const char *text, const char *mark)
{
	const char *at = strstr(text, mark);
	uint64_t n = 0;

	if (!at)
		return 0;
	at += strlen(mark);
	at += strcspn(at, "0123456789");
	for (; *at >= '0' && *at <= '9'; at++)
		n = (n * 10 + (uint64_t)(*at - '0')) % 10000000000;
	return n;
}

static struct number *number_of(uint64_t digits)
{
	uint64_t i = digits * 0x9e3779b97f4a7c15u >> 46;

	while (numbers[i].digits && numbers[i].digits != digits)
		i = (i + 1) % NUMBERS_MAX;
	numbers[i].digits = digits;
	return &numbers[i];
}

/* "" or the trunk's SID in quotes. */
static const char *trunk_of(const struct number *n, char out[40])
{
	if (n->trunk)
		snprintf(out, 40, "\"TK%032llx\"",
			 (unsigned long long)n->trunk);
	return n->trunk ? out : "null";
}

#define TWILIO_NUMBER                                            \
	"{\"sid\":\"PN%032llu\",\"phone_number\":\"+1%010llu\"," \
	"\"trunk_sid\":%s,\"voice_application_sid\":\"\","       \
	"\"voice_url\":\"\",\"friendly_name\":\"bench\","        \
	"\"capabilities\":{\"voice\":true,\"sms\":true},"        \
	"\"date_created\":\"Thu, 01 Jan 2026 00:00:00 +0000\","  \
	"\"date_updated\":\"Thu, 01 Jan 2026 00:00:00 +0000\"}"
#define RETELL_NUMBER                                              \
	"{\"phone_number\":\"+1%010llu\",\"phone_number_type\":"   \
	"\"custom\",\"nickname\":\"bench\",\"last_modification_"   \
	"timestamp\":1700000000000,\"sip_outbound_trunk_config\":" \
	"{\"termination_uri\":\"%s\"}}"

static void list_numbers(const struct call *call)
{
	unsigned long long n = digits_after(call->path, "PhoneNumber=%2B");
	char trunk[40];

	answer(call->conn, "200 OK",
	       "{\"incoming_phone_numbers\":[" TWILIO_NUMBER
	       "],\"next_page_uri\":null}",
	       n, n, trunk_of(number_of(n), trunk));
}

static void fetch_number(const struct call *call)
{
	unsigned long long n =
		digits_after(call->path, "/IncomingPhoneNumbers/PN");
	char trunk[40];

	answer(call->conn, "200 OK", TWILIO_NUMBER, n, n,
	       trunk_of(number_of(n), trunk));
}

static void get_agent(const struct call *call)
{
	answer(call->conn, "200 OK",
	       "{\"agent_id\":\"%.40s\",\"version\":0,\"agent_name\":"
	       "\"bench\",\"is_published\":true}",
	       call->path + strlen("/get-agent/"));
}

static void get_number(const struct call *call)
{
	unsigned long long digits = digits_after(call->path, "%2B");
	const struct number *n = number_of(digits);

	if (n->imported)
		answer(call->conn, "200 OK", RETELL_NUMBER, digits, n->uri);
	else
		answer(call->conn, "404 Not Found",
		       "{\"status\":\"error\",\"message\":\"Not found\"}");
}

static void import_number(const struct call *call)
{
	unsigned long long digits =
		digits_after(call->body, "\"phone_number\"");
	const char *uri = strstr(call->body, "\"termination_uri\"");
	struct number *n = number_of(digits);

	uri = uri ? strchr(uri + 17, '"') : NULL;
	n->imported = true;
	if (uri)
		snprintf(n->uri, sizeof(n->uri), "%.*s",
			 (int)strcspn(uri + 1, "\""), uri + 1);
	answer(call->conn, "201 Created", RETELL_NUMBER, digits, n->uri);
}

static void make_trunk(const struct call *call)
{
	answer_sid(call, "TK");
}

static void make_origination(const struct call *call)
{
	answer_sid(call, "OU");
}

static void make_list(const struct call *call)
{
	answer_sid(call, "CL");
}

static void make_credential(const struct call *call)
{
	answer_sid(call, "CR");
}

static void tie_list(const struct call *call)
{
	const char *sid = strstr(call->body, "CL");

	answer(call->conn, "201 Created", "{\"sid\":\"%.34s\"}",
	       sid ? sid : "");
}

static void attach(const struct call *call)
{
	unsigned long long digits = digits_after(call->body, "PN");
	const char *trunk = strstr(call->path, "/TK");

	number_of(digits)->trunk =
		trunk ? strtoull(trunk + 3 + 16, NULL, 16) : 0;
	answer(call->conn, "201 Created", "{\"sid\":\"PN%032llu\"}", digits);
}

static void removed(const struct call *call)
{
	static const char text[] = "HTTP/1.1 204 No Content\r\n\r\n";

	call->conn->out_len = strlen(text);
	memcpy(call->conn->out, text, sizeof(text));
}

static void detach(const struct call *call)
{
	number_of(digits_after(call->path, "/PhoneNumbers/PN"))->trunk = 0;
	removed(call);
}

static void delete_number(const struct call *call)
{
	number_of(digits_after(call->path, "%2B"))->imported = false;
	removed(call);
}

/* The first that fits: the method, and a part of the path. */
static const struct route {
	const char *method, *part;
	void (*answer)(const struct call *call);
} routes[] = {
	{"GET", "/IncomingPhoneNumbers.json", list_numbers},
	{"GET", "/IncomingPhoneNumbers/", fetch_number},
	{"GET", "/get-agent/", get_agent},
	{"GET", "/get-phone-number/", get_number},
	{"POST", "/import-phone-number", import_number},
	{"POST", "/OriginationUrls", make_origination},
	{"POST", "/Credentials.json", make_credential},
	{"POST", "/SIP/CredentialLists.json", make_list},
	{"POST", "/CredentialLists", tie_list},
	{"POST", "/PhoneNumbers", attach},
	{"POST", "/v1/Trunks", make_trunk},
	{"DELETE", "/delete-phone-number/", delete_number},
	{"DELETE", "/PhoneNumbers/PN", detach},
	{"DELETE", "/", removed},
};

static void answer_call(const char *method, const struct call *call)
{
	calls++;
	twilio_calls += strncmp(call->path, "/v1/", 4) == 0 ||
			strncmp(call->path, "/2010-", 6) == 0;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const struct route *r = &routes[i];

		if (strcmp(r->method, method) == 0 &&
		    strstr(call->path, r->part)) {
			r->answer(call);
			return;
		}
	}
	answer(call->conn, "404 Not Found", "{\"message\":\"no such call\"}");
}

static unsigned percentile(uint64_t total, double share)
{
	uint64_t seen = 0;
	unsigned us = 0;

	while (us < LATE_MAX &&
	       (seen += late[us]) < (uint64_t)((double)total * share))
		us++;
	return us;
}

static void answer_stats(struct conn *c, const char *method)
{
	uint64_t total = 0;

	for (unsigned us = 0; us <= LATE_MAX; us++)
		total += late[us];
	answer(c, "200 OK",
	       "{\"calls\":%llu,\"twilio_calls\":%llu,"
	       "\"connections\":%llu,\"late_p50_us\":%u,"
	       "\"late_p99_us\":%u,\"late_max_us\":%u}",
	       (unsigned long long)calls, (unsigned long long)twilio_calls,
	       (unsigned long long)opened, percentile(total, 0.5),
	       percentile(total, 0.99), percentile(total, 1));
	if (strcmp(method, "DELETE") == 0) {
		memset(late, 0, sizeof(late));
		calls = twilio_calls = opened = 0;
	}
}

/* --- connections --------------------------------------------------------- */

static void watch(struct conn *c, int op, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = c};

	epoll_ctl(loop, op, c->fd, &e);
}

/* One that waits is freed when its answer is due. */
static void hang_up(struct conn *c)
{
	if (c->fd >= 0) {
		close(c->fd);
		c->fd = -1;
	}
	if (!c->waiting)
		free(c);
}

/* false: it is gone. */
static bool send_out(struct conn *c)
{
	while (c->out_sent < c->out_len) {
		ssize_t n = send(c->fd, c->out + c->out_sent,
				 c->out_len - c->out_sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
			return true;
		}
		if (n < 0) {
			hang_up(c);
			return false;
		}
		c->out_sent += (size_t)n;
	}
	c->out_len = c->out_sent = 0;
	return true;
}

static size_t body_length(const char *head, const char *end)
{
	for (const char *at = head; (at = strstr(at, "\r\n")) && at < end;) {
		at += 2;
		if (strncasecmp(at, "Content-Length:", 15) == 0)
			return strtoul(at + 15, NULL, 10);
	}
	return 0;
}

static void wait_in_line(struct conn *c)
{
	line[line_last] = (struct due){now_ns() + latency_ns, c};
	line_last = (line_last + 1) % CONNS_MAX;
	c->waiting = true;
}

/* Takes a request that is whole. false: the connection is gone. */
static bool read_request(struct conn *c)
{
	char *end, *method = c->in, *path, *after;
	struct call call = {.conn = c};
	size_t size;

	c->in[c->in_len] = '\0';
	end = strstr(c->in, "\r\n\r\n");
	if (!end)
		return true;
	size = (size_t)(end + 4 - c->in) + body_length(c->in, end);
	if (c->in_len < size)
		return true;
	c->in[size] = '\0';
	path = strchr(method, ' ');
	after = path ? strchr(path + 1, ' ') : NULL;
	if (!after) {
		hang_up(c);
		return false;
	}
	*path = *after = '\0';
	call.path = path + 1;
	call.body = end + 4;
	c->in_len = 0; /* no client of ours sends the next one before */
	if (strcmp(call.path, "/_stats") == 0) {
		answer_stats(c, method);
		return send_out(c);
	}
	answer_call(method, &call);
	wait_in_line(c);
	return true;
}

static void read_some(struct conn *c)
{
	ssize_t n = recv(c->fd, c->in + c->in_len, IN_SIZE - c->in_len, 0);

	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		hang_up(c);
		return;
	}
	if (n > 0) {
		c->in_len += (size_t)n;
		if (c->in_len == IN_SIZE)
			hang_up(c);
		else
			read_request(c);
	}
}

static void accept_all(int listener)
{
	int fd, on = 1;

	while ((fd = accept4(listener, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct conn *c = fd < CONNS_MAX ? calloc(1, sizeof(*c)) : NULL;

		if (!c) {
			close(fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		c->fd = fd;
		opened++;
		watch(c, EPOLL_CTL_ADD, EPOLLIN);
	}
}

static void answer_due(void)
{
	while (line_first != line_last) {
		struct due d = line[line_first];
		int64_t us = (now_ns() - d.at) / 1000;

		if (us < 0)
			return;
		line_first = (line_first + 1) % CONNS_MAX;
		d.conn->waiting = false;
		if (d.conn->fd < 0) {
			hang_up(d.conn);
			continue;
		}
		late[us < LATE_MAX ? us : LATE_MAX]++;
		send_out(d.conn);
	}
}

static int wait_for_events(struct epoll_event *events)
{
	struct timespec limit, *until = NULL;

	if (line_first != line_last) {
		int64_t left = line[line_first].at - now_ns();

		left = left < 0 ? 0 : left;
		limit.tv_sec = left / 1000000000;
		limit.tv_nsec = left % 1000000000;
		until = &limit;
	}
	return epoll_pwait2(loop, events, EVENTS, until, NULL);
}

static void serve(int listener)
{
	struct epoll_event events[EVENTS];

	for (;;) {
		int n = wait_for_events(events);

		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;

			if (!c) {
				accept_all(listener);
				continue;
			}
			if (events[i].events & EPOLLOUT && !c->waiting) {
				watch(c, EPOLL_CTL_MOD, EPOLLIN);
				if (!send_out(c))
					continue;
			}
			if (events[i].events & ~(uint32_t)EPOLLOUT)
				read_some(c);
		}
		answer_due();
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);
	struct epoll_event e = {.events = EPOLLIN};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (argc != 2) {
		fputs("usage: upstream LATENCY_US\n", stderr);
		return 2;
	}
	latency_ns = atoll(argv[1]) * 1000;
	prctl(PR_SET_TIMERSLACK, 1000); /* ns */
	loop = epoll_create1(0);
	if (bind(listener, (struct sockaddr *)&at, size) ||
	    listen(listener, 4096) ||
	    getsockname(listener, (struct sockaddr *)&at, &size) ||
	    epoll_ctl(loop, EPOLL_CTL_ADD, listener, &e)) {
		perror("upstream");
		return 1;
	}
	printf("upstream listening on %u\n", ntohs(at.sin_port));
	fflush(stdout);
	serve(listener);
}
