/* SPDX-License-Identifier: MIT */
/* http.c - names and release of the calls of http.h. */
#include "base/http.h"

const char *http_method_name(enum http_method m)
{
	static const char *const names[] = {
		[HTTP_GET] = "GET",
		[HTTP_POST] = "POST",
		[HTTP_PATCH] = "PATCH",
		[HTTP_DELETE] = "DELETE",
	};

	return names[m];
}

void http_request_release(struct http_request *rq)
{
	buf_release(&rq->url);
	buf_release_secret(&rq->body);
	buf_release(&rq->user);
	buf_release_secret(&rq->secret);
}

void http_response_release(struct http_response *rs)
{
	buf_release(&rs->body);
}
