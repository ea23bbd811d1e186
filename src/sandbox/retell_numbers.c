/* SPDX-License-Identifier: MIT */
/*
 * retell_numbers.c - phone numbers at Retell (api.retellai.com).
 *
 * There is no id but the number itself, and a number is in one workspace at a
 * time: import of one that another holds is 400 while get says it is not
 * there.
 */
#include "market.h"
#include "retell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Members of a body that the number object shows as they are. */
static const char *const shown[] = {"nickname",
				    "inbound_agents",
				    "outbound_agents",
				    "inbound_sms_agents",
				    "outbound_sms_agents",
				    "inbound_webhook_url",
				    "inbound_sms_webhook_url",
				    "allowed_inbound_country_list",
				    "allowed_outbound_country_list",
				    "fallback_number",
				    "area_code",
				    NULL};

static json_t *trunk_json(const struct resource *r)
{
	const char *transport = resource_text(r, "transport");
	const char *user = resource_text(r, "auth_username");
	json_t *o = must(json_object());

	put_text(o, "termination_uri", resource_text(r, "termination_uri"));
	if (user)
		put_text(o, "auth_username", user);
	put_text(o, "transport", transport ? transport : "TCP");
	return o;
}

static json_t *number_json(const struct resource *r)
{
	json_t *o = must(json_object());
	char pretty[32];
	bool nanp = strlen(r->id) == 12 && strncmp(r->id, "+1", 2) == 0;

	pretty_number(r->id, pretty, sizeof(pretty));
	put_text(o, "phone_number", r->id);
	put_text(o, "phone_number_type", resource_text(r, "type"));
	put(o, "phone_number_pretty",
	    json_sprintf("%s%s", nanp ? "+1 " : "", pretty));
	for (size_t i = 0; shown[i]; i++) {
		json_t *value = json_object_get(r->doc, shown[i]);

		if (value)
			put(o, shown[i], json_incref(value));
	}
	if (resource_text(r, "termination_uri"))
		put(o, "sip_outbound_trunk_config", trunk_json(r));
	put_int(o, "last_modification_timestamp", r->updated_ms);
	return o;
}

static void store_body(struct sandbox_call *c, struct resource *r)
{
	const char *name;
	json_t *value;

	json_object_foreach (c->json, name, value) {
		char digest[DIGEST_SIZE];

		if (strcmp(name, "sip_trunk_auth_password") == 0 ||
		    strcmp(name, "auth_password") == 0) {
			password_digest(json_string_value(value), digest);
			put_text(r->doc, "password_sha256", digest);
		} else if (strcmp(name, "sip_trunk_auth_username") == 0) {
			put(r->doc, "auth_username", json_incref(value));
		} else if (strcmp(name, "phone_number") != 0 &&
			   strcmp(name, "ignore_e164_validation") != 0) {
			put(r->doc, name, json_incref(value));
		}
	}
	resource_name(r, resource_text(r, "nickname"));
	r->updated_ms = c->now_ms;
}

static const char *body_text(const struct sandbox_call *c, const char *name)
{
	return json_string_value(json_object_get(c->json, name));
}

/* It is no fallback for itself, and fallbacks do not chain. */
static int check_fallback(struct sandbox_call *c, const char *number)
{
	const char *fallback = body_text(c, "fallback_number");
	const struct resource *other;

	if (!fallback)
		return 0;
	other = resource_find(c->sb, SANDBOX_RETELL_NUMBER, fallback, "");
	if (strcmp(fallback, number) != 0 &&
	    !(other && resource_text(other, "fallback_number")))
		return 0;
	refuse_retell(c, 400, "request/body/fallback_number is invalid");
	return -1;
}

static void answer_new(struct sandbox_call *c, const char *number,
		       const char *type)
{
	struct resource *r = resource_new(c->sb, SANDBOX_RETELL_NUMBER,
					  c->account, number, NULL, c->now_ms);

	put_text(r->doc, "type", type);
	store_body(c, r);
	start_lag(c, r);
	answer_json_own(c, 201, number_json(r));
}

static bool has_text(struct sandbox_call *c, const char *name)
{
	const char *value = body_text(c, name);

	if (value && *value)
		return true;
	refuse_retell(c, 400, "request/body must have required property '%s'",
		      name);
	return false;
}

/* E.164 is only looked at on request: ignore_e164_validation is true unless
 * the caller says otherwise. */
void import_number(struct sandbox_call *c)
{
	const char *number;

	if (check_number_body(c, IN_IMPORT) || !has_text(c, "phone_number") ||
	    !has_text(c, "termination_uri"))
		return;
	number = body_text(c, "phone_number");
	if (strlen(number) > 64 ||
	    (json_is_false(
		     json_object_get(c->json, "ignore_e164_validation")) &&
	     !is_e164(number))) {
		refuse_retell(c, 400, "Invalid phone number format");
		return;
	}
	if (resource_find(c->sb, SANDBOX_RETELL_NUMBER, number, "")) {
		refuse_retell(c, 400, "Phone number already exists");
		return;
	}
	answer_new(c, number, "custom");
}

/* Retell buys in its own Twilio account, so nothing changes in ours. */
void buy_number(struct sandbox_call *c)
{
	const char *asked = body_text(c, "phone_number");
	json_int_t area =
		json_integer_value(json_object_get(c->json, "area_code"));
	char number[E164_SIZE] = "", code[4] = "415";
	char *after = NULL;

	if (check_number_body(c, IN_BUY))
		return;
	if (area >= 200 && area <= 999)
		snprintf(code, sizeof(code), "%d", (int)area);
	if (asked && is_e164(asked))
		snprintf(number, sizeof(number), "%s", asked);
	while (!asked && market_next(c->sb, code, after, number) &&
	       resource_find(c->sb, SANDBOX_RETELL_NUMBER, number, ""))
		after = number;
	if (!number[0] || !market_for_sale(c->sb, number) ||
	    resource_find(c->sb, SANDBOX_RETELL_NUMBER, number, "")) {
		refuse_retell(c, 400, "Phone number is not available");
		return;
	}
	if (check_fallback(c, number) == 0)
		answer_new(c, number, "retell-twilio");
}

/* The number in the path, in our workspace, or NULL after refusing. */
static struct resource *arg_number(struct sandbox_call *c)
{
	struct resource *r =
		resource_find(c->sb, SANDBOX_RETELL_NUMBER, c->args[0], "");

	if (r && r->account == c->account &&
	    (!is_reading(c) || is_visible(c, r)))
		return r;
	refuse_asset(c);
	return NULL;
}

void get_number(struct sandbox_call *c)
{
	struct resource *r = arg_number(c);

	if (r)
		answer_json_own(c, 200, number_json(r));
}

void update_number(struct sandbox_call *c)
{
	struct resource *r = arg_number(c);

	if (!r || check_number_body(c, IN_UPDATE) || check_fallback(c, r->id))
		return;
	store_body(c, r);
	answer_json_own(c, 200, number_json(r));
}

void delete_number(struct sandbox_call *c)
{
	delete_one(c, arg_number(c));
}

static bool is_beyond(const struct resource *r, long key, bool up)
{
	return !key || (up ? r->seq > (size_t)key : r->seq < (size_t)key);
}

/* In the order asked for; the pagination key is a place in the ledger, which
 * a Retell number never has the first of. */
void list_numbers(struct sandbox_call *c)
{
	const char *order = form_get(&c->form, "sort_order");
	bool up = order && strcmp(order, "ascending") == 0;
	long limit = list_limit(c), key;
	struct resource *r = c->account->newest[SANDBOX_RETELL_NUMBER];
	json_t *items, *o;
	size_t last = 0;
	bool more = false;
	char text[32];

	if (limit < 0)
		return;
	key = list_key(c, (long)c->sb->n_all);
	if (key < 0)
		return;
	items = must(json_array());
	while (up && r && r->older)
		r = r->older;
	for (; r; r = up ? r->newer : r->older) {
		if (!is_visible(c, r) || !is_beyond(r, key, up))
			continue;
		more = json_array_size(items) == (size_t)limit;
		if (more)
			break;
		add(items, number_json(r));
		last = r->seq;
	}
	o = must(json_object());
	put(o, "items", items);
	put(o, "has_more", json_boolean(more));
	snprintf(text, sizeof(text), "%zu", last);
	if (more)
		put_text(o, "pagination_key", text);
	answer_json_own(c, 200, o);
}
