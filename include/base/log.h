/* SPDX-License-Identifier: MIT */
/*
 * log.h - JSON lines on standard error, one event a line.
 *
 *   {"at":"2026-11-20T05:16:42.123Z","level":"info","event":"operation_ended",
 *    "operation_id":"op_…","state":"succeeded","ms":412}
 *
 * Fields are named, and only what is named is written: no bodies, no provider
 * texts, no query strings. Phone numbers are masked (L_NUMBER). A registered
 * secret is replaced by "***" wherever it would appear. Writing never blocks:
 * when the reader is slow or gone, lines are dropped and counted. A line has at
 * most 4096 bytes (so that a pipe takes it in one piece): values are cut, then
 * fields left out, and "truncated":true says so. SIGPIPE must be ignored.
 * Any thread may log.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };

struct log_field {
	enum { LOG_F_END, LOG_F_STR, LOG_F_INT, LOG_F_NUMBER, LOG_F_ERR } kind;
	const char *name;
	const char *str; /* NULL is left out */
	int64_t num;
	const struct err *err; /* adds code, detail, step, provider … */
};

/* clang-format off */
#define L_STR(n, v)    {.kind = LOG_F_STR, .name = (n), .str = (v)}
#define L_INT(n, v)    {.kind = LOG_F_INT, .name = (n), .num = (v)}
#define L_NUMBER(n, v) {.kind = LOG_F_NUMBER, .name = (n), .str = (v)}
#define L_ERR(e)       {.kind = LOG_F_ERR, .err = (e)}
/* log_info("event", L_STR("id", id), L_INT("ms", ms)); */
#define log_at(level, event, ...) \
	log_write((level), (event), (const struct log_field[]){__VA_ARGS__ __VA_OPT__(,) {.kind = LOG_F_END}})
#define log_debug(event, ...) log_at(LOG_DEBUG, event __VA_OPT__(,) __VA_ARGS__)
#define log_info(event, ...)  log_at(LOG_INFO, event __VA_OPT__(,) __VA_ARGS__)
#define log_warn(event, ...)  log_at(LOG_WARN, event __VA_OPT__(,) __VA_ARGS__)
#define log_error(event, ...) log_at(LOG_ERROR, event __VA_OPT__(,) __VA_ARGS__)
/* clang-format on */

/* Sets the file descriptor and the lowest level that is written; to be called
 * before other threads log. The descriptor itself is not made non-blocking:
 * the shell or a supervisor may share it. Before this, lines go to descriptor
 * 2 at LOG_INFO. */
void log_open(int fd, enum log_level lowest);
/* "debug", "info", "warn" or "error". */
const char *log_level_name(enum log_level level);
void log_write(enum log_level level, const char *event,
	       const struct log_field *fields);
/* From now on this value never appears in a line. Shorter than 8 bytes is
 * ignored (it would blank out ordinary words). The string is copied. At most
 * 32; meant for the configuration's secrets at start. */
void log_hide(const char *secret);
/* Lines dropped so far because they could not be written. */
uint64_t log_dropped(void);

#endif
