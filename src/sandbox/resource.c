/* SPDX-License-Identifier: MIT */
/*
 * resource.c - what most of Twilio's handlers have in common: find one, make
 * one, change one.
 */
#include "call.h"

#include <stdlib.h>
#include <string.h>

bool is_reading(const struct sandbox_call *c)
{
	return strcmp(c->method, "GET") == 0;
}

bool is_visible(const struct sandbox_call *c, const struct resource *r)
{
	return c->now_ms >= r->visible_ms;
}

void start_lag(const struct sandbox_call *c, struct resource *r)
{
	r->visible_ms = c->now_ms + c->lag_ms;
}

void start_change_lag(const struct sandbox_call *c, struct resource *r)
{
	if (c->lag_ms == 0)
		return;
	json_decref(r->former_doc);
	r->former_doc = must(json_deep_copy(r->doc));
	r->changed_visible_ms = c->now_ms + c->lag_ms;
}

struct resource *arg_resource(struct sandbox_call *c, size_t n,
			      enum sandbox_kind kind,
			      const struct resource *parent)
{
	struct resource *r = resource_find(c->sb, kind, c->args[n],
					   parent ? parent->id : "");

	if (r && r->account == c->account && r->parent == parent &&
	    (!is_reading(c) || is_visible(c, r)))
		return r;
	refuse_not_found(c);
	return NULL;
}

int check_limit(struct sandbox_call *c, enum sandbox_kind kind,
		const struct resource *parent)
{
	long limit = kinds[kind].limit;
	long n = 0;

	if (limit < 0)
		limit = c->sb->config.max_trunks;
	if (!limit)
		return 0;
	if (!parent)
		n = (long)c->account->alive[kind];
	else
		for (const struct resource *r =
			     resource_first(c->account, kind, parent);
		     r; r = resource_next(r, parent))
			n++;
	if (n < limit)
		return 0;
	refuse_code(c, 400, kinds[kind].full);
	return -1;
}

static const char *name_param(enum sandbox_kind kind)
{
	return kind == SANDBOX_CREDENTIAL ? "username" : "friendly_name";
}

static int check_name(struct sandbox_call *c, enum sandbox_kind kind,
		      const struct resource *self)
{
	const char *space = kinds[kind].unique;
	const char *name = form_get(&c->form, "FriendlyName");
	struct resource *holder;

	if (!space || !name)
		return 0;
	holder = index_find(c->sb, space, c->account->sid, name);
	if (!holder || holder == self)
		return 0;
	refuse_code(c, 400, kinds[kind].clash);
	return -1;
}

static void take_name(struct sandbox_call *c, struct resource *r)
{
	const char *space = kinds[r->pub.kind].unique;
	const char *name = resource_text(r, name_param(r->pub.kind));

	if (space && r->pub.name[0])
		index_drop(c->sb, space, r->account->sid, r->pub.name, r);
	resource_name(r, name);
	if (space && name)
		index_name(c->sb, space, r->account->sid, name, r);
}

struct resource *make_resource(struct sandbox_call *c, enum sandbox_kind kind,
			       struct resource *parent)
{
	char sid[SID_SIZE];
	struct resource *r;

	if (check_fields(c, kind, true) || check_limit(c, kind, parent) ||
	    check_name(c, kind, NULL))
		return NULL;
	random_sid(c->sb, kinds[kind].prefix, sid);
	r = resource_new(c->sb, kind, c->account, sid, parent, c->now_ms);
	store_fields(c, r, true);
	take_name(c, r);
	start_lag(c, r);
	return r;
}

int change_resource(struct sandbox_call *c, struct resource *r)
{
	if (check_fields(c, r->pub.kind, false) ||
	    check_name(c, r->pub.kind, r))
		return -1;
	start_change_lag(c, r);
	store_fields(c, r, false);
	take_name(c, r);
	return 0;
}

void answer_one(struct sandbox_call *c, int status, const struct resource *r)
{
	if (r)
		answer_json_own(c, status, render(c, r));
}

void update_one(struct sandbox_call *c, struct resource *r)
{
	if (r && change_resource(c, r) == 0)
		answer_one(c, 200, r);
}

void delete_one(struct sandbox_call *c, struct resource *r)
{
	if (!r)
		return;
	resource_kill(c->sb, r, c->now_ms);
	answer_empty(c, 204);
}
