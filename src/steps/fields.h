/* SPDX-License-Identifier: MIT */
/* fields.h - the table of a number's fields and what each may hold. */
#ifndef STEPS_FIELDS_H
#define STEPS_FIELDS_H

#include "steps/spec.h"

struct field {
	struct field_row row;
	bool nullable;
	/* JSON text that stands for "nothing was said"; NULL: null */
	const char *fallback;
	/* Adds to faults what is wrong with a value that is not null. */
	void (*check)(const struct field *f, const char *pointer,
		      const json_t *value, struct faults *faults);
	/* For the check: limits, a pattern's name, choices or members. */
	long min, max;
	const char *const *choices;  /* ends with NULL */
	const struct field *members; /* of an object; ends with a NULL name */
};

extern const struct field fields[]; /* ends with a NULL name */

#define POINTER_SIZE 96

/* "pointer/name" with ~ and / of the name escaped (RFC 6901). */
void pointer_join(char out[POINTER_SIZE], const char *pointer,
		  const char *name);
const struct field *field_find(const struct field *list, const char *name);
void fault_add(struct faults *faults, const char *pointer, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
