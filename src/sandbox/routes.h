/* SPDX-License-Identifier: MIT */
/*
 * routes.h - every operation of both providers that the model knows.
 */
#ifndef SANDBOX_ROUTES_H
#define SANDBOX_ROUTES_H

#include "handlers.h"

struct operation {
	const char *name; /* as in fault rules and the request log */
	const char *method;
	/* {XX} is one SID, {word} one segment; both end at the next '/', a SID
	 * also at '.' */
	const char *path;
	enum provider provider;
	handler_fn *run;
};

extern const struct operation operations[];
extern const size_t n_operations;

/* Sets c->op and c->args from method and target. Without a match op stays
 * NULL, and wrong_method tells that only the method was wrong. */
void route(struct sandbox_call *c);
/* Index in operations, or -1. */
int operation_index(const char *name);

#endif
