/* SPDX-License-Identifier: MIT */
/* json.c - reading JSON with limits, writing it without building a tree. */
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/eight.h"
#include "base/utf8.h"
#include "json_memory.h"

/* How deep the text nests at most, by counting brackets outside of strings.
 * Stops at the first byte (given in *at) that goes deeper than max. Text that
 * is not JSON may be counted wrongly: the parser refuses it afterwards. */
static bool too_deep(const char *text, size_t len, int max, size_t *at)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '"') {
			quoted = !quoted;
		} else if (quoted) {
			i += c == '\\';
		} else if (c == '{' || c == '[') {
			*at = i;
			if (++depth > max)
				return true;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return false;
}

/* Text that is handed to the parser in pieces, so that it can be stopped. */
struct source {
	const char *at;
	size_t left;
};

static size_t next_piece(void *to, size_t size, void *arg)
{
	struct source *s = arg;
	size_t n = s->left < size ? s->left : size;

	if (json_memory_short())
		return (size_t)-1;
	memcpy(to, s->at, n);
	s->at += n;
	s->left -= n;
	return n;
}

/* NULL with *why, or with *short_of_memory. */
static json_t *parse(const char *text, size_t len, json_error_t *why,
		     bool *short_of_memory)
{
	struct source s = {text, len};
	json_t *root;

	json_memory_begin();
	root = json_load_callback(next_piece, &s, JSON_REJECT_DUPLICATES, why);
	*short_of_memory = json_memory_short();
	if (*short_of_memory) {
		json_decref(root);
		root = NULL;
	}
	json_memory_end();
	return root;
}

json_t *json_read(const char *text, size_t len, int depth_max, struct err *err)
{
	bool short_of_memory;
	json_error_t why;
	json_t *root;
	size_t at;

	if (too_deep(text, len, depth_max, &at)) {
		err_set(err, ERR_INVALID_JSON,
			"byte %zu: nested deeper than %d levels", at,
			depth_max);
		return NULL;
	}
	root = parse(text, len, &why, &short_of_memory);
	if (root)
		return root;
	if (short_of_memory)
		err_set(err, ERR_OVERLOADED, "there is no memory left");
	else
		err_set(err, ERR_INVALID_JSON, "byte %d: %s",
			why.position > 0 ? why.position : 0,
			json_error_code(&why) == json_error_duplicate_key
				? "duplicate key"
				: "not valid JSON");
	return NULL;
}

/* Can the byte stand in a string as it is, whatever its neighbours are? */
static inline bool plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Adds the one character at s that is not plain; returns its length. */
static size_t add_special(struct buf *b, const unsigned char *s, size_t left)
{
	static const char shorthand[] = "btn\0fr"; /* from 0x08 on */
	size_t n;

	if (*s == '"' || *s == '\\') {
		buf_printf(b, "\\%c", *s);
		return 1;
	}
	if (*s >= 8 && *s <= 13 && shorthand[*s - 8]) {
		buf_printf(b, "\\%c", shorthand[*s - 8]);
		return 1;
	}
	if (*s < 0x80) {
		buf_printf(b, "\\u%04x", *s);
		return 1;
	}
	n = utf8_length((const char *)s, left);
	if (n == 0) {
		buf_str(b, "\xef\xbf\xbd"); /* U+FFFD */
		return 1;
	}
	/* U+0080 to U+009F are controls too: some terminals obey them. */
	if (s[0] == 0xc2 && s[1] < 0xa0)
		buf_printf(b, "\\u%04x", s[1]);
	else
		buf_add(b, s, n);
	return n;
}

static inline bool any_special(uint64_t w)
{
	return eight_any(eight_below(w, ' ') | eight_is(w, '"') |
			 eight_is(w, '\\') | eight_is(w, 0x7f));
}

/* How many bytes from s on are plain. */
static size_t plain_run(const unsigned char *s, size_t len)
{
	size_t n = 0;

	while (n + EIGHT <= len && !any_special(eight_at(s + n)))
		n += EIGHT;
	while (n < len && plain(s[n]))
		n++;
	return n;
}

int json_add_strn(struct buf *b, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + len;

	buf_char(b, '"');
	while (p < end) {
		size_t run = plain_run(p, (size_t)(end - p));

		buf_add(b, p, run);
		p += run;
		if (p < end)
			p += add_special(b, p, (size_t)(end - p));
	}
	return buf_char(b, '"');
}

int json_add_str(struct buf *b, const char *s)
{
	return json_add_text(b, text_from(s));
}

int json_add_text(struct buf *b, struct text t)
{
	return t.at ? json_add_strn(b, t.at, t.len) : buf_str(b, "null");
}

int json_key(struct buf *b, const char *name)
{
	if (b->len && b->data[b->len - 1] != '{')
		buf_char(b, ',');
	json_add_str(b, name);
	return buf_char(b, ':');
}

int json_put_str(struct buf *b, const char *name, const char *value)
{
	json_key(b, name);
	return json_add_str(b, value);
}

size_t json_int(int64_t value, char out[JSON_INT_SIZE])
{
	char text[JSON_INT_SIZE], *p = text + sizeof(text) - 1;
	uint64_t n = value < 0 ? -(uint64_t)value : (uint64_t)value;
	size_t len;

	*p = '\0';
	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	if (value < 0)
		*--p = '-';
	len = (size_t)(text + sizeof(text) - 1 - p);
	memcpy(out, p, len + 1);
	return len;
}

int json_add_int(struct buf *b, int64_t value)
{
	char text[JSON_INT_SIZE];

	return buf_add(b, text, json_int(value, text));
}

int json_put_int(struct buf *b, const char *name, int64_t value)
{
	json_key(b, name);
	return json_add_int(b, value);
}

int json_put_bool(struct buf *b, const char *name, bool value)
{
	json_key(b, name);
	return buf_str(b, value ? "true" : "false");
}

int json_put_raw(struct buf *b, const char *name, const char *json)
{
	json_key(b, name);
	return buf_str(b, json ? json : "null");
}

int json_add_time(struct buf *b, int64_t wall_ms)
{
	char text[1 + TIMESTAMP_SIZE] = "\"";

	if (wall_ms == 0)
		return buf_str(b, "null");
	timestamp_format(wall_ms, text + 1);
	text[TIMESTAMP_SIZE] = '"'; /* in place of its NUL */
	return buf_add(b, text, sizeof(text));
}

int json_put_time(struct buf *b, const char *name, int64_t wall_ms)
{
	json_key(b, name);
	return json_add_time(b, wall_ms);
}

/* The shortest text that reads back as the same number: 0.5, 0.1, not
 * 0.10000000000000001. Jansson prints it, with a dot in every locale. */
static int add_real(struct buf *b, const json_t *value)
{
	double d = json_real_value(value);
	char text[40];
	size_t n;
	int digits;

	for (digits = 15; digits < 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	n = json_dumpb(value, text, sizeof(text),
		       JSON_ENCODE_ANY | JSON_REAL_PRECISION((size_t)digits));
	if (n == 0 || n > sizeof(text)) { /* there was no memory for it */
		b->failed = true;
		return -1;
	}
	return buf_add(b, text, n);
}

static int add_array(struct buf *b, const json_t *value)
{
	buf_char(b, '[');
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (i)
			buf_char(b, ',');
		json_add_value(b, json_array_get(value, i));
	}
	return buf_char(b, ']');
}

static int add_object(struct buf *b, const json_t *value)
{
	json_t *object = (json_t *)value; /* jansson iterates on non-const */
	const char *name;
	json_t *member;

	buf_char(b, '{');
	json_object_foreach (object, name, member)
		json_put_value(b, name, member);
	return buf_char(b, '}');
}

int json_add_value(struct buf *b, const json_t *value)
{
	if (!value)
		return buf_str(b, "null");
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return add_object(b, value);
	case JSON_ARRAY:
		return add_array(b, value);
	case JSON_STRING:
		return json_add_strn(b, json_string_value(value),
				     json_string_length(value));
	case JSON_INTEGER:
		return json_add_int(b, json_integer_value(value));
	case JSON_REAL:
		return add_real(b, value);
	case JSON_TRUE:
		return buf_str(b, "true");
	case JSON_FALSE:
		return buf_str(b, "false");
	default:
		return buf_str(b, "null");
	}
}

int json_put_value(struct buf *b, const char *name, const json_t *value)
{
	json_key(b, name);
	return json_add_value(b, value);
}
