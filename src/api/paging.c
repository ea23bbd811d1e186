/* SPDX-License-Identifier: MIT */
/* paging.c - reading limit and cursor, writing items, next_cursor and Link. */
#include "paging.h"

#include <string.h>

#include "answer.h"
#include "base/e164.h"
#include "base/json.h"
#include "base/percent.h"
#include "base/utf8.h"
#include "listener.h"

#define SCOPE_BYTES 8192

/* Which list and which filters: what a cursor is bound to. */
static int scope_of(const struct page *p, struct buf *scope)
{
	const char *path = p->rq->route->path;

	buf_add(scope, path, strlen(path) + 1);
	for (size_t i = 0; i + 2 < p->count; i++) {
		if (!p->params[i].given)
			continue;
		buf_add(scope, p->params[i].name,
			strlen(p->params[i].name) + 1);
		buf_add(scope, p->params[i].value,
			strlen(p->params[i].value) + 1);
	}
	return scope->failed ? -1 : 0;
}

static int read_limit(struct page *p, struct err *err)
{
	const struct param *limit = &p->params[p->count - 2];
	size_t len = strlen(limit->value);
	int n = 0;

	p->limit = PAGE_LIMIT_DEFAULT;
	if (!limit->given)
		return 0;
	if (len && len <= 3 && strspn(limit->value, "0123456789") == len)
		for (const char *s = limit->value; *s; s++)
			n = n * 10 + (*s - '0');
	if (n < 1 || n > PAGE_LIMIT_MAX)
		return err_set(err, ERR_INVALID_PARAMETER,
			       "limit must be a whole number from 1 to %d",
			       PAGE_LIMIT_MAX);
	p->limit = n;
	return 0;
}

static int read_cursor(struct page *p, struct err *err)
{
	struct buf scope = BUF_INIT(SCOPE_BYTES);
	int rc = -1;

	p->before = 0;
	if (!p->params[p->count - 1].given)
		return 0;
	if (scope_of(p, &scope))
		err_set(err, ERR_INTERNAL, "the filters are too long");
	else
		rc = cursor_read(p->rq->server->seal, scope.data, scope.len,
				 p->cursor, &p->before, err);
	buf_release(&scope);
	return rc;
}

int page_begin(struct page *p, struct request *rq, struct param *params,
	       size_t count, struct err *err)
{
	p->rq = rq;
	p->params = params;
	p->count = count;
	p->rows = 0;
	p->more = false;
	p->last = 0;
	if (query_read(rq->target.query, params, count, err) ||
	    read_limit(p, err) || read_cursor(p, err))
		return -1;
	p->out = answer_json(rq);
	buf_reserve(p->out, 4096);
	buf_str(p->out, "{\"items\":[");
	return 0;
}

bool page_row(struct page *p, int64_t seq)
{
	if (p->rows == p->limit || p->out->len > LIMIT_PAGE)
		p->more = true;
	if (p->more)
		return false;
	if (p->rows++)
		buf_char(p->out, ',');
	p->last = seq;
	return true;
}

/* The same list with the same filters and limit, from the cursor on. */
static void add_link(struct page *p, const char *cursor)
{
	struct buf *b = &p->rq->link;

	buf_printf(b, "<%s?", p->rq->route->path);
	for (size_t i = 0; i + 1 < p->count; i++) {
		if (!p->params[i].given)
			continue;
		buf_printf(b, "%s=", p->params[i].name);
		percent_add(b, p->params[i].value);
		buf_char(b, '&');
	}
	buf_printf(b, "cursor=%s>; rel=\"next\"", cursor);
}

int page_end(struct page *p, struct err *err)
{
	struct buf scope = BUF_INIT(SCOPE_BYTES);
	char cursor[CURSOR_SIZE];
	bool more = p->more;
	int rc = 0;

	buf_char(p->out, ']');
	if (more && scope_of(p, &scope)) {
		rc = err_set(err, ERR_INTERNAL, "the filters are too long");
	} else if (more) {
		cursor_write(p->rq->server->seal, scope.data, scope.len,
			     p->last, cursor);
		add_link(p, cursor);
	}
	buf_release(&scope);
	json_put_str(p->out, "next_cursor", more && !rc ? cursor : NULL);
	buf_char(p->out, '}');
	return rc;
}

int filter_words(const struct param *p, const char *words, struct err *err)
{
	size_t len = strlen(p->value);

	if (!p->given)
		return 0;
	for (const char *s = words; *s; s += strspn(s, ", ")) {
		size_t n = strcspn(s, ",");

		if (n == len && memcmp(s, p->value, n) == 0)
			return 0;
		s += n;
	}
	return err_set(err, ERR_INVALID_PARAMETER, "%s must be one of %s",
		       p->name, words);
}

int filter_text(const struct param *p, size_t max, struct err *err)
{
	if (utf8_count(p->value) <= max)
		return 0;
	return err_set(err, ERR_INVALID_PARAMETER,
		       "%s has at most %zu characters", p->name, max);
}

int filter_e164(const struct param *p, struct err *err)
{
	if (!p->given || e164_valid(p->value, strlen(p->value)))
		return 0;
	return err_set(err, ERR_INVALID_PARAMETER,
		       "%s must be an E.164 number, as +14155550100 or "
		       "%%2B14155550100",
		       p->name);
}

int filter_id(const struct param *p, const char *type, const char *what,
	      struct err *err)
{
	if (!p->given || id_valid(p->value, type))
		return 0;
	return err_set(err, ERR_INVALID_PARAMETER, "%s must be the id of %s",
		       p->name, what);
}

const char *filter_value(const struct param *p)
{
	return p->given ? p->value : NULL;
}
