/* SPDX-License-Identifier: MIT */
/* must.c - allocation and JSON building that cannot fail (must.h). */
#include "must.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *must(void *p)
{
	if (!p) {
		fputs("trunkline-sandbox: out of memory\n", stderr);
		abort();
	}
	return p;
}

char *must_vprintf(const char *fmt, va_list ap)
{
	char *s = NULL;

	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	return must(s);
}

char *must_printf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = must_vprintf(fmt, ap);
	va_end(ap);
	return s;
}

void put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, must(value)))
		must(NULL);
}

json_t *json_text(const char *s)
{
	json_t *text;
	char *plain;

	if (!s)
		return json_null();
	text = json_string(s);
	if (text)
		return text;
	plain = must(strdup(s));
	for (char *p = plain; *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	text = must(json_string(plain));
	free(plain);
	return text;
}

void put_text(json_t *object, const char *key, const char *s)
{
	put(object, key, json_text(s));
}

void put_int(json_t *object, const char *key, json_int_t n)
{
	put(object, key, json_integer(n));
}

void add(json_t *array, json_t *value)
{
	if (json_array_append_new(array, must(value)))
		must(NULL);
}

char *json_line(const json_t *value)
{
	return must(json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY));
}
