/* SPDX-License-Identifier: MIT */
/*
 * must.h - the sandbox is a test tool: without memory it ends, loudly.
 */
#ifndef SANDBOX_MUST_H
#define SANDBOX_MUST_H

#include <jansson.h>
#include <stdarg.h>

/* p, unless it is NULL: then the process ends with a message. */
void *must(void *p);
/* As sprintf into new memory. free() it. */
char *must_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *must_vprintf(const char *fmt, va_list ap)
	__attribute__((format(printf, 1, 0)));

/* Sets a member; always swallows value, which must not be NULL. */
void put(json_t *object, const char *key, json_t *value);
/* NULL becomes null; text that is not UTF-8 has its odd bytes replaced. */
json_t *json_text(const char *s);
void put_text(json_t *object, const char *key, const char *s);
void put_int(json_t *object, const char *key, json_int_t n);
void add(json_t *array, json_t *value);
/* One line of JSON in new memory. free() it. */
char *json_line(const json_t *value);

#endif
