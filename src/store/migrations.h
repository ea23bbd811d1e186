/* SPDX-License-Identifier: MIT */
/* migrations.h - the texts of migrations/, compiled in. */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H

#include <stddef.h>

struct migration {
	int version; /* 1, 2, 3 … without gaps */
	const char *name;
	const char *text; /* size bytes and a NUL */
	size_t size;
};

#define MIGRATION_SUM_SIZE 65

int migrations_known(void);
/* version from 1 to migrations_known(). */
const struct migration *migration_of(int version);
/* SHA-256 of the text in hexadecimal, as sha256sum prints it. */
void migration_sum(const struct migration *m, char out[MIGRATION_SUM_SIZE]);

#endif
