/* SPDX-License-Identifier: MIT */
/*
 * answers.c - what must be true of the answers that clients got: each well
 * formed, none taken back by a crash, and one key never with two of them.
 */
#include <stdio.h>
#include <string.h>

#include "sim.h"

static const char *member(const struct answer_seen *a, const char *name)
{
	const char *s = json_string_value(json_object_get(a->json, name));

	return s ? s : "";
}

static bool is_problem(const struct answer_seen *a)
{
	return a->status >= 400;
}

/* The answers to a store that fails, or a service that goes, tell nothing. */
static bool transient(const struct answer_seen *a)
{
	const char *code = member(a, "code");

	return strcmp(code, "storage-unavailable") == 0 ||
	       strcmp(code, "shutting-down") == 0 ||
	       strcmp(code, "overloaded") == 0;
}

/* --- I7: well formed ----------------------------------------------------- */

static void check_form(struct world *w, const struct request *r)
{
	const struct answer_seen *a = &r->answer;
	json_int_t status =
		json_integer_value(json_object_get(a->json, "status"));

	if (!json_is_object(a->json) || !a->content_type) {
		broken(w, "I7", "answer %d is not a JSON object", r->send);
		return;
	}
	if (is_problem(a) && status != a->status)
		broken(w, "I7", "answer %d has status %d and says %d", r->send,
		       a->status, (int)status);
	if (is_problem(a) !=
	    (strcmp(a->content_type, "application/problem+json") == 0))
		broken(w, "I7", "answer %d has type %s", r->send,
		       a->content_type);
	if (is_problem(a) && (!member(a, "code")[0] || !member(a, "type")[0]))
		broken(w, "I7", "answer %d has no code", r->send);
	if (strcmp(member(a, "code"), "internal-error") == 0 &&
	    !(w->storm && strstr(member(a, "detail"), "times")))
		broken(w, "I7", "answer %d is our fault: %s", r->send,
		       member(a, "detail"));
	if ((a->status == 201 || a->status == 202) && !a->location[0])
		broken(w, "I7", "answer %d has no location", r->send);
}

/* --- promise 3: what was told stays true --------------------------------- */

static bool removed_since(const struct facts *f, const char *number_id)
{
	for (int i = 0; i < f->operation_count; i++) {
		const struct ended *o = &f->operations[i];

		if (strcmp(o->number_id, number_id) == 0 &&
		    (strcmp(o->kind, "delete") == 0 ||
		     strcmp(o->kind, "force") == 0))
			return true;
	}
	return false;
}

static void check_told(struct world *w, const struct facts *f,
		       const struct request *r, const struct ended *o)
{
	const struct answer_seen *a = &r->answer;
	bool back = json_is_true(json_object_get(a->json, "rolled_back"));
	const char *number = member(a, "id");

	if (a->status == 201 && strcmp(o->state, "succeeded") != 0)
		broken(w, "P3", "answer %d says created, its operation is %s",
		       r->send, o->state);
	if (back && strcmp(o->state, "failed") != 0)
		broken(w, "P3",
		       "answer %d says rolled back, its operation is "
		       "%s",
		       r->send, o->state);
	if (a->status == 201 && !facts_by_id(f, number) &&
	    !removed_since(f, number))
		broken(w, "P3", "answer %d created %s, which is not there",
		       r->send, number);
	if (a->status == 200 &&
	    (r->kind == COMMAND_DELETE || r->kind == COMMAND_FORCE) &&
	    facts_by_id(f, number))
		broken(w, "P3", "answer %d removed %s, which is still there",
		       r->send, number);
	if (back &&
	    json_array_size(json_object_get(
		    json_object_get(a->json, "resources"), "remaining")) > 0)
		broken(w, "P3", "answer %d is rolled back and leaves something",
		       r->send);
}

static void check_durable(struct world *w, const struct facts *f,
			  const struct request *r)
{
	const struct answer_seen *a = &r->answer;
	const char *id = member(a, a->status == 202 ? "id" : "operation_id");
	bool told = a->status < 300 || json_object_get(a->json, "rolled_back");
	const struct ended *o;

	if (!told || r->kind == COMMAND_SWEEP)
		return;
	o = facts_operation(f, id);
	if (!o)
		broken(w, "P3",
		       "answer %d (%d) tells of operation %s, which "
		       "is lost",
		       r->send, a->status, id);
	else
		check_told(w, f, r, o);
}

/* --- I4: keys ------------------------------------------------------------ */

static bool same_variant(const struct request *a, const struct request *b)
{
	return memcmp(a->fingerprint, b->fingerprint, SEAL_HASH_SIZE) == 0;
}

static const struct ended *operation_of(const struct facts *f,
					const struct request *r)
{
	char id[24];

	snprintf(id, sizeof(id), "req_%d", r->send);
	for (int i = 0; i < f->operation_count; i++)
		if (strcmp(f->operations[i].request_id, id) == 0)
			return &f->operations[i];
	return NULL;
}

/* The request of this key that began an operation; broken if two did. */
static const struct request *owner_of(struct world *w, const struct facts *f,
				      const char *key)
{
	const struct request *owner = NULL;

	for (int i = 0; i < w->request_count; i++) {
		const struct request *r = &w->requests[i];

		if (strcmp(r->key, key) != 0 || !operation_of(f, r))
			continue;
		if (owner)
			broken(w, "I4",
			       "key %s began two operations, by %d "
			       "and %d",
			       key, owner->send, r->send);
		owner = r;
	}
	return owner;
}

/* Did it answer for the key as such, once and for all? */
static bool is_final(const struct answer_seen *a)
{
	return a->status != 202 && !transient(a) &&
	       strcmp(member(a, "code"), "idempotency-in-flight") != 0;
}

static bool equal(const struct answer_seen *a, const struct answer_seen *b)
{
	return a->status == b->status && strcmp(a->body, b->body) == 0 &&
	       strcmp(a->location, b->location) == 0 &&
	       strcmp(a->etag, b->etag) == 0 &&
	       strcmp(a->content_type, b->content_type) == 0;
}

/* A patch that changed nothing has no operation, but its key has its answer;
 * after a crash perhaps one that nobody has heard yet. */
static const struct request *unchanged_of(const struct world *w,
					  const char *key)
{
	const struct request *found = NULL;

	for (int i = 0; i < w->request_count; i++) {
		const struct request *r = &w->requests[i];

		if (strcmp(r->key, key) == 0 && r->kind == COMMAND_UPDATE &&
		    r->answered && r->answer.status == 200 &&
		    (!found || r->send < found->send))
			found = r;
	}
	return found;
}

static void check_key(struct world *w, const struct facts *f, int first)
{
	const char *key = w->requests[first].key;
	const struct request *owner = owner_of(w, f, key);
	const struct request *final = NULL;

	if (!owner)
		owner = unchanged_of(w, key);
	for (int i = first; i < w->request_count; i++) {
		const struct request *r = &w->requests[i];

		if (strcmp(r->key, key) != 0 || !r->answered ||
		    !is_final(&r->answer))
			continue;
		if (r->answer.replayed && !owner)
			broken(w, "I4", "key %s replays, but has no operation",
			       key);
		if (!owner || r->send < owner->send)
			continue;
		if (!same_variant(r, owner)) {
			if (r->answer.status != 422)
				broken(w, "I4",
				       "key %s with another body was "
				       "answered %d",
				       key, r->answer.status);
			continue;
		}
		if (final && !equal(&final->answer, &r->answer)) {
			trace(w, "first: %s %s %s\nthen:  %s %s %s",
			      final->answer.etag, final->answer.location,
			      final->answer.body, r->answer.etag,
			      r->answer.location, r->answer.body);
			broken(w, "I4", "key %s has two answers, to %d and %d",
			       key, final->send, r->send);
		}
		final = r;
	}
}

/* A success without an operation of its own (nothing to change, a removal that
 * was under way already) is the key's answer all the same. */
static void check_remembered(struct world *w, const struct facts *f,
			     const struct request *r)
{
	if (!r->key[0] || !r->answered || r->answer.status >= 300 ||
	    r->answer.status == 202 || r->answer.replayed ||
	    owner_of(w, f, r->key))
		return;
	for (int i = 0; i < w->request_count; i++) {
		const struct request *later = &w->requests[i];

		if (strcmp(later->key, r->key) == 0 && later->answered &&
		    later->send > r->send && is_final(&later->answer) &&
		    same_variant(later, r) &&
		    !equal(&later->answer, &r->answer))
			broken(w, "I4",
			       "key %s was answered %d to %d, then %d to %d",
			       r->key, r->answer.status, r->send,
			       later->answer.status, later->send);
	}
}

static void check_keys(struct world *w, const struct facts *f)
{
	for (int i = 0; i < w->request_count; i++) {
		bool first = w->requests[i].key[0];

		for (int j = 0; j < i && first; j++)
			first = strcmp(w->requests[j].key,
				       w->requests[i].key) != 0;
		if (first)
			check_key(w, f, i);
		check_remembered(w, f, &w->requests[i]);
	}
}

/* A number that was forced away while it stood at Retell stands there still.
 * With a trunk of the client's own it bears no mark: no sweep takes it. */
static bool was_abandoned(const struct world *w, const struct request *r)
{
	for (int i = 0; i < w->request_count; i++) {
		const struct request *force = &w->requests[i];

		if (force->kind == COMMAND_FORCE && force->answered &&
		    force->answer.status == 200 &&
		    strcmp(force->phone, r->phone) == 0 &&
		    strstr(force->answer.body, "\"retell_number\"") &&
		    strcmp(member(&r->answer, "code"), "number-in-retell") == 0)
			return true;
	}
	return false;
}

void answers_check(struct world *w, const struct facts *f)
{
	for (int i = 0; i < w->request_count; i++) {
		const struct request *r = &w->requests[i];

		if (!r->answered)
			continue;
		check_form(w, r);
		check_durable(w, f, r);
		if (r->expect && r->answer.status != r->expect &&
		    !world_loose(w) && !was_abandoned(w, r))
			broken(w, "I5",
			       "request %d of %s was answered %d, not "
			       "%d: %s",
			       r->send, r->phone, r->answer.status, r->expect,
			       member(&r->answer, "detail"));
	}
	check_keys(w, f);
}
