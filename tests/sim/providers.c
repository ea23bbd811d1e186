/* SPDX-License-Identifier: MIT */
/*
 * providers.c - what must be true at the providers, by the model's ledger:
 * nothing of ours without a record that names it, nothing missing that a record
 * names, nothing twice, and all that is not ours as it was.
 *
 * A call may land so late that nobody could have waited for it (call_was_late).
 * What it made is counted, not blamed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define MARK "trunkline:" INSTANCE ":"

static const char *field(const struct sandbox_resource *r, const char *name)
{
	const char *s = r ? sandbox_resource_field(r, name) : NULL;

	return s ? s : "";
}

static const char *text_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s ? s : "";
}

bool call_was_late(const struct world *w, int call)
{
	const struct past_call *c = &w->calls[call];

	return c->landed >= 0 && c->told >= 0 &&
	       c->landed + w->lag_ms > c->told + SETTLE_MS;
}

static bool row_was_late(const struct world *w, size_t row)
{
	return row < (size_t)w->birth_count && w->birth[row] >= 0 &&
	       call_was_late(w, w->birth[row]);
}

/* --- whose is it? -------------------------------------------------------- */

/* The number's id in the mark; false if there is none. */
static bool marked(const char *name, char id[ID_SIZE])
{
	size_t n = strlen(MARK);

	if (strncmp(name, MARK, n) != 0)
		return false;
	snprintf(id, ID_SIZE, "%s", name + n);
	id[strcspn(id, ":")] = '\0';
	return true;
}

static const struct sandbox_resource *parent_of(
	const struct world *w, const struct sandbox_resource *r)
{
	enum sandbox_kind kind = r->kind == SANDBOX_CREDENTIAL
					 ? SANDBOX_CREDENTIAL_LIST
				 : r->kind == SANDBOX_CONNECTION_POLICY_TARGET
					 ? SANDBOX_CONNECTION_POLICY
					 : SANDBOX_TRUNK;

	return sandbox_ledger_find(w->sandbox, kind, r->parent, NULL);
}

/* The number that a resource was made for; "" if it tells none. */
static void owner_of(const struct world *w, const struct facts *f,
		     const struct sandbox_resource *r, char id[ID_SIZE])
{
	const struct sandbox_resource *parent;
	const struct record *record;

	id[0] = '\0';
	if (r->kind == SANDBOX_RETELL_NUMBER) {
		record = facts_by_phone(f, r->id);
		if (record)
			strcpy(id, record->id);
		return;
	}
	if (marked(r->name, id) || !r->parent[0])
		return;
	parent = parent_of(w, r);
	if (parent)
		(void)marked(parent->name, id);
}

/* --- I1: no orphan ------------------------------------------------------- */

/* Is it in this list of {kind, id}? An id that is not known fits any. */
static bool listed(const json_t *list, const struct sandbox_resource *r)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		const char *id = json_string_value(json_object_get(item, "id"));

		if (strcmp(text_of(item, "kind"), sandbox_kind_name(r->kind)) ==
			    0 &&
		    (!id || strcmp(id, r->id) == 0))
			return true;
	}
	return false;
}

static bool owned(const struct record *n, const struct sandbox_resource *r)
{
	const json_t *error = json_object_get(n->built, "error");

	if (strcmp(n->status, "corrupted") == 0)
		return listed(json_object_get(error, "remaining"), r);
	return listed(json_object_get(n->built, "resources"), r);
}

/* Given up by a force, which said so. */
static bool abandoned(const struct facts *f, const char *number_id,
		      const struct sandbox_resource *r)
{
	for (int i = 0; i < f->operation_count; i++) {
		const struct ended *o = &f->operations[i];

		if (strcmp(o->kind, "force") == 0 &&
		    (strcmp(o->number_id, number_id) == 0 ||
		     (r->kind == SANDBOX_RETELL_NUMBER &&
		      strcmp(o->phone, r->id) == 0)) &&
		    listed(json_object_get(o->result, "remaining"), r))
			return true;
	}
	return false;
}

static bool is_theirs(const struct world *w, const struct sandbox_resource *r)
{
	const struct sandbox_resource *parent;

	if (r->foreign || r->preset || r->kind == SANDBOX_INCOMING_PHONE_NUMBER)
		return true;
	if (r->kind != SANDBOX_TRUNK_PHONE_NUMBER)
		return false;
	parent = parent_of(w, r); /* put back on a foreign trunk */
	return parent && parent->foreign;
}

/* Sweeps read these lists; what is below dies with its parent. */
static bool sweepable(enum sandbox_kind kind)
{
	return kind == SANDBOX_TRUNK || kind == SANDBOX_CREDENTIAL_LIST ||
	       kind == SANDBOX_CONNECTION_POLICY ||
	       kind == SANDBOX_RETELL_NUMBER;
}

/* Did another of its kind, for the same number, land late? Then this one may be
 * what was made in its place. */
static bool rival_was_late(const struct world *w, const struct facts *f,
			   const struct sandbox_resource *r, const char *owner)
{
	for (int i = (int)w->preset_count; i < w->birth_count; i++) {
		const struct sandbox_resource *other =
			sandbox_ledger_at(w->sandbox, (size_t)i);
		char id[ID_SIZE];

		if (other->kind != r->kind || !row_was_late(w, (size_t)i))
			continue;
		owner_of(w, f, other, id);
		if (strcmp(id, owner) == 0)
			return true;
	}
	return false;
}

static void check_orphan(struct world *w, const struct facts *f, size_t row)
{
	const struct sandbox_resource *r = sandbox_ledger_at(w->sandbox, row);
	const struct record *n;
	char id[ID_SIZE];

	if (w->birth[row] == BIRTH_STRANGER) {
		if (!r->alive ||
		    strcmp(field(r, "nickname"), "Stranger's") != 0)
			broken(w, "I8", "the stranger's %s is not as it was",
			       r->id);
		return;
	}
	if (!r->alive || is_theirs(w, r))
		return;
	owner_of(w, f, r, id);
	n = facts_by_id(f, id);
	if ((n && owned(n, r)) || abandoned(f, id, r))
		return;
	if ((row_was_late(w, row) || rival_was_late(w, f, r, id)) &&
	    !(w->swept && sweepable(r->kind)))
		w->late_orphans++;
	else
		broken(w, "I1", "orphan: %s %s of %s (%s), call %d",
		       sandbox_kind_name(r->kind), r->id, id[0] ? id : "nobody",
		       n ? n->status : "no record", w->birth[row]);
}

static void check_orphans(struct world *w, const struct facts *f)
{
	w->late_orphans = 0;
	for (size_t i = w->preset_count; i < (size_t)w->birth_count; i++)
		check_orphan(w, f, i);
}

/* --- I2: an active number works ------------------------------------------ */

static const char *id_of(const struct record *n, const char *kind)
{
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(n->built, "resources"), i, item) {
		if (strcmp(text_of(item, "kind"), kind) == 0)
			return text_of(item, "id");
	}
	return NULL;
}

/* The living resource that a record names, or NULL after a complaint. */
static const struct sandbox_resource *need(struct world *w,
					   const struct record *n,
					   enum sandbox_kind kind,
					   const char *parent)
{
	const char *id = id_of(n, sandbox_kind_name(kind));
	const struct sandbox_resource *r =
		id ? sandbox_ledger_find(w->sandbox, kind, id, parent) : NULL;

	if (!r)
		broken(w, "I2", "%s is active without its %s %s", n->phone,
		       sandbox_kind_name(kind), id ? id : "(not listed)");
	else if (r->foreign)
		broken(w, "I2", "%s has a foreign %s", n->phone,
		       sandbox_kind_name(kind));
	return r;
}

static void same(struct world *w, const struct record *n, const char *what,
		 const char *is, const char *ought)
{
	if (strcmp(is, ought) != 0)
		broken(w, "I2", "%s: %s is \"%s\", not \"%s\"", n->phone, what,
		       is, ought);
}

static void check_outbound(struct world *w, const struct record *n,
			   const struct sandbox_resource *trunk,
			   const struct sandbox_resource *retell)
{
	const struct sandbox_resource *list =
		need(w, n, SANDBOX_CREDENTIAL_LIST, NULL);
	const struct sandbox_resource *credential;
	const char *user =
		text_of(json_object_get(n->spec, "outbound_trunk"), "username");

	(void)need(w, n, SANDBOX_TRUNK_CREDENTIAL_LIST, trunk->id);
	credential = need(w, n, SANDBOX_CREDENTIAL, list ? list->id : NULL);
	if (!list || !credential)
		return;
	same(w, n, "the credential's list", credential->parent, list->id);
	same(w, n, "the user name", field(credential, "username"), user);
	same(w, n, "Retell's user name", field(retell, "auth_username"), user);
	same(w, n, "Retell's password", field(retell, "password_sha256"),
	     field(credential, "password_sha256"));
}

static const char *sid_of_phone(const struct world *w, const char *phone)
{
	for (size_t i = 0; i < w->preset_count; i++) {
		const struct sandbox_resource *r =
			sandbox_ledger_at(w->sandbox, i);

		if (r->kind == SANDBOX_INCOMING_PHONE_NUMBER &&
		    strcmp(field(r, "phone_number"), phone) == 0)
			return r->id;
	}
	return "";
}

static void check_trunk(struct world *w, const struct record *n,
			const struct sandbox_resource *retell)
{
	const struct sandbox_resource *trunk = need(w, n, SANDBOX_TRUNK, NULL);
	const struct sandbox_resource *number =
		sandbox_ledger_find(w->sandbox, SANDBOX_INCOMING_PHONE_NUMBER,
				    sid_of_phone(w, n->phone), NULL);
	const json_t *built = json_object_get(n->built, "trunk");

	if (!trunk)
		return;
	same(w, n, "the trunk's domain", field(trunk, "domain_name"),
	     text_of(built, "termination_uri"));
	same(w, n, "the trunk", trunk->id, text_of(built, "sid"));
	same(w, n, "disaster recovery", field(trunk, "disaster_recovery_url"),
	     text_of(n->spec, "disaster_recovery_url"));
	(void)need(w, n, SANDBOX_TRUNK_PHONE_NUMBER, trunk->id);
	same(w, n, "the number's trunk", field(number, "trunk_sid"), trunk->id);
	if (json_is_true(json_object_get(n->spec, "supports_inbound")))
		(void)need(w, n, SANDBOX_ORIGINATION_URL, NULL);
	if (json_is_true(json_object_get(n->spec, "supports_outbound")))
		check_outbound(w, n, trunk, retell);
	if (json_is_object(json_object_get(n->spec, "connection_policy"))) {
		(void)need(w, n, SANDBOX_CONNECTION_POLICY, NULL);
		(void)need(w, n, SANDBOX_CONNECTION_POLICY_TARGET, NULL);
	}
}

/* A PATCH that got stuck half way may have left either state, until another one
 * succeeds. */
static bool settings_in_doubt(const struct facts *f, const struct record *n)
{
	for (int i = f->operation_count - 1; i >= 0; i--) {
		const struct ended *o = &f->operations[i];

		if (strcmp(o->number_id, n->id) == 0 &&
		    strcmp(o->kind, "update") == 0 &&
		    strcmp(o->state, "failed") != 0)
			return strcmp(o->state, "stuck") == 0;
	}
	return false;
}

static json_t *retell_doc(const struct world *w, const char *phone)
{
	json_t *ledger = sandbox_ledger(w->sandbox), *row, *found = NULL;
	size_t i;

	json_array_foreach (json_object_get(ledger, "resources"), i, row) {
		if (strcmp(text_of(row, "kind"), "retell_number") == 0 &&
		    strcmp(text_of(row, "id"), phone) == 0 &&
		    json_is_true(json_object_get(row, "alive")))
			found = json_incref(row);
	}
	json_decref(ledger);
	return found;
}

static bool unset(const json_t *value)
{
	return !value || json_is_null(value) ||
	       (json_is_array(value) && json_array_size(value) == 0);
}

static bool agents_equal(const json_t *a, const json_t *b)
{
	const json_t *x;
	size_t i;

	if (json_array_size(a) != json_array_size(b))
		return false;
	json_array_foreach (a, i, x) {
		const json_t *y = json_array_get(b, i);

		if (strcmp(text_of(x, "agent_id"), text_of(y, "agent_id")) != 0)
			return false;
	}
	return true;
}

static void check_settings(struct world *w, const struct record *n)
{
	static const char *const ours[] = {"label", "fallback_number",
					   "inbound_webhook_url"};
	static const char *const theirs[] = {"nickname", "fallback_number",
					     "inbound_webhook_url"};
	static const char *const agents[] = {"inbound_agents",
					     "outbound_agents"};
	json_t *doc = retell_doc(w, n->phone);

	for (int i = 0; i < 3; i++)
		same(w, n, ours[i], text_of(doc, theirs[i]),
		     text_of(n->spec, ours[i]));
	for (int i = 0; i < 2; i++) {
		const json_t *is = json_object_get(doc, agents[i]);
		const json_t *ought = json_object_get(n->spec, agents[i]);

		if (unset(is) ? !unset(ought) : !agents_equal(is, ought))
			broken(w, "I2", "%s: Retell has other %s", n->phone,
			       agents[i]);
	}
	json_decref(doc);
}

static void check_active(struct world *w, const struct facts *f,
			 const struct record *n)
{
	const struct sandbox_resource *retell =
		need(w, n, SANDBOX_RETELL_NUMBER, NULL);
	bool twilio = strcmp(text_of(n->spec, "provider"), "twilio") == 0;

	if (!retell)
		return;
	same(w, n, "Retell's termination URI", field(retell, "termination_uri"),
	     text_of(json_object_get(n->built, "trunk"), "termination_uri"));
	if (twilio)
		check_trunk(w, n, retell);
	if (!settings_in_doubt(f, n))
		check_settings(w, n);
}

/* --- nothing twice ------------------------------------------------------- */

static bool made_once(enum sandbox_kind kind)
{
	return kind == SANDBOX_TRUNK || kind == SANDBOX_CREDENTIAL_LIST ||
	       kind == SANDBOX_CONNECTION_POLICY ||
	       kind == SANDBOX_CONNECTION_POLICY_TARGET ||
	       kind == SANDBOX_ORIGINATION_URL;
}

/* Two of a kind of one number, alive at the same time: somebody repeated a
 * create without looking. */
static void check_twice(struct world *w)
{
	size_t count = sandbox_ledger_count(w->sandbox);

	for (size_t i = w->preset_count; i < count; i++) {
		const struct sandbox_resource *b =
			sandbox_ledger_at(w->sandbox, i);
		char whose[ID_SIZE], other[ID_SIZE];

		if (!made_once(b->kind) || row_was_late(w, i) ||
		    !marked(b->name, whose))
			continue;
		for (size_t j = w->preset_count; j < i; j++) {
			const struct sandbox_resource *a =
				sandbox_ledger_at(w->sandbox, j);

			if (a->kind != b->kind || row_was_late(w, j) ||
			    !marked(a->name, other) ||
			    strcmp(whose, other) != 0 ||
			    (!a->alive && a->deleted_ms <= b->created_ms))
				continue;
			broken(w, "I1",
			       "two of %s at a time for %s: calls %d "
			       "and %d",
			       sandbox_kind_name(a->kind), whose, w->birth[j],
			       w->birth[i]);
		}
	}
}

/* --- I8: nothing foreign ------------------------------------------------- */

static uint64_t digest(const struct sandbox_resource *r)
{
	static const char *const fields[] = {"friendly_name",
					     "domain_name",
					     "nickname",
					     "termination_uri",
					     "username",
					     "password_sha256",
					     "sip_url",
					     "fallback_number",
					     "trunk_sid",
					     "voice_url",
					     "voice_application_sid"};
	uint64_t hash = r->alive;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		for (const char *p = field(r, fields[i]); *p; p++)
			hash = (hash ^ (unsigned char)*p) *
			       UINT64_C(0x100000001b3);
	return hash;
}

void providers_note_preset(struct world *w)
{
	w->preset_count = sandbox_ledger_count(w->sandbox);
	w->preset = calloc(w->preset_count, sizeof(*w->preset));
	for (size_t i = 0; i < w->preset_count; i++)
		w->preset[i] = digest(sandbox_ledger_at(w->sandbox, i));
	w->birth_room = w->birth_count = (int)w->preset_count;
	w->birth = calloc(w->preset_count, sizeof(*w->birth));
	for (size_t i = 0; i < w->preset_count; i++)
		w->birth[i] = BIRTH_PRESET;
}

/* A number's routing is its own again once no record speaks of it. */
static bool ours_now(const struct facts *f, const char *phone)
{
	if (facts_by_phone(f, phone))
		return true;
	for (int i = 0; i < f->operation_count; i++)
		if (strcmp(f->operations[i].kind, "force") == 0 &&
		    strcmp(f->operations[i].phone, phone) == 0)
			return true;
	return false;
}

static void check_foreign(struct world *w, const struct facts *f)
{
	for (size_t i = 0; i < w->preset_count; i++) {
		const struct sandbox_resource *r =
			sandbox_ledger_at(w->sandbox, i);
		bool number = r->kind == SANDBOX_INCOMING_PHONE_NUMBER;

		if (r->kind == SANDBOX_TRUNK_PHONE_NUMBER ||
		    (number && ours_now(f, field(r, "phone_number"))))
			continue;
		if (digest(r) != w->preset[i])
			broken(w, "I8", "%s %s %s is not as it was",
			       sandbox_kind_name(r->kind),
			       number ? field(r, "phone_number") : r->id,
			       r->alive ? "" : "(dead)");
	}
}

void providers_check(struct world *w, const struct facts *f)
{
	check_orphans(w, f);
	check_twice(w);
	if (world_loose(w))
		return;
	check_foreign(w, f);
	for (int i = 0; i < f->record_count; i++)
		if (strcmp(f->records[i].status, "active") == 0)
			check_active(w, f, &f->records[i]);
}
