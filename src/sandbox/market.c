/* SPDX-License-Identifier: MIT */
/*
 * market.c - numbers for sale (market.h) and the search for them
 * (AvailablePhoneNumbers of api.twilio.com, 2010-04-01).
 */
#include "market.h"

#include "handlers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool market_for_sale(const struct sandbox *sb, const char *e164)
{
	size_t n = strlen(e164);

	return strcmp(e164 + n - 4, "0000") != 0 &&
	       !index_find(sb, "tel", "", e164);
}

bool market_area_code(const char *area)
{
	return strlen(area) == 3 && strspn(area, "0123456789") == 3 &&
	       area[0] >= '2';
}

bool market_next(const struct sandbox *sb, const char *area, const char *after,
		 char *e164)
{
	int line = after ? atoi(after + strlen(after) - 4) + 1 : 1000;

	if (area[0] == '9')
		return false;
	for (; line < 10000; line++) {
		snprintf(e164, E164_SIZE, "+1%.3s555%04u", area,
			 (unsigned)line % 10000);
		if (market_for_sale(sb, e164))
			return true;
	}
	return false;
}

void pretty_number(const char *e164, char *text, size_t size)
{
	if (strlen(e164) == 12 && strncmp(e164, "+1", 2) == 0)
		snprintf(text, size, "(%.3s) %.3s-%.4s", e164 + 2, e164 + 5,
			 e164 + 8);
	else
		snprintf(text, size, "%s", e164);
}

struct resource *own_number(struct sandbox *sb, struct account *account,
			    const char *sid, const char *e164, int64_t now_ms)
{
	struct resource *r = resource_new(sb, SANDBOX_INCOMING_PHONE_NUMBER,
					  account, sid, NULL, now_ms);
	char pretty[32];

	pretty_number(e164, pretty, sizeof(pretty));
	put_text(r->doc, "phone_number", e164);
	put_text(r->doc, "friendly_name", pretty);
	resource_name(r, pretty);
	index_name(sb, "tel", "", e164, r);
	return r;
}

/* A part of the number; '*' stands for anything. */
static bool number_matches(const char *pattern, const char *number)
{
	for (; *pattern; pattern++, number++) {
		if (*pattern == '*') {
			for (;; number++) {
				if (number_matches(pattern + 1, number))
					return true;
				if (!*number)
					return false;
			}
		}
		if (*pattern != *number)
			return false;
	}
	return true;
}

bool number_contains(const char *pattern, const char *number)
{
	for (;; number++) {
		if (number_matches(pattern, number))
			return true;
		if (!*number)
			return false;
	}
}

static json_t *offer(const char *e164, const char *country)
{
	char pretty[32];
	json_t *o = must(json_object());

	pretty_number(e164, pretty, sizeof(pretty));
	put_text(o, "friendly_name", pretty);
	put_text(o, "phone_number", e164);
	put_text(o, "lata", "722");
	put_text(o, "locality", "San Francisco");
	put_text(o, "rate_center", "SNFC CNTRL");
	put_text(o, "latitude", "37.780000");
	put_text(o, "longitude", "-122.419900");
	put_text(o, "region", "CA");
	put_text(o, "postal_code", "94102");
	put_text(o, "iso_country", country);
	put_text(o, "address_requirements", "none");
	put(o, "beta", json_false());
	put(o, "capabilities",
	    json_pack("{s:b, s:b, s:b}", "voice", 1, "SMS", 1, "MMS", 1));
	return o;
}

static void search(struct sandbox_call *c, const char *area)
{
	const char *contains = form_get(&c->form, "Contains");
	const char *country = c->args[1];
	char e164[E164_SIZE];
	json_t *o, *list;
	long size = page_size(c);
	char *uri;

	if (size < 0)
		return;
	list = must(json_array());
	for (bool more = market_next(c->sb, area, NULL, e164);
	     more && json_array_size(list) < (size_t)size;
	     more = market_next(c->sb, area, e164, e164))
		if (!contains || number_contains(contains, e164))
			add(list, offer(e164, country));
	o = must(json_object());
	put(o, "available_phone_numbers", list);
	uri = must_printf("%.*s", (int)strcspn(c->target, "?"), c->target);
	put_text(o, "uri", uri);
	free(uri);
	answer_json_own(c, 200, o);
}

static bool north_america(const struct sandbox_call *c)
{
	return strcmp(c->args[1], "US") == 0 || strcmp(c->args[1], "CA") == 0;
}

void list_available_local(struct sandbox_call *c)
{
	const char *area = form_get(&c->form, "AreaCode");

	if (!north_america(c))
		refuse_not_found(c);
	else if (area && !market_area_code(area))
		refuse_code(c, 400, 21451);
	else
		search(c, area ? area : "415");
}

void list_available_toll_free(struct sandbox_call *c)
{
	if (north_america(c))
		search(c, "800");
	else
		refuse_not_found(c);
}

/* There are no mobile numbers in North America, and we sell no others. */
void list_available_mobile(struct sandbox_call *c)
{
	refuse_not_found(c);
}
