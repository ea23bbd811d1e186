/* SPDX-License-Identifier: MIT */
/* fuzz_seal.c - a place, a newline, and bytes that claim to be sealed for it;
 * the same bytes are also sealed, opened, moved and damaged. Keys too. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/seal.h"
#include "fuzz.h"

static const struct seal *sealer(void)
{
	static struct seal *s;

	if (!s)
		s = seal_new("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
			     NULL);
	must(s);
	return s;
}

static int opens(const char *place, const char *sealed, size_t len,
		 struct buf *out)
{
	struct err err = ERR_INIT;
	int rc = seal_open(sealer(), place, sealed, len, out, &err);

	must((rc != 0) == (err.code != ERR_NONE));
	return rc;
}

static void check_own(const char *place, const char *data, size_t len)
{
	struct buf sealed = BUF_INIT(1 << 22), clear = BUF_INIT(1 << 22);
	struct err err = ERR_INIT;

	must(seal_close(sealer(), clock_system(), place, data, len, &sealed,
			&err) == 0);
	must(opens(place, sealed.data, sealed.len, &clear) == 0);
	must(clear.len == len && memcmp(clear.data, data, len) == 0);
	buf_clear(&clear);
	must(opens("another place", sealed.data, sealed.len, &clear));
	must(opens(place, sealed.data, sealed.len - 1, &clear));
	sealed.data[len % sealed.len] ^= 0x10;
	must(opens(place, sealed.data, sealed.len, &clear));
	must(clear.len == 0);
	buf_release_secret(&clear);
	buf_release(&sealed);
}

static void check_key(const char *text)
{
	struct err err = ERR_INIT;
	struct seal *s = seal_new(text, &err);

	must((s != NULL) == (err.code == ERR_NONE));
	must(s || err.code == ERR_CONFIG);
	must(!strlen(text) || strlen(text) < 8 || !strstr(err.detail, text));
	seal_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	char *place = input_until(&in, '\n'), *key;
	struct buf out = BUF_INIT(1 << 22);

	if (place && strcmp(place, "another place") != 0) {
		opens(place, in.at, in.left, &out); /* most likely not */
		check_own(place, in.at, in.left);
	}
	key = input_rest(&in);
	check_key(key);
	free(key);
	free(place);
	buf_release_secret(&out);
	return 0;
}
