/* SPDX-License-Identifier: MIT */
/* media.c - media types and their parameters. */
#include "api/media.h"

#include <string.h>

static struct text unquoted(struct text t)
{
	if (t.len >= 2 && t.at[0] == '"' && t.at[t.len - 1] == '"')
		return (struct text){t.at + 1, t.len - 2};
	return t;
}

bool media_is(struct text content_type, const char *type)
{
	struct text rest = content_type, part, name;

	if (!text_next(&rest, ';', &part) || !text_is(part, type))
		return false;
	while (text_next(&rest, ';', &part)) {
		if (!part.len)
			continue;
		if (!text_next(&part, '=', &name))
			return false;
		if (text_is(name, "charset") &&
		    !text_is(unquoted(text_trim(part)), "utf-8"))
			return false;
	}
	return true;
}

/* "0", "0.0" … "0.000" */
static bool is_zero(struct text t)
{
	if (!t.len || t.at[0] != '0')
		return false;
	for (size_t i = 1; i < t.len; i++)
		if (t.at[i] != (i == 1 ? '.' : '0'))
			return false;
	return true;
}

bool media_refuses_json(struct text accept)
{
	struct text element, part, name;

	while (text_next(&accept, ',', &element)) {
		if (!text_next(&element, ';', &part) ||
		    !text_is(part, "application/json"))
			continue;
		while (text_next(&element, ';', &part))
			if (text_next(&part, '=', &name) &&
			    text_is(name, "q") && is_zero(text_trim(part)))
				return true;
	}
	return false;
}
