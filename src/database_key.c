/* SPDX-License-Identifier: MIT */
/* database_key.c - which of the keys given is in force, and is it the right
 * one? See database_key.h. */
#include "database_key.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "key_file.h"

#define PROOF "trunkline" /* the known text */

static const struct {
	const char *name;  /* in meta */
	const char *place; /* what it is sealed to */
} kept[FACTS] = {
	[CANARY] = {"canary", "meta/canary"},
	[HASH_KEY] = {"hash_key", "meta/hash_key"},
	[NEXT_KEY] = {"next_key", "meta/next_key"},
};

/* --- facts --------------------------------------------------------------- */

int facts_read(struct store *s, struct facts *f, struct err *err)
{
	memset(f, 0, sizeof(*f));
	for (int i = 0; i < FACTS; i++)
		if (meta_get(s, kept[i].name, f->text[i], FACT_SIZE, err) < 0)
			return -1;
	return 0;
}

int fact_put(struct store *s, const struct seal *seal, struct clock *clock,
	     enum fact which, const void *data, size_t len, struct err *err)
{
	struct buf sealed = BUF_INIT(FACT_MAX);
	char text[FACT_SIZE];
	int rc = -1;

	if (seal_close(seal, clock, kept[which].place, data, len, &sealed,
		       err) == 0) {
		sodium_bin2base64(text, sizeof(text), (uint8_t *)sealed.data,
				  sealed.len, sodium_base64_VARIANT_ORIGINAL);
		rc = meta_put(s, kept[which].name, text, err);
	}
	buf_release(&sealed);
	return rc;
}

int fact_open(const struct seal *seal, const struct facts *f, enum fact which,
	      struct buf *clear, struct err *err)
{
	const char *text = f->text[which];
	uint8_t sealed[FACT_MAX];
	size_t len;

	if (sodium_base642bin(sealed, sizeof(sealed), text, strlen(text), NULL,
			      &len, NULL, sodium_base64_VARIANT_ORIGINAL))
		return err_set(err, ERR_STORE, "%s is not base64",
			       kept[which].place);
	return seal_open(seal, kept[which].place, sealed, len, clear, err);
}

bool fact_proves(const struct seal *seal, const struct facts *f,
		 enum fact which)
{
	struct buf clear = BUF_INIT(FACT_MAX);
	bool ok = seal && !fact_open(seal, f, which, &clear, NULL) &&
		  strcmp(clear.data, PROOF) == 0;

	buf_release(&clear);
	return ok;
}

int proofs_put(struct store *s, const struct seal *seal, struct clock *clock,
	       const uint8_t hash_key[SEAL_KEY_SIZE], struct err *err)
{
	if (fact_put(s, seal, clock, CANARY, PROOF, strlen(PROOF), err) ||
	    fact_put(s, seal, clock, HASH_KEY, hash_key, SEAL_KEY_SIZE, err))
		return -1;
	return 0;
}

int next_key_put(struct store *s, const struct seal *next, struct clock *clock,
		 struct err *err)
{
	return fact_put(s, next, clock, NEXT_KEY, PROOF, strlen(PROOF), err);
}

/* --- what is given ------------------------------------------------------- */

void given_release(struct given *g)
{
	seal_free(g->key);
	seal_free(g->next);
	free(g->path);
	free(g->next_path);
	*g = (struct given){NULL, NULL, NULL, NULL};
}

/* A fresh key would be of no use to a database that has another one. */
int given_key(struct given *g, const struct conf *c, bool fresh,
	      struct err *err)
{
	bool made;

	if (c->master_key) {
		g->key = seal_new(c->master_key, err);
		return g->key ? 0 : -1;
	}
	g->path = key_file_path(c->database_url, "", err);
	if (!g->path)
		return -1;
	if (!fresh && access(g->path, F_OK))
		return err_set(err, ERR_CONFIG,
			       "the database was sealed with a master key, "
			       "but the key file %s is missing: put it back, "
			       "or set TRUNKLINE_MASTER_KEY",
			       g->path);
	g->key = seal_open_file(g->path, &made, err);
	if (!g->key)
		return -1;
	log_info("key_file", L_STR("path", g->path),
		 L_STR("made", made ? "now" : "before"));
	return 0;
}

int given_next(struct given *g, const struct conf *c, bool make,
	       struct err *err)
{
	bool made;

	if (c->new_master_key) {
		g->next = seal_new(c->new_master_key, NULL);
		return g->next ? 0
			       : err_set(err, ERR_CONFIG,
					 "TRUNKLINE_NEW_MASTER_KEY must be 32 "
					 "bytes in base64");
	}
	if (c->master_key)
		return 0;
	g->next_path = key_file_path(c->database_url, ".new", err);
	if (!g->next_path)
		return -1;
	if (!make && access(g->next_path, F_OK))
		return 0;
	g->next = seal_open_file(g->next_path, &made, err);
	return g->next ? 0 : -1;
}

/* --- which of them is in force ------------------------------------------- */

/* The key to come has come. */
static int step_up(struct given *g, struct err *err)
{
	char former[SEAL_NAME_SIZE];

	seal_name(g->key, former);
	if (g->path && g->next_path) {
		if (key_file_replace(g->path, g->next_path, former, err))
			return -1;
		log_info("key_file_replaced", L_STR("path", g->path));
	} else {
		log_warn("master_key_changed",
			 L_STR("detail", "TRUNKLINE_NEW_MASTER_KEY is in "
					 "force: make it TRUNKLINE_MASTER_KEY, "
					 "and unset it"));
	}
	seal_free(g->key);
	g->key = g->next;
	g->next = NULL;
	return 0;
}

int given_check(struct given *g, const struct facts *f, struct err *err)
{
	if (fact_proves(g->next, f, CANARY))
		return step_up(g, err);
	if (!fact_proves(g->key, f, CANARY))
		return err_set(err, ERR_CONFIG,
			       "the master key (TRUNKLINE_MASTER_KEY or the "
			       "key file) is not the one that this database "
			       "was sealed with; nothing was changed");
	if (!f->text[NEXT_KEY][0] || fact_proves(g->next, f, NEXT_KEY))
		return 0;
	return err_set(err, ERR_CONFIG,
		       "the master key is being changed: give the key to come "
		       "too (TRUNKLINE_NEW_MASTER_KEY, or the key file that "
		       "ends in .new), or end it with trunkline rekey");
}

struct seal *given_take(struct given *g, const struct facts *f)
{
	struct seal *seal = g->key;

	g->key = NULL;
	if (f->text[NEXT_KEY][0]) {
		seal_join_own(g->next, seal);
		seal = g->next;
		g->next = NULL;
	}
	return seal;
}

/* --- opening ------------------------------------------------------------- */

static int take_hash_key(struct seal *seal, const struct facts *f,
			 struct err *err)
{
	struct buf clear = BUF_INIT(FACT_MAX);
	int rc = fact_open(seal, f, HASH_KEY, &clear, err);

	if (!rc && clear.len != SEAL_KEY_SIZE)
		rc = err_set(err, ERR_STORE, "the kept hash key is damaged");
	if (!rc)
		seal_hash_with(seal, (uint8_t *)clear.data);
	buf_release_secret(&clear);
	return rc;
}

/* A fresh database gets its proofs. */
static int make_proofs(struct seal *seal, struct store *s, struct clock *clock,
		       struct err *err)
{
	uint8_t hash_key[SEAL_KEY_SIZE];
	int rc = -1;

	clock->random(clock, hash_key, sizeof(hash_key));
	if (store_begin(s, err))
		goto out;
	if (proofs_put(s, seal, clock, hash_key, err)) {
		store_rollback(s);
		goto out;
	}
	rc = store_commit(s, err);
	if (!rc)
		seal_hash_with(seal, hash_key);
out:
	sodium_memzero(hash_key, sizeof(hash_key));
	return rc;
}

struct seal *database_key(const struct conf *c, struct store *s,
			  struct clock *clock, struct err *err)
{
	struct given g = {NULL, NULL, NULL, NULL};
	struct seal *seal = NULL;
	struct facts f;
	bool fresh;

	if (facts_read(s, &f, err))
		return NULL;
	fresh = !f.text[CANARY][0];
	if (given_key(&g, c, fresh, err) || given_next(&g, c, false, err) ||
	    (!fresh && given_check(&g, &f, err)))
		goto out;
	seal = given_take(&g, &f);
	if (f.text[HASH_KEY][0] ? take_hash_key(seal, &f, err)
				: make_proofs(seal, s, clock, err)) {
		seal_free(seal);
		seal = NULL;
	}
out:
	given_release(&g);
	return seal;
}
