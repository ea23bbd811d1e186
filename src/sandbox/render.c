/* SPDX-License-Identifier: MIT */
/*
 * render.c - a resource as its provider shows it, by the rows of kinds.c.
 */
#include "base/buf.h"
#include "call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

char *resource_path(enum sandbox_kind kind, const char *account,
		    const char *parent, const char *id, const char *below)
{
	struct buf b = BUF_INIT(4096);

	for (const char *p = kinds[kind].path; *p; p++) {
		int rc;

		if (*p != '%')
			rc = buf_char(&b, *p);
		else if (*++p == 'A')
			rc = buf_str(&b, account);
		else if (*p == 'P')
			rc = buf_str(&b, parent);
		else
			rc = buf_str(&b, id);
		if (rc)
			must(NULL);
	}
	/* the list is where its members are, without the slash */
	if (!*id && b.len && b.data[b.len - 1] == '/')
		b.data[--b.len] = '\0';
	if (buf_str(&b, below))
		must(NULL);
	return must(buf_take(&b));
}

const char *link_base(const struct sandbox_call *c, enum sandbox_kind kind)
{
	if (!kinds[kind].host)
		return "";
	return c->base_url ? c->base_url : kinds[kind].host;
}

static char *self(const struct sandbox_call *c, const struct resource *r,
		  const char *below)
{
	enum sandbox_kind kind = r->pub.kind;
	bool old_api = !kinds[kind].host;
	char *path = resource_path(kind, r->account->sid, r->pub.parent, r->id,
				   *below || !old_api ? below : ".json");
	char *link = must_printf("%s%s", link_base(c, kind), path);

	free(path);
	return link;
}

static json_t *text_own(char *s)
{
	json_t *text = json_text(s);

	free(s);
	return text;
}

/* RFC 2822 in the 2010 API, ISO 8601 in the others. */
static json_t *date(enum sandbox_kind kind, int64_t ms)
{
	time_t s = (time_t)(ms / 1000);
	char text[64];
	struct tm tm;

	if (!gmtime_r(&s, &tm) ||
	    !strftime(text, sizeof(text),
		      kinds[kind].host ? "%Y-%m-%dT%H:%M:%SZ"
				       : "%a, %d %b %Y %H:%M:%S +0000",
		      &tm))
		return json_null();
	return json_text(text);
}

static json_t *links(const struct sandbox_call *c, const struct resource *r)
{
	json_t *o = must(json_object());
	const struct kind_link *l = kinds[r->pub.kind].links;

	for (; l && l->name; l++) {
		char *link;

		if (r->target) { /* the number itself, at the 2010 API */
			char *path = resource_path(r->target->pub.kind,
						   r->account->sid, "",
						   r->target->id, ".json");

			link = must_printf("%s%s",
					   c->base_url
						   ? c->base_url
						   : "https://api.twilio.com",
					   path);
			free(path);
		} else {
			link = self(c, r, l->path);
		}
		put(o, l->name, text_own(link));
	}
	return o;
}

static json_t *auth_types(const struct resource *trunk)
{
	json_t *set = must(json_array());
	bool acl = false, list = false;

	for (const struct resource *r = trunk->child; r; r = r->older_sibling) {
		acl |= r->pub.kind == SANDBOX_TRUNK_IP_ACL;
		list |= r->pub.kind == SANDBOX_TRUNK_CREDENTIAL_LIST;
	}
	if (acl)
		add(set, json_text("IP_ACL"));
	if (list)
		add(set, json_text("CREDENTIAL_LIST"));
	return set;
}

static json_t *auth_type(const struct resource *trunk)
{
	json_t *set = auth_types(trunk);
	const char *one = json_string_value(json_array_get(set, 0));
	const char *two = json_string_value(json_array_get(set, 1));
	char *text = must_printf("%s%s%s", one ? one : "", two ? "," : "",
				 two ? two : "");

	json_decref(set);
	return text_own(text);
}

static json_t *recording(const struct resource *trunk)
{
	json_t *o = json_object_get(trunk->doc, "recording");

	if (o)
		return json_incref(o);
	return must(json_pack("{s:s, s:s}", "mode", "do-not-record", "trim",
			      "do-not-trim"));
}

/* Reads of a number lag behind what its trunk knows already. */
static json_t *numbers_trunk(const struct sandbox_call *c,
			     const struct resource *r)
{
	const struct resource *link = (r->target ? r->target : r)->link;
	const struct resource *trunk = link ? link->parent : NULL;

	if (link && is_reading(c) && !is_visible(c, link))
		trunk = link->former;
	return trunk ? json_text(trunk->id) : json_null();
}

/* What was set, or what stands for it; an association shows its target's. */
static json_t *stored(const struct sandbox_call *c, const struct resource *r,
		      const struct field *f)
{
	const struct resource *of = r->target ? r->target : r;
	bool lags = is_reading(c) && c->now_ms < of->changed_visible_ms;
	json_t *value =
		json_object_get(lags ? of->former_doc : of->doc, f->name);

	if (value)
		return json_incref(value);
	if (f->unset && f->unset[0] == '#')
		return must(json_loads(f->unset + 1, JSON_DECODE_ANY, NULL));
	return json_text(f->unset);
}

static json_t *show(const struct sandbox_call *c, const struct resource *r,
		    const struct field *f)
{
	enum sandbox_kind kind = r->pub.kind;

	switch (f->type) {
	case F_ID:
		return json_text(r->id);
	case F_ACCOUNT:
		return json_text(r->account->sid);
	case F_PARENT:
		return json_text(r->pub.parent);
	case F_CREATED:
		return date(kind, r->pub.created_ms);
	case F_UPDATED:
		return date(kind, r->updated_ms);
	case F_SELF:
		return text_own(self(c, r, ""));
	case F_LINKS:
		return links(c, r);
	case F_NUMBERS_TRUNK:
		return numbers_trunk(c, r);
	case F_RECORDING:
		return recording(r);
	case F_AUTH_TYPE:
		return auth_type(r);
	case F_AUTH_TYPE_SET:
		return auth_types(r);
	case F_CAPABILITIES:
		return must(json_pack("{s:b, s:b, s:b, s:b}", "voice", 1, "sms",
				      1, "mms", 1, "fax", 0));
	default:
		return stored(c, r, f);
	}
}

json_t *render(const struct sandbox_call *c, const struct resource *r)
{
	json_t *o = must(json_object());

	for (const struct field *f = kinds[r->pub.kind].fields;
	     f->name || f->param; f++)
		if (f->name)
			put(o, f->name, show(c, r, f));
	return o;
}
