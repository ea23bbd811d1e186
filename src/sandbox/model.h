/* SPDX-License-Identifier: MIT */
/*
 * model.h - the world inside a sandbox: accounts and resources.
 *
 * A resource lives in five places at once, kept in step by store.c only: the
 * ledger (`all`, for ever), its account's chain of living ones of its kind
 * (newest first), its parent's chain of children (newest first), and the index
 * under its key. What the caller set stands in `doc`, sparse: a field that is
 * not there has the default that kinds.c gives it.
 */
#ifndef SANDBOX_MODEL_H
#define SANDBOX_MODEL_H

#include "map.h"
#include "must.h"
#include "sandbox/ledger.h"
#include "sandbox/sandbox.h"

struct resource {
	struct sandbox_resource pub; /* first: public pointers are casts */
	struct account *account;
	struct resource *parent;
	/* what an association ties to the trunk: a list or a number */
	struct resource *target;
	struct resource *link; /* of a number: its living association */
	/* of a number's association: the trunk that it took the number from;
	 * reads show that one for as long as they lag */
	const struct resource *former;
	struct resource *newer, *older;			/* of the kind */
	struct resource *child;				/* newest one */
	struct resource *newer_sibling, *older_sibling; /* of the parent */
	json_t *doc;
	/* what it was before its last change; reads show that one until then */
	json_t *former_doc;
	int64_t changed_visible_ms;
	char *id;
	char *name; /* what pub.name shows; NULL until named */
	int64_t updated_ms;
	int64_t visible_ms; /* reads before that miss it */
	unsigned uses;	    /* of a list: trunks it is on */
	size_t seq;	    /* place in the ledger */
};

enum provider { TWILIO, RETELL };

/* A Twilio account or a Retell workspace. */
struct account {
	const char *sid;
	const char *secret; /* auth token, or Retell key; NULL: no way in */
	const char *key_sid;
	const char *key_secret;
	const char *name;
	enum provider provider;
	unsigned in_flight;
	size_t alive[SANDBOX_KINDS];
	struct resource *newest[SANDBOX_KINDS];
};

enum {
	ACCOUNT_OURS,
	ACCOUNT_SECOND,
	ACCOUNT_FOREIGN,
	WORKSPACE_OURS,
	WORKSPACE_OTHER,
	ACCOUNTS
};

struct rule;
struct log_row;

struct sandbox {
	struct sandbox_config config;
	struct account accounts[ACCOUNTS];
	struct resource **all;
	size_t n_all, max_all;
	size_t alive[SANDBOX_KINDS]; /* foreign ones left out */
	struct map index;
	uint64_t random;
	uint64_t fault_random; /* of its own: a rule must not shift the SIDs */
	unsigned generation;   /* of worlds: counts resets */
	int64_t born_ms;
	int64_t advance_ms;
	struct rule **rules;
	size_t n_rules;
	struct log_row *log; /* a ring of log_max rows */
	size_t log_first, log_count, log_room, log_dropped;
	uint64_t log_seq;
	struct sandbox_call *calls; /* open ones */
};

/* store.c - the only place where resources come and go */
struct resource *resource_new(struct sandbox *sb, enum sandbox_kind kind,
			      struct account *account, const char *id,
			      struct resource *parent, int64_t now_ms);
/* With all that lives in it. The row stays in the ledger, dead. */
void resource_kill(struct sandbox *sb, struct resource *r, int64_t now_ms);
/* Ties target (a list or number) to a trunk; a number leaves its old one and
 * loses its voice application. */
struct resource *resource_tie(struct sandbox *sb, enum sandbox_kind kind,
			      struct resource *trunk, struct resource *target,
			      int64_t now_ms);
struct resource *resource_find(const struct sandbox *sb, enum sandbox_kind kind,
			       const char *id, const char *parent);
/* The chain of living ones, newest first: of parent's children if parent is
 * given, else of the account. NULL at the end. */
struct resource *resource_first(const struct account *account,
				enum sandbox_kind kind,
				const struct resource *parent);
struct resource *resource_next(const struct resource *r,
			       const struct resource *parent);
void resource_name(struct resource *r, const char *name);
const char *resource_text(const struct resource *r, const char *field);
void store_release(struct sandbox *sb);

/* A second way in: domain names, list names, E.164 numbers. */
void index_name(struct sandbox *sb, const char *space, const char *scope,
		const char *name, struct resource *r);
struct resource *index_find(const struct sandbox *sb, const char *space,
			    const char *scope, const char *name);
void index_drop(struct sandbox *sb, const char *space, const char *scope,
		const char *name, const struct resource *r);

/* random.c */
uint64_t random_next(uint64_t *state);
/* prefix and 32 hex digits; room for 35 bytes */
enum { SID_SIZE = 35 };
void random_sid(struct sandbox *sb, const char *prefix, char *sid);

/* world.c */
void world_make(struct sandbox *sb, int64_t now_ms);

/* The first 12 hex digits of its SHA-256; room for 13 bytes. */
enum { DIGEST_SIZE = 13 };
void password_digest(const char *password, char *digest);

#endif
