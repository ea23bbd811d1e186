/* SPDX-License-Identifier: MIT */
/*
 * store.c - where resources come and go, and the ways to find them.
 *
 * True after every function: a living resource is in its account's chain, in
 * its parent's chain if it has one, and in the index under its key; a dead one
 * is in none of them; both are in `all` for ever.
 */
#include "kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for an account and a name of 255 characters of four bytes. */
enum { KEY_SIZE = 1100 };

/* SIDs are keys by themselves. What is on a trunk shares its target's SID,
 * so the trunk belongs to the key; phone numbers are keys within Retell. */
static void resource_key(enum sandbox_kind kind, const char *id,
			 const char *parent, char *key)
{
	if (kind == SANDBOX_RETELL_NUMBER)
		snprintf(key, KEY_SIZE, "retell:%s", id);
	else if (kind == SANDBOX_TRUNK_CREDENTIAL_LIST ||
		 kind == SANDBOX_TRUNK_IP_ACL ||
		 kind == SANDBOX_TRUNK_PHONE_NUMBER)
		snprintf(key, KEY_SIZE, "%s/%s", parent, id);
	else
		snprintf(key, KEY_SIZE, "%s", id);
}

static void chain(struct resource *r)
{
	struct resource **newest = &r->account->newest[r->pub.kind];

	r->older = *newest;
	if (r->older)
		r->older->newer = r;
	*newest = r;
	if (!r->parent)
		return;
	r->older_sibling = r->parent->child;
	if (r->older_sibling)
		r->older_sibling->newer_sibling = r;
	r->parent->child = r;
}

static void unchain(struct resource *r)
{
	if (r->newer)
		r->newer->older = r->older;
	else
		r->account->newest[r->pub.kind] = r->older;
	if (r->older)
		r->older->newer = r->newer;
	if (r->newer_sibling)
		r->newer_sibling->older_sibling = r->older_sibling;
	else if (r->parent)
		r->parent->child = r->older_sibling;
	if (r->older_sibling)
		r->older_sibling->newer_sibling = r->newer_sibling;
	r->newer = r->older = r->newer_sibling = r->older_sibling = NULL;
}

struct resource *resource_new(struct sandbox *sb, enum sandbox_kind kind,
			      struct account *account, const char *id,
			      struct resource *parent, int64_t now_ms)
{
	struct resource *r = must(calloc(1, sizeof(*r)));
	char key[KEY_SIZE];

	if (sb->n_all == sb->max_all) {
		sb->max_all = sb->max_all ? sb->max_all * 2 : 256;
		sb->all = must(
			realloc(sb->all, sb->max_all * sizeof(sb->all[0])));
	}
	r->id = must(strdup(id));
	r->account = account;
	r->parent = parent;
	r->doc = must(json_object());
	r->updated_ms = now_ms;
	r->visible_ms = now_ms;
	r->seq = sb->n_all;
	r->pub = (struct sandbox_resource){
		.kind = kind,
		.id = r->id,
		.name = "",
		.parent = parent ? parent->id : "",
		.account = account->sid,
		.alive = true,
		.created_ms = now_ms,
	};
	sb->all[sb->n_all++] = r;
	chain(r);
	account->alive[kind]++;
	resource_key(kind, id, r->pub.parent, key);
	map_put(&sb->index, key, r);
	sb->alive[kind]++;
	return r;
}

struct resource *resource_tie(struct sandbox *sb, enum sandbox_kind kind,
			      struct resource *trunk, struct resource *target,
			      int64_t now_ms)
{
	const struct resource *former = NULL;
	struct resource *r;

	if (kind == SANDBOX_TRUNK_PHONE_NUMBER && target->link) {
		former = target->link->parent;
		resource_kill(sb, target->link, now_ms);
	}
	r = resource_new(sb, kind, trunk->account, target->id, trunk, now_ms);
	r->target = target;
	r->former = former;
	target->uses++;
	resource_name(r, target->pub.name);
	if (kind == SANDBOX_TRUNK_PHONE_NUMBER) {
		target->link = r;
		target->updated_ms = now_ms;
		(void)json_object_del(target->doc, "voice_application_sid");
	}
	return r;
}

void resource_kill(struct sandbox *sb, struct resource *r, int64_t now_ms)
{
	char key[KEY_SIZE];

	while (r->child)
		resource_kill(sb, r->child, now_ms);
	if (r->link)
		resource_kill(sb, r->link, now_ms);
	if (r->target) {
		r->target->uses--;
		r->target->link = NULL;
	}
	unchain(r);
	r->account->alive[r->pub.kind]--;
	if (!r->pub.foreign)
		sb->alive[r->pub.kind]--;
	r->pub.alive = false;
	r->pub.deleted_ms = now_ms;
	resource_key(r->pub.kind, r->id, r->pub.parent, key);
	map_remove(&sb->index, key, r);
	if (kinds[r->pub.kind].unique)
		index_drop(sb, kinds[r->pub.kind].unique, r->account->sid,
			   r->pub.name, r);
	if (r->pub.kind == SANDBOX_INCOMING_PHONE_NUMBER)
		index_drop(sb, "tel", "", resource_text(r, "phone_number"), r);
}

struct resource *resource_find(const struct sandbox *sb, enum sandbox_kind kind,
			       const char *id, const char *parent)
{
	char key[KEY_SIZE];
	struct resource *r;

	resource_key(kind, id, parent, key);
	r = map_get(&sb->index, key);
	return r && r->pub.alive && r->pub.kind == kind ? r : NULL;
}

static struct resource *of_kind(struct resource *r, enum sandbox_kind kind)
{
	while (r && r->pub.kind != kind)
		r = r->older_sibling;
	return r;
}

struct resource *resource_first(const struct account *account,
				enum sandbox_kind kind,
				const struct resource *parent)
{
	return parent ? of_kind(parent->child, kind) : account->newest[kind];
}

struct resource *resource_next(const struct resource *r,
			       const struct resource *parent)
{
	return parent ? of_kind(r->older_sibling, r->pub.kind) : r->older;
}

void resource_name(struct resource *r, const char *name)
{
	char *copy = must(strdup(name ? name : ""));

	free(r->name);
	r->name = copy;
	r->pub.name = copy;
}

const char *resource_text(const struct resource *r, const char *field)
{
	return json_string_value(json_object_get(r->doc, field));
}

void index_name(struct sandbox *sb, const char *space, const char *scope,
		const char *name, struct resource *r)
{
	char key[KEY_SIZE];

	snprintf(key, sizeof(key), "%s:%s:%s", space, scope, name);
	map_put(&sb->index, key, r);
}

struct resource *index_find(const struct sandbox *sb, const char *space,
			    const char *scope, const char *name)
{
	char key[KEY_SIZE];

	snprintf(key, sizeof(key), "%s:%s:%s", space, scope, name);
	return map_get(&sb->index, key);
}

void index_drop(struct sandbox *sb, const char *space, const char *scope,
		const char *name, const struct resource *r)
{
	char key[KEY_SIZE];

	snprintf(key, sizeof(key), "%s:%s:%s", space, scope, name);
	map_remove(&sb->index, key, r);
}

void store_release(struct sandbox *sb)
{
	for (size_t i = 0; i < sb->n_all; i++) {
		json_decref(sb->all[i]->doc);
		json_decref(sb->all[i]->former_doc);
		free(sb->all[i]->id);
		free(sb->all[i]->name);
		free(sb->all[i]);
	}
	free(sb->all);
	sb->all = NULL;
	sb->n_all = sb->max_all = 0;
	memset(sb->alive, 0, sizeof(sb->alive));
	map_release(&sb->index);
}
