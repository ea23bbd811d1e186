/* SPDX-License-Identifier: MIT */
/*
 * conf_row.h - a row of the table of settings, for the files that walk it:
 * conf.c (the rows, and reading them), conf_check.c (good texts), conf_show.c
 * (help and log).
 */
#ifndef BASE_CONF_ROW_H
#define BASE_CONF_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"

/* Returns NULL if *value is good, else what would be right, to stand after
 * "NAME must be". May put another string, which it allocates, in the place of
 * *value (not of a secret): the normal form. */
typedef const char *conf_check(char **value);

conf_check check_visible;    /* fit to stand in a header */
conf_check check_api_key;    /* the same, long enough not to be guessed */
conf_check check_database;   /* sqlite:PATH or postgres://... */
conf_check check_account;    /* AC... */
conf_check check_twilio_key; /* SK... */
conf_check check_base_url;   /* https, or http to this machine */
conf_check check_sip_uri;    /* sip:HOST, without a user */

/* What a row's field in struct conf is. */
enum type { TEXT, INTEGER, SWITCH, LEVEL, CHOICE, ADDRESS };

struct row {
	struct conf_row face; /* first: what conf_row shows */
	enum type type;
	size_t offset;
	int64_t min, max;	    /* INTEGER */
	conf_check *check;	    /* TEXT, may be NULL */
	const char *const *choices; /* CHOICE: by value, then NULL */
};

/* The row behind conf_row(i), NULL after the last. */
static inline const struct row *row_at(int i)
{
	return (const struct row *)conf_row(i);
}

/* The row's field in c, to be read or written as its type says. */
static inline void *row_field(const struct row *r, const struct conf *c)
{
	return (char *)c + r->offset;
}

#endif
