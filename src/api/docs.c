/* SPDX-License-Identifier: MIT */
/*
 * docs.c - /docs: the reference for people, embedded at build time.
 *
 * tests/support/docs.py makes the files and the table of them. The page may
 * load what this service serves and nothing else; its files bear a hash of
 * their bytes in their names, so that a browser may keep them for ever.
 */
#include <string.h>

#include "answer.h"
#include "api/etag.h"
#include "handlers.h"

/* The bytes of a file between two symbols. The compiler would take seconds and
 * hundreds of megabytes over the same as a list of numbers. */
#define EMBED(name, path)                                                    \
	extern const unsigned char name[], name##_end[];                     \
	__asm__(".section .rodata\n" #name ":\n.incbin \"" path "\"\n" #name \
		"_end:\n.byte 0\n.previous\n");

struct file {
	const char *name, *type, *etag;
	const unsigned char *bytes, *end;
};

#include "docs.inc"

#define FILES (sizeof(files) / sizeof(files[0]))

/* Inline code and styles are refused as well. */
#define POLICY                                                        \
	"default-src 'none'; script-src 'self'; style-src 'self'; "   \
	"img-src 'self' data:; connect-src 'self'; base-uri 'none'; " \
	"form-action 'none'; frame-ancestors 'none'"

static int give(struct request *rq, const struct file *f, const char *cache)
{
	struct text known = rq->headers.value[HEADER_IF_NONE_MATCH];

	rq->cache = cache;
	rq->policy = POLICY;
	strcpy(rq->reply.etag, f->etag);
	rq->reply.content_type = f->type;
	rq->reply.status = 200;
	if (rq->headers.seen[HEADER_IF_NONE_MATCH] &&
	    etag_listed(known, f->etag)) {
		rq->reply.status = 304;
		return 0;
	}
	rq->fixed = f->bytes;
	rq->size = (size_t)(f->end - f->bytes);
	return 0;
}

int docs_page(struct request *rq, struct err *err)
{
	if (query_read(rq->target.query, NULL, 0, err))
		return -1;
	return give(rq, &files[0], "no-cache");
}

int docs_file(struct request *rq, struct err *err)
{
	if (query_read(rq->target.query, NULL, 0, err))
		return -1;
	for (size_t i = 1; i < FILES; i++)
		if (strcmp(rq->arg, files[i].name) == 0)
			return give(rq, &files[i],
				    "public, max-age=31536000, immutable");
	return err_set(err, ERR_NOT_FOUND, "the reference has no such file");
}
