/* SPDX-License-Identifier: MIT */
/* fuzz_cursor.c - a list's scope, a NUL, and a cursor that claims to be of it:
 * only the ones that we wrote ourselves are taken. */
#include <stdlib.h>
#include <string.h>

#include "api/cursor.h"
#include "fuzz.h"

static const struct seal *sealer(void)
{
	static struct seal *s;

	if (!s)
		s = seal_new("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
			     NULL);
	must(s);
	return s;
}

static void check_claim(const char *scope, size_t len, const char *cursor)
{
	struct err err = ERR_INIT;
	char ours[CURSOR_SIZE];
	int64_t seq;

	if (cursor_read(sealer(), scope, len, cursor, &seq, &err)) {
		must(err.code == ERR_INVALID_CURSOR);
		must_be_public(&err, 4);
		return;
	}
	cursor_write(sealer(), scope, len, seq, ours);
	must(strcmp(ours, cursor) == 0);
}

static void check_own(const char *scope, size_t len, int64_t seq, uint8_t bit)
{
	struct err err = ERR_INIT;
	char cursor[CURSOR_SIZE];
	int64_t back;

	cursor_write(sealer(), scope, len, seq, cursor);
	must(strlen(cursor) == CURSOR_SIZE - 1);
	must(cursor_read(sealer(), scope, len, cursor, &back, &err) == 0);
	must(back == seq);
	must(cursor_read(sealer(), "other scope", 11, cursor, &back, &err));
	cursor[bit % (CURSOR_SIZE - 1)] ^= (char)(1 << (bit >> 5) % 7);
	must(cursor_read(sealer(), scope, len, cursor, &back, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	char *scope = input_until(&in, '\0'), *cursor = input_rest(&in);
	int64_t seq = 0;

	if (size)
		memcpy(&seq, data, size < sizeof(seq) ? size : sizeof(seq));
	if (scope && strcmp(scope, "other scope") != 0) {
		check_claim(scope, strlen(scope), cursor);
		check_own(scope, strlen(scope), seq, size ? data[size - 1] : 0);
	}
	free(scope);
	free(cursor);
	return 0;
}
