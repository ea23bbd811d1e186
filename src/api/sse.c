/* SPDX-License-Identifier: MIT */
/* sse.c - server-sent events (html.spec.whatwg.org, 9.2), and their ids. */
#include "api/sse.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz";

#define BASE (sizeof(digits) - 1)

int sse_event(struct buf *b, const char *event, const char *id,
	      const char *data, size_t len)
{
	buf_printf(b, "event: %s\nid: %s\ndata: ", event, id);
	buf_add(b, data, len);
	return buf_str(b, "\n\n");
}

/* FNV-1a: nobody gains by a clash, it only has to be rare. */
void sse_mark(const char *text, size_t len, char out[SSE_MARK])
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 32;
	for (int i = 0; i < SSE_MARK; i++) {
		out[i] = digits[h % BASE];
		h /= BASE;
	}
}

bool sse_has(const struct buf *marks, const char mark[SSE_MARK])
{
	for (size_t i = 0; i + SSE_MARK <= marks->len; i += SSE_MARK)
		if (memcmp(marks->data + i, mark, SSE_MARK) == 0)
			return true;
	return false;
}

bool sse_marks_valid(struct text id)
{
	if (!id.at || !id.len || id.len % SSE_MARK ||
	    id.len > SSE_MARK * SSE_MARKS)
		return false;
	for (size_t i = 0; i < id.len; i++)
		if (!id.at[i] || !strchr(digits, id.at[i]))
			return false;
	return true;
}

/* Past the closing quote of the string that begins at s. */
static const char *skip_string(const char *s)
{
	for (s++; *s && *s != '"'; s++)
		if (*s == '\\' && s[1])
			s++;
	return *s ? s + 1 : s;
}

void sse_objects(const char *array,
		 void (*each)(const char *object, size_t len, void *arg),
		 void *arg)
{
	const char *begin = NULL;
	int depth = 0;

	for (const char *s = array; *s;) {
		if (*s == '"') {
			s = skip_string(s);
			continue;
		}
		if (*s == '{' && depth++ == 0)
			begin = s;
		else if (*s == '}' && depth > 0 && --depth == 0)
			each(begin, (size_t)(s - begin) + 1, arg);
		s++;
	}
}
