/* SPDX-License-Identifier: MIT */
/*
 * seal.h - secrets at rest, and hashes that need a key.
 *
 * XChaCha20-Poly1305 (libsodium). A sealed value is
 *     1 byte version | 4 bytes key id | 24 bytes nonce | ciphertext and tag
 * and is bound to where it is kept: `place` ("numbers/apn_…/secrets") is
 * authenticated, so that a value copied to another row does not open.
 * The key lies in locked memory. A sealer is read-only after it was made: any
 * thread may use it.
 */
#ifndef BASE_SEAL_H
#define BASE_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

#define SEAL_KEY_SIZE  32
#define SEAL_HASH_SIZE 32

struct seal;

/* From 32 bytes in base64 (RFC 4648, with or without padding). NULL with err
 * (CONFIG) if it is anything else. */
struct seal *seal_new(const char *key_base64, struct err *err);
/* From a key file: if it is missing it is made with a fresh key, mode 0600; if
 * others may read it, refused. *made tells which. */
struct seal *seal_open_file(const char *path, bool *made, struct err *err);
void seal_free(struct seal *s);

/* Appends the sealed form of data to out. */
int seal_close(const struct seal *s, struct clock *clock, const char *place,
	       const void *data, size_t len, struct buf *out, struct err *err);
/* Appends the clear form to out; release it with buf_release_secret. */
int seal_open(const struct seal *s, const char *place, const void *sealed,
	      size_t len, struct buf *out, struct err *err);

/* Keyed BLAKE2b with a key derived from the master key: for API keys and
 * request fingerprints. `purpose` is at most 8 bytes. */
void seal_hash(const struct seal *s, const char *purpose, const void *data,
	       size_t len, uint8_t out[SEAL_HASH_SIZE]);

#endif
