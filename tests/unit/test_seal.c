/* SPDX-License-Identifier: MIT */
/* test_seal.c - sealed values open only with their key and in their place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/seal.h"

/* The bytes 0, 1, 2 … 31. */
#define KEY	  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define OTHER_KEY "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
/* BLAKE2b of "hunter2" for "apikey" with the key 1, 2, 3, 0 ... by Python. */
#define HASH_WITH_KEY \
	"a713f904af7cd99736ca800bef931818bfabf83ed2b7beb4531fa61a5a010dba"
#define PLACE "numbers/apn_1/secrets"

static struct seal *seal_of(const char *key)
{
	struct err err = ERR_INIT;
	struct seal *s = seal_new(key, &err);

	assert_non_null(s);
	return s;
}

static void close_text(const struct seal *s, const char *text, struct buf *out)
{
	struct err err = ERR_INIT;

	assert_int_equal(seal_close(s, clock_system(), PLACE, text,
				    strlen(text), out, &err),
			 0);
}

static void a_sealed_value_opens_again(void **state)
{
	struct seal *s = seal_of(KEY);
	struct buf sealed = BUF_INIT(1000), clear = BUF_INIT(1000);
	struct err err = ERR_INIT;

	close_text(s, "hunter2", &sealed);
	assert_int_equal(sealed.len, 1 + 4 + 24 + 7 + 16);
	assert_null(memmem(sealed.data, sealed.len, "hunter2", 7));
	assert_int_equal(
		seal_open(s, PLACE, sealed.data, sealed.len, &clear, &err), 0);
	assert_string_equal(clear.data, "hunter2");
	buf_release_secret(&clear);
	buf_release(&sealed);
	seal_free(s);
}

static void nothing_can_be_sealed_too_and_appends(void **state)
{
	struct seal *s = seal_of(KEY);
	struct buf sealed = BUF_INIT(1000), clear = BUF_INIT(1000);
	struct err err = ERR_INIT;

	close_text(s, "", &sealed);
	buf_str(&clear, "before");
	assert_int_equal(
		seal_open(s, PLACE, sealed.data, sealed.len, &clear, &err), 0);
	assert_string_equal(clear.data, "before");
	buf_release(&clear);
	buf_release(&sealed);
	seal_free(s);
}

static void the_same_text_is_never_sealed_alike(void **state)
{
	struct seal *s = seal_of(KEY);
	struct buf one = BUF_INIT(1000), two = BUF_INIT(1000);

	close_text(s, "hunter2", &one);
	close_text(s, "hunter2", &two);
	assert_memory_not_equal(one.data, two.data, one.len);
	buf_release(&one);
	buf_release(&two);
	seal_free(s);
}

static void assert_shut(const struct seal *s, const char *place,
			const char *data, size_t len, enum err_code why)
{
	struct buf clear = BUF_INIT(1000);
	struct err err = ERR_INIT;

	assert_int_equal(seal_open(s, place, data, len, &clear, &err), -1);
	assert_int_equal(err.code, why);
	assert_string_equal(clear.data, "");
	buf_release(&clear);
}

static void a_value_in_another_place_does_not_open(void **state)
{
	struct seal *s = seal_of(KEY);
	struct buf sealed = BUF_INIT(1000);

	close_text(s, "hunter2", &sealed);
	assert_shut(s, "numbers/apn_2/secrets", sealed.data, sealed.len,
		    ERR_STORE);
	buf_release(&sealed);
	seal_free(s);
}

static void a_changed_byte_anywhere_is_noticed(void **state)
{
	struct seal *s = seal_of(KEY);
	struct buf sealed = BUF_INIT(1000);

	close_text(s, "hunter2", &sealed);
	for (size_t i = 0; i < sealed.len; i++) {
		sealed.data[i] ^= 1;
		/* Bytes 1 to 4 name the key: then it is another one. */
		assert_shut(s, PLACE, sealed.data, sealed.len,
			    i >= 1 && i <= 4 ? ERR_CONFIG : ERR_STORE);
		sealed.data[i] ^= 1;
	}
	for (size_t n = 0; n < sealed.len; n++)
		assert_shut(s, PLACE, sealed.data, n, ERR_STORE);
	buf_release(&sealed);
	seal_free(s);
}

static void another_key_is_named_and_does_not_open(void **state)
{
	struct seal *s = seal_of(KEY), *other = seal_of(OTHER_KEY);
	struct buf sealed = BUF_INIT(1000);

	close_text(s, "hunter2", &sealed);
	assert_shut(other, PLACE, sealed.data, sealed.len, ERR_CONFIG);
	buf_release(&sealed);
	seal_free(s);
	seal_free(other);
}

/* What earlier versions wrote must open for ever. */
static void a_value_of_version_1_opens(void **state)
{
	static const char hex[] =
		"017c831ba5a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6"
		"b7e3bdbd781730bd5222c96c4caf6a1db9aeb6be3a473870";
	struct seal *s = seal_of(KEY);
	struct buf clear = BUF_INIT(1000);
	struct err err = ERR_INIT;
	unsigned char sealed[100];
	size_t len;

	assert_int_equal(sodium_hex2bin(sealed, sizeof(sealed), hex,
					strlen(hex), NULL, &len, NULL),
			 0);
	assert_int_equal(seal_open(s, PLACE, sealed, len, &clear, &err), 0);
	assert_string_equal(clear.data, "hunter2");
	buf_release(&clear);
	seal_free(s);
}

static void hashes_stay_the_same_for_ever(void **state)
{
	struct seal *s = seal_of(KEY);
	uint8_t hash[SEAL_HASH_SIZE];
	char hex[2 * SEAL_HASH_SIZE + 1];

	seal_hash(s, "apikey", "hunter2", 7, hash);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	assert_string_equal(
		hex, "64610827a75c408c528954574ca4a70716e654352149f60851d19d4d"
		     "c69d7b7f");
	seal_free(s);
}

static void a_hash_depends_on_key_purpose_and_data(void **state)
{
	struct seal *s = seal_of(KEY), *other = seal_of(OTHER_KEY);
	uint8_t a[SEAL_HASH_SIZE], b[SEAL_HASH_SIZE];

	seal_hash(s, "apikey", "x", 1, a);
	seal_hash(other, "apikey", "x", 1, b);
	assert_memory_not_equal(a, b, sizeof(a));
	seal_hash(s, "request8", "x", 1, b);
	assert_memory_not_equal(a, b, sizeof(a));
	seal_hash(s, "apikey", "y", 1, b);
	assert_memory_not_equal(a, b, sizeof(a));
	seal_hash(s, "apikey", "x", 1, b);
	assert_memory_equal(a, b, sizeof(a));
	seal_free(s);
	seal_free(other);
}

/* While one master key follows another. */
static void a_joined_sealer_opens_both_and_seals_with_its_own(void **state)
{
	struct seal *next = seal_of(OTHER_KEY), *alone = seal_of(OTHER_KEY);
	struct buf before = BUF_INIT(1000), after = BUF_INIT(1000);
	struct buf clear = BUF_INIT(1000);
	struct seal *former = seal_of(KEY);
	struct err err = ERR_INIT;

	close_text(former, "hunter2", &before);
	seal_join_own(next, former);
	assert_false(seal_is_own(next, before.data, before.len));
	assert_int_equal(
		seal_open(next, PLACE, before.data, before.len, &clear, &err),
		0);
	assert_string_equal(clear.data, "hunter2");
	close_text(next, "hunter3", &after);
	assert_true(seal_is_own(next, after.data, after.len));
	buf_clear(&clear);
	assert_int_equal(
		seal_open(alone, PLACE, after.data, after.len, &clear, &err),
		0);
	assert_string_equal(clear.data, "hunter3");
	assert_shut(alone, PLACE, before.data, before.len, ERR_CONFIG);
	buf_release(&before);
	buf_release(&after);
	buf_release(&clear);
	seal_free(next);
	seal_free(alone);
}

static void hashes_can_outlive_the_master_key(void **state)
{
	static const uint8_t key[SEAL_KEY_SIZE] = {1, 2, 3};
	struct seal *one = seal_of(KEY), *two = seal_of(OTHER_KEY);
	uint8_t a[SEAL_HASH_SIZE], b[SEAL_HASH_SIZE];
	char hex[2 * SEAL_HASH_SIZE + 1];

	seal_hash_with(one, key);
	seal_hash_with(two, key);
	seal_hash(one, "apikey", "hunter2", 7, a);
	seal_hash(two, "apikey", "hunter2", 7, b);
	assert_memory_equal(a, b, sizeof(a));
	/* This too stays the same for ever. */
	sodium_bin2hex(hex, sizeof(hex), a, sizeof(a));
	assert_string_equal(hex, HASH_WITH_KEY);
	seal_free(one);
	seal_free(two);
}

static void a_key_has_a_name_of_its_own(void **state)
{
	struct seal *s = seal_of(KEY), *other = seal_of(OTHER_KEY);
	char a[SEAL_NAME_SIZE], b[SEAL_NAME_SIZE];

	seal_name(s, a);
	seal_name(other, b);
	assert_string_equal(a, "7c831ba5"); /* as in sealed values */
	assert_string_not_equal(a, b);
	seal_free(s);
	seal_free(other);
}

static void a_key_is_32_bytes_in_base64(void **state)
{
	static const char *const wrong[] = {
		"",
		"short",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=x",
		"000102030405060708090a0b0c0d0e0f"
		"101112131415161718191a1b1c1d1e1f",
		" " KEY,
	};
	struct seal *s = seal_of(
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"); /* no padding */

	seal_free(s);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct err err = ERR_INIT;

		assert_null(seal_new(wrong[i], &err));
		assert_int_equal(err.code, ERR_CONFIG);
		/* What was given may be nearly the key. */
		assert_true(!wrong[i][0] || !strstr(err.detail, wrong[i]));
	}
}

static void what_does_not_fit_is_an_error(void **state)
{
	struct seal *s = seal_of(KEY);
	struct buf small = BUF_INIT(20);
	struct err err = ERR_INIT;

	assert_int_equal(
		seal_close(s, clock_system(), PLACE, "x", 1, &small, &err), -1);
	assert_int_equal(small.len, 0);
	buf_release(&small);
	seal_free(s);
}

/* ---- the key's file ---- */

static char folder[] = "/tmp/test_seal.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/key", folder);
	return 0;
}

static int remove_folder(void **state)
{
	unlink(path);
	return rmdir(folder); /* fails if a draft was left */
}

static void write_file(const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void assert_file_refused(void)
{
	struct err err = ERR_INIT;
	bool made = true;

	assert_null(seal_open_file(path, &made, &err));
	assert_int_equal(err.code, ERR_CONFIG);
	assert_false(made);
}

static void a_missing_key_file_is_made_once(void **state)
{
	struct buf sealed = BUF_INIT(1000), clear = BUF_INIT(1000);
	struct err err = ERR_INIT;
	struct seal *s;
	struct stat st;
	bool made;

	s = seal_open_file(path, &made, &err);
	assert_non_null(s);
	assert_true(made);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	close_text(s, "hunter2", &sealed);
	seal_free(s);

	s = seal_open_file(path, &made, &err);
	assert_non_null(s);
	assert_false(made);
	assert_int_equal(
		seal_open(s, PLACE, sealed.data, sealed.len, &clear, &err), 0);
	buf_release(&clear);
	buf_release(&sealed);
	seal_free(s);
}

static void a_key_file_by_hand_is_taken(void **state)
{
	struct err err = ERR_INIT;
	struct seal *s;
	bool made;

	write_file(KEY "\n", 0400);
	s = seal_open_file(path, &made, &err);
	assert_non_null(s);
	assert_false(made);
	seal_free(s);
}

static void a_key_file_others_may_read_is_refused(void **state)
{
	static const mode_t modes[] = {0644, 0640, 0604, 0620, 0660};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		write_file(KEY "\n", modes[i]);
		assert_file_refused();
	}
}

static void a_key_file_of_another_user_is_refused(void **state)
{
	write_file(KEY "\n", 0600);
	if (chown(path, 12345, (gid_t)-1))
		skip(); /* only root can give files away */
	assert_file_refused();
}

static void a_damaged_key_file_is_refused_and_kept(void **state)
{
	static const char *const texts[] = {"", "\n", "AAECAwQF", KEY "x"};
	struct stat st;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_file(texts[i], 0600);
		assert_file_refused();
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, strlen(texts[i]));
	}
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
	struct err err = ERR_INIT;
	bool made;

	assert_null(seal_open_file("/nonexistent/key", &made, &err));
	assert_int_equal(err.code, ERR_CONFIG);
	assert_non_null(strstr(err.detail, "/nonexistent/key"));
}

static void a_key_file_that_is_a_folder_is_refused(void **state)
{
	assert_int_equal(mkdir(path, 0700), 0);
	assert_file_refused();
	rmdir(path);
}

#define FILE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sealed_value_opens_again),
		cmocka_unit_test(nothing_can_be_sealed_too_and_appends),
		cmocka_unit_test(the_same_text_is_never_sealed_alike),
		cmocka_unit_test(a_value_in_another_place_does_not_open),
		cmocka_unit_test(a_changed_byte_anywhere_is_noticed),
		cmocka_unit_test(another_key_is_named_and_does_not_open),
		cmocka_unit_test(a_value_of_version_1_opens),
		cmocka_unit_test(hashes_stay_the_same_for_ever),
		cmocka_unit_test(a_hash_depends_on_key_purpose_and_data),
		cmocka_unit_test(
			a_joined_sealer_opens_both_and_seals_with_its_own),
		cmocka_unit_test(hashes_can_outlive_the_master_key),
		cmocka_unit_test(a_key_has_a_name_of_its_own),
		cmocka_unit_test(a_key_is_32_bytes_in_base64),
		cmocka_unit_test(what_does_not_fit_is_an_error),
		FILE_TEST(a_missing_key_file_is_made_once),
		FILE_TEST(a_key_file_by_hand_is_taken),
		FILE_TEST(a_key_file_others_may_read_is_refused),
		FILE_TEST(a_key_file_of_another_user_is_refused),
		FILE_TEST(a_damaged_key_file_is_refused_and_kept),
		FILE_TEST(a_folder_that_is_not_there_is_an_error),
		FILE_TEST(a_key_file_that_is_a_folder_is_refused),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
