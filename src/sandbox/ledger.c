/* SPDX-License-Identifier: MIT */
/*
 * ledger.c - the reading side of the store: sandbox/ledger.h.
 */
#include "model.h"

#include <string.h>

size_t sandbox_ledger_count(const struct sandbox *sb)
{
	return sb->n_all;
}

const struct sandbox_resource *sandbox_ledger_at(const struct sandbox *sb,
						 size_t i)
{
	return i < sb->n_all ? &sb->all[i]->pub : NULL;
}

size_t sandbox_ledger_alive(const struct sandbox *sb, enum sandbox_kind kind)
{
	return sb->alive[kind];
}

const struct sandbox_resource *sandbox_ledger_find(const struct sandbox *sb,
						   enum sandbox_kind kind,
						   const char *id,
						   const char *parent)
{
	struct resource *r = resource_find(sb, kind, id, parent ? parent : "");

	return r ? &r->pub : NULL;
}

const char *sandbox_resource_field(const struct sandbox_resource *pub,
				   const char *field)
{
	const struct resource *r = (const struct resource *)pub;

	if (strcmp(field, "trunk_sid") == 0)
		return r->link ? r->link->parent->id : NULL;
	return resource_text(r, field);
}

/* What tells where a number's calls go stands there even when it is unset. */
static void put_routing(json_t *o, const struct resource *r)
{
	put_text(o, "trunk_sid", r->link ? r->link->parent->id : NULL);
	put_text(o, "voice_application_sid",
		 resource_text(r, "voice_application_sid"));
	put_text(o, "voice_url", resource_text(r, "voice_url"));
}

static json_t *row(const struct resource *r)
{
	json_t *o = must(json_object());

	put_text(o, "kind", sandbox_kind_name(r->pub.kind));
	put_text(o, "id", r->id);
	put_text(o, "name", r->pub.name);
	put(o, "alive", json_boolean(r->pub.alive));
	put(o, "foreign", json_boolean(r->pub.foreign));
	put(o, "preset", json_boolean(r->pub.preset));
	put_text(o, "parent", r->pub.parent[0] ? r->pub.parent : NULL);
	put_text(o, "account", r->account->sid);
	put_int(o, "created_ms", r->pub.created_ms);
	put(o, "deleted_ms",
	    r->pub.alive ? json_null() : json_integer(r->pub.deleted_ms));
	if (r->pub.kind == SANDBOX_INCOMING_PHONE_NUMBER)
		put_routing(o, r);
	if (json_object_update(o, r->doc))
		must(NULL);
	return o;
}

json_t *sandbox_ledger(const struct sandbox *sb)
{
	json_t *o = must(json_object());
	json_t *list = must(json_array());

	put(o, "resources", list);
	for (size_t i = 0; i < sb->n_all; i++)
		add(list, row(sb->all[i]));
	return o;
}
