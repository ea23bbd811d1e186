/* SPDX-License-Identifier: MIT */
/*
 * database_rekey.c - from one master key to the next, a batch at a time.
 *
 * Nothing but the database itself says how far it has come: a value is done if
 * it names the new key. So a run that was cut off is simply run again; it walks
 * past what is done. See database_key.h.
 */
#include <string.h>

#include "database_key.h"
#include "key_file.h"
#include "store/sealed.h"

#define BATCH 20 /* values sealed anew in one commit */

/* One change of the master key. */
struct move {
	struct store *store;
	struct clock *clock;
	struct seal *seal; /* of the key to come; opens both */
	struct sealed at;
	int64_t moved;
};

static int begin(struct store *s, const struct seal *next, struct clock *clock,
		 struct err *err)
{
	if (store_begin(s, err))
		return -1;
	if (next_key_put(s, next, clock, err)) {
		store_rollback(s);
		return -1;
	}
	return store_commit(s, err);
}

static int seal_anew(struct move *m, struct err *err)
{
	const struct sealed *at = &m->at;
	struct buf clear = BUF_INIT(SEALED_VALUE_MAX);
	struct buf sealed = BUF_INIT(SEALED_VALUE_MAX);
	struct err why = ERR_INIT;
	int rc = -1;

	if (seal_open(m->seal, at->place, at->value.data, at->value.len, &clear,
		      &why) == 0 &&
	    seal_close(m->seal, m->clock, at->place, clear.data, clear.len,
		       &sealed, &why) == 0)
		rc = sealed_put(m->store, at, sealed.data, sealed.len, err);
	else
		err_set(err, why.code, "%s: %.150s", at->place, why.detail);
	buf_release_secret(&clear);
	buf_release(&sealed);
	return rc;
}

/* 1: there may be more; 0: that was the end. */
static int move_batch(struct move *m, struct err *err)
{
	int rc = 1;

	for (int n = 0; n < BATCH;) {
		rc = sealed_next(m->store, &m->at, err);
		if (rc != 1)
			break;
		if (seal_is_own(m->seal, m->at.value.data, m->at.value.len))
			continue;
		if (seal_anew(m, err))
			return -1;
		m->moved++;
		n++;
	}
	return rc;
}

static int move_all(struct move *m, struct err *err)
{
	int rc = 1;

	while (rc == 1) {
		if (store_begin(m->store, err))
			return -1;
		rc = move_batch(m, err);
		if (rc < 0)
			store_rollback(m->store);
		else if (store_commit(m->store, err))
			rc = -1;
	}
	return rc;
}

static int put_end(struct move *m, const struct buf *hash_key, struct err *err)
{
	if (store_begin(m->store, err))
		return -1;
	if (proofs_put(m->store, m->seal, m->clock, (uint8_t *)hash_key->data,
		       err) ||
	    meta_put(m->store, "next_key", "", err)) {
		store_rollback(m->store);
		return -1;
	}
	return store_commit(m->store, err);
}

/* The last commit: from here on the key to come is the one in force. */
static int end(struct move *m, const struct facts *f, struct err *err)
{
	struct buf hash_key = BUF_INIT(FACT_MAX);
	int rc = fact_open(m->seal, f, HASH_KEY, &hash_key, err);

	if (!rc)
		rc = put_end(m, &hash_key, err);
	buf_release_secret(&hash_key);
	return rc;
}

static int move(struct given *g, struct store *s, struct clock *clock,
		struct rekeyed *out, struct err *err)
{
	struct move m = {.store = s, .clock = clock, .at = SEALED_INIT};
	struct facts f;
	int rc = -1;

	if ((!out->resumed && begin(s, g->next, clock, err)) ||
	    facts_read(s, &f, err))
		return -1;
	m.seal = given_take(g, &f);
	if (move_all(&m, err) == 0 && end(&m, &f, err) == 0)
		rc = 0;
	if (!rc && g->path && g->next_path)
		rc = key_file_replace(g->path, g->next_path, out->former, err);
	out->moved = m.moved;
	buf_release(&m.at.value);
	seal_free(m.seal);
	return rc;
}

/* Is there a key to go to, and a key to go from? */
static int check(struct given *g, const struct facts *f, struct rekeyed *out,
		 struct err *err)
{
	if (!g->next)
		return err_set(err, ERR_CONFIG,
			       "TRUNKLINE_NEW_MASTER_KEY must be set: the "
			       "master key to come, 32 bytes in base64");
	out->already = fact_proves(g->next, f, CANARY);
	seal_name(g->key, out->former);
	seal_name(g->next, out->name);
	if (given_check(g, f, err))
		return -1;
	/* One in four billion; but then nobody could tell what is done. */
	if (!out->already && strcmp(out->former, out->name) == 0)
		return err_set(err, ERR_CONFIG,
			       "the master key to come has the id of the one "
			       "in force, %s: make another",
			       out->name);
	return 0;
}

int database_rekey(const struct conf *c, struct store *s, struct clock *clock,
		   struct rekeyed *out, struct err *err)
{
	struct given g = {NULL, NULL, NULL, NULL};
	struct facts f;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (facts_read(s, &f, err))
		return -1;
	out->resumed = f.text[NEXT_KEY][0];
	if (!f.text[HASH_KEY][0])
		return err_set(err, ERR_CONFIG,
			       "the database has no master key yet: nothing "
			       "was sealed, and nothing is to be done");
	if (given_key(&g, c, false, err) == 0 &&
	    given_next(&g, c, !out->resumed, err) == 0 &&
	    check(&g, &f, out, err) == 0)
		rc = out->already ? 0 : move(&g, s, clock, out, err);
	given_release(&g);
	return rc;
}
