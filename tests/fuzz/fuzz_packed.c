/* SPDX-License-Identifier: MIT */
/* fuzz_packed.c - bytes that claim to be packed; the same bytes are also packed
 * and unpacked again. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "store/packed.h"

#define ROOM_MAX (1 << 24)

static void check_any(const uint8_t *data, size_t size)
{
	static struct buf room = BUF_INIT(ROOM_MAX);
	struct text text = {(const char *)data, size};
	struct err err = ERR_INIT;
	int rc = unpack(&room, text, &text, &err);

	must((rc != 0) == (err.code != ERR_NONE));
	must(rc || text.at[text.len] == '\0');
}

static void check_own(const uint8_t *data, size_t size)
{
	static struct buf packed = BUF_INIT(ROOM_MAX),
			  room = BUF_INIT(ROOM_MAX);
	static struct packer *packer;
	struct err err = ERR_INIT;
	struct text text = {(const char *)data, size};

	if (!packer)
		packer = packer_new(&err);
	must(packer);
	must(pack(packer, &packed, text, &err) == 0);
	must(unpack(&room, (struct text){packed.data, packed.len}, &text,
		    &err) == 0);
	must(text.len == size && memcmp(text.at, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_any(data, size);
	if (size) /* of nothing data may be NULL, which is no text */
		check_own(data, size);
	return 0;
}
