/* SPDX-License-Identifier: MIT */
/* fuzz_json.c - any JSON: what we write of what we read is the same again, and
 * a second time to the byte. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "fuzz.h"

static void must_come_back(const json_t *value)
{
	struct buf one = BUF_INIT(1 << 24), two = BUF_INIT(1 << 24);
	json_t *again;

	must(json_add_value(&one, value) == 0);
	again = json_read(one.data, one.len, JSON_DEPTH_MAX, NULL);
	must(again);
	must(json_equal((json_t *)value, again));
	must(json_add_value(&two, again) == 0);
	must(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
	json_decref(again);
	buf_release(&one);
	buf_release(&two);
}

/* Any bytes, taken for text, become a string that a parser takes. */
static void must_be_a_string(const char *bytes, size_t len)
{
	struct buf b = BUF_INIT(1 << 24);
	json_t *value;

	must(json_add_strn(&b, bytes, len) == 0);
	value = json_loadb(b.data, b.len, JSON_DECODE_ANY | JSON_ALLOW_NUL,
			   NULL);
	must(json_is_string(value));
	for (size_t i = 0; i < b.len; i++)
		must((unsigned char)b.data[i] >= 0x20 && b.data[i] != 0x7f);
	json_decref(value);
	buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size ? (const char *)data : "";
	struct err err = ERR_INIT;
	json_t *value = json_read(text, size, JSON_DEPTH_MAX, &err);

	if (value)
		must_come_back(value);
	else
		must_be_public(&err, 4);
	must_be_a_string(text, size);
	json_decref(value);
	return 0;
}
