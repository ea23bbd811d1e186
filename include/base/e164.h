/* SPDX-License-Identifier: MIT */
/* e164.h - telephone numbers as ITU-T E.164 writes them: +, country code, 7 to
 * 15 digits in all, ASCII only: ^\+[1-9][0-9]{6,14}$ */
#ifndef BASE_E164_H
#define BASE_E164_H

#include <stdbool.h>
#include <stddef.h>

#define E164_SIZE 17 /* '+', 15 digits, NUL */

bool e164_valid(const char *s, size_t len);
/* For logs: "+1415•••0123" would not be ASCII, so "+1415***0123": all but the
 * first five and last four characters hidden. out has E164_SIZE bytes. */
void e164_mask(const char *number, char out[E164_SIZE]);

#endif
