/* SPDX-License-Identifier: MIT */
/* spec_build.h - from a checked body or patch to the parts of a spec. */
#ifndef STEPS_SPEC_BUILD_H
#define STEPS_SPEC_BUILD_H

#include "fields.h"

/* The names of one direction: supports_…, its list, and the short forms. */
struct direction {
	const char *flag, *list, *id, *version;
};
extern const struct direction directions[2];

/* Is the member there, and not null? */
bool given(const json_t *body, const char *name);

/* Fills s. -1: no memory; s is empty then. */
int spec_build(struct spec *s, const json_t *body);
/* out becomes old with the patch merged in. -1: no memory; out is empty. */
int spec_merge(struct spec *out, const struct spec *old, const json_t *patch);
/* The patch as the checks want it: without the nulls in metadata, which take a
 * member away. A new reference; NULL: no memory. */
json_t *patch_to_check(const json_t *patch);

#endif
