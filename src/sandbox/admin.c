/* SPDX-License-Identifier: MIT */
/*
 * admin.c - the sandbox's own interface under /_sandbox (sandbox.h).
 */
#include "call.h"
#include "sandbox/fault.h"
#include "sandbox/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct admin {
	struct sandbox *sb;
	const json_t *body; /* NULL unless it is JSON */
	int64_t now_ms;
	int status;
	json_t *answer; /* NULL: none */
};

static void fail(struct admin *a, int status, const char *why)
{
	a->status = status;
	a->answer = must(json_object());
	put_text(a->answer, "error", why);
}

static void get_ledger(struct admin *a)
{
	a->answer = sandbox_ledger(a->sb);
}

static void get_requests(struct admin *a)
{
	a->answer = sandbox_requests(a->sb);
}

static void delete_requests(struct admin *a)
{
	sandbox_clear_requests(a->sb);
}

static void get_faults(struct admin *a)
{
	a->answer = sandbox_faults(a->sb);
}

static void put_faults(struct admin *a)
{
	char why[512];

	if (sandbox_set_faults(a->sb, a->body, why, sizeof(why)))
		fail(a, 400, why);
	else
		a->answer = sandbox_faults(a->sb);
}

static void delete_faults(struct admin *a)
{
	sandbox_clear_faults(a->sb);
}

static void post_reset(struct admin *a)
{
	sandbox_reset(a->sb, a->now_ms);
}

static void get_clock(struct admin *a)
{
	a->answer = must(json_object());
	put_int(a->answer, "now_ms", a->now_ms);
	put_int(a->answer, "advance_ms", a->sb->advance_ms);
}

static void put_clock(struct admin *a)
{
	const json_t *n = json_object_get(a->body, "advance_ms");
	json_int_t ms = json_integer_value(n);

	if (!json_is_integer(n) || ms < 0 || json_object_size(a->body) != 1) {
		fail(a, 400, "expected {\"advance_ms\": n}, n not negative");
		return;
	}
	a->sb->advance_ms += ms;
	a->now_ms += ms;
	get_clock(a);
}

static void get_operations(struct admin *a)
{
	a->answer = must(json_object());
	put(a->answer, "operations", sandbox_operations());
}

/* clang-format off */
static const struct {
	const char *method;
	const char *path;
	void (*run)(struct admin *a);
} ways[] = {
	{ "GET",    "/_sandbox/ledger",     get_ledger },
	{ "GET",    "/_sandbox/requests",   get_requests },
	{ "DELETE", "/_sandbox/requests",   delete_requests },
	{ "GET",    "/_sandbox/faults",     get_faults },
	{ "PUT",    "/_sandbox/faults",     put_faults },
	{ "DELETE", "/_sandbox/faults",     delete_faults },
	{ "POST",   "/_sandbox/reset",      post_reset },
	{ "GET",    "/_sandbox/clock",      get_clock },
	{ "PUT",    "/_sandbox/clock",      put_clock },
	{ "GET",    "/_sandbox/operations", get_operations },
};
/* clang-format on */

static void dispatch(struct admin *a, const char *method, const char *path)
{
	size_t len = strcspn(path, "?");
	bool path_known = false;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strlen(ways[i].path) != len ||
		    strncmp(ways[i].path, path, len) != 0)
			continue;
		path_known = true;
		if (strcmp(ways[i].method, method) == 0) {
			ways[i].run(a);
			return;
		}
	}
	if (path_known)
		fail(a, 405, "this path has no such method");
	else
		fail(a, 404, "no such path under /_sandbox");
}

void sandbox_admin(struct sandbox *sb, const char *method, const char *path,
		   const char *body, size_t body_len, int64_t now_ms,
		   struct sandbox_answer *answer)
{
	json_t *doc = json_loadb(body_len ? body : "", body_len,
				 JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	struct admin a = {
		.sb = sb, .body = doc, .now_ms = now_ms, .status = 200};
	char *text;

	dispatch(&a, method, path);
	*answer = (struct sandbox_answer){.status = a.status};
	if (a.answer) {
		text = json_line(a.answer);
		answer_body(answer, "application/json", text, strlen(text));
		free(text);
	} else {
		answer->status = 204;
		answer_body(answer, NULL, "", 0);
	}
	json_decref(a.answer);
	json_decref(doc);
}
