/* SPDX-License-Identifier: MIT */
/* ceiling.c - what both ceilings need; see ceiling.h. */
#include "ceiling.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void ceiling_args(struct ceiling_args *out, int argc, char **argv)
{
	if (argc < 5)
		die("usage: %s DATABASE KEY THREADS PORT [UPSTREAM]", argv[0]);
	*out = (struct ceiling_args){
		.database = argv[1],
		.key = argv[2],
		.threads = (unsigned)atoi(argv[3]),
		.port = (uint16_t)atoi(argv[4]),
		.upstream = argv[5],
	};
	/* Statistics of memory cost a lock for each allocation. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

void ceiling_serve(const struct ceiling_args *args,
		   MHD_AccessHandlerCallback handler,
		   MHD_RequestCompletedCallback completed)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons(args->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO |
			 MHD_ALLOW_SUSPEND_RESUME;
	struct MHD_Daemon *d;
	sigset_t set;
	int signo;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* libmicrohttpd clears the memory of a connection for every request:
	 * a small one is cheap. */
	d = MHD_start_daemon(
		flags, args->port, NULL, NULL, handler, NULL,
		MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_THREAD_POOL_SIZE,
		args->threads, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)4096,
		MHD_OPTION_CONNECTION_LIMIT, 8192u,
		MHD_OPTION_LISTEN_BACKLOG_SIZE, 4096u,
		MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
	if (!d)
		die("libmicrohttpd did not start");
	printf("ceiling listening on %u\n",
	       MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT)->port);
	fflush(stdout);
	sigwait(&set, &signo);
	/* Connections may be suspended, which MHD_stop_daemon takes amiss. */
	exit(0);
}

bool ceiling_authorized(struct MHD_Connection *c, const char *key)
{
	static const char scheme[] = "Bearer ";
	size_t skip = sizeof(scheme) - 1, key_len = strlen(key), len = 0;
	const char *value = NULL;
	unsigned char differs = 0;

	if (MHD_lookup_connection_value_n(c, MHD_HEADER_KIND, "Authorization",
					  13, &value, &len) != MHD_YES ||
	    len != skip + key_len || memcmp(value, scheme, skip) != 0)
		return false;
	for (size_t i = 0; i < key_len; i++)
		differs |= (unsigned char)(value[skip + i] ^ key[i]);
	return differs == 0;
}

static enum MHD_Result send_json(struct MHD_Connection *c, unsigned status,
				 char *body, size_t len,
				 enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *r =
		MHD_create_response_from_buffer(len, body, mode);
	enum MHD_Result sent;

	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", "application/json");
	sent = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return sent;
}

enum MHD_Result ceiling_send_own(struct MHD_Connection *c, unsigned status,
				 char *body, size_t len)
{
	return send_json(c, status, body, len, MHD_RESPMEM_MUST_FREE);
}

enum MHD_Result ceiling_refuse(struct MHD_Connection *c, unsigned status)
{
	static char empty[] = "{}";

	return send_json(c, status, empty, 2, MHD_RESPMEM_PERSISTENT);
}

sqlite3 *ceiling_open(const char *database, bool writer)
{
	sqlite3 *db;

	if (sqlite3_open_v2(database, &db,
			    writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
				   : SQLITE_OPEN_READONLY,
			    NULL))
		die("%s: %s", database, sqlite3_errmsg(db));
	sqlite3_busy_timeout(db, 5000);
	if (writer && sqlite3_exec(db,
				   "PRAGMA journal_mode = WAL;"
				   "PRAGMA synchronous = FULL",
				   NULL, NULL, NULL))
		die("%s: %s", database, sqlite3_errmsg(db));
	sqlite3_exec(db, "PRAGMA mmap_size = 17179869184", NULL, NULL, NULL);
	return db;
}

sqlite3_stmt *ceiling_prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st,
			       NULL))
		die("%s: %s", sql, sqlite3_errmsg(db));
	return st;
}

/* --- JSON by hand -------------------------------------------------------- */

char *put_raw(char *to, const char *text, size_t len)
{
	memcpy(to, text, len);
	return to + len;
}

/* 0x80 in each byte that is a control character, a quote or a backslash. */
static uint64_t specials(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101, high = ones << 7;
	uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';

	return ((w - ones * ' ') | (quote - ones) | (slash - ones)) & ~w & high;
}

static char *put_escaped(char *to, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	if (c >= ' ' && c != '"' && c != '\\') {
		*to++ = (char)c;
		return to;
	}
	*to++ = '\\';
	if (c >= ' ') {
		*to++ = (char)c;
		return to;
	}
	to = PUT(to, "u00");
	*to++ = hex[c >> 4];
	*to++ = hex[c & 15];
	return to;
}

char *put_string(char *to, const char *text, size_t len)
{
	size_t i = 0;

	*to++ = '"';
	while (i + 8 <= len) {
		uint64_t word;

		memcpy(&word, text + i, 8);
		if (specials(word))
			break;
		memcpy(to, &word, 8);
		to += 8;
		i += 8;
	}
	for (; i < len; i++)
		to = put_escaped(to, (unsigned char)text[i]);
	*to++ = '"';
	return to;
}

static char *put_digits(char *to, int64_t n, int width)
{
	for (int i = width - 1; i >= 0; i--, n /= 10)
		to[i] = (char)('0' + n % 10);
	return to + width;
}

char *put_time(char *to, int64_t wall_ms)
{
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;

	gmtime_r(&s, &tm);
	*to++ = '"';
	to = put_digits(to, tm.tm_year + 1900, 4);
	*to++ = '-';
	to = put_digits(to, tm.tm_mon + 1, 2);
	*to++ = '-';
	to = put_digits(to, tm.tm_mday, 2);
	*to++ = 'T';
	to = put_digits(to, tm.tm_hour, 2);
	*to++ = ':';
	to = put_digits(to, tm.tm_min, 2);
	*to++ = ':';
	to = put_digits(to, tm.tm_sec, 2);
	*to++ = '.';
	to = put_digits(to, wall_ms % 1000, 3);
	return PUT(to, "Z\"");
}
