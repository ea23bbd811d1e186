/* SPDX-License-Identifier: MIT */
/* routes.c - every way in. A test holds openapi.yaml to this table. */
#include "api/routes.h"

#include <stdio.h>
#include <string.h>

#include "api/target.h"
#include "handlers.h"

#define WRITES ROUTE_REPLAYABLE

/* clang-format off */
static const struct route routes[] = {
	{"GET",    "/v1/agent-phone-numbers",            SCOPE_READ,  numbers_list,     0},
	{"POST",   "/v1/agent-phone-numbers",            SCOPE_WRITE, numbers_create,   WRITES | ROUTE_JSON},
	{"GET",    "/v1/agent-phone-numbers/{id}",       SCOPE_READ,  numbers_get,      0},
	{"PATCH",  "/v1/agent-phone-numbers/{id}",       SCOPE_WRITE, numbers_update,   WRITES | ROUTE_JSON | ROUTE_MERGE},
	{"DELETE", "/v1/agent-phone-numbers/{id}",       SCOPE_WRITE, numbers_delete,   WRITES},
	{"DELETE", "/v1/agent-phone-numbers/{id}/force", SCOPE_ADMIN, numbers_force,    WRITES},
	{"GET",    "/v1/operations",                     SCOPE_READ,  operations_list,  0},
	{"GET",    "/v1/operations/{id}",                SCOPE_READ,  operations_get,   0},
	{"POST",   "/v1/operations/{id}/cancel",         SCOPE_WRITE, operations_cancel, 0},
	{"GET",    "/v1/operations/{id}/events",         SCOPE_READ,  operations_watch, 0},
	{"GET",    "/v1/events",                         SCOPE_ADMIN, events_list,      0},
	{"GET",    "/v1/api-keys",                       SCOPE_ADMIN, keys_list,        0},
	{"POST",   "/v1/api-keys",                       SCOPE_ADMIN, keys_create,      ROUTE_JSON},
	{"GET",    "/v1/api-keys/{id}",                  SCOPE_ADMIN, keys_get,         0},
	{"DELETE", "/v1/api-keys/{id}",                  SCOPE_ADMIN, keys_revoke,      0},
	{"POST",   "/v1/sweeps",                         SCOPE_ADMIN, sweeps_create,    0},
	{"POST",   "/v1/backups",                        SCOPE_ADMIN, backups_create,   0},
	{"GET",    "/problems",                          SCOPE_NONE,  problems_list,    0},
	{"GET",    "/problems/{code}",                   SCOPE_NONE,  problems_get,     0},
	{"GET",    "/openapi.yaml",                      SCOPE_NONE,  documents_yaml,   0},
	{"GET",    "/openapi.json",                      SCOPE_NONE,  documents_json,   0},
	{"GET",    "/docs",                              SCOPE_NONE,  docs_page,        0},
	{"GET",    "/docs/{file}",                       SCOPE_NONE,  docs_file,        0},
	{"GET",    "/healthz",                           SCOPE_NONE,  documents_health, 0},
	{"GET",    "/livez",                             SCOPE_NONE,  admin_live,       ROUTE_ADMIN},
	{"GET",    "/readyz",                            SCOPE_NONE,  admin_ready,      ROUTE_ADMIN},
	{"GET",    "/metrics",                           SCOPE_NONE,  admin_metrics,    ROUTE_ADMIN},
};
/* clang-format on */

#define ROUTES (sizeof(routes) / sizeof(routes[0]))
_Static_assert(ROUTES <= ROUTES_MAX, "raise ROUTES_MAX");

/* Methods that HTTP knows. For others the answer is 501, not 405. */
static const char *const methods[] = {
	"GET",	  "HEAD",    "POST",  "PUT",	 "PATCH",
	"DELETE", "OPTIONS", "TRACE", "CONNECT",
};

static const char *const scopes[] = {"none", "read", "write", "admin"};

const char *scope_name(enum scope s)
{
	return scopes[s];
}

enum scope scope_by_name(const char *name)
{
	for (int i = SCOPE_READ; i <= SCOPE_ADMIN; i++)
		if (strcmp(scopes[i], name) == 0)
			return (enum scope)i;
	return SCOPE_NONE;
}

const struct route *route_at(int i)
{
	return i >= 0 && (size_t)i < ROUTES ? &routes[i] : NULL;
}

int route_index(const struct route *route)
{
	return (int)(route - routes);
}

const char *method_known(const char *method)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(method, methods[i]) == 0)
			return methods[i];
	return NULL;
}

static void allow_add(char allow[ALLOW_SIZE], const char *method)
{
	size_t n = strlen(allow);

	snprintf(allow + n, ALLOW_SIZE - n, "%s%s", n ? ", " : "", method);
}

static bool fits(const struct route *r, const char *path, bool admin,
		 const char **arg, size_t *arg_len)
{
	return !(r->flags & ROUTE_ADMIN) != admin &&
	       target_match(path, r->path, arg, arg_len);
}

/* The row of the method and the path, if there is one. */
static const struct route *search(const char *method, const char *path,
				  bool admin, const char **arg, size_t *arg_len)
{
	for (size_t i = 0; i < ROUTES; i++)
		if (strcmp(method, routes[i].method) == 0 &&
		    fits(&routes[i], path, admin, arg, arg_len))
			return &routes[i];
	return NULL;
}

/* Which methods the path takes; "" if there is no such path. */
static void list_methods(const char *path, bool admin, char allow[ALLOW_SIZE])
{
	const char *arg;
	size_t len;

	for (size_t i = 0; i < ROUTES; i++) {
		if (!fits(&routes[i], path, admin, &arg, &len))
			continue;
		allow_add(allow, routes[i].method);
		if (strcmp(routes[i].method, "GET") == 0)
			allow_add(allow, "HEAD");
	}
}

int route_find(const char *method, const char *path, bool admin,
	       const struct route **route, const char **arg, size_t *arg_len,
	       char allow[ALLOW_SIZE], struct err *err)
{
	bool options = strcmp(method, "OPTIONS") == 0;

	*route = NULL;
	*arg = NULL;
	*arg_len = 0;
	allow[0] = '\0';
	if (!method_known(method))
		return err_set(err, ERR_NOT_IMPLEMENTED,
			       "the method is not one of GET, HEAD, POST, "
			       "PATCH, DELETE and OPTIONS");
	if (strcmp(path, "*") == 0) {
		strcpy(allow, "GET, HEAD, POST, PATCH, DELETE, OPTIONS");
		if (options)
			return 0;
		return err_set(err, ERR_MALFORMED,
			       "only OPTIONS takes * for a target");
	}
	*route = search(strcmp(method, "HEAD") == 0 ? "GET" : method, path,
			admin, arg, arg_len);
	if (*route)
		return 0;
	list_methods(path, admin, allow);
	if (!allow[0])
		return err_set(err, ERR_NOT_FOUND,
			       "there is nothing at this path");
	allow_add(allow, "OPTIONS");
	if (options)
		return 0;
	return err_set(err, ERR_METHOD_NOT_ALLOWED, "this path takes %s",
		       allow);
}
