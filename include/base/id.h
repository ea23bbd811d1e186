/* SPDX-License-Identifier: MIT */
/*
 * id.h - identifiers and random names.
 *
 * Ids are TypeIDs (github.com/jetify-com/typeid, spec 0.3): a type prefix, an
 * underscore and a UUIDv7 (RFC 9562) in Crockford base32, lower case, 26
 * characters. They sort by time of making, and the prefix tells what they name.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

#define ID_SIZE 40 /* longest prefix, '_', 26 characters, NUL */

#define ID_NUMBER    "apn" /* an agent phone number */
#define ID_OPERATION "op"
#define ID_TRUNK     "trk"
#define ID_EVENT     "evt"
#define ID_KEY	     "key" /* an API key's record, not the key itself */
#define ID_REQUEST   "req"

/* A fresh id. Ids of one clock never repeat, also within one millisecond. */
void id_new(struct clock *clock, const char *prefix, char out[ID_SIZE]);
/* Is s a well-formed id of this type? */
bool id_valid(const char *s, const char *prefix);

/* n random characters of a-z and 0-9 without i, l, o, u, and a NUL. */
void id_random(struct clock *clock, char *out, size_t n);
/* A SIP password: 24 letters and digits, upper and lower case and a digit sure
 * to be in it (Twilio wants 12 or more with all three). out has 25 bytes. */
void id_password(struct clock *clock, char out[25]);

#endif
