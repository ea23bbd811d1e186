/* SPDX-License-Identifier: MIT */
/*
 * log.c - one JSON line an event, in one write that never waits.
 *
 * A reader that stopped reading must not stop the service. O_NONBLOCK belongs
 * to the open file, which a shell or supervisor may share through the same
 * descriptor, so it is not set there. Instead:
 *
 *   socket      send() with MSG_DONTWAIT
 *   pipe, tty   opened anew through /proc: an open file of our own, which may
 *               be non-blocking
 *   the rest    (regular files, or where /proc is closed to us) asked with
 *               poll() first; a pipe with room takes PIPE_BUF bytes at once,
 *               and the lock keeps our own threads from racing for that room
 *
 * A regular file is not opened anew: our own offset would write over others'.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/e164.h"
#include "base/json.h"

#define LINE_MAX_BYTES	4096 /* PIPE_BUF: not torn by other writers */
#define VALUE_MAX	1024
#define TAIL		",\"truncated\":true}\n"
#define HIDDEN_MAX	32
#define HIDDEN_SHORTEST 8

enum sink { SINK_POLL, SINK_NONBLOCKING, SINK_SOCKET };

static struct {
	pthread_mutex_t lock; /* of what is below, but for the atomics */
	int fd;
	bool opened; /* fd is ours to close */
	enum sink sink;
	bool torn;	  /* the last line lacks its end */
	int lowest;	  /* atomic */
	uint64_t dropped; /* atomic */
} out = {PTHREAD_MUTEX_INITIALIZER, 2, .lowest = LOG_INFO};

static struct {
	char *value[HIDDEN_MAX];
	size_t len[HIDDEN_MAX];
	int count; /* atomic: rows below it are complete and never change */
} hidden;

static void choose_sink(int fd)
{
	char path[32];
	struct stat st;
	int own = -1;

	out.fd = fd;
	out.opened = false;
	out.sink = SINK_POLL;
	if (fstat(fd, &st))
		return;
	if (S_ISSOCK(st.st_mode))
		out.sink = SINK_SOCKET;
	if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own < 0)
		return;
	out.fd = own;
	out.opened = true;
	out.sink = SINK_NONBLOCKING;
}

void log_open(int fd, enum log_level lowest)
{
	pthread_mutex_lock(&out.lock);
	if (out.opened)
		close(out.fd);
	choose_sink(fd);
	out.torn = false;
	pthread_mutex_unlock(&out.lock);
	__atomic_store_n(&out.lowest, (int)lowest, __ATOMIC_RELAXED);
}

uint64_t log_dropped(void)
{
	return __atomic_load_n(&out.dropped, __ATOMIC_RELAXED);
}

void log_hide(const char *secret)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	size_t len = secret ? strlen(secret) : 0;
	int n;

	if (len < HIDDEN_SHORTEST)
		return;
	clock_system(); /* libsodium is ready after it */
	pthread_mutex_lock(&lock);
	n = hidden.count;
	/* Locked memory: it is a copy that stays as long as the process. */
	if (n < HIDDEN_MAX && (hidden.value[n] = sodium_malloc(len + 1))) {
		memcpy(hidden.value[n], secret, len + 1);
		hidden.len[n] = len;
		__atomic_store_n(&hidden.count, n + 1, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&lock);
}

/* The first secret in s, its length in *len; NULL if there is none. */
static const char *find_hidden(const char *s, size_t left, size_t *len)
{
	int count = __atomic_load_n(&hidden.count, __ATOMIC_ACQUIRE);
	const char *first = NULL;

	for (int i = 0; i < count; i++) {
		const char *at =
			memmem(s, left, hidden.value[i], hidden.len[i]);

		/* At one place the longest: one secret may begin another. */
		if (!at || (first && at > first) ||
		    (at == first && hidden.len[i] < *len))
			continue;
		first = at;
		*len = hidden.len[i];
	}
	return first;
}

/* Copies s with its secrets replaced, as much as fits. False if it was cut. */
static bool copy_clean(struct buf *to, const char *s)
{
	size_t left = strlen(s);

	for (;;) {
		size_t secret = 0, room = to->max - to->len;
		const char *at = find_hidden(s, left, &secret);
		size_t n = at ? (size_t)(at - s) : left;

		if (n > room) {
			/* Not within a character: step back over its rest. */
			for (n = room; n && ((unsigned char)s[n] >> 6) == 2;)
				n--;
			buf_add(to, s, n);
			return false;
		}
		buf_add(to, s, n);
		if (!at)
			return true;
		if (buf_str(to, "***"))
			return false;
		s = at + secret;
		left -= n + secret;
	}
}

/* A line under construction: in its own memory, never more than it holds. */
struct line {
	struct buf text;
	bool truncated;
	char memory[LINE_MAX_BYTES + 1];
};

/* A buf in memory of ours: while size is above max it asks for no other. */
static struct buf fixed_buf(char *memory, size_t size, size_t max)
{
	memory[0] = '\0';
	return (struct buf){.data = memory, .size = size, .max = max};
}

/* What did not fit is taken back, so that the line stays valid JSON. */
static bool undo_if_failed(struct line *l, size_t before)
{
	if (!l->text.failed)
		return false;
	l->text.failed = false;
	l->text.len = before;
	l->text.data[before] = '\0';
	l->truncated = true;
	return true;
}

static void add_string(struct line *l, const char *name, const char *value)
{
	size_t before = l->text.len;

	/* Escapes make it longer, so it may need more than one attempt. */
	for (size_t max = VALUE_MAX; max >= 16; max /= 4) {
		char memory[VALUE_MAX + 1];
		struct buf clean = fixed_buf(memory, sizeof(memory), max);
		bool whole = copy_clean(&clean, value);

		json_key(&l->text, name);
		json_add_strn(&l->text, clean.data, clean.len);
		if (undo_if_failed(l, before))
			continue;
		l->truncated |= !whole;
		return;
	}
}

static void add_number(struct line *l, const char *name, int64_t value)
{
	size_t before = l->text.len;

	json_put_int(&l->text, name, value);
	undo_if_failed(l, before);
}

static void add_masked(struct line *l, const char *name, const char *number)
{
	char masked[E164_SIZE];

	e164_mask(number, masked);
	add_string(l, name, masked);
}

static void add_err(struct line *l, const struct err *err)
{
	add_string(l, "code", err_def(err->code)->code);
	if (err->detail[0])
		add_string(l, "detail", err->detail);
	if (err->step[0])
		add_string(l, "step", err->step);
	if (err->provider[0])
		add_string(l, "provider", err->provider);
	if (err->provider_status)
		add_number(l, "provider_status", err->provider_status);
	if (err->provider_code)
		add_number(l, "provider_code", err->provider_code);
	if (err->number_id[0])
		add_string(l, "number_id", err->number_id);
	if (err->operation_id[0])
		add_string(l, "operation_id", err->operation_id);
}

static void add_field(struct line *l, const struct log_field *f)
{
	switch (f->kind) {
	case LOG_F_STR:
		if (f->str)
			add_string(l, f->name, f->str);
		break;
	case LOG_F_INT:
		add_number(l, f->name, f->num);
		break;
	case LOG_F_NUMBER:
		if (f->str)
			add_masked(l, f->name, f->str);
		break;
	case LOG_F_ERR:
		if (f->err)
			add_err(l, f->err);
		break;
	case LOG_F_END:
		break;
	}
}

static ssize_t write_now(const char *data, size_t len)
{
	struct pollfd p = {.fd = out.fd, .events = POLLOUT};

	if (out.sink == SINK_SOCKET)
		return send(out.fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (out.sink == SINK_POLL && poll(&p, 1, 0) != 1)
		return -1;
	return write(out.fd, data, len);
}

static void write_line(const char *data, size_t len)
{
	ssize_t n;

	pthread_mutex_lock(&out.lock);
	/* A full disk may have cut the last line: this one starts afresh. */
	if (out.torn && write_now("\n", 1) == 1)
		out.torn = false;
	n = out.torn ? -1 : write_now(data, len);
	if (n > 0 && (size_t)n < len)
		out.torn = true;
	pthread_mutex_unlock(&out.lock);
	if (n < 0 || (size_t)n < len)
		__atomic_add_fetch(&out.dropped, 1, __ATOMIC_RELAXED);
}

const char *log_level_name(enum log_level level)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};

	return names[level];
}

void log_write(enum log_level level, const char *event,
	       const struct log_field *fields)
{
	struct clock *clock = clock_system();
	int saved = errno;
	struct line l;

	if (level >= LOG_OFF ||
	    (int)level < __atomic_load_n(&out.lowest, __ATOMIC_RELAXED))
		return;
	l.truncated = false;
	l.text = fixed_buf(l.memory, sizeof(l.memory),
			   LINE_MAX_BYTES - strlen(TAIL));
	buf_char(&l.text, '{');
	json_put_time(&l.text, "at", clock->wall_ms(clock));
	json_put_str(&l.text, "level", log_level_name(level));
	add_string(&l, "event", event);
	for (; fields->kind != LOG_F_END; fields++)
		add_field(&l, fields);
	l.text.max = LINE_MAX_BYTES;
	buf_str(&l.text, l.truncated ? TAIL : "}\n");
	write_line(l.text.data, l.text.len);
	errno = saved; /* logging an error does not change it */
}
