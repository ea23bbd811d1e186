/* SPDX-License-Identifier: MIT */
/*
 * paging.h - a page of a list: limit, cursor, {items, next_cursor}, Link.
 *
 * The page is asked for with one row more than it may hold, which tells whether
 * there is another page and is itself left out. A page of very large rows ends
 * early, at LIMIT_PAGE bytes.
 */
#ifndef SRC_API_PAGING_H
#define SRC_API_PAGING_H

#include "api/cursor.h"
#include "request.h"

#define PAGE_LIMIT_DEFAULT 50
#define PAGE_LIMIT_MAX	   200

struct page {
	struct request *rq;
	struct buf *out;
	int64_t before; /* where this page begins; 0: at the newest */
	int limit;
	/* Its own: */
	bool more; /* there is another page */
	char limit_text[8], cursor[CURSOR_SIZE + 8];
	struct param *params;
	size_t count;
	int rows;
	int64_t last;
};

/* clang-format off */
/* The last two rows of the params of a list. */
#define PAGE_PARAMS(p) \
	{"limit", (p)->limit_text, sizeof((p)->limit_text), false, ERR_NONE, false}, \
	{"cursor", (p)->cursor, sizeof((p)->cursor), false, ERR_INVALID_CURSOR, false}
/* clang-format on */

/* Reads the query into params (filters, then PAGE_PARAMS) and begins the body.
 * The filters' own values are the caller's to check. */
int page_begin(struct page *p, struct request *rq, struct param *params,
	       size_t count, struct err *err);
/* Makes room for the row with this seq; false: do not write it. */
bool page_row(struct page *p, int64_t seq);
/* Ends the body and points to the next page, if there is one. */
int page_end(struct page *p, struct err *err);

/* A filter that takes one of a few words ("a, b, c"), if it was given. */
int filter_words(const struct param *p, const char *words, struct err *err);
/* … a text of at most so many characters; … an E.164 number; … an id of this
 * type ("a number", for the detail). */
int filter_text(const struct param *p, size_t max, struct err *err);
int filter_e164(const struct param *p, struct err *err);
int filter_id(const struct param *p, const char *type, const char *what,
	      struct err *err);
/* The value if it was given, else NULL. */
const char *filter_value(const struct param *p);

#endif
