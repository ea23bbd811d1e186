/* SPDX-License-Identifier: MIT */
/*
 * twilio_sip.c - credential lists with credentials, IP access control lists
 * with addresses (api.twilio.com, 2010-04-01). Path argument 0 is the account.
 */
#include "handlers.h"

#include <stdlib.h>
#include <string.h>

/* A list or a member: fetch, update, delete are the same for all four. */
static struct resource *arg_list(struct sandbox_call *c, enum sandbox_kind kind)
{
	return arg_resource(c, 1, kind, NULL);
}

static struct resource *arg_member(struct sandbox_call *c,
				   enum sandbox_kind list,
				   enum sandbox_kind member)
{
	struct resource *parent = arg_list(c, list);

	return parent ? arg_resource(c, 2, member, parent) : NULL;
}

/* In use on a trunk: refused, though the documents say so of SIP domains
 * only (21241, 21236). */
static void delete_list(struct sandbox_call *c, struct resource *r,
			int code_in_use)
{
	if (r && r->uses)
		refuse_code(c, 400, code_in_use);
	else
		delete_one(c, r);
}

void list_credential_lists(struct sandbox_call *c)
{
	answer_page(c, SANDBOX_CREDENTIAL_LIST, NULL, NULL);
}

void create_credential_list(struct sandbox_call *c)
{
	answer_one(c, 201, make_resource(c, SANDBOX_CREDENTIAL_LIST, NULL));
}

void fetch_credential_list(struct sandbox_call *c)
{
	answer_one(c, 200, arg_list(c, SANDBOX_CREDENTIAL_LIST));
}

void update_credential_list(struct sandbox_call *c)
{
	update_one(c, arg_list(c, SANDBOX_CREDENTIAL_LIST));
}

void delete_credential_list(struct sandbox_call *c)
{
	delete_list(c, arg_list(c, SANDBOX_CREDENTIAL_LIST), 21241);
}

void list_credentials(struct sandbox_call *c)
{
	struct resource *list = arg_list(c, SANDBOX_CREDENTIAL_LIST);

	if (list)
		answer_page(c, SANDBOX_CREDENTIAL, list, NULL);
}

/* A user name stands once in a list (21243). */
void create_credential(struct sandbox_call *c)
{
	struct resource *list = arg_list(c, SANDBOX_CREDENTIAL_LIST);
	const char *user = form_get(&c->form, "Username");
	struct resource *r = NULL;

	if (!list)
		return;
	if (user)
		r = resource_first(c->account, SANDBOX_CREDENTIAL, list);
	for (; r; r = resource_next(r, list)) {
		if (strcmp(r->pub.name, user) == 0) {
			refuse_code(c, 400, 21243);
			return;
		}
	}
	answer_one(c, 201, make_resource(c, SANDBOX_CREDENTIAL, list));
}

void fetch_credential(struct sandbox_call *c)
{
	answer_one(c, 200,
		   arg_member(c, SANDBOX_CREDENTIAL_LIST, SANDBOX_CREDENTIAL));
}

void update_credential(struct sandbox_call *c)
{
	update_one(c,
		   arg_member(c, SANDBOX_CREDENTIAL_LIST, SANDBOX_CREDENTIAL));
}

void delete_credential(struct sandbox_call *c)
{
	delete_one(c,
		   arg_member(c, SANDBOX_CREDENTIAL_LIST, SANDBOX_CREDENTIAL));
}

void list_ip_acls(struct sandbox_call *c)
{
	answer_page(c, SANDBOX_IP_ACL, NULL, NULL);
}

void create_ip_acl(struct sandbox_call *c)
{
	answer_one(c, 201, make_resource(c, SANDBOX_IP_ACL, NULL));
}

void fetch_ip_acl(struct sandbox_call *c)
{
	answer_one(c, 200, arg_list(c, SANDBOX_IP_ACL));
}

void update_ip_acl(struct sandbox_call *c)
{
	update_one(c, arg_list(c, SANDBOX_IP_ACL));
}

void delete_ip_acl(struct sandbox_call *c)
{
	delete_list(c, arg_list(c, SANDBOX_IP_ACL), 21236);
}

void list_ip_addresses(struct sandbox_call *c)
{
	struct resource *acl = arg_list(c, SANDBOX_IP_ACL);

	if (acl)
		answer_page(c, SANDBOX_IP_ADDRESS, acl, NULL);
}

/* Name and address stand once in a list (21235). */
void create_ip_address(struct sandbox_call *c)
{
	struct resource *acl = arg_list(c, SANDBOX_IP_ACL);
	const char *name = form_get(&c->form, "FriendlyName");
	const char *ip = form_get(&c->form, "IpAddress");
	struct resource *r;

	if (!acl || check_fields(c, SANDBOX_IP_ADDRESS, true))
		return;
	r = resource_first(c->account, SANDBOX_IP_ADDRESS, acl);
	for (; r; r = resource_next(r, acl)) {
		if (strcmp(r->pub.name, name) == 0 ||
		    strcmp(resource_text(r, "ip_address"), ip) == 0) {
			refuse_code(c, 400, 21235);
			return;
		}
	}
	answer_one(c, 201, make_resource(c, SANDBOX_IP_ADDRESS, acl));
}

void fetch_ip_address(struct sandbox_call *c)
{
	answer_one(c, 200, arg_member(c, SANDBOX_IP_ACL, SANDBOX_IP_ADDRESS));
}

void update_ip_address(struct sandbox_call *c)
{
	update_one(c, arg_member(c, SANDBOX_IP_ACL, SANDBOX_IP_ADDRESS));
}

void delete_ip_address(struct sandbox_call *c)
{
	delete_one(c, arg_member(c, SANDBOX_IP_ACL, SANDBOX_IP_ADDRESS));
}
