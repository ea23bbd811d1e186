/* SPDX-License-Identifier: MIT */
/* form.c - urlencoded text, as form.h promises. */
#include "form.h"

#include "must.h"

#include <stdlib.h>
#include <string.h>

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

static bool is_utf8(const char *s, size_t len)
{
	json_t *text = json_stringn(s, len);

	json_decref(text);
	return text != NULL;
}

char *url_decode(const char *text, size_t len, bool plus)
{
	char *out = must(malloc(len + 1));
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (text[i] == '+' && plus) {
			out[n++] = ' ';
			continue;
		}
		if (text[i] != '%') {
			out[n++] = text[i];
			continue;
		}
		high = i + 2 < len ? hex(text[i + 1]) : -1;
		low = i + 2 < len ? hex(text[i + 2]) : -1;
		if (high < 0 || low < 0)
			goto bad;
		out[n++] = (char)(high * 16 + low);
		i += 2;
	}
	out[n] = '\0';
	if (memchr(out, '\0', n) || !is_utf8(out, n))
		goto bad;
	return out;
bad:
	free(out);
	return NULL;
}

char *url_encode(const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-._~";
	static const char digits[] = "0123456789ABCDEF";
	char *out = must(malloc(strlen(text) * 3 + 1));
	char *p = out;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (strchr(plain, c)) {
			*p++ = (char)c;
			continue;
		}
		*p++ = '%';
		*p++ = digits[c >> 4];
		*p++ = digits[c & 15];
	}
	*p = '\0';
	return out;
}

static int add_pair(struct form *f, const char *text, size_t len)
{
	const char *eq = memchr(text, '=', len);
	size_t name_len = eq ? (size_t)(eq - text) : len;
	struct form_pair *pair;
	char *name, *value;

	if (f->n == FORM_MAX)
		return 0;
	name = url_decode(text, name_len, true);
	value = eq ? url_decode(eq + 1, len - name_len - 1, true)
		   : must(strdup(""));
	if (!name || !value) {
		free(name);
		free(value);
		return -1;
	}
	/* grows by doubling: room is there unless n is a power of two */
	if ((f->n & (f->n - 1)) == 0)
		f->pairs = must(realloc(f->pairs, (f->n ? f->n * 2 : 1) *
							  sizeof(*f->pairs)));
	pair = &f->pairs[f->n++];
	pair->name = name;
	pair->value = value;
	return 0;
}

int form_parse(struct form *f, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *amp = memchr(text, '&', (size_t)(end - text));
		const char *stop = amp ? amp : end;

		if (stop > text && add_pair(f, text, (size_t)(stop - text)))
			return -1;
		text = stop + 1;
	}
	return 0;
}

void form_release(struct form *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->pairs[i].name);
		free(f->pairs[i].value);
	}
	free(f->pairs);
	*f = (struct form){0};
}

const char *form_get(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->pairs[i].name, name) == 0)
			return f->pairs[i].value;
	return NULL;
}

json_t *form_json(const struct form *f)
{
	json_t *o = must(json_object());

	for (size_t i = 0; i < f->n; i++)
		if (!json_object_get(o, f->pairs[i].name))
			put_text(o, f->pairs[i].name, f->pairs[i].value);
	return o;
}
