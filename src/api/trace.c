/* SPDX-License-Identifier: MIT */
/* trace.c - which request ids and trace parents are well formed. */
#include "api/trace.h"

#include <string.h>

bool trace_id_valid(struct text t)
{
	if (!t.len || t.len >= TRACE_ID_SIZE)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		char c = t.at[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		      (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
		      c == '-'))
			return false;
	}
	return true;
}

static bool hex_id(const char *s, size_t len)
{
	bool zero = true;

	for (size_t i = 0; i < len; i++) {
		if (!((s[i] >= '0' && s[i] <= '9') ||
		      (s[i] >= 'a' && s[i] <= 'f')))
			return false;
		if (s[i] != '0')
			zero = false;
	}
	return !zero;
}

/* 00-{32 hex}-{16 hex}-{2 hex}; the flags may be zero. */
bool trace_parent_valid(struct text t)
{
	char flags[3];

	if (t.len != TRACE_PARENT_SIZE - 1 || memcmp(t.at, "00-", 3) != 0 ||
	    t.at[35] != '-' || t.at[52] != '-')
		return false;
	flags[0] = t.at[53];
	flags[1] = t.at[54];
	flags[2] = '1'; /* so that 00 is not taken for "all zero" */
	return hex_id(t.at + 3, 32) && hex_id(t.at + 36, 16) &&
	       hex_id(flags, 3);
}
