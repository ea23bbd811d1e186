/* SPDX-License-Identifier: MIT */
/* index.c - sagas under way by phone number, by number id, by idempotency key
 * and by client, so that what is not on disk yet is found all the same. */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "saga.h"

static int by_number(const void *a, const void *b)
{
	return strcmp(((const struct saga *)a)->phone_number,
		      ((const struct saga *)b)->phone_number);
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct saga *)a)->number_id,
		      ((const struct saga *)b)->number_id);
}

static int by_key(const void *a, const void *b)
{
	const struct saga *x = a, *y = b;
	int d = strcmp(x->principal, y->principal);

	return d ? d : strcmp(x->key, y->key);
}

/* --- clients --- */

static int by_principal(const void *a, const void *b)
{
	return strcmp(((const struct client *)a)->principal,
		      ((const struct client *)b)->principal);
}

static struct client *client_of(const struct engine *e, const char *principal)
{
	struct client key, **found;

	snprintf(key.principal, sizeof(key.principal), "%s", principal);
	found = tfind(&key, &e->clients, by_principal);
	return found ? *found : NULL;
}

static struct client *new_client(struct engine *e, const char *principal)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	snprintf(c->principal, sizeof(c->principal), "%s", principal);
	if (!tsearch(c, &e->clients, by_principal)) {
		free(c);
		return NULL;
	}
	e->client_count++;
	return c;
}

static int client_enter(struct engine *e, struct saga *sg)
{
	sg->client = client_of(e, sg->principal);
	if (!sg->client)
		sg->client = new_client(e, sg->principal);
	if (!sg->client)
		return -1;
	sg->client->sagas++;
	return 0;
}

static void client_leave(struct engine *e, struct saga *sg)
{
	struct client *c = sg->client;

	sg->client = NULL;
	if (!c || --c->sagas)
		return;
	tdelete(c, &e->clients, by_principal);
	e->client_count--;
	free(c);
}

int saga_count_of(const struct engine *e, const char *principal)
{
	const struct client *c = client_of(e, principal);

	return c ? c->sagas : 0;
}

/* --- sagas --- */

/* For engine_stats. Recovery brings them in the order in which they were made,
 * as commands do: the first to come in is the oldest. */
static void publish(struct engine *e)
{
	atomic_store(&e->operations, e->saga_count);
	atomic_store(&e->oldest_ms, e->oldest ? e->oldest->created_ms : 0);
}

/* Once added, a saga is dropped exactly once. */
int saga_enter(struct engine *e, struct saga *sg, struct err *err)
{
	e->saga_count++;
	sg->place = e->entered++;
	sg->older = e->newest;
	*(e->newest ? &e->newest->newer : &e->oldest) = sg;
	e->newest = sg;
	if (client_enter(e, sg) || !tsearch(sg, &e->by_number, by_number) ||
	    !tsearch(sg, &e->by_id, by_id) ||
	    (sg->key[0] && !tsearch(sg, &e->by_key, by_key))) {
		saga_leave(e, sg);
		return err_set(err, ERR_OVERLOADED, "out of memory");
	}
	publish(e);
	return 0;
}

static void drop(void **tree, struct saga *sg,
		 int (*cmp)(const void *, const void *))
{
	struct saga **found = tfind(sg, tree, cmp);

	if (found && *found == sg)
		tdelete(sg, tree, cmp);
}

void saga_leave(struct engine *e, struct saga *sg)
{
	e->saga_count--;
	*(sg->older ? &sg->older->newer : &e->oldest) = sg->newer;
	*(sg->newer ? &sg->newer->older : &e->newest) = sg->older;
	publish(e);
	lanes_leave(sg);
	client_leave(e, sg);
	drop(&e->by_number, sg, by_number);
	drop(&e->by_id, sg, by_id);
	if (sg->key[0])
		drop(&e->by_key, sg, by_key);
}

static struct saga *find(void *const *tree, const struct saga *key,
			 int (*cmp)(const void *, const void *))
{
	struct saga **found = tfind(key, tree, cmp);

	return found ? *found : NULL;
}

struct saga *saga_by_number(struct engine *e, const char *phone_number)
{
	struct saga key;

	snprintf(key.phone_number, sizeof(key.phone_number), "%s",
		 phone_number);
	return find(&e->by_number, &key, by_number);
}

struct saga *saga_by_ref(struct engine *e, const char *number_id)
{
	struct saga key;

	snprintf(key.number_id, sizeof(key.number_id), "%s", number_id);
	return find(&e->by_id, &key, by_id);
}

struct saga *saga_by_key(struct engine *e, const char *principal,
			 const char *key_text)
{
	struct saga key;

	snprintf(key.principal, sizeof(key.principal), "%s", principal);
	snprintf(key.key, sizeof(key.key), "%s", key_text);
	return find(&e->by_key, &key, by_key);
}
