/* SPDX-License-Identifier: MIT */
/*
 * seal.h - secrets at rest, and hashes that need a key.
 *
 * XChaCha20-Poly1305 (libsodium). A sealed value is
 *     1 byte version | 4 bytes key id | 24 bytes nonce | ciphertext and tag
 * and is bound to where it is kept: `place` ("numbers/apn_…/secrets") is
 * authenticated, so that a value copied to another row does not open.
 * The key lies in locked memory. A sealer is read-only once it is set up: any
 * thread may use it.
 *
 * A master key can be replaced. What it sealed is then sealed anew; meanwhile
 * the sealer of the next key opens the former's values too (seal_join_own),
 * told apart by their key id. Hashes cannot be made anew, since what was hashed
 * is not kept: their key is one of its own (seal_hash_with), which its owner
 * keeps sealed and so carries from one master key to the next.
 */
#ifndef BASE_SEAL_H
#define BASE_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

#define SEAL_KEY_SIZE  32
#define SEAL_HASH_SIZE 32
#define SEAL_NAME_SIZE 9

struct seal;

/* From 32 bytes in base64 (RFC 4648, with or without padding). NULL with err
 * (CONFIG) if it is anything else. */
struct seal *seal_new(const char *key_base64, struct err *err);
/* From a key file: if it is missing it is made with a fresh key, mode 0600; if
 * others may read it, refused. *made tells which. */
struct seal *seal_open_file(const char *path, bool *made, struct err *err);
void seal_free(struct seal *s); /* NULL is fine */

/* The id of its key in hexadecimal, which tells keys apart and tells nothing
 * about them. */
void seal_name(const struct seal *s, char out[SEAL_NAME_SIZE]);
/* From now on s opens what other sealed as well; it seals with its own key.
 * Swallows other. While setting up only. */
void seal_join_own(struct seal *s, struct seal *other);
/* The key of seal_hash; before this it is one derived from the master key.
 * While setting up only. */
void seal_hash_with(struct seal *s, const uint8_t key[SEAL_KEY_SIZE]);

/* Appends the sealed form of data to out. */
int seal_close(const struct seal *s, struct clock *clock, const char *place,
	       const void *data, size_t len, struct buf *out, struct err *err);
/* Appends the clear form to out; release it with buf_release_secret. */
int seal_open(const struct seal *s, const char *place, const void *sealed,
	      size_t len, struct buf *out, struct err *err);
/* Was it sealed with the key of s (not a joined one's)? */
bool seal_is_own(const struct seal *s, const void *sealed, size_t len);

/* Keyed BLAKE2b: for API keys and request fingerprints. `purpose` is at most 8
 * bytes. */
void seal_hash(const struct seal *s, const char *purpose, const void *data,
	       size_t len, uint8_t out[SEAL_HASH_SIZE]);

#endif
