/* SPDX-License-Identifier: MIT */
/* migrations.c - the texts of migrations/, as embed-migrations.sh made them
 * into an array when the program was built. */
#include "migrations.h"

#include <assert.h>
#include <sodium.h>

#include "migrations.inc"

int migrations_known(void)
{
	return sizeof(migrations) / sizeof(migrations[0]);
}

const struct migration *migration_of(int version)
{
	assert(version >= 1 && version <= migrations_known());
	return &migrations[version - 1];
}

void migration_sum(const struct migration *m, char out[MIGRATION_SUM_SIZE])
{
	unsigned char sum[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(sum, (const unsigned char *)m->text, m->size);
	(void)sodium_bin2hex(out, MIGRATION_SUM_SIZE, sum, sizeof(sum));
}
