/* SPDX-License-Identifier: MIT */
/*
 * fault_rules.h - the inside of sandbox/fault.h: rules, and what a rule that
 * hits makes of a call.
 */
#ifndef SANDBOX_FAULT_RULES_H
#define SANDBOX_FAULT_RULES_H

#include "call.h"
#include "sandbox/fault.h"

enum { OPERATIONS_MAX = 128 };

enum drop { DROP_NO, DROP_BEFORE, DROP_AFTER };
enum flag { UNSET = -1, NO, YES };

/* Counted by references: the rule list, open calls, the request log. */
struct rule {
	unsigned refs;
	json_t *source; /* as it was set */
	/* which calls */
	bool operations[OPERATIONS_MAX]; /* all false: every one */
	bool some_operations;
	const char *method, *path, *account; /* borrowed from source */
	int64_t nth, times;
	double probability;
	/* what happens; numbers are -1 and texts NULL where not given */
	int64_t status, code;
	const char *message, *content_type, *redirect, *raw;
	size_t raw_len;
	char *body, *retry_after;
	const json_t *headers;
	int effect, reset;
	int64_t delay_before_ms, delay_after_ms, land_late_ms, lag_ms;
	int64_t truncate, drip_ms;
	int drop;
	const struct garble *garble;
	/* counters */
	int64_t matched, hits;
};

/* NULL with a sentence in why. */
struct rule *rule_new(json_t *source, char *why, size_t why_size);
void rule_unref(struct rule *r); /* NULL is fine */

/* Counts the call with every rule; the one that hits goes into c->rule and
 * c->plan. */
void faults_decide(struct sandbox_call *c);
/* After the effect, if there was one: the rule's own answer, if it has one. */
void fault_answers(struct sandbox_call *c);
/* Then: headers, garbling. */
void fault_spoils(struct sandbox_call *c);

/* One way to spoil an answer. */
struct garble {
	const char *name;
	/* one of the two */
	void (*body)(struct sandbox_call *c);
	void (*json)(struct sandbox_call *c, json_t *answer);
};
const struct garble *garble_find(const char *name);
void garble_apply(struct sandbox_call *c, const struct garble *g);

#endif
