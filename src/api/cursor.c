/* SPDX-License-Identifier: MIT */
/* cursor.c - 8 bytes of position, 16 bytes of keyed hash, in base64url. */
#include "api/cursor.h"

#include <sodium.h>
#include <string.h>

#define MAC   16
#define BYTES (8 + MAC)
#define B64   sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* Two hashes, so that no scope can be mistaken for another's position. */
static void authenticate(const struct seal *seal, const void *scope,
			 size_t scope_len, const uint8_t seq[8],
			 uint8_t mac[MAC])
{
	uint8_t both[SEAL_HASH_SIZE + 8], hash[SEAL_HASH_SIZE];

	seal_hash(seal, "curscope", scope, scope_len, both);
	memcpy(both + SEAL_HASH_SIZE, seq, 8);
	seal_hash(seal, "cursor", both, sizeof(both), hash);
	memcpy(mac, hash, MAC);
}

void cursor_write(const struct seal *seal, const void *scope, size_t scope_len,
		  int64_t seq, char out[CURSOR_SIZE])
{
	uint8_t raw[BYTES];

	for (int i = 0; i < 8; i++)
		raw[i] = (uint8_t)((uint64_t)seq >> (56 - 8 * i));
	authenticate(seal, scope, scope_len, raw, raw + 8);
	sodium_bin2base64(out, CURSOR_SIZE, raw, BYTES, B64);
}

int cursor_read(const struct seal *seal, const void *scope, size_t scope_len,
		const char *cursor, int64_t *seq, struct err *err)
{
	uint8_t raw[BYTES], mac[MAC];
	uint64_t n = 0;
	size_t len;

	if (sodium_base642bin(raw, BYTES, cursor, strlen(cursor), NULL, &len,
			      NULL, B64) != 0 ||
	    len != BYTES)
		goto bad;
	authenticate(seal, scope, scope_len, raw, mac);
	if (sodium_memcmp(mac, raw + 8, MAC) != 0)
		goto bad;
	for (int i = 0; i < 8; i++)
		n = n << 8 | raw[i];
	*seq = (int64_t)n;
	return 0;
bad:
	return err_set(err, ERR_INVALID_CURSOR,
		       "the cursor is not one that this list with these "
		       "filters gave");
}
