/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - what the fuzz targets share.
 *
 * A target (fuzz_NAME.c) reads any bytes at all as one parser's input, and
 * checks more than that nothing crashes: what was taken must come back the same
 * on the way round, and what is refused must have a problem of its own for the
 * client. `make fuzz` runs them under libFuzzer; replay.c runs the corpus and
 * its near relatives in `make unit`, with any compiler.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "steps/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a target promises; says which line broke and aborts. */
#define must(what) ((what) ? (void)0 : fuzz_broken(#what, __FILE__, __LINE__))
_Noreturn void fuzz_broken(const char *what, const char *file, int line);

/* The input, eaten from the front. */
struct input {
	const char *at;
	size_t left;
};

struct input input_of(const uint8_t *data, size_t size);
/* The next byte, 0 at the end. */
uint8_t input_byte(struct input *in);
/* Up to the next `end` (which is dropped) or the end of all, as a string of its
 * own: free() it. NUL bytes end it early. NULL when nothing is left. */
char *input_until(struct input *in, char end);
/* All that is left, likewise. */
char *input_rest(struct input *in);

/* An error that a client may see: a public problem of this status class (4),
 * with a detail in plain text. */
void must_be_public(const struct err *err, int status_class);
/* The faults of a refused body, and the problem document made of them. */
void must_be_told(const struct err *err, const struct faults *faults);
/* Restoring what would be stored gives the same spec. */
void must_restore(const struct spec *s);
/* No member anywhere in it bears a secret's name. */
void must_hide_secrets(const json_t *pub);

#endif
