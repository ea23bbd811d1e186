/* SPDX-License-Identifier: MIT */
/* api_key.c - making, showing and revoking API keys. */
#include "api/api_key.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "store/events.h"

#define PREFIX	    "tlk_"
#define PREFIX_SIZE (sizeof(PREFIX) - 1)
#define RANDOM_SIZE 32
#define URLSAFE	    sodium_base64_VARIANT_URLSAFE_NO_PADDING

_Static_assert(API_KEY_SIZE ==
		       PREFIX_SIZE +
			       sodium_base64_ENCODED_LEN(RANDOM_SIZE, URLSAFE),
	       "a key has 43 characters after its prefix");

bool api_key_shaped(const char *s, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_";

	if (len != API_KEY_SIZE - 1 || memcmp(s, PREFIX, PREFIX_SIZE) != 0)
		return false;
	for (size_t i = PREFIX_SIZE; i < len; i++)
		if (!s[i] || !strchr(digits, s[i]))
			return false;
	return true;
}

void api_key_hash(const struct seal *seal, const char *key, size_t len,
		  uint8_t out[SEAL_HASH_SIZE])
{
	seal_hash(seal, "apikey", key, len, out);
}

static void make_key(struct clock *clock, char out[API_KEY_SIZE])
{
	uint8_t bytes[RANDOM_SIZE];

	clock->random(clock, bytes, sizeof(bytes));
	memcpy(out, PREFIX, PREFIX_SIZE);
	sodium_bin2base64(out + PREFIX_SIZE, API_KEY_SIZE - PREFIX_SIZE, bytes,
			  sizeof(bytes), URLSAFE);
	sodium_memzero(bytes, sizeof(bytes));
}

/* --- reading an order ---------------------------------------------------- */

static void fault(struct faults *faults, const char *pointer, const char *fmt,
		  ...) __attribute__((format(printf, 3, 4)));
static void fault(struct faults *faults, const char *pointer, const char *fmt,
		  ...)
{
	struct fault *f;
	va_list ap;

	if (faults->count == FAULTS_MAX)
		return;
	f = &faults->list[faults->count++];
	snprintf(f->pointer, sizeof(f->pointer), "%s", pointer);
	va_start(ap, fmt);
	vsnprintf(f->detail, sizeof(f->detail), fmt, ap);
	va_end(ap);
}

/* Does a control character begin here? Those above ASCII are two bytes. */
static bool is_control(const char *c)
{
	unsigned char first = (unsigned char)c[0];

	return first < ' ' || first == 0x7f ||
	       (first == 0xc2 && (unsigned char)c[1] < 0xa0);
}

static void read_name(struct key_order *o, const json_t *value,
		      struct faults *faults)
{
	const char *s = json_string_value(value);
	size_t count = s ? utf8_count(s) : 0;

	for (const char *c = s ? s : ""; *c; c++)
		if (is_control(c)) {
			fault(faults, "/name",
			      "must not have control characters");
			return;
		}
	if (count < 1 || count > KEY_NAME_MAX)
		fault(faults, "/name", "must be a string of 1 to %d characters",
		      KEY_NAME_MAX);
	else
		snprintf(o->name, sizeof(o->name), "%s", s);
}

static void read_scope(struct key_order *o, const json_t *value,
		       struct faults *faults)
{
	const char *s = json_string_value(value);

	o->scope = s ? scope_by_name(s) : SCOPE_NONE;
	if (o->scope == SCOPE_NONE)
		fault(faults, "/scope", "must be one of read, write, admin");
}

static void read_expiry(struct key_order *o, const json_t *value,
			struct faults *faults)
{
	const char *s = json_string_value(value);

	if (!value || json_is_null(value))
		return;
	if (!s || strlen(s) > KEY_EXPIRY_MAX ||
	    !timestamp_parse(s, &o->expires_ms))
		fault(faults, "/expires_at",
		      "must be null or a time of RFC 3339, as "
		      "2027-01-31T12:00:00Z");
	else if (o->expires_ms <= o->created_ms)
		fault(faults, "/expires_at", "must be in the future");
}

/* Every member that may be given, and who reads it (also if it is missing). */
static const struct {
	const char *name;
	void (*read)(struct key_order *o, const json_t *value,
		     struct faults *faults);
} members[] = {
	{"name", read_name},
	{"scope", read_scope},
	{"expires_at", read_expiry},
};

#define MEMBERS (sizeof(members) / sizeof(members[0]))

static bool is_member(const char *name)
{
	for (size_t i = 0; i < MEMBERS; i++)
		if (strcmp(members[i].name, name) == 0)
			return true;
	return false;
}

static void read_body(struct key_order *o, const json_t *body,
		      struct faults *faults)
{
	const json_t *value;
	const char *name;
	char at[64];

	if (!json_is_object(body)) {
		fault(faults, "", "must be an object");
		return;
	}
	json_object_foreach ((json_t *)body, name, value) {
		snprintf(at, sizeof(at), "/%.40s", name);
		if (!is_member(name))
			fault(faults, strpbrk(name, "~/") ? "" : at,
			      "is not a known field");
	}
	for (size_t i = 0; i < MEMBERS; i++)
		members[i].read(o, json_object_get(body, members[i].name),
				faults);
}

struct key_order *key_order_new(const json_t *body, const struct seal *seal,
				struct clock *clock, struct faults *faults,
				struct err *err)
{
	struct key_order *o = calloc(1, sizeof(*o));

	if (!o) {
		err_set(err, ERR_OVERLOADED, "there is no memory left");
		return NULL;
	}
	o->created_ms = clock->wall_ms(clock);
	read_body(o, body, faults);
	if (faults->count) {
		err_set(err, ERR_INVALID_REQUEST,
			"the body has %d fault%s; errors lists them",
			faults->count, faults->count == 1 ? "" : "s");
		key_order_free(o);
		return NULL;
	}
	id_new(clock, ID_KEY, o->id);
	make_key(clock, o->key);
	api_key_hash(seal, o->key, strlen(o->key), o->hash);
	return o;
}

void key_order_free(struct key_order *o)
{
	if (!o)
		return;
	sodium_memzero(o, sizeof(*o));
	free(o);
}

/* --- showing and changing ------------------------------------------------ */

static const char *status_of(const struct key_row *row, int64_t now_ms)
{
	if (row->revoked_ms)
		return "revoked";
	return row->expires_ms && row->expires_ms <= now_ms ? "expired"
							    : "active";
}

int key_view(struct buf *b, const struct key_row *row, int64_t now_ms,
	     const char *key)
{
	buf_char(b, '{');
	json_put_str(b, "id", row->id);
	json_put_str(b, "name", row->name);
	json_put_str(b, "scope", row->scope);
	json_put_str(b, "status", status_of(row, now_ms));
	json_put_time(b, "created_at", row->created_ms);
	json_put_time(b, "expires_at", row->expires_ms);
	json_put_time(b, "revoked_at", row->revoked_ms);
	json_put_time(b, "last_used_at", row->last_used_ms);
	if (key)
		json_put_str(b, "key", key);
	return buf_char(b, '}');
}

/* Who did it stands in the event; what was done to, in its detail. */
static int note(struct store *s, struct clock *clock, const char *action,
		const struct key_row *row, const struct key_by *by,
		struct err *err)
{
	struct buf detail = BUF_INIT(KEY_RECORD_MAX);
	char id[ID_SIZE];
	struct event_row event = {
		.id = id,
		.at_ms = clock->wall_ms(clock),
		.principal = by->principal,
		.action = action,
		.request_id = by->request_id,
	};
	int rc;

	id_new(clock, ID_EVENT, id);
	buf_char(&detail, '{');
	json_put_str(&detail, "key_id", row->id);
	json_put_str(&detail, "name", row->name);
	json_put_str(&detail, "scope", row->scope);
	buf_char(&detail, '}');
	event.detail = detail.data;
	rc = detail.failed ? err_set(err, ERR_STORE_FULL, "out of memory")
			   : event_add(s, &event, err);
	buf_release(&detail);
	return rc;
}

static int shown(struct buf *out, struct err *err)
{
	return out->failed ? err_set(err, ERR_STORE_FULL, "out of memory") : 0;
}

int key_order_put(const struct key_order *o, struct store *s,
		  struct clock *clock, const struct key_by *by, struct buf *out,
		  struct err *err)
{
	const struct key_row row = {
		.id = o->id,
		.name = o->name,
		.scope = scope_name(o->scope),
		.hash = o->hash,
		.created_ms = o->created_ms,
		.expires_ms = o->expires_ms,
	};

	if (key_put(s, &row, err) ||
	    note(s, clock, "key.created", &row, by, err))
		return -1;
	/* Once and for all: growing would leave copies of the key behind. */
	buf_reserve(out, KEY_RECORD_MAX);
	(void)key_view(out, &row, o->created_ms, o->key);
	return shown(out, err);
}

int key_revoke(struct store *s, const char *id, struct clock *clock,
	       const struct key_by *by, struct buf *out, struct err *err)
{
	int64_t now = clock->wall_ms(clock);
	struct key_row row;
	int found = key_by_id(s, id, &row, err);

	if (found < 0)
		return -1;
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "there is no such API key");
	if (!row.revoked_ms) {
		row.revoked_ms = now;
		if (key_put(s, &row, err) ||
		    note(s, clock, "key.revoked", &row, by, err))
			return -1;
	}
	(void)key_view(out, &row, now, NULL);
	return shown(out, err);
}
