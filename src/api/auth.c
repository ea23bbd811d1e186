/* SPDX-License-Identifier: MIT */
/*
 * auth.c - who asks, may they, and how often?
 *
 * Only keyed hashes are compared, in constant time. A key is found in this
 * thread's cache, or else is the root key of the configuration or one in the
 * database. Wrong keys cost their sender's address tokens, and without any left
 * the answer is 429; good keys from the same address, as that of a proxy, do
 * not feel it.
 */
#include "auth.h"

#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/api_key.h"
#include "key_cache.h"
#include "listener.h"
#include "reader.h"
#include "request.h"
#include "tally.h"

#define MINUTE_MS 60000

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
	tally_refusal(REFUSAL_UNAUTHORIZED);
	return err_set(err, ERR_UNAUTHORIZED,
		       "the request carries no valid API key");
}

/* --- wrong keys ---------------------------------------------------------- */

/* Who sent it, as bytes: of IPv6 the network, which one host may have all of.
 */
static size_t address_of(const struct request *rq, uint8_t out[16])
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		rq->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *a = info ? info->client_addr : NULL;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)a;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)a;

	if (a && a->sa_family == AF_INET) {
		memcpy(out, &v4->sin_addr, 4);
		return 4;
	}
	if (!a || a->sa_family != AF_INET6)
		return 0;
	memcpy(out, &v6->sin6_addr, 16);
	return IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) ? 16 : 8;
}

static int refuse_key(struct request *rq, struct err *err)
{
	struct server *s = rq->server;
	uint8_t address[16];
	struct quota q = throttle_take(s->auth.bad_keys, address,
				       address_of(rq, address),
				       s->clock->mono_ms(s->clock));

	if (q.granted)
		return refuse(err);
	tally_refusal(REFUSAL_THROTTLED);
	rq->retry_after_s = (int)q.retry_s;
	return err_set(err, ERR_TOO_MANY_REQUESTS,
		       "too many wrong API keys came from this address");
}

/* --- good keys ----------------------------------------------------------- */

/* 1, 0 if there is no such key or it is revoked, or -1. */
static int find_key(struct request *rq, const uint8_t hash[SEAL_HASH_SIZE],
		    struct known_key *out, struct err *err)
{
	struct store *store = reader_get(rq->server->conf.database_url, err);
	struct key_row row;
	int rc = store ? key_find(store, hash, &row, err) : -1;

	if (rc < 0)
		reader_drop();
	if (rc <= 0 || row.revoked_ms)
		return rc < 0 ? -1 : 0;
	snprintf(out->id, sizeof(out->id), "%s", row.id);
	out->scope = scope_by_name(row.scope);
	out->expires_ms = row.expires_ms;
	out->used_ms = row.last_used_ms;
	return 1;
}

/* The same, of any key. */
static int look_up(struct request *rq, struct text token, struct known_key *out,
		   struct err *err)
{
	uint8_t hash[SEAL_HASH_SIZE];

	api_key_hash(rq->server->seal, token.at, token.len, hash);
	if (sodium_memcmp(hash, rq->server->auth.root_hash, sizeof(hash)) ==
	    0) {
		strcpy(out->id, "root");
		out->scope = SCOPE_ADMIN;
		out->root = true;
		return 1;
	}
	return api_key_shaped(token.at, token.len)
		       ? find_key(rq, hash, out, err)
		       : 0;
}

/* Who it is, and that the key was used, which is told by the minute. */
static void let_in(struct request *rq, struct known_key *k, int64_t now)
{
	struct key_uses *uses = &rq->server->auth.uses;

	memcpy(rq->grant.principal, k->id, sizeof(k->id));
	if (k->root)
		return;
	rq->grant.expires_ms = k->expires_ms;
	rq->grant.generation = k->generation;
	if (now / MINUTE_MS != k->used_ms / MINUTE_MS &&
	    key_uses_note(uses, k->id, now - now % MINUTE_MS))
		k->used_ms = now;
}

static int authenticate(struct request *rq, enum scope *scope, struct err *err)
{
	struct server *s = rq->server;
	int64_t now = s->clock->wall_ms(s->clock);
	struct key_cache *cache = key_cache_get();
	/* Before the look, so that a change meanwhile makes it void. */
	struct known_key fresh = {.generation =
					  atomic_load(&s->auth.generation)};
	struct known_key *k = NULL;
	struct text token;

	if (!bearer(rq->headers.value[HEADER_AUTHORIZATION], &token))
		return refuse(err);
	if (cache) {
		key_cache_tag(cache, token, fresh.tag);
		k = key_cache_find(cache, fresh.tag, fresh.generation);
	}
	if (!k) {
		int rc = look_up(rq, token, &fresh, err);

		if (rc <= 0)
			return rc < 0 ? -1 : refuse_key(rq, err);
		k = cache ? key_cache_put(cache, &fresh) : &fresh;
	}
	if (k->expires_ms && k->expires_ms <= now)
		return refuse_key(rq, err);
	let_in(rq, k, now);
	*scope = k->scope;
	return 0;
}

/* 1: not revoked. */
static int look_again(struct server *s, const char *id, struct err *err)
{
	struct store *store = reader_get(s->conf.database_url, err);
	struct key_row row;
	int rc = store ? key_by_id(store, id, &row, err) : -1;

	if (rc < 0)
		reader_drop();
	return rc == 1 && row.revoked_ms ? 0 : rc;
}

int auth_recheck(struct server *s, struct grant *g, struct err *err)
{
	uint64_t generation = atomic_load(&s->auth.generation);
	int rc = 1;

	if (g->expires_ms && g->expires_ms <= s->clock->wall_ms(s->clock))
		rc = 0;
	else if (g->generation && g->generation != generation)
		rc = look_again(s, g->principal, err);
	if (rc < 0)
		return -1;
	if (!rc)
		return err_set(err, ERR_UNAUTHORIZED,
			       "the API key was revoked or has expired");
	if (g->generation)
		g->generation = generation;
	return 0;
}

int64_t auth_left_ms(struct server *s, const struct grant *g, int64_t max_ms)
{
	int64_t left = max_ms;

	if (g->expires_ms)
		left = g->expires_ms - s->clock->wall_ms(s->clock);
	if (left < 0)
		left = 0;
	return left < max_ms ? left : max_ms;
}

static int check_rate(struct request *rq, struct err *err)
{
	struct server *s = rq->server;

	if (!s->auth.rates)
		return 0;
	rq->metered = true;
	rq->quota = throttle_take(s->auth.rates, rq->grant.principal,
				  strlen(rq->grant.principal),
				  s->clock->mono_ms(s->clock));
	if (rq->quota.granted)
		return 0;
	tally_refusal(REFUSAL_RATE_LIMITED);
	rq->retry_after_s = (int)rq->quota.retry_s;
	return err_set(err, ERR_TOO_MANY_REQUESTS,
		       "this API key may make %lld requests a minute",
		       (long long)s->conf.rate_limit);
}

int auth_check(struct request *rq, struct err *err)
{
	enum scope scope = SCOPE_NONE, needed = rq->route->scope;

	if (needed == SCOPE_NONE)
		return 0;
	if (authenticate(rq, &scope, err) || check_rate(rq, err))
		return -1;
	if (scope >= needed)
		return 0;
	tally_refusal(REFUSAL_FORBIDDEN);
	return err_set(err, ERR_FORBIDDEN,
		       "this needs the scope %s; the API key has %s",
		       scope_name(needed), scope_name(scope));
}

void auth_rate(const struct request *rq, char policy[RATE_SIZE],
	       char rate[RATE_SIZE])
{
	const struct server_conf *c = &rq->server->conf;
	int64_t depth = c->rate_burst ? c->rate_burst : c->rate_limit;

	policy[0] = rate[0] = '\0';
	if (!rq->metered)
		return;
	/* A bucket of that depth is full again after so many seconds. */
	snprintf(policy, RATE_SIZE, "\"default\";q=%lld;w=%lld",
		 (long long)depth,
		 (long long)((depth * 60 + c->rate_limit - 1) / c->rate_limit));
	snprintf(rate, RATE_SIZE, "\"default\";r=%lld;t=%lld",
		 (long long)rq->quota.left, (long long)rq->quota.full_s);
}

int auth_init(struct auth *a, const struct server_conf *conf,
	      const struct seal *seal, struct err *err)
{
	/* A lock that fails is no reason not to start: it keeps it from swap.
	 */
	(void)sodium_mlock(a->root_hash, sizeof(a->root_hash));
	api_key_hash(seal, conf->api_key, strlen(conf->api_key), a->root_hash);
	atomic_init(&a->generation, 1); /* 0 is that of free places */
	key_uses_init(&a->uses);
	a->bad_keys = throttle_new(BAD_KEYS, 0);
	if (conf->rate_limit)
		a->rates = throttle_new(conf->rate_limit, conf->rate_burst);
	if (!a->bad_keys || (conf->rate_limit && !a->rates))
		return err_set(err, ERR_INTERNAL, "there is no memory left");
	return 0;
}

void auth_release(struct auth *a)
{
	key_uses_release(&a->uses);
	throttle_free(a->bad_keys);
	throttle_free(a->rates);
	sodium_munlock(a->root_hash, sizeof(a->root_hash));
}
