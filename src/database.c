/* SPDX-License-Identifier: MIT */
/* database.c - the store, its key and its canary. */
#include "database.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "base/log.h"

#define CANARY_NAME  "canary"
#define CANARY_PLACE "meta/canary"
#define CANARY_TEXT  "trunkline"
#define CANARY_MAX   256 /* bytes of the sealed text */
#define CANARY_SIZE \
	sodium_base64_ENCODED_LEN(CANARY_MAX, sodium_base64_VARIANT_ORIGINAL)

struct store *database_open(const struct conf *c, struct err *err)
{
	struct store *s = store_open(c->database_url, STORE_WRITER, err);
	int applied;

	if (!s)
		return NULL;
	applied = store_migrate(s, err);
	if (applied < 0) {
		store_close(s);
		return NULL;
	}
	if (applied)
		log_info("migrated", L_INT("migrations", applied));
	return s;
}

static int put(struct store *s, const char *name, const char *value,
	       struct err *err)
{
	if (store_begin(s, err))
		return -1;
	if (meta_put(s, name, value, err)) {
		store_rollback(s);
		return -1;
	}
	return store_commit(s, err);
}

/* Beside the database; for a file path only, which store_open has checked. */
static char *key_path(const char *url)
{
	const char *path = strncmp(url, "sqlite:", 7) == 0 ? url + 7 : url;
	char *out = NULL;

	if (strncmp(path, "///", 3) == 0)
		path += 2;
	return asprintf(&out, "%s.key", path) < 0 ? NULL : out;
}

/* A fresh key would be of no use to a database that has another one. */
static struct seal *open_key_file(const char *url, bool sealed_before,
				  struct err *err)
{
	char *path = key_path(url);
	struct seal *seal = NULL;
	bool made;

	if (!path) {
		err_set(err, ERR_INTERNAL, "there is no memory left");
		return NULL;
	}
	if (sealed_before && access(path, F_OK)) {
		err_set(err, ERR_CONFIG,
			"the database was sealed with a master key, but the "
			"key file %s is missing: put it back, or set "
			"TRUNKLINE_MASTER_KEY",
			path);
		goto out;
	}
	seal = seal_open_file(path, &made, err);
	if (seal)
		log_info("key_file", L_STR("path", path),
			 L_STR("made", made ? "now" : "before"));
out:
	free(path);
	return seal;
}

static int canary_make(const struct seal *seal, struct store *s,
		       struct clock *clock, struct err *err)
{
	struct buf sealed = BUF_INIT(CANARY_MAX);
	char text[CANARY_SIZE];
	int rc = -1;

	if (seal_close(seal, clock, CANARY_PLACE, CANARY_TEXT,
		       strlen(CANARY_TEXT), &sealed, err))
		goto out;
	sodium_bin2base64(text, sizeof(text), (uint8_t *)sealed.data,
			  sealed.len, sodium_base64_VARIANT_ORIGINAL);
	rc = put(s, CANARY_NAME, text, err);
out:
	buf_release(&sealed);
	return rc;
}

static int canary_check(const struct seal *seal, const char *text,
			struct err *err)
{
	struct buf clear = BUF_INIT(CANARY_MAX);
	uint8_t sealed[CANARY_MAX];
	size_t len;
	int rc = -1;

	if (sodium_base642bin(sealed, sizeof(sealed), text, strlen(text), NULL,
			      &len, NULL,
			      sodium_base64_VARIANT_ORIGINAL) == 0 &&
	    !seal_open(seal, CANARY_PLACE, sealed, len, &clear, NULL) &&
	    strcmp(clear.data, CANARY_TEXT) == 0)
		rc = 0;
	else
		err_set(err, ERR_CONFIG,
			"the master key (TRUNKLINE_MASTER_KEY or the key file) "
			"is not the one that this database was sealed with; "
			"nothing was changed");
	buf_release_secret(&clear);
	return rc;
}

struct seal *database_key(const struct conf *c, struct store *s,
			  struct clock *clock, struct err *err)
{
	char canary[CANARY_SIZE];
	int found = meta_get(s, CANARY_NAME, canary, sizeof(canary), err);
	struct seal *seal;

	if (found < 0)
		return NULL;
	seal = c->master_key ? seal_new(c->master_key, err)
			     : open_key_file(c->database_url, found, err);
	if (!seal)
		return NULL;
	if (found ? canary_check(seal, canary, err)
		  : canary_make(seal, s, clock, err)) {
		seal_free(seal);
		return NULL;
	}
	return seal;
}

int database_instance(struct store *s, struct clock *clock,
		      char out[INSTANCE_SIZE], struct err *err)
{
	int found = meta_get(s, "instance", out, INSTANCE_SIZE, err);

	if (found)
		return found < 0 ? -1 : 0;
	id_random(clock, out, INSTANCE_SIZE - 1);
	return put(s, "instance", out, err);
}
