/* SPDX-License-Identifier: MIT */
/*
 * auth.c - API keys. Only keyed hashes are compared, in constant time; the root
 * key of the configuration needs no look into the database.
 */
#include "auth.h"

#include <sodium.h>
#include <stdio.h>
#include <strings.h>

#include "listener.h"
#include "reader.h"
#include "store/keys.h"

/* The token of "Bearer TOKEN"; false if it is anything else. */
static bool bearer(struct text value, struct text *token)
{
	if (!value.at || value.len < 8 ||
	    strncasecmp(value.at, "Bearer ", 7) != 0)
		return false;
	*token = text_trim((struct text){value.at + 7, value.len - 7});
	return token->len && token->len <= LIMIT_BEARER;
}

static int refuse(struct err *err)
{
	return err_set(err, ERR_UNAUTHORIZED,
		       "the request carries no valid API key");
}

static int find_key(struct request *rq, const uint8_t hash[SEAL_HASH_SIZE],
		    enum scope *scope, struct err *err)
{
	struct clock *clock = rq->server->clock;
	struct store *store = reader_get(rq->server->conf.database_url, err);
	struct key_row row = {0};
	int64_t now = clock->wall_ms(clock);
	int rc = store ? key_find(store, hash, &row, err) : -1;

	if (rc < 0) {
		reader_drop();
		return -1;
	}
	if (!rc || row.revoked_ms || (row.expires_ms && row.expires_ms <= now))
		return refuse(err);
	snprintf(rq->principal, sizeof(rq->principal), "%s", row.id);
	*scope = scope_by_name(row.scope);
	return 0;
}

static int authenticate(struct request *rq, enum scope *scope, struct err *err)
{
	struct text token;
	uint8_t hash[SEAL_HASH_SIZE];

	if (!bearer(rq->headers.value[HEADER_AUTHORIZATION], &token))
		return refuse(err);
	seal_hash(rq->server->seal, "apikey", token.at, token.len, hash);
	if (sodium_memcmp(hash, rq->server->root_hash, sizeof(hash)) != 0)
		return find_key(rq, hash, scope, err);
	snprintf(rq->principal, sizeof(rq->principal), "root");
	*scope = SCOPE_ADMIN;
	return 0;
}

int auth_check(struct request *rq, struct err *err)
{
	enum scope scope = SCOPE_NONE, needed = rq->route->scope;

	if (needed == SCOPE_NONE)
		return 0;
	if (authenticate(rq, &scope, err))
		return -1;
	if (scope >= needed)
		return 0;
	return err_set(err, ERR_FORBIDDEN,
		       "this needs the scope %s; the API key has %s",
		       scope_name(needed), scope_name(scope));
}
