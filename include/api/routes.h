/* SPDX-License-Identifier: MIT */
/*
 * routes.h - every way in, as rows.
 *
 * The dispatcher, Allow, the metrics' labels and the test that holds
 * openapi.yaml to the code walk them. HEAD is GET without a body and OPTIONS
 * answers Allow, everywhere: neither has rows.
 */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct request;

/* What an API key may do; each includes the one before. */
enum scope { SCOPE_NONE, SCOPE_READ, SCOPE_WRITE, SCOPE_ADMIN };

const char *scope_name(enum scope s);
/* By name; SCOPE_NONE if it is none. */
enum scope scope_by_name(const char *name);

enum route_flags {
	ROUTE_JSON = 1,	      /* takes an application/json body */
	ROUTE_MERGE = 2,      /* takes a merge patch as well */
	ROUTE_REPLAYABLE = 4, /* honours Idempotency-Key */
	ROUTE_ADMIN = 8,      /* on the admin listener */
};

struct route {
	const char *method;
	const char *path; /* "{id}" stands for one segment */
	enum scope scope;
	/* Fills rq->reply or prepares a command (wait.h) and returns 0, or
	 * returns -1 with err. */
	int (*handle)(struct request *rq, struct err *err);
	unsigned flags;
};

#define ROUTES_MAX 40
#define ALLOW_SIZE 48

/* The rows: i from 0 until it returns NULL. */
const struct route *route_at(int i);
/* And back: the i of a row. */
int route_index(const struct route *route);

/* The method as a string that lives for ever; NULL if HTTP has none such. */
const char *method_known(const char *method);

/* The row for a request. arg is what stands at the braces, undecoded. On
 * METHOD_NOT_ALLOWED, and always for OPTIONS (which leaves *route NULL), allow
 * holds the methods of the path. -1: NOT_IMPLEMENTED, NOT_FOUND,
 * METHOD_NOT_ALLOWED. */
int route_find(const char *method, const char *path, bool admin,
	       const struct route **route, const char **arg, size_t *arg_len,
	       char allow[ALLOW_SIZE], struct err *err);

#endif
