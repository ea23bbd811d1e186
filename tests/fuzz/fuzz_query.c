/* SPDX-License-Identifier: MIT */
/* fuzz_query.c - a query string against parameters like those of the lists. */
#include <stdlib.h>
#include <string.h>

#include "api/target.h"
#include "fuzz.h"

#define COUNT 4

/* Written out escaped, a value must be read back as it is. */
static void must_come_back(const struct param *p)
{
	static const char hex[] = "0123456789ABCDEF";
	char query[3 * 256 + 8] = "a=", value[256], *to = query + 2;
	struct param again[] = {{"a", value, p->size, .plus = p->plus}};
	struct err err = ERR_INIT;

	if (!p->value[0])
		return;
	for (const char *s = p->value; *s; s++) {
		*to++ = '%';
		*to++ = hex[(unsigned char)*s >> 4];
		*to++ = hex[(unsigned char)*s & 15];
	}
	must(query_read(query, again, 1, &err) == 0);
	must(strcmp(value, p->value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	char *query = input_rest(&in);
	char text[COUNT][256];
	struct param params[COUNT] = {
		{"limit", text[0], 8, .plus = false},
		{"cursor", text[1], 64, .fault = ERR_INVALID_CURSOR},
		{"phone_number", text[2], 24, .plus = true},
		{"label", text[3], 256, .plus = false},
	};
	struct err err = ERR_INIT;

	if (query_read(query, params, COUNT, &err))
		must(err.code == ERR_INVALID_PARAMETER ||
		     err.code == ERR_INVALID_CURSOR);
	else
		must(err.code == ERR_NONE);
	if (err.code)
		must_be_public(&err, 4);
	for (int i = 0; i < COUNT; i++) {
		must(memchr(params[i].value, '\0', params[i].size));
		must(!params[i].given || err.code || params[i].value[0]);
		if (!err.code && params[i].given)
			must_come_back(&params[i]);
	}
	free(query);
	return 0;
}
