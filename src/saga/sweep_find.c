/* SPDX-License-Identifier: MIT */
/* sweep_find.c - what in the providers' lists carries our mark, and whether it
 * belongs to something; see sweep.c for the rules. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/e164.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "store/imports.h"
#include "sweep.h"

const struct step *sweep_step(enum sweep_stage stage)
{
	static const enum step_id makers[] = {
		[SWEEP_TRUNKS] = STEP_TRUNK,
		[SWEEP_LISTS] = STEP_CREDENTIAL_LIST,
		[SWEEP_POLICIES] = STEP_CONNECTION_POLICY,
		[SWEEP_RETELL] = STEP_RETELL_NUMBER,
	};

	return step_get(makers[stage]);
}

const char *sweep_kind(enum sweep_stage stage)
{
	return sweep_step(stage)->kind;
}

/* "trunkline:INSTANCE:NUMBER[:…]": the number's id, or false if it is not our
 * mark or another instance's. */
static bool read_mark(const struct sweep *sw, const char *name,
		      char number_id[ID_SIZE])
{
	char prefix[32];
	size_t n;

	snprintf(prefix, sizeof(prefix),
		 "trunkline:%s:", sw->engine->conf.settings.instance);
	n = strlen(prefix);
	if (!name || strncmp(name, prefix, n) != 0)
		return false;
	snprintf(number_id, ID_SIZE, "%.*s", (int)strcspn(name + n, ":"),
		 name + n);
	return id_valid(number_id, ID_NUMBER);
}

/* "tl-INSTANCE-NUMBER[-…].pstn.twilio.com" (steps/trunk.c), the number's id
 * without its prefix. */
static bool read_domain(const struct sweep *sw, const char *domain,
			char number_id[ID_SIZE])
{
	char prefix[32];
	size_t n;

	snprintf(prefix, sizeof(prefix), "tl-%s-",
		 sw->engine->conf.settings.instance);
	n = strlen(prefix);
	if (!domain || strncmp(domain, prefix, n) != 0)
		return false;
	snprintf(number_id, ID_SIZE, ID_NUMBER "_%.*s",
		 (int)strcspn(domain + n, "-."), domain + n);
	return id_valid(number_id, ID_NUMBER);
}

/* ISO 8601 (v1) or RFC 2822 (2010) as Unix ms; 0 if it is neither. */
static int64_t read_date(const char *text)
{
	struct tm tm = {0};

	if (!text)
		return 0;
	if (!strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm) &&
	    !strptime(text, "%a, %d %b %Y %H:%M:%S +0000", &tm))
		return 0;
	return (int64_t)timegm(&tm) * 1000;
}

/* A provider's time is any number; one before 1970 or ahead of us is none. */
static int64_t sane_time(const struct sweep *sw, int64_t ms)
{
	struct clock *clock = sw->engine->clock;

	return ms > 0 && ms <= clock->wall_ms(clock) ? ms : 0;
}

static struct orphan *note(struct sweep *sw)
{
	if (sw->found_count == sw->found_size) {
		int size = sw->found_size ? 2 * sw->found_size : 64;
		struct orphan *found =
			size > SWEEP_FOUND_MAX
				? NULL
				: realloc(sw->found,
					  (size_t)size * sizeof(*found));

		if (!found) {
			log_error("sweep_found_too_many",
				  L_INT("count", sw->found_count));
			return NULL;
		}
		sw->found = found;
		sw->found_size = size;
	}
	sw->found[sw->found_count] =
		(struct orphan){.stage = sw->stage, .account = sw->account};
	return &sw->found[sw->found_count++];
}

static const char *text_of(const json_t *item, const char *member)
{
	return json_string_value(json_object_get(item, member));
}

int sweep_read_twilio(struct sweep *sw, const json_t *body)
{
	const struct listing *l = sweep_step(sw->stage)->listing;
	const json_t *list = json_object_get(body, l->array);
	const json_t *item;
	char number_id[ID_SIZE];
	size_t i;

	if (!json_is_array(list))
		return -1;
	json_array_foreach (list, i, item) {
		const char *sid = twilio_sid(item, "sid", l->prefix);
		struct orphan *o;

		if (!sid ||
		    !read_mark(sw, text_of(item, "friendly_name"), number_id))
			continue;
		o = note(sw);
		if (!o)
			return -1;
		snprintf(o->id, sizeof(o->id), "%s", sid);
		snprintf(o->number_id, sizeof(o->number_id), "%s", number_id);
		o->made_ms =
			sane_time(sw, read_date(text_of(item, "date_created")));
	}
	return 0;
}

/* Can this number on a client's own trunk come from an import of ours that was
 * in doubt? What was made (or touched) later than that could land is someone
 * else's. */
static bool read_import(struct sweep *sw, const char *number,
			const char *domain, int64_t made_ms,
			char number_id[ID_SIZE])
{
	struct err err = ERR_INIT;
	struct import_row row;
	int found = 0;

	if (domain)
		found = import_find(sw->engine->store, number, domain, &row,
				    &err);
	if (found < 0)
		log_error("sweep_store_failed", L_ERR(&err));
	if (found != 1 || made_ms > row.noted_ms + sweep_doubt_ms(sw->engine))
		return false;
	snprintf(number_id, ID_SIZE, "%s", row.number_id);
	return true;
}

int sweep_read_retell(struct sweep *sw, const json_t *body)
{
	const json_t *list = json_object_get(body, "items");
	const char *next = text_of(body, "pagination_key");
	char number_id[ID_SIZE];
	const json_t *item;
	size_t i;

	if (!json_is_array(list))
		return -1;
	if (next && *next && strcmp(next, sw->next.data) == 0)
		return -1; /* this page once more, for ever */
	json_array_foreach (list, i, item) {
		const json_t *config =
			json_object_get(item, "sip_outbound_trunk_config");
		const char *domain = text_of(config, "termination_uri");
		const char *number = text_of(item, "phone_number");
		int64_t made_ms = json_integer_value(
			json_object_get(item, "last_modification_timestamp"));
		struct orphan *o;

		if (!number || !e164_valid(number, strlen(number)) ||
		    !(read_domain(sw, domain, number_id) ||
		      read_import(sw, number, domain, made_ms, number_id)))
			continue;
		o = note(sw);
		if (!o)
			return -1;
		snprintf(o->id, sizeof(o->id), "%s", number);
		snprintf(o->number_id, sizeof(o->number_id), "%s", number_id);
		snprintf(o->domain, sizeof(o->domain), "%s", domain);
		o->made_ms = sane_time(sw, made_ms);
	}
	buf_clear(&sw->next);
	if (!json_is_true(json_object_get(body, "has_more")) || !next ||
	    !*next) /* that would be the first page again, for ever */
		return 0;
	return buf_str(&sw->next, next) ? -1 : 1;
}

/* --- judging ------------------------------------------------------------- */

/* Does the number's record list this resource, and with this domain? */
static bool record_lists(const struct number_row *row, const struct orphan *o)
{
	struct err ignored = ERR_INIT;
	json_t *built = json_read(row->built, strlen(row->built),
				  JSON_DEPTH_MAX, &ignored);
	const char *domain =
		text_of(json_object_get(built, "trunk"), "termination_uri");
	bool listed = !built; /* not to be read is no proof of anything */
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(built, "resources"), i, item) {
		const char *kind = text_of(item, "kind");
		const char *id = text_of(item, "id");

		/* One whose id is not known may be this one. */
		if (kind && strcmp(kind, sweep_kind(o->stage)) == 0 &&
		    (!id || strcmp(id, o->id) == 0))
			listed = true;
	}
	if (built && o->stage == SWEEP_RETELL &&
	    (!domain || strcmp(domain, o->domain) != 0))
		listed = false;
	json_decref(built);
	return listed;
}

/* 1: it belongs to a record or an operation under way; 0: to nothing; -1: that
 * cannot be told. */
static int is_owned(struct sweep *sw, const struct orphan *o)
{
	struct engine *e = sw->engine;
	bool at_retell = o->stage == SWEEP_RETELL;
	struct err err = ERR_INIT;
	struct number_row row;
	int found;

	if (saga_by_ref(e, o->number_id) ||
	    (at_retell && saga_by_number(e, o->id)))
		return 1;
	found = number_find(e->store, at_retell ? o->id : o->number_id, &row,
			    &err);
	if (found < 0)
		log_error("sweep_store_failed", L_ERR(&err));
	return found == 1 ? record_lists(&row, o) : found;
}

static void ignore(const struct operation_row *row, void *arg)
{
	(void)row;
	(void)arg;
}

/* Has this database ever heard of the number? Every create is in it before its
 * first call. */
static bool is_known(struct sweep *sw, const char *number_id)
{
	struct operation_filter f = {.number_id = number_id};
	struct err err = ERR_INIT;

	return operation_list(sw->engine->store, &f, 1, ignore, NULL, &err) ==
	       1;
}

enum orphan_fate sweep_judge(struct sweep *sw, const struct orphan *o)
{
	struct engine *e = sw->engine;
	int64_t age = e->clock->wall_ms(e->clock) - o->made_ms;
	int owned = is_owned(sw, o);

	if (owned)
		return ORPHAN_OWNED;
	if (!o->made_ms || age < e->conf.sweep_grace_ms)
		return ORPHAN_TOO_YOUNG;
	if (!sw->unknown_too && !is_known(sw, o->number_id))
		return ORPHAN_UNKNOWN_NUMBER;
	return ORPHAN_TO_REMOVE;
}
