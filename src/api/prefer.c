/* SPDX-License-Identifier: MIT */
/* prefer.c - respond-async and wait=n out of Prefer. */
#include "api/prefer.h"

#include "api/header.h"

#define WAIT_MAX_S 86400

/* Digits only; what is larger than a day counts as a day. */
static bool read_seconds(struct text t, int64_t *out)
{
	int64_t n = 0;

	if (t.len >= 2 && t.at[0] == '"' && t.at[t.len - 1] == '"')
		t = (struct text){t.at + 1, t.len - 2};
	if (!t.len)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
		if (n <= WAIT_MAX_S)
			n = n * 10 + (t.at[i] - '0');
	}
	*out = n < WAIT_MAX_S ? n : WAIT_MAX_S;
	return true;
}

static void add_one(struct prefer *p, struct text preference)
{
	struct text value = preference, name;
	int64_t seconds;

	if (!text_next(&value, '=', &name))
		return;
	if (text_is(name, "respond-async")) {
		p->async = true;
	} else if (text_is(name, "wait") && !p->has_wait &&
		   read_seconds(text_trim(value), &seconds)) {
		p->has_wait = true;
		p->wait_s = seconds;
	}
}

void prefer_add(struct prefer *p, const char *value, size_t len)
{
	struct text rest = {value, len}, element, preference;

	while (text_next(&rest, ',', &element))
		if (text_next(&element, ';', &preference))
			add_one(p, preference);
}

int64_t prefer_wait_ms(const struct prefer *p, int64_t max_ms)
{
	int64_t ms = p->wait_s * 1000;

	if (!p->has_wait)
		return p->async ? 0 : max_ms;
	return ms < max_ms ? ms : max_ms;
}
