/* SPDX-License-Identifier: MIT */
/* random.c - chance from a seed, and the names and digests made of it. */
#include "model.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* splitmix64 */
uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void random_sid(struct sandbox *sb, const char *prefix, char *sid)
{
	unsigned long long high = random_next(&sb->random);
	unsigned long long low = random_next(&sb->random);

	snprintf(sid, SID_SIZE, "%.2s%016llx%016llx", prefix, high, low);
}

void password_digest(const char *password, char *digest)
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)password,
			   strlen(password));
	for (size_t i = 0; i < (DIGEST_SIZE - 1) / 2; i++)
		snprintf(digest + 2 * i, 3, "%02x", hash[i]);
	sodium_memzero(hash, sizeof(hash));
}
