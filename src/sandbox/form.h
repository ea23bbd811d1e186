/* SPDX-License-Identifier: MIT */
/*
 * form.h - parameters of a query string or a urlencoded body.
 */
#ifndef SANDBOX_FORM_H
#define SANDBOX_FORM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct form_pair {
	char *name;
	char *value;
};

/* At most FORM_MAX pairs are kept; names may repeat, the first counts. */
enum { FORM_MAX = 200 };

struct form {
	struct form_pair *pairs;
	size_t n;
};

/* -1 if an escape is broken or the text is not UTF-8 without NUL; what was
 * read so far stays. */
int form_parse(struct form *f, const char *text, size_t len);
void form_release(struct form *f);
const char *form_get(const struct form *f, const char *name);
/* {"name": "value"}, a new reference. */
json_t *form_json(const struct form *f);

/* %XX to bytes, into new memory; '+' becomes a space if plus is set. NULL if
 * an escape is broken or the result is not UTF-8 without NUL. */
char *url_decode(const char *text, size_t len, bool plus);
/* The other way round, for links: new memory, never NULL. */
char *url_encode(const char *text);

#endif
