/* SPDX-License-Identifier: MIT */
/* target.c - splitting, matching and decoding the request target. */
#include "api/target.h"

#include <string.h>
#include <strings.h>

#include "api/limits.h"
#include "base/eight.h"
#include "base/utf8.h"

static int malformed(struct err *err, const char *what)
{
	return err_set(err, ERR_MALFORMED, "%s", what);
}

/* Of http://host/path, what begins at the path; NULL if it is another scheme,
 * or names a user as well (RFC 9110 4.2.4). */
static char *skip_authority(char *raw)
{
	size_t scheme;
	char *path;

	if (strncasecmp(raw, "http://", 7) == 0)
		scheme = 7;
	else if (strncasecmp(raw, "https://", 8) == 0)
		scheme = 8;
	else
		return NULL;
	path = raw + scheme + strcspn(raw + scheme, "/?@");
	return path > raw + scheme && *path == '/' ? path : NULL;
}

static bool has_forbidden(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] > '~' || s[i] == '#')
			return true;
	return false;
}

/* What may stand in a target, or mark an escape in it. */
static bool is_visible(const char *s, size_t len)
{
	for (; len >= EIGHT; s += EIGHT, len -= EIGHT) {
		uint64_t w = eight_at(s);

		if (eight_any(eight_below(w, '!') | eight_is(w, '#') |
			      eight_is(w, 0x7f)) &&
		    has_forbidden(s, EIGHT))
			return false;
	}
	return !has_forbidden(s, len);
}

int target_parse(char *raw, struct target *t, struct err *err)
{
	size_t len = strlen(raw);

	if (len > LIMIT_TARGET)
		return err_set(err, ERR_TARGET_TOO_LONG,
			       "the target has %zu bytes", len);
	if (!is_visible(raw, len))
		return malformed(err, "the target holds a character that must "
				      "be escaped");
	if (strcmp(raw, "*") != 0 && raw[0] != '/')
		raw = skip_authority(raw);
	if (!raw)
		return malformed(err, "the target must be a path");
	t->path = raw;
	t->query = strchr(raw, '?');
	if (t->query)
		*t->query++ = '\0';
	return 0;
}

bool target_match(const char *path, const char *template, const char **arg,
		  size_t *arg_len)
{
	const char *brace = strchrnul(template, '{'), *end;
	size_t fixed = (size_t)(brace - template);

	*arg = NULL;
	*arg_len = 0;
	if (strncmp(path, template, fixed) != 0)
		return false;
	path += fixed;
	if (!*brace)
		return *path == '\0';
	end = strchrnul(path, '/');
	if (end == path || strcmp(end, strchr(brace, '}') + 1) != 0)
		return false;
	*arg = path;
	*arg_len = (size_t)(end - path);
	return true;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* How many bytes from s on, or a few more, are ASCII and mean themselves. */
static size_t plain_run(const char *s, size_t len)
{
	size_t n = 0;

	for (; n + EIGHT <= len; n += EIGHT) {
		uint64_t w = eight_at(s + n);

		if (eight_any(eight_below(w, 1) | eight_is(w, '%') |
			      eight_is(w, '+')))
			break;
	}
	return n;
}

int target_decode(const char *s, size_t len, enum decode as, char *out,
		  size_t size, struct err *err)
{
	size_t run = plain_run(s, len < size ? len : size - 1), n = run;

	memcpy(out, s, run);
	for (size_t i = run; i < len; i++) {
		int c = (unsigned char)s[i];

		if (c == '%') {
			int high = i + 2 < len ? hex(s[i + 1]) : -1;
			int low = high >= 0 ? hex(s[i + 2]) : -1;

			if (low < 0)
				return malformed(err, "a percent escape in the "
						      "target is not valid");
			c = high << 4 | low;
			i += 2;
			if (!c || (as == DECODE_SEGMENT && c == '/'))
				return malformed(err, "the target escapes a "
						      "NUL or a slash");
		} else if (c == '+' && as == DECODE_QUERY) {
			c = ' ';
		}
		if (n + 1 >= size)
			return malformed(err, "a part of the target is too "
					      "long");
		out[n++] = (char)c;
	}
	out[n] = '\0';
	if (!utf8_valid(out + run, n - run))
		return malformed(err, "the target is not UTF-8");
	return 0;
}

/* The name may be shown: it is short and plain. Otherwise it may be anything,
 * a key that was pasted into the address for one. */
static bool showable(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz_";

	return *name && strlen(name) <= 24 && !name[strspn(name, plain)];
}

static struct param *find(struct param *params, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(params[i].name, name) == 0)
			return &params[i];
	return NULL;
}

static int read_one(const char *s, size_t len, struct param *params,
		    size_t count, struct err *err)
{
	const char *is = memchr(s, '=', len);
	size_t name_len = is ? (size_t)(is - s) : len;
	struct param *p;
	char name[64];

	if (target_decode(s, name_len, DECODE_QUERY, name, sizeof(name), NULL))
		return err_set(err, ERR_INVALID_PARAMETER,
			       "the name of a query parameter is not valid");
	p = find(params, count, name);
	if (!p)
		return err_set(err, ERR_INVALID_PARAMETER,
			       "there is no query parameter%s%s here",
			       showable(name) ? " " : " of this name",
			       showable(name) ? name : "");
	if (p->given)
		return err_set(err, ERR_INVALID_PARAMETER,
			       "%s is given more than once", p->name);
	p->given = true;
	if (is && len - name_len > 1 &&
	    target_decode(is + 1, len - name_len - 1,
			  p->plus ? DECODE_PLUS : DECODE_QUERY, p->value,
			  p->size, NULL) == 0)
		return 0;
	p->value[0] = '\0';
	return err_set(err, p->fault ? p->fault : ERR_INVALID_PARAMETER,
		       "the value of %s is empty, too long or badly escaped",
		       p->name);
}

int query_read(const char *query, struct param *params, size_t count,
	       struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		params[i].value[0] = '\0';
		params[i].given = false;
	}
	while (query && *query) {
		size_t len = strcspn(query, "&");

		if (len && read_one(query, len, params, count, err))
			return -1;
		query += len + (query[len] == '&');
	}
	return 0;
}
