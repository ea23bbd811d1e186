/* SPDX-License-Identifier: MIT */
/*
 * fault_rules.c - reading fault rules: one row for each key.
 */
#include "fault_rules.h"

#include "routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum key_type {
	K_OPERATION,
	K_TEXT,
	K_RAW,
	K_INT,
	K_PROBABILITY,
	K_FLAG,
	K_DROP,
	K_GARBLE,
	K_HEADERS,
	K_BODY,
	K_RETRY,
	K_NOTE
};

struct key {
	const char *name;
	enum key_type type;
	size_t at; /* in struct rule */
	int64_t min, max;
};

#define MOST INT64_C(1000000000000) /* times 1000 is no overflow */

/* clang-format off */
#define AT(member) offsetof(struct rule, member)
static const struct key keys[] = {
	{ "operation",       K_OPERATION,   0,                   0, 0 },
	{ "method",          K_TEXT,        AT(method),          0, 0 },
	{ "path",            K_TEXT,        AT(path),            0, 0 },
	{ "account",         K_TEXT,        AT(account),         0, 0 },
	{ "nth",             K_INT,         AT(nth),             1, MOST },
	{ "times",           K_INT,         AT(times),          -1, MOST },
	{ "probability",     K_PROBABILITY, AT(probability),     0, 0 },
	{ "status",          K_INT,         AT(status),        200, 599 },
	{ "code",            K_INT,         AT(code),            0, 99999 },
	{ "message",         K_TEXT,        AT(message),         0, 0 },
	{ "body",            K_BODY,        0,                   0, 0 },
	{ "content_type",    K_TEXT,        AT(content_type),    0, 0 },
	{ "retry_after",     K_RETRY,       0,                   0, 0 },
	{ "headers",         K_HEADERS,     AT(headers),         0, 0 },
	{ "redirect",        K_TEXT,        AT(redirect),        0, 0 },
	{ "effect",          K_FLAG,        AT(effect),          0, 0 },
	{ "delay_before_ms", K_INT,         AT(delay_before_ms), 0, MOST },
	{ "delay_after_ms",  K_INT,         AT(delay_after_ms),  0, MOST },
	{ "drop",            K_DROP,        0,                   0, 0 },
	{ "reset",           K_FLAG,        AT(reset),           0, 0 },
	{ "land_late_ms",    K_INT,         AT(land_late_ms),    0, MOST },
	{ "lag_ms",          K_INT,         AT(lag_ms),          0, MOST },
	{ "truncate",        K_INT,         AT(truncate),        0, MOST },
	{ "drip_ms",         K_INT,         AT(drip_ms),         1, MOST },
	{ "raw",             K_RAW,         AT(raw),             0, 0 },
	{ "garble",          K_GARBLE,      0,                   0, 0 },
	{ "note",            K_NOTE,        0,                   0, 0 },
};
/* clang-format on */

static bool set_operation(struct rule *r, const json_t *value)
{
	const char *name = json_string_value(value);
	size_t i;
	json_t *item;
	int op;

	if (json_is_array(value)) {
		json_array_foreach (value, i, item)
			if (!set_operation(r, item))
				return false;
		return json_array_size(value) > 0;
	}
	if (!name)
		return false;
	if (strcmp(name, "*") == 0)
		return true;
	op = operation_index(name);
	if (op < 0 || op >= OPERATIONS_MAX)
		return false;
	r->operations[op] = true;
	r->some_operations = true;
	return true;
}

static bool set_int(int64_t *at, const json_t *value, const struct key *k)
{
	*at = json_integer_value(value);
	return json_is_integer(value) && *at >= k->min && *at <= k->max;
}

static bool set_probability(double *at, const json_t *value)
{
	*at = json_number_value(value);
	return json_is_number(value) && *at >= 0 && *at <= 1;
}

static bool set_drop(struct rule *r, const json_t *value)
{
	const char *when = json_string_value(value);

	if (when && strcmp(when, "before") == 0)
		r->drop = DROP_BEFORE;
	else if (when && strcmp(when, "after") == 0)
		r->drop = DROP_AFTER;
	return r->drop != DROP_NO;
}

/* What HTTP can carry: not empty, one line. */
static bool is_header_value(const char *s)
{
	return s && *s && !strpbrk(s, "\r\n");
}

static bool set_retry(struct rule *r, const json_t *value)
{
	if (is_header_value(json_string_value(value)))
		r->retry_after = must(strdup(json_string_value(value)));
	else if (json_is_integer(value))
		r->retry_after = json_line(value);
	return r->retry_after != NULL;
}

static bool set_body(struct rule *r, const json_t *value)
{
	r->body = json_is_string(value) ? must(strdup(json_string_value(value)))
					: json_line(value);
	return true;
}

static bool are_headers(const json_t *value)
{
	const char *name;
	json_t *text;

	if (!json_is_object(value))
		return false;
	json_object_foreach ((json_t *)value, name, text)
		if (!*name || !is_header_value(json_string_value(text)))
			return false;
	return true;
}

static bool set_garble(struct rule *r, const json_t *value)
{
	const char *name = json_string_value(value);

	r->garble = name ? garble_find(name) : NULL;
	return r->garble != NULL;
}

static bool set_key(struct rule *r, const struct key *k, const json_t *value)
{
	void *at = (char *)r + k->at;

	switch (k->type) {
	case K_OPERATION:
		return set_operation(r, value);
	case K_RAW:
		r->raw_len = json_string_length(value);
		/* fall through */
	case K_TEXT:
		*(const char **)at = json_string_value(value);
		return json_is_string(value);
	case K_INT:
		return set_int(at, value, k);
	case K_PROBABILITY:
		return set_probability(at, value);
	case K_FLAG:
		*(int *)at = json_is_true(value) ? YES : NO;
		return json_is_boolean(value);
	case K_DROP:
		return set_drop(r, value);
	case K_GARBLE:
		return set_garble(r, value);
	case K_HEADERS:
		*(const json_t **)at = value;
		return are_headers(value);
	case K_BODY:
		return set_body(r, value);
	case K_RETRY:
		return set_retry(r, value);
	case K_NOTE:
		return true;
	}
	return false;
}

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static struct rule *rule_init(json_t *source)
{
	struct rule *r = must(calloc(1, sizeof(*r)));

	r->refs = 1;
	r->source = json_incref(source);
	r->nth = r->times = 1;
	r->probability = 1;
	r->status = r->code = r->truncate = r->land_late_ms = r->lag_ms = -1;
	r->effect = r->reset = UNSET;
	return r;
}

struct rule *rule_new(json_t *source, char *why, size_t why_size)
{
	struct rule *r = rule_init(source);
	const char *name;
	json_t *value;

	if (!json_is_object(source)) {
		snprintf(why, why_size, "is not an object");
		goto bad;
	}
	json_object_foreach (source, name, value) {
		const struct key *k = find_key(name);
		char *text;

		if (!k) {
			snprintf(why, why_size, "unknown key \"%.60s\"", name);
			goto bad;
		}
		if (set_key(r, k, value))
			continue;
		text = json_line(value);
		snprintf(why, why_size, "\"%s\" cannot be %.120s", name, text);
		free(text);
		goto bad;
	}
	return r;
bad:
	rule_unref(r);
	return NULL;
}

void rule_unref(struct rule *r)
{
	if (!r || --r->refs)
		return;
	json_decref(r->source);
	free(r->body);
	free(r->retry_after);
	free(r);
}

void sandbox_clear_faults(struct sandbox *sb)
{
	for (size_t i = 0; i < sb->n_rules; i++)
		rule_unref(sb->rules[i]);
	free(sb->rules);
	sb->rules = NULL;
	sb->n_rules = 0;
}

int sandbox_set_faults(struct sandbox *sb, const json_t *doc, char *why,
		       size_t why_size)
{
	const json_t *list = json_object_get(doc, "rules");
	size_t n = json_array_size(list), i;
	struct rule **rules;
	json_t *copy = NULL;

	if (!json_is_array(list) || json_object_size(doc) != 1) {
		snprintf(why, why_size, "expected {\"rules\": [...]}");
		return -1;
	}
	rules = must(calloc(n + 1, sizeof(struct rule *)));
	for (i = 0; i < n; i++) {
		char what[256];

		copy = must(json_deep_copy(json_array_get(list, i)));
		rules[i] = rule_new(copy, what, sizeof(what));
		json_decref(copy);
		if (!rules[i]) {
			snprintf(why, why_size, "rule %zu: %s", i, what);
			goto bad;
		}
	}
	sandbox_clear_faults(sb);
	sb->rules = rules;
	sb->n_rules = n;
	return 0;
bad:
	while (i--)
		rule_unref(rules[i]);
	free(rules);
	return -1;
}

int sandbox_set_faults_text(struct sandbox *sb, const char *text, char *why,
			    size_t why_size)
{
	json_t *doc =
		json_loads(text, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	int rc;

	if (!doc) {
		snprintf(why, why_size, "not JSON");
		return -1;
	}
	rc = sandbox_set_faults(sb, doc, why, why_size);
	json_decref(doc);
	return rc;
}

json_t *sandbox_faults(const struct sandbox *sb)
{
	json_t *o = must(json_object());
	json_t *list = must(json_array());

	put(o, "rules", list);
	for (size_t i = 0; i < sb->n_rules; i++) {
		json_t *rule = must(json_copy(sb->rules[i]->source));

		put_int(rule, "matched", sb->rules[i]->matched);
		put_int(rule, "hits", sb->rules[i]->hits);
		add(list, rule);
	}
	return o;
}
