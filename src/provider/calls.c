/* SPDX-License-Identifier: MIT */
/* calls.c - the providers' calls by name. */
#include "provider/calls.h"

static const struct {
	enum provider provider;
	const char *name;
} calls[] = {
#define CALL_ROW(provider, call, name) {PROVIDER_##provider, name},
	PROVIDER_CALLS(CALL_ROW)
#undef CALL_ROW
};

enum provider call_provider(enum provider_call call)
{
	return calls[call].provider;
}

const char *call_name(enum provider_call call)
{
	return calls[call].name;
}

void call_set(struct http_request *rq, enum provider_call call)
{
	rq->call = (int)call;
	rq->name = calls[call].name;
}
