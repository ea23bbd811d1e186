/* SPDX-License-Identifier: MIT */
/* database.c - the store and the mark of this installation. */
#include "database.h"

#include "base/id.h"
#include "base/log.h"

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

int database_instance(struct store *s, struct clock *clock,
		      char out[INSTANCE_SIZE], struct err *err)
{
	int found = meta_get(s, "instance", out, INSTANCE_SIZE, err);

	if (found)
		return found < 0 ? -1 : 0;
	id_random(clock, out, INSTANCE_SIZE - 1);
	return put(s, "instance", out, err);
}
