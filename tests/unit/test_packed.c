/* SPDX-License-Identifier: MIT */
/* test_packed.c - what is packed comes back as it was, and damage is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/packed.h"

#define ROOM_MAX (1 << 24)

/* A number's built as it is written, all names and identifiers invented. */
static const char built[] =
	"{\"trunk\":{\"id\":\"trk_01m7wnfmgnewksj33n0vmvd4q7\","
	"\"sid\":\"TK34b8f365a739107726cee4ceb9cb7a4d\",\"termination_uri\":"
	"\"tl-fdjz1xdn-01m7wnfmgne55br6fzdz38r1nc.pstn.twilio.com\","
	"\"origination_uri\":\"sip:sip.retellai.com;transport=tcp\"},"
	"\"resources\":[{\"kind\":\"trunk\",\"id\":"
	"\"TK34b8f365a739107726cee4ceb9cb7a4d\",\"state\":\"present\","
	"\"created_at\":\"2026-11-20T14:24:04.625Z\"}],\"error\":null}";

static void packed(struct buf *to, struct text text)
{
	struct err err = ERR_INIT;
	struct packer *p = packer_new(&err);

	assert_non_null(p);
	assert_int_equal(pack(p, to, text, &err), 0);
	packer_free(p);
}

static struct text unpacked(struct buf *room, const void *at, size_t len)
{
	struct err err = ERR_INIT;
	struct text text = {NULL, 0};

	if (unpack(room, (struct text){at, len}, &text, &err))
		fail_msg("%s", err.detail);
	assert_int_equal(text.at[text.len], '\0');
	return text;
}

static void comes_back(struct text text)
{
	struct buf to = BUF_INIT(ROOM_MAX), room = BUF_INIT(ROOM_MAX);
	struct text back;

	packed(&to, text);
	back = unpacked(&room, to.data, to.len);
	assert_int_equal(back.len, text.len);
	assert_memory_equal(back.at, text.at, text.len);
	buf_release(&to);
	buf_release(&room);
}

static void a_text_comes_back_as_it_was(void **state)
{
	comes_back(text_from(built));
	comes_back(text_from("{}"));
	comes_back(text_from(""));
	comes_back((struct text){packed_words, packed_words_size});
	comes_back((struct text){"\0\1\2{", 4});
}

static void a_large_text_of_any_bytes_comes_back(void **state)
{
	size_t size = 1 << 20;
	char *bytes = malloc(size);

	randombytes_buf(bytes, size);
	comes_back((struct text){bytes, size});
	memset(bytes, 'a', size);
	comes_back((struct text){bytes, size});
	free(bytes);
}

static void a_number_takes_less_than_half(void **state)
{
	struct buf to = BUF_INIT(ROOM_MAX);

	packed(&to, text_from(built));
	assert_in_range(to.len, 1, strlen(built) / 2);
	buf_release(&to);
}

/* As version 1 wrote it, which every later program must read. */
static const char version_1[] =
	"016e0100000fa30203f7096d37776e666d676e65776b736a33336e30766d7664"
	"347137bb02ff1133346238663336356137333931303737323663656534636562"
	"39636237613464db02059766646a7a3178646e2d6600ff003535627236667a64"
	"7a333872316e63fe025c0fca000d0f5a0112f905362d31312d32305431343a32"
	"343a30342e3632356e01506e756c6c7d";

static void what_version_1_packed_is_read(void **state)
{
	struct buf room = BUF_INIT(ROOM_MAX);
	uint8_t bytes[sizeof(version_1)];
	struct text text;
	size_t len;

	assert_int_equal(sodium_hex2bin(bytes, sizeof(bytes), version_1,
					strlen(version_1), NULL, &len, NULL),
			 0);
	text = unpacked(&room, bytes, len);
	assert_string_equal(text.at, built);
	buf_release(&room);
}

static void json_that_was_never_packed_is_read(void **state)
{
	struct buf room = BUF_INIT(ROOM_MAX);
	struct text text = unpacked(&room, built, strlen(built));

	assert_string_equal(text.at, built);
	text = unpacked(&room, "{}", 2); /* a shorter one after it */
	assert_string_equal(text.at, "{}");
	buf_release(&room);
}

static void is_refused(const void *at, size_t len)
{
	struct buf room = BUF_INIT(ROOM_MAX);
	struct err err = ERR_INIT;
	struct text text;

	assert_int_equal(unpack(&room, (struct text){at, len}, &text, &err),
			 -1);
	assert_int_equal(err.code, ERR_STORE);
	buf_release(&room);
}

static void what_pack_never_made_is_refused(void **state)
{
	is_refused("", 0);
	is_refused("\1", 1);
	is_refused("\1\0\0\0\0", 5);	       /* not even an empty block */
	is_refused("\2\0\0\0\0\0", 6);	       /* a version to come */
	is_refused("\1\xff\xff\xff\xff\0", 6); /* longer than any text */
	is_refused("\1\2\0\0\0\0", 6);	       /* longer than its block */
	is_refused("text", 4);
}

static void a_text_cut_short_is_refused(void **state)
{
	struct buf to = BUF_INIT(ROOM_MAX);

	packed(&to, text_from(built));
	for (size_t len = 0; len < to.len; len++)
		is_refused(to.data, len);
	buf_release(&to);
}

/* What is no longer a block is refused; nothing but the text's own length is
 * ever written, which the sanitizers watch. */
static void damage_is_refused_or_gives_another_text(void **state)
{
	struct buf to = BUF_INIT(ROOM_MAX), room = BUF_INIT(ROOM_MAX);
	int refused = 0;

	packed(&to, text_from(built));
	for (size_t i = PACKED_HEAD_SIZE; i < to.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			struct text text = {to.data, to.len};
			struct err err = ERR_INIT;

			to.data[i] = (char)(to.data[i] ^ 1 << bit);
			if (unpack(&room, text, &text, &err))
				refused++;
			else
				assert_int_equal(text.len, strlen(built));
			to.data[i] = (char)(to.data[i] ^ 1 << bit);
		}
	assert_in_range(refused, 1, (int)to.len * 8);
	assert_string_equal(unpacked(&room, to.data, to.len).at, built);
	buf_release(&to);
	buf_release(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_comes_back_as_it_was),
		cmocka_unit_test(a_large_text_of_any_bytes_comes_back),
		cmocka_unit_test(a_number_takes_less_than_half),
		cmocka_unit_test(what_version_1_packed_is_read),
		cmocka_unit_test(json_that_was_never_packed_is_read),
		cmocka_unit_test(what_pack_never_made_is_refused),
		cmocka_unit_test(a_text_cut_short_is_refused),
		cmocka_unit_test(damage_is_refused_or_gives_another_text),
	};

	return cmocka_run_group_tests_name("packed", tests, NULL, NULL);
}
