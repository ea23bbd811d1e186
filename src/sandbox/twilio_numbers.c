/* SPDX-License-Identifier: MIT */
/*
 * twilio_numbers.c - the account and the phone numbers it owns
 * (api.twilio.com, 2010-04-01). Path argument 0 is the account.
 */
#include "handlers.h"
#include "market.h"

#include <stdlib.h>
#include <string.h>

/* The answer has the auth token in clear, as Twilio's does. */
void fetch_account(struct sandbox_call *c)
{
	const struct account *a = c->account;
	char *uri = must_printf("/2010-04-01/Accounts/%s.json", a->sid);
	json_t *o = must(json_object());

	put_text(o, "auth_token", a->secret);
	put_text(o, "date_created", "Thu, 30 Jul 2015 20:00:00 +0000");
	put_text(o, "date_updated", "Thu, 30 Jul 2015 20:00:00 +0000");
	put_text(o, "friendly_name", a->name);
	put_text(o, "owner_account_sid", a->sid);
	put_text(o, "sid", a->sid);
	put_text(o, "status", "active");
	put(o, "subresource_uris", json_object());
	put_text(o, "type", "Full");
	put_text(o, "uri", uri);
	free(uri);
	answer_json_own(c, 200, o);
}

static bool wanted_number(const struct sandbox_call *c,
			  const struct resource *r)
{
	const char *pattern = form_get(&c->form, "PhoneNumber");
	const char *name = form_get(&c->form, "FriendlyName");
	const char *number = resource_text(r, "phone_number");

	if (pattern && !number_contains(pattern, number))
		return false;
	return !name || strcmp(name, r->pub.name) == 0;
}

/* North American numbers end after ten digits, so a filter that is a whole
 * one is a part of that one only: no need to look at thousands of others. */
void list_incoming_numbers(struct sandbox_call *c)
{
	const char *pattern = form_get(&c->form, "PhoneNumber");
	struct resource *only;

	if (!pattern || strncmp(pattern, "+1", 2) != 0 ||
	    strlen(pattern) != 12 || !is_e164(pattern)) {
		answer_page(c, SANDBOX_INCOMING_PHONE_NUMBER, NULL,
			    wanted_number);
		return;
	}
	only = index_find(c->sb, "tel", "", pattern);
	if (only && only->account != c->account)
		only = NULL;
	answer_page_of_one(c, SANDBOX_INCOMING_PHONE_NUMBER, only,
			   wanted_number);
}

static struct resource *arg_number(struct sandbox_call *c)
{
	return arg_resource(c, 1, SANDBOX_INCOMING_PHONE_NUMBER, NULL);
}

/* TrunkSid: a trunk of this account, or empty to leave the one it is on. */
static int check_routing(struct sandbox_call *c, struct resource **trunk)
{
	const char *sid = form_get(&c->form, "TrunkSid");

	*trunk = NULL;
	if (!sid || !*sid)
		return 0;
	*trunk = resource_find(c->sb, SANDBOX_TRUNK, sid, "");
	if (*trunk && (*trunk)->account == c->account)
		return 0;
	refuse(c, 400, 20422, "Invalid Parameter: TrunkSid");
	return -1;
}

/* A trunk and a voice application shut each other out; asked for both in one
 * call, the trunk wins. */
static void store_routing(struct sandbox_call *c, struct resource *number,
			  struct resource *trunk)
{
	const char *sid = form_get(&c->form, "TrunkSid");
	const char *app = form_get(&c->form, "VoiceApplicationSid");

	if (trunk) {
		if (!number->link || number->link->parent != trunk)
			start_lag(c, resource_tie(c->sb,
						  SANDBOX_TRUNK_PHONE_NUMBER,
						  trunk, number, c->now_ms));
		(void)json_object_del(number->doc, "voice_application_sid");
	} else if (number->link && (sid || (app && *app))) {
		resource_kill(c->sb, number->link, c->now_ms);
	}
}

static void answer_changed(struct sandbox_call *c, struct resource *number,
			   int status)
{
	struct resource *trunk;

	if (check_routing(c, &trunk) || change_resource(c, number))
		return;
	store_routing(c, number, trunk);
	answer_one(c, status, number);
}

/* The number to buy, in new memory; NULL after refusing. */
static char *number_to_buy(struct sandbox_call *c)
{
	const char *number = form_get(&c->form, "PhoneNumber");
	const char *area = form_get(&c->form, "AreaCode");
	char found[E164_SIZE];

	if (number && !is_e164(number)) {
		refuse(c, 400, 21421, "PhoneNumber is invalid: %s", number);
		return NULL;
	}
	if (number)
		return must(strdup(number));
	if (!area) {
		refuse(c, 400, 20001,
		       "Missing required parameter PhoneNumber or AreaCode in "
		       "the post body");
		return NULL;
	}
	if (!market_area_code(area)) {
		refuse_code(c, 400, 21451);
		return NULL;
	}
	if (!market_next(c->sb, area, NULL, found)) {
		refuse_code(c, 400, 21452);
		return NULL;
	}
	return must(strdup(found));
}

static void buy(struct sandbox_call *c, const char *e164)
{
	char sid[SID_SIZE];
	struct resource *trunk, *number;

	if (!market_for_sale(c->sb, e164)) {
		refuse_code(c, 400, 21422);
		return;
	}
	if (check_routing(c, &trunk) ||
	    check_fields(c, SANDBOX_INCOMING_PHONE_NUMBER, true))
		return;
	random_sid(c->sb, "PN", sid);
	number = own_number(c->sb, c->account, sid, e164, c->now_ms);
	store_fields(c, number, true);
	resource_name(number, resource_text(number, "friendly_name"));
	store_routing(c, number, trunk);
	start_lag(c, number);
	answer_one(c, 201, number);
}

/* Buying what is owned already succeeds and acts as an update. */
void buy_incoming_number(struct sandbox_call *c)
{
	char *e164 = number_to_buy(c);
	struct resource *owned;

	if (!e164)
		return;
	owned = index_find(c->sb, "tel", "", e164);
	if (owned && owned->account == c->account)
		answer_changed(c, owned, 201);
	else
		buy(c, e164);
	free(e164);
}

void fetch_incoming_number(struct sandbox_call *c)
{
	answer_one(c, 200, arg_number(c));
}

void update_incoming_number(struct sandbox_call *c)
{
	struct resource *number = arg_number(c);

	if (number)
		answer_changed(c, number, 200);
}

void release_incoming_number(struct sandbox_call *c)
{
	delete_one(c, arg_number(c));
}
