/* SPDX-License-Identifier: MIT */
/* json_plain.c - see json_plain.h. Every function that returns NULL or -1 has
 * met something that it leaves to jansson, or no memory. */
#include "json_plain.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

#define DIGITS_MAX 15 /* exact in a double, and so is 10 to that power */

struct reader {
	const char *at, *end;
	int depth;	 /* that may still be gone down */
	struct buf text; /* of a string with escapes */
};

static json_t *read_value(struct reader *r);

static void skip_space(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' ||
				  *r->at == '\t' || *r->at == '\r'))
		r->at++;
}

/* The byte, if it comes next, perhaps after white space. */
static bool take(struct reader *r, char c)
{
	skip_space(r);
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

size_t json_utf8_sequence(const unsigned char *s, size_t left)
{
	unsigned char low = 0x80, high = 0xbf; /* range of the second byte */
	size_t n;

	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (left < n)
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0; /* overlong */
	if (s[0] == 0xed)
		high = 0x9f; /* surrogates */
	if (s[0] == 0xf0)
		low = 0x90; /* overlong */
	if (s[0] == 0xf4)
		high = 0x8f; /* above U+10FFFF */
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Goes on to the quote or backslash that comes next. */
static int skip_run(struct reader *r)
{
	while (r->at < r->end) {
		unsigned char c = (unsigned char)*r->at;
		size_t n = 1;

		if (c == '"' || c == '\\')
			return 0;
		if (c < 0x20)
			return -1;
		if (c >= 0x80)
			n = json_utf8_sequence((const unsigned char *)r->at,
					       (size_t)(r->end - r->at));
		if (n == 0)
			return -1;
		r->at += n;
	}
	return -1;
}

/* \" \\ \/ \b \f \n \r \t, but not \u. */
static int add_escaped(struct reader *r)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *which;

	r->at++;
	if (r->at == r->end || !*r->at)
		return -1;
	which = strchr(from, *r->at++);
	return which ? buf_char(&r->text, to[which - from]) : -1;
}

/* After the opening quote. *text is borrowed until the next string. */
static int read_string(struct reader *r, const char **text, size_t *len)
{
	const char *run = r->at;

	if (skip_run(r))
		return -1;
	*text = run;
	*len = (size_t)(r->at - run);
	if (*r->at++ == '"') /* most are in one piece */
		return 0;
	r->at = run;
	buf_clear(&r->text);
	for (;;) {
		run = r->at;
		if (skip_run(r) ||
		    buf_add(&r->text, run, (size_t)(r->at - run)))
			return -1;
		if (*r->at == '"')
			break;
		if (add_escaped(r))
			return -1;
	}
	r->at++;
	*text = r->text.data;
	*len = r->text.len;
	return 0;
}

/* As many as there are, but for a leading zero; how many. */
static int read_digits(struct reader *r, int64_t *n)
{
	int count = 0;

	for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++)
		if (count++ < DIGITS_MAX)
			*n = *n * 10 + (*r->at - '0');
	return count;
}

/* Dividing two numbers that are exact gives the double that is nearest, which
 * is also what strtod gives. */
static json_t *read_number(struct reader *r)
{
	bool negative = *r->at == '-';
	const char *first = r->at += negative;
	double value, scale = 1;
	int64_t n = 0;
	int whole = read_digits(r, &n), fraction = 0;

	if (whole == 0 || (whole > 1 && *first == '0'))
		return NULL;
	if (r->at == r->end || *r->at != '.')
		return whole > DIGITS_MAX ? NULL
					  : json_integer(negative ? -n : n);
	r->at++;
	fraction = read_digits(r, &n);
	if (fraction == 0 || whole + fraction > DIGITS_MAX)
		return NULL;
	for (int i = 0; i < fraction; i++)
		scale *= 10;
	value = (double)n / scale;
	return json_real(negative ? -value : value);
}

/* A name twice leaves one member less than there should be. */
static int read_member(struct reader *r, json_t *object, size_t count)
{
	const char *name;
	json_t *value;
	size_t len;

	if (!take(r, '"') || read_string(r, &name, &len))
		return -1;
	if (name == r->text.data) /* which the value may overwrite */
		return -1;
	if (!take(r, ':'))
		return -1;
	value = read_value(r);
	if (!value || json_object_setn_new_nocheck(object, name, len, value) ||
	    json_object_size(object) != count)
		return -1;
	return 0;
}

static json_t *read_object(struct reader *r)
{
	json_t *object = json_object();
	size_t count = 0;

	if (!object || take(r, '}'))
		return object;
	do {
		if (read_member(r, object, ++count)) {
			json_decref(object);
			return NULL;
		}
	} while (take(r, ','));
	if (take(r, '}'))
		return object;
	json_decref(object);
	return NULL;
}

static json_t *read_array(struct reader *r)
{
	json_t *array = json_array();

	if (!array || take(r, ']'))
		return array;
	do {
		json_t *value = read_value(r);

		if (!value || json_array_append_new(array, value)) {
			json_decref(array);
			return NULL;
		}
	} while (take(r, ','));
	if (take(r, ']'))
		return array;
	json_decref(array);
	return NULL;
}

static json_t *read_nested(struct reader *r)
{
	bool is_object = *r->at++ == '{';
	json_t *value;

	if (r->depth == 0)
		return NULL;
	r->depth--;
	value = is_object ? read_object(r) : read_array(r);
	r->depth++;
	return value;
}

/* A word, if it is the next. What follows is judged by who reads on. */
static bool take_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0)
		return false;
	r->at += n;
	return true;
}

static json_t *read_value(struct reader *r)
{
	const char *text;
	size_t len;

	skip_space(r);
	if (r->at == r->end)
		return NULL;
	if (*r->at == '{' || *r->at == '[')
		return read_nested(r);
	if (*r->at == '-' || (*r->at >= '0' && *r->at <= '9'))
		return read_number(r);
	if (take_word(r, "true"))
		return json_true();
	if (take_word(r, "false"))
		return json_false();
	if (take_word(r, "null"))
		return json_null();
	if (*r->at++ != '"' || read_string(r, &text, &len))
		return NULL;
	return json_stringn_nocheck(text, len);
}

json_t *json_plain_read(const char *text, size_t len, int depth_max)
{
	struct reader r = {.at = text,
			   .end = text + len,
			   .depth = depth_max,
			   .text = BUF_INIT(len + 1)};
	json_t *value = NULL;

	skip_space(&r);
	if (r.at < r.end && (*r.at == '{' || *r.at == '['))
		value = read_nested(&r);
	skip_space(&r);
	if (value && r.at != r.end) {
		json_decref(value);
		value = NULL;
	}
	buf_release_secret(&r.text);
	return value;
}
