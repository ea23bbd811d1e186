/* SPDX-License-Identifier: MIT */
/* idempotency_key.c - a key, bare or as a structured-field string. */
#include "api/idempotency_key.h"

#include <string.h>

/* Without the quotes and backslashes of a string (RFC 8941 3.3.3); a bare key
 * as it is. Length of out, or 0. */
static size_t unquote(struct text t, char *out, size_t size)
{
	bool quoted = t.len && t.at[0] == '"';
	size_t n = 0;

	if (quoted && (t.len < 2 || t.at[t.len - 1] != '"'))
		return 0;
	if (quoted)
		t = (struct text){t.at + 1, t.len - 2};
	for (size_t i = 0; i < t.len; i++) {
		char c = t.at[i];

		if (c == '\\' && quoted) {
			if (++i == t.len || !strchr("\"\\", t.at[i]))
				return 0;
			c = t.at[i];
		} else if (c == '"' || (!quoted && strchr(",;\\", c))) {
			return 0;
		}
		if (c < '!' || c > '~' || n + 1 >= size)
			return 0;
		out[n++] = c;
	}
	out[n] = '\0';
	return n;
}

int idempotency_key_read(struct text value, char out[IDEMPOTENCY_KEY_SIZE],
			 struct err *err)
{
	if (value.at && unquote(value, out, IDEMPOTENCY_KEY_SIZE))
		return 0;
	out[0] = '\0';
	return err_set(err, ERR_IDEMPOTENCY_KEY_INVALID,
		       "Idempotency-Key takes 1 to 255 visible ASCII "
		       "characters, bare or as one quoted string");
}
