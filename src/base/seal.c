/* SPDX-License-Identifier: MIT */
/*
 * seal.c - sealing of secrets at rest, keyed hashes and the key's file.
 *
 * The master key itself encrypts nothing: for each use a subkey is derived, so
 * that a hash can never be mistaken for, or help against, a sealed value. A
 * format version 2 would get a subkey of its own and with it a value could not
 * be passed off as one of the other version.
 */
#include "base/seal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"

#define VERSION	 1
#define KEY_ID	 4
#define NONCE	 crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG	 crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HEAD	 (1 + KEY_ID + NONCE)
#define FILE_MAX 256
#define KEY_BASE64 \
	sodium_base64_ENCODED_LEN(SEAL_KEY_SIZE, sodium_base64_VARIANT_ORIGINAL)

/* Numbers of the subkeys: never to be changed, the data at rest depends on it
 */
enum { SUBKEY_ID, SUBKEY_SEAL, SUBKEY_HASH };

struct seal {
	uint8_t id[KEY_ID]; /* tells keys apart, tells nothing about them */
	uint8_t seal[SEAL_KEY_SIZE];
	uint8_t hash[SEAL_KEY_SIZE];
	struct seal *joined; /* opens as well; NULL if none */
};

static void derive(struct seal *s, const uint8_t master[SEAL_KEY_SIZE])
{
	static const char context[] = "trunklin"; /* 8 bytes */
	uint8_t id[crypto_kdf_BYTES_MIN];

	crypto_kdf_derive_from_key(id, sizeof(id), SUBKEY_ID, context, master);
	memcpy(s->id, id, KEY_ID);
	crypto_kdf_derive_from_key(s->seal, sizeof(s->seal), SUBKEY_SEAL,
				   context, master);
	crypto_kdf_derive_from_key(s->hash, sizeof(s->hash), SUBKEY_HASH,
				   context, master);
}

static bool decode_key(uint8_t key[SEAL_KEY_SIZE], const char *base64)
{
	static const int variants[] = {
		sodium_base64_VARIANT_ORIGINAL,
		sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
	};

	for (size_t i = 0; i < 2; i++) {
		size_t len;

		if (sodium_base642bin(key, SEAL_KEY_SIZE, base64,
				      strlen(base64), NULL, &len, NULL,
				      variants[i]) == 0 &&
		    len == SEAL_KEY_SIZE)
			return true;
	}
	return false;
}

struct seal *seal_new(const char *key_base64, struct err *err)
{
	uint8_t master[SEAL_KEY_SIZE];
	struct seal *s = NULL;

	clock_system(); /* libsodium is ready after it */
	if (!decode_key(master, key_base64)) {
		err_set(err, ERR_CONFIG,
			"TRUNKLINE_MASTER_KEY must be 32 bytes in base64, "
			"as \"openssl rand -base64 32\" prints them");
		goto out;
	}
	/* Locked, between guard pages, left out of core dumps. */
	s = sodium_malloc(sizeof(*s));
	if (!s) {
		err_set(err, ERR_CONFIG, "no memory for the master key");
		goto out;
	}
	derive(s, master);
	s->joined = NULL;
	sodium_mprotect_readonly(s);
out:
	sodium_memzero(master, sizeof(master));
	return s;
}

void seal_free(struct seal *s)
{
	if (!s)
		return;
	seal_free(s->joined);
	sodium_free(s); /* overwrites */
}

void seal_name(const struct seal *s, char out[SEAL_NAME_SIZE])
{
	sodium_bin2hex(out, SEAL_NAME_SIZE, s->id, KEY_ID);
}

void seal_join_own(struct seal *s, struct seal *other)
{
	sodium_mprotect_readwrite(s);
	seal_free(s->joined);
	s->joined = other;
	sodium_mprotect_readonly(s);
}

void seal_hash_with(struct seal *s, const uint8_t key[SEAL_KEY_SIZE])
{
	sodium_mprotect_readwrite(s);
	memcpy(s->hash, key, SEAL_KEY_SIZE);
	sodium_mprotect_readonly(s);
}

/* Is it a file that only we can read, and that we or root put there? */
static int check_private(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_set(err, ERR_CONFIG, "key file %s: %s", path,
			       strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG,
			       "key file %s is not a regular file", path);
	if (st.st_mode & 077)
		return err_set(err, ERR_CONFIG,
			       "key file %s has mode %03o: others may read or "
			       "change it; chmod 600 it",
			       path, st.st_mode & 0777u);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(err, ERR_CONFIG,
			       "key file %s belongs to another user", path);
	return 0;
}

static struct seal *read_key(int fd, const char *path, struct err *err)
{
	char text[FILE_MAX];
	struct seal *s = NULL;
	ssize_t n;

	if (check_private(fd, path, err))
		return NULL;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0) {
		err_set(err, ERR_CONFIG, "key file %s: %s", path,
			strerror(errno));
		return NULL;
	}
	text[n] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	s = seal_new(text, NULL);
	if (!s)
		err_set(err, ERR_CONFIG,
			"key file %s must hold 32 bytes in base64", path);
	sodium_memzero(text, sizeof(text));
	return s;
}

static int write_key(int fd)
{
	uint8_t key[SEAL_KEY_SIZE];
	char text[KEY_BASE64 + 1];
	size_t len;
	int rc = -1;

	clock_system();
	randombytes_buf(key, sizeof(key));
	sodium_bin2base64(text, sizeof(text), key, sizeof(key),
			  sodium_base64_VARIANT_ORIGINAL);
	len = strlen(text);
	text[len++] = '\n';
	if (write(fd, text, len) == (ssize_t)len && fsync(fd) == 0)
		rc = 0;
	sodium_memzero(key, sizeof(key));
	sodium_memzero(text, sizeof(text));
	return rc;
}

/*
 * A key that is lost or half written makes every secret sealed with it garbage.
 * So it is written in full under another name, then linked: the file appears
 * complete or not at all, and never in the place of another one.
 */
static int make_key_file(const char *path, bool *made, struct err *err)
{
	char *draft = NULL;
	int fd = -1, rc = -1;

	if (asprintf(&draft, "%s.%ld.new", path, (long)getpid()) < 0)
		return err_set(err, ERR_CONFIG, "no memory");
	if (unlink(draft) && errno != ENOENT)
		goto out;
	fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write_key(fd))
		goto out;
	*made = link(draft, path) == 0;
	/* Another process was first: its key is the one. */
	if (!*made && errno != EEXIST)
		goto out;
	rc = folder_sync_of(path);
out:
	if (rc)
		err_set(err, ERR_CONFIG,
			"cannot make the key file %s: %s; or set "
			"TRUNKLINE_MASTER_KEY",
			path, strerror(errno));
	if (fd >= 0) {
		unlink(draft);
		close(fd);
	}
	free(draft);
	return rc;
}

struct seal *seal_open_file(const char *path, bool *made, struct err *err)
{
	struct seal *s;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*made = false;
	if (fd < 0 && errno == ENOENT) {
		if (make_key_file(path, made, err))
			return NULL;
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0) {
		err_set(err, ERR_CONFIG, "key file %s: %s", path,
			strerror(errno));
		return NULL;
	}
	s = read_key(fd, path, err);
	close(fd);
	return s;
}

int seal_close(const struct seal *s, struct clock *clock, const char *place,
	       const void *data, size_t len, struct buf *out, struct err *err)
{
	unsigned char *to;

	if (len > out->max || buf_reserve(out, HEAD + len + TAG))
		return err_set(err, ERR_INTERNAL, "no room for a sealed value");
	to = (unsigned char *)out->data + out->len;
	to[0] = VERSION;
	memcpy(to + 1, s->id, KEY_ID);
	clock->random(clock, to + 1 + KEY_ID, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		to + HEAD, NULL, data, len, (const unsigned char *)place,
		strlen(place), NULL, to + 1 + KEY_ID, s->seal);
	out->len += HEAD + len + TAG;
	out->data[out->len] = '\0';
	return 0;
}

bool seal_is_own(const struct seal *s, const void *sealed, size_t len)
{
	const unsigned char *from = sealed;

	return len >= HEAD + TAG && from[0] == VERSION &&
	       memcmp(from + 1, s->id, KEY_ID) == 0;
}

int seal_open(const struct seal *s, const char *place, const void *sealed,
	      size_t len, struct buf *out, struct err *err)
{
	const unsigned char *from = sealed;

	if (len < HEAD + TAG || from[0] != VERSION)
		return err_set(err, ERR_STORE,
			       "a sealed value is cut or of another version");
	if (s->joined && seal_is_own(s->joined, sealed, len))
		s = s->joined;
	if (memcmp(from + 1, s->id, KEY_ID) != 0)
		return err_set(err, ERR_CONFIG,
			       "a secret was sealed with another master key: "
			       "id %02x%02x%02x%02x, not %02x%02x%02x%02x",
			       from[1], from[2], from[3], from[4], s->id[0],
			       s->id[1], s->id[2], s->id[3]);
	if (buf_reserve(out, len - HEAD - TAG))
		return err_set(err, ERR_INTERNAL,
			       "no room for an opened value");
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    (unsigned char *)out->data + out->len, NULL, NULL,
		    from + HEAD, len - HEAD, (const unsigned char *)place,
		    strlen(place), from + 1 + KEY_ID, s->seal)) {
		out->data[out->len] = '\0';
		return err_set(err, ERR_STORE,
			       "a sealed value does not open: it was damaged "
			       "or moved from another place");
	}
	out->len += len - HEAD - TAG;
	out->data[out->len] = '\0';
	return 0;
}

void seal_hash(const struct seal *s, const char *purpose, const void *data,
	       size_t len, uint8_t out[SEAL_HASH_SIZE])
{
	uint8_t personal[crypto_generichash_blake2b_PERSONALBYTES] = {0};

	assert(strlen(purpose) <= 8);
	memcpy(personal, purpose, strlen(purpose));
	crypto_generichash_blake2b_salt_personal(out, SEAL_HASH_SIZE, data, len,
						 s->hash, sizeof(s->hash), NULL,
						 personal);
}
