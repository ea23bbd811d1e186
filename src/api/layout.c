/* SPDX-License-Identifier: MIT */
/* layout.c - places in the library's buffer, compared. */
#include "api/layout.h"

#include <stdint.h>
#include <string.h>

#include "api/limits.h"

#define LINE_END 2    /* CR LF */
#define PAGE	 4096 /* the smallest there is */

_Static_assert(LIMIT_POOL > 32 * 1024,
	       "only above that the library maps whole pages, which are zero");

/* A joined line may lie elsewhere in the library's memory, where pointers are
 * not to be subtracted. */
static bool follows(const char *s, const char *end, size_t gap)
{
	return (uintptr_t)s == (uintptr_t)end + gap;
}

/* As memmem for CR LF CR LF, which costs more to prepare than a header has
 * bytes. */
static const char *empty_line(const char *at, const char *end)
{
	while (at && end - at >= 2 * LINE_END) {
		if (memcmp(at, "\r\n\r\n", 2 * LINE_END) == 0)
			return at;
		at = memchr(at + 1, '\r', (size_t)(end - at) - 1);
	}
	return NULL;
}

const char *layout_end(const char *version)
{
	static const char no_fields[] = {'\0', '\0', '\r', '\n'};
	const char *at = version + strlen(version);
	const char *fields = at + LINE_END, *last;
	size_t room = PAGE - (uintptr_t)at % PAGE;

	if (room < sizeof(no_fields))
		return NULL;
	if (memcmp(at, no_fields, sizeof(no_fields)) == 0)
		return at + sizeof(no_fields);
	last = empty_line(fields, at + room);
	if (!last)
		return NULL;
	if (memchr(fields, '\0', (size_t)(last - fields)))
		return at; /* where no header ends */
	return last + 2 * LINE_END;
}

void layout_begin(struct layout *l, const char *method, const char *target,
		  size_t target_len, const char *version)
{
	l->torn = !follows(target, method, strlen(method) + 1) ||
		  !follows(version, target, target_len + 1);
	l->at = version + strlen(version);
}

/* Between colon and value are blanks, which the library has looked at. A folded
 * line that it joined where the field lay begins behind them. */
void layout_field(struct layout *l, const char *name, size_t name_len,
		  const char *value, size_t value_len)
{
	l->torn |= !follows(name, l->at, LINE_END) ||
		   (uintptr_t)value <= (uintptr_t)name + name_len;
	l->at = value + value_len;
}

bool layout_whole(const struct layout *l, const char *end, const char *seen)
{
	static const char ends[2 * LINE_END];

	return !l->torn && (!seen || seen == end) &&
	       follows(end, l->at, sizeof(ends)) &&
	       memcmp(l->at, ends, sizeof(ends)) == 0;
}
