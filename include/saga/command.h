/* SPDX-License-Identifier: MIT */
/*
 * command.h - one write that a client asks for, and the reply it gets.
 *
 * The API fills a command and hands it to the engine (engine_submit). The
 * engine fills `reply` when the outcome is on disk and calls done, once, on its
 * own thread; after that it never touches the command again. Until then the
 * command belongs to the engine: the API must not free it, even when the client
 * has gone.
 */
#ifndef SAGA_COMMAND_H
#define SAGA_COMMAND_H

#include <jansson.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/seal.h"
#include "steps/spec.h"

struct store;

#define REPLY_BODY_MAX (256 * 1024)
#define MATCH_MAX      8

struct reply {
	int status;
	const char *content_type; /* static string */
	struct buf body;
	char location[96];  /* "" if none; a path */
	char etag[24];	    /* with its quotes; "" if none */
	int retry_after_s;  /* 0: none */
	bool replayed;	    /* Idempotency-Replayed: true */
	bool async_applied; /* Preference-Applied: respond-async */
};

enum command_kind {
	COMMAND_CREATE, /* spec */
	COMMAND_UPDATE, /* ref, patch */
	COMMAND_DELETE, /* ref */
	COMMAND_FORCE,	/* ref */
	COMMAND_SWEEP,	/* dry_run, unknown_too */
	COMMAND_CANCEL, /* ref: a create's operation */
	COMMAND_WRITE,	/* write: any other change of the database */
};

struct command {
	enum command_kind kind;
	char request_id[72];
	char principal[ID_SIZE]; /* API key id, or "root" */
	char ref[ID_SIZE];	 /* a number's id or E.164 number */
	struct spec spec;
	json_t *patch;
	bool dry_run;	  /* CREATE: answer the plan; SWEEP: only list; in
			   * either case change nothing */
	bool unknown_too; /* SWEEP: also remove what carries our mark and a
			   * number that this database never heard of */

	/* WRITE: called on the engine's thread between begin and commit, since
	 * the engine is the only writer. It changes rows, fills reply (but for
	 * the problem of an err) and may use arg. -1 with err: rolled back. */
	int (*write)(struct command *c, struct store *s, struct err *err);
	/* Set by write: the principal whose clients wait no longer for the end
	 * of an operation, but get 202 when this is on disk. "" for none. */
	char leaves[ID_SIZE];

	/* Idempotency-Key; key[0] == 0: none. The fingerprint is over method,
	 * path, body and If-Match. */
	char key[256];
	uint8_t fingerprint[SEAL_HASH_SIZE];

	/* If-Match: the versions of the ETags it lists; "*" is any. */
	bool match, match_any;
	int64_t match_versions[MATCH_MAX];
	int match_count;

	bool async;	 /* Prefer: respond-async: 202 as soon as accepted */
	int64_t wait_ms; /* else: 202 if it has not ended by then */

	struct reply reply;
	void (*done)(struct command *c);
	void *arg; /* the API's */

	struct command *next; /* the engine's */
	int64_t answer_by;    /* the engine's */
	const void *basis; /* the engine's: the saga that the reply tells of */
};

#define COMMAND_INIT                                     \
	{                                                \
		.spec = SPEC_INIT, .reply = {            \
			.body = BUF_INIT(REPLY_BODY_MAX) \
		}                                        \
	}

/* Frees what is in it. */
void command_release(struct command *c);

#endif
