/* SPDX-License-Identifier: MIT */
/*
 * page.c - lists of both generations of Twilio's API, newest first.
 *
 * A PageToken is "PA" and the ledger place of the last row of the page before,
 * so a page stays right while resources come and go.
 */
#include "call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_PAGE = 50, LARGEST_PAGE = 1000 };

struct page {
	enum sandbox_kind kind;
	const struct resource *parent;
	long size, number;
	struct resource *first;
	bool single;		/* first is the only candidate */
	struct resource **rows; /* all that match */
	size_t n_rows, start, end;
};

static long number_param(const struct sandbox_call *c, const char *name,
			 long unset)
{
	const char *text = form_get(&c->form, name);
	char *end;
	long n;

	if (!text)
		return unset;
	n = strtol(text, &end, 10);
	return *text && !*end && n >= 0 && n < 100000000 ? n : -1;
}

long page_cap(const struct sandbox_call *c, long size)
{
	long most = c->sb->config.page_max;

	return most && size > most ? most : size;
}

long page_size(struct sandbox_call *c)
{
	long size = number_param(c, "PageSize", DEFAULT_PAGE);

	if (size > LARGEST_PAGE) {
		refuse_code(c, 400, 20007);
		return -1;
	}
	if (size < 1) {
		refuse(c, 400, 20422, "Invalid Parameter: PageSize");
		return -1;
	}
	return page_cap(c, size);
}

/* Every row in order; token tells where to go on. */
static void collect(struct sandbox_call *c, struct page *p,
		    resource_filter *wanted, long token)
{
	size_t room = 0;
	struct resource *r = p->first;

	for (; r; r = p->single ? NULL : resource_next(r, p->parent)) {
		if (!is_visible(c, r) || (wanted && !wanted(c, r)))
			continue;
		if (p->n_rows == room) {
			room = room ? room * 2 : 64;
			p->rows = must(
				realloc(p->rows, room * sizeof(p->rows[0])));
		}
		if (token >= 0 && r->seq >= (size_t)token)
			p->start = p->n_rows + 1;
		p->rows[p->n_rows++] = r;
	}
	p->end = p->start + (size_t)p->size;
	if (p->end > p->n_rows)
		p->end = p->n_rows;
}

/* The list's link with the query of this call, for page n that begins after
 * row `after` (rows[after - 1] is the last one before it). */
static char *page_link(const struct sandbox_call *c, const struct page *p,
		       long number, size_t after)
{
	bool old_api = !kinds[p->kind].host;
	char *path = resource_path(p->kind, c->account->sid,
				   p->parent ? p->parent->id : "", "",
				   old_api ? ".json" : "");
	char *link = must_printf("%s%s?PageSize=%ld&Page=%ld",
				 link_base(c, p->kind), path, p->size, number);

	free(path);
	for (size_t i = 0; i < c->form.n; i++) {
		const struct form_pair *pair = &c->form.pairs[i];
		char *name, *value, *longer;

		if (strncmp(pair->name, "Page", 4) == 0)
			continue;
		name = url_encode(pair->name);
		value = url_encode(pair->value);
		longer = must_printf("%s&%s=%s", link, name, value);
		free(name);
		free(value);
		free(link);
		link = longer;
	}
	if (after) {
		char *longer = must_printf("%s&PageToken=PA%zu", link,
					   p->rows[after - 1]->seq);

		free(link);
		link = longer;
	}
	return link;
}

static void put_link(json_t *o, const char *key, char *link)
{
	put_text(o, key, link);
	free(link);
}

static void put_links(const struct sandbox_call *c, const struct page *p,
		      json_t *o, const char *kind)
{
	size_t before =
		p->start > (size_t)p->size ? p->start - (size_t)p->size : 0;
	char key[32];

	snprintf(key, sizeof(key), "first_page_%s", kind);
	put_link(o, key, page_link(c, p, 0, 0));
	snprintf(key, sizeof(key), "next_page_%s", kind);
	put_link(o, key,
		 p->end < p->n_rows ? page_link(c, p, p->number + 1, p->end)
				    : NULL);
	snprintf(key, sizeof(key), "previous_page_%s", kind);
	put_link(o, key,
		 p->start ? page_link(c, p, p->number ? p->number - 1 : 0,
				      before)
			  : NULL);
	put_link(o, kind, page_link(c, p, p->number, p->start));
	put_int(o, "page", p->number);
	put_int(o, "page_size", p->size);
}

static json_t *page_json(const struct sandbox_call *c, const struct page *p)
{
	const struct kind *kind = &kinds[p->kind];
	json_t *o = must(json_object());
	json_t *array = must(json_array());
	json_t *meta = o;

	put(o, kind->array, array);
	for (size_t i = p->start; i < p->end; i++)
		add(array, render(c, p->rows[i]));
	if (kind->host) {
		meta = must(json_object());
		put(o, "meta", meta);
		put_text(meta, "key", kind->array);
	} else {
		size_t rows = p->end - p->start;

		put_int(o, "start", (json_int_t)p->start);
		put_int(o, "end", (json_int_t)(rows ? p->end - 1 : p->start));
	}
	put_links(c, p, meta, kind->host ? "url" : "uri");
	return o;
}

/* The place that a token names: -1 if there is none, -2 if it is none of ours.
 */
static long token_place(const char *token)
{
	const char *digits;
	size_t n;

	if (!token || !*token)
		return -1;
	if (strncmp(token, "PA", 2) != 0)
		return -2;
	digits = token + 2;
	n = strspn(digits, "0123456789");
	return n > 0 && n < 10 && !digits[n] ? strtol(digits, NULL, 10) : -2;
}

static void answer_rows(struct sandbox_call *c, struct page *p,
			resource_filter *wanted)
{
	long from = token_place(form_get(&c->form, "PageToken"));

	p->size = page_size(c);
	if (p->size < 0)
		return;
	p->number = number_param(c, "Page", 0);
	if (p->number < 0 || from == -2) {
		refuse(c, 400, 20422, "Invalid Parameter: Page");
		return;
	}
	if (p->number > 0 && from < 0) {
		refuse(c, 400, 20006,
		       "Page needs a PageToken: follow the link to the next "
		       "page");
		return;
	}
	collect(c, p, wanted, from);
	answer_json_own(c, 200, page_json(c, p));
	free(p->rows);
}

void answer_page(struct sandbox_call *c, enum sandbox_kind kind,
		 const struct resource *parent, resource_filter *wanted)
{
	struct page p = {
		.kind = kind,
		.parent = parent,
		.first = resource_first(c->account, kind, parent),
	};

	answer_rows(c, &p, wanted);
}

void answer_page_of_one(struct sandbox_call *c, enum sandbox_kind kind,
			struct resource *only, resource_filter *wanted)
{
	struct page p = {.kind = kind, .first = only, .single = true};

	answer_rows(c, &p, wanted);
}
