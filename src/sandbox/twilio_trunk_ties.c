/* SPDX-License-Identifier: MIT */
/*
 * twilio_trunk_ties.c - what is put on a trunk: credential lists, IP access
 * control lists and phone numbers (trunking.twilio.com, v1).
 *
 * The three differ only in names, so a row each and one set of functions.
 */
#include "handlers.h"

#include <stdlib.h>

struct tie {
	enum sandbox_kind kind;
	enum sandbox_kind target;
	const char *param;
};

static const struct tie list_tie = {SANDBOX_TRUNK_CREDENTIAL_LIST,
				    SANDBOX_CREDENTIAL_LIST,
				    "CredentialListSid"};
static const struct tie acl_tie = {SANDBOX_TRUNK_IP_ACL, SANDBOX_IP_ACL,
				   "IpAccessControlListSid"};
static const struct tie number_tie = {SANDBOX_TRUNK_PHONE_NUMBER,
				      SANDBOX_INCOMING_PHONE_NUMBER,
				      "PhoneNumberSid"};

static void list_ties(struct sandbox_call *c, const struct tie *t)
{
	struct resource *trunk = arg_resource(c, 0, SANDBOX_TRUNK, NULL);

	if (trunk)
		answer_page(c, t->kind, trunk, NULL);
}

static struct resource *arg_tie(struct sandbox_call *c, const struct tie *t)
{
	struct resource *trunk = arg_resource(c, 0, SANDBOX_TRUNK, NULL);

	return trunk ? arg_resource(c, 1, t->kind, trunk) : NULL;
}

static void fetch_tie(struct sandbox_call *c, const struct tie *t)
{
	answer_one(c, 200, arg_tie(c, t));
}

static void delete_tie(struct sandbox_call *c, const struct tie *t)
{
	struct resource *r = arg_tie(c, t);

	if (r && t->kind == SANDBOX_TRUNK_PHONE_NUMBER)
		r->target->updated_ms = c->now_ms;
	delete_one(c, r);
}

/* Already there is an error (21245), not a no-op; so is a number that is on
 * another trunk, where Twilio's documents are silent. */
static void create_tie(struct sandbox_call *c, const struct tie *t)
{
	struct resource *trunk = arg_resource(c, 0, SANDBOX_TRUNK, NULL);
	const char *sid = form_get(&c->form, t->param);
	struct resource *target, *r;

	if (!trunk)
		return;
	if (!sid) {
		refuse(c, 400, 20001,
		       "Missing required parameter %s in the post body",
		       t->param);
		return;
	}
	target = resource_find(c->sb, t->target, sid, "");
	if (!target || target->account != c->account) {
		refuse(c, 400, 20422, "Invalid Parameter: %s", t->param);
		return;
	}
	if (resource_find(c->sb, t->kind, sid, trunk->id) || target->link) {
		refuse_code(c, 400, 21245);
		return;
	}
	start_change_lag(c, target);
	r = resource_tie(c->sb, t->kind, trunk, target, c->now_ms);
	start_lag(c, r);
	answer_json_own(c, 201, render(c, r));
}

void list_trunk_credential_lists(struct sandbox_call *c)
{
	list_ties(c, &list_tie);
}

void create_trunk_credential_list(struct sandbox_call *c)
{
	create_tie(c, &list_tie);
}

void fetch_trunk_credential_list(struct sandbox_call *c)
{
	fetch_tie(c, &list_tie);
}

void delete_trunk_credential_list(struct sandbox_call *c)
{
	delete_tie(c, &list_tie);
}

void list_trunk_ip_acls(struct sandbox_call *c)
{
	list_ties(c, &acl_tie);
}

void create_trunk_ip_acl(struct sandbox_call *c)
{
	create_tie(c, &acl_tie);
}

void fetch_trunk_ip_acl(struct sandbox_call *c)
{
	fetch_tie(c, &acl_tie);
}

void delete_trunk_ip_acl(struct sandbox_call *c)
{
	delete_tie(c, &acl_tie);
}

void list_trunk_phone_numbers(struct sandbox_call *c)
{
	list_ties(c, &number_tie);
}

void create_trunk_phone_number(struct sandbox_call *c)
{
	create_tie(c, &number_tie);
}

void fetch_trunk_phone_number(struct sandbox_call *c)
{
	fetch_tie(c, &number_tie);
}

void delete_trunk_phone_number(struct sandbox_call *c)
{
	delete_tie(c, &number_tie);
}
