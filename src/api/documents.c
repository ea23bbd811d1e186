/* SPDX-License-Identifier: MIT */
/* documents.c - the API's description, embedded at build time, and /healthz. */
#include "answer.h"
#include "handlers.h"

static const unsigned char openapi_yaml[] = {
#include "openapi_yaml.inc"
};
static const unsigned char openapi_json[] = {
#include "openapi_json.inc"
};

static int give(struct request *rq, const char *type, const void *bytes,
		size_t size)
{
	rq->reply.status = 200;
	rq->reply.content_type = type;
	rq->fixed = bytes;
	rq->size = size;
	return 0;
}

int documents_yaml(struct request *rq, struct err *err)
{
	if (query_read(rq->target.query, NULL, 0, err))
		return -1;
	return give(rq, "application/yaml", openapi_yaml, sizeof(openapi_yaml));
}

int documents_json(struct request *rq, struct err *err)
{
	if (query_read(rq->target.query, NULL, 0, err))
		return -1;
	return give(rq, "application/json", openapi_json, sizeof(openapi_json));
}

/* That it answers is the answer; readiness is the admin listener's. */
int documents_health(struct request *rq, struct err *err)
{
	static const char body[] = "{\"status\":\"ok\"}";

	if (query_read(rq->target.query, NULL, 0, err))
		return -1;
	return give(rq, "application/json", body, sizeof(body) - 1);
}
