/* SPDX-License-Identifier: MIT */
/* layout.c - places in the library's buffer, compared. */
#include "api/layout.h"

#include <stdint.h>
#include <string.h>

#define LINE_END 2 /* CR LF */

/* A joined line may lie elsewhere in the library's memory, where pointers are
 * not to be subtracted. */
static bool follows(const char *s, const char *end, size_t gap)
{
	return (uintptr_t)s == (uintptr_t)end + gap;
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

bool layout_whole(const struct layout *l, const char *end)
{
	static const char ends[2 * LINE_END];

	return !l->torn && follows(end, l->at, sizeof(ends)) &&
	       memcmp(l->at, ends, sizeof(ends)) == 0;
}
