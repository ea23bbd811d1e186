/* SPDX-License-Identifier: MIT */
/*
 * market.h - which phone numbers can be bought, and owning them.
 */
#ifndef SANDBOX_MARKET_H
#define SANDBOX_MARKET_H

#include "model.h"

enum { E164_SIZE = 24 };

/* Owned by nobody, and not one of those ending in 0000. */
bool market_for_sale(const struct sandbox *sb, const char *e164);
/* Three digits, the first at least 2. */
bool market_area_code(const char *area);
/* The first number for sale in +1 area 555 1000..9999 after `after` (NULL:
 * from the start). False if there is none; 9xx area codes have none. */
bool market_next(const struct sandbox *sb, const char *area, const char *after,
		 char *e164);
struct resource *own_number(struct sandbox *sb, struct account *account,
			    const char *sid, const char *e164, int64_t now_ms);
/* "(415) 555-0100" for a North American number, else the number. */
void pretty_number(const char *e164, char *text, size_t size);
/* Does the pattern, with '*' for anything, stand somewhere in number? */
bool number_contains(const char *pattern, const char *number);

#endif
