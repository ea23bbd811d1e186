/* SPDX-License-Identifier: MIT */
/*
 * ledger.h - every resource that ever was, living and dead, oldest first.
 *
 * The order is that of creation and a row never moves or goes, so an index is
 * a stable name for it until sandbox_reset().
 */
#ifndef SANDBOX_LEDGER_H
#define SANDBOX_LEDGER_H

#include "sandbox/sandbox.h"

enum sandbox_kind {
	SANDBOX_TRUNK,
	SANDBOX_ORIGINATION_URL,
	SANDBOX_CREDENTIAL_LIST,
	SANDBOX_CREDENTIAL,
	SANDBOX_IP_ACL,
	SANDBOX_IP_ADDRESS,
	SANDBOX_TRUNK_CREDENTIAL_LIST,
	SANDBOX_TRUNK_IP_ACL,
	SANDBOX_TRUNK_PHONE_NUMBER,
	SANDBOX_INCOMING_PHONE_NUMBER,
	SANDBOX_CONNECTION_POLICY,
	SANDBOX_CONNECTION_POLICY_TARGET,
	SANDBOX_RETELL_NUMBER,
	SANDBOX_KINDS
};

/* Borrowed; the pointers live until the resource changes or the sandbox is
 * reset or freed. */
struct sandbox_resource {
	enum sandbox_kind kind;
	const char *id;	    /* SID; E.164 for Retell; for what is on a trunk
			     * the SID of the list or number */
	const char *name;   /* friendly name, user name, nickname; or "" */
	const char *parent; /* SID of the trunk, list or policy; or "" */
	const char *account;
	bool alive;
	bool foreign; /* was there before, somebody else's: hands off */
	bool preset;  /* was there when the world was made */
	int64_t created_ms;
	int64_t deleted_ms; /* 0 while alive */
};

/* "trunk", "trunk_credential_list" ... */
const char *sandbox_kind_name(enum sandbox_kind kind);
size_t sandbox_ledger_count(const struct sandbox *sb);
const struct sandbox_resource *sandbox_ledger_at(const struct sandbox *sb,
						 size_t i);
/* How many of a kind live, foreign ones left out. */
size_t sandbox_ledger_alive(const struct sandbox *sb, enum sandbox_kind kind);
/* A living resource by id (and parent, for what is on a trunk), or NULL. */
const struct sandbox_resource *sandbox_ledger_find(const struct sandbox *sb,
						   enum sandbox_kind kind,
						   const char *id,
						   const char *parent);
/* A field as the provider would name it ("domain_name", "trunk_sid",
 * "voice_application_sid", "termination_uri", "password_sha256"); NULL if
 * unset or not text. Borrowed as above. */
const char *sandbox_resource_field(const struct sandbox_resource *r,
				   const char *field);

/* {"resources": [{"kind", "id", "name", "alive", "foreign", "parent",
 * "preset", "account", "created_ms", "deleted_ms", ...}]}: all the fields that
 * were set, too. Passwords appear only as "password_sha256", the first 12 hex
 * digits, so that two of them can be compared. A new reference. */
json_t *sandbox_ledger(const struct sandbox *sb);
/* {"requests": [{"seq", "operation", "method", "path", "parameters",
 * "status", "at_ms", "done_ms", "account", "effect", "fault"}], "dropped"}.
 * status is null if no answer was given. effect is "done", "refused" (the
 * provider itself said no), "none", "late" (still to come) or "landed".
 * "parameters" of JSON calls are the body's members. Secrets are "***". A new
 * reference. */
json_t *sandbox_requests(const struct sandbox *sb);
void sandbox_clear_requests(struct sandbox *sb);

#endif
