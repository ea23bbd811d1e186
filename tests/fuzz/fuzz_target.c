/* SPDX-License-Identifier: MIT */
/* fuzz_target.c - METHOD TARGET, as a request line has them: taken apart,
 * routed, its identifier decoded. */
#include <stdlib.h>
#include <string.h>

#include "api/limits.h"
#include "api/routes.h"
#include "api/target.h"
#include "fuzz.h"

static void decode(const char *arg, size_t len)
{
	char out[128];
	struct err err = ERR_INIT;

	if (target_decode(arg, len, DECODE_SEGMENT, out, sizeof(out), &err)) {
		must_be_public(&err, 4);
		return;
	}
	must(strlen(out) <= len);
	/* A slash or NUL never comes out of a segment. */
	must(!strchr(out, '/'));
	must(memchr(out, '\0', sizeof(out)));
}

static void route(const char *method, const char *path, bool admin)
{
	struct err err = ERR_INIT;
	const struct route *r;
	char allow[ALLOW_SIZE];
	const char *arg;
	size_t len;
	int rc;

	rc = route_find(method, path, admin, &r, &arg, &len, allow, &err);
	must(strlen(allow) < ALLOW_SIZE - 1); /* not cut */
	if (rc) {
		must(err_public(err.code));
		must(err.code != ERR_METHOD_NOT_ALLOWED || allow[0]);
		return;
	}
	must(r || strcmp(method, "OPTIONS") == 0);
	if (!r)
		return;
	must(!!(r->flags & ROUTE_ADMIN) == admin);
	must((strchr(r->path, '{') != NULL) == (arg != NULL));
	if (!arg)
		return;
	must(len > 0 && arg >= path && arg + len <= path + strlen(path));
	must(!memchr(arg, '/', len));
	decode(arg, len);
}

static void check(const char *method, char *raw)
{
	struct err err = ERR_INIT;
	struct target t = {0};

	if (target_parse(raw, &t, &err)) {
		must_be_public(&err, 4);
		return;
	}
	must(t.path[0] == '/' || strcmp(t.path, "*") == 0);
	must(!strchr(t.path, '?') && strlen(t.path) <= LIMIT_TARGET);
	route(method, t.path, false);
	route(method, t.path, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	char *method = input_until(&in, ' ');
	char *raw = input_rest(&in);

	if (method)
		check(method, raw);
	free(method);
	free(raw);
	return 0;
}
