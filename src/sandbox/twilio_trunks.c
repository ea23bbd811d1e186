/* SPDX-License-Identifier: MIT */
/*
 * twilio_trunks.c - trunks, their recording and their origination URLs
 * (trunking.twilio.com, v1).
 */
#include "handlers.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS (24LL * 60 * 60 * 1000)

static char *lower_copy(const char *s)
{
	char *copy = must(strdup(s));

	for (char *p = copy; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return copy;
}

/*
 * A domain belongs to one trunk of all accounts, and to nobody for 30 days
 * after that trunk was deleted or renamed (Twilio error 21248). Gives 0 or
 * the code to refuse with.
 */
static int domain_clash(const struct sandbox_call *c, const char *domain,
			const struct resource *self)
{
	struct resource *holder = index_find(c->sb, "domain", "", domain);
	const char *now;

	if (!holder || holder == self)
		return 0;
	if (!holder->pub.alive)
		return c->now_ms < holder->pub.deleted_ms + 30 * DAY_MS ? 21248
									: 0;
	now = resource_text(holder, "domain_name");
	if (!now || strcmp(now, domain) != 0 || holder->account != c->account)
		return 21248;
	return 21245;
}

static int check_domain(struct sandbox_call *c, const struct resource *self)
{
	const char *param = form_get(&c->form, "DomainName");
	char *domain;
	int code;

	if (!param || !*param)
		return 0;
	domain = lower_copy(param);
	code = domain_clash(c, domain, self);
	free(domain);
	if (!code)
		return 0;
	refuse_code(c, 400, code);
	return -1;
}

static void take_domain(struct sandbox_call *c, struct resource *trunk)
{
	const char *given = resource_text(trunk, "domain_name");
	char *domain;

	if (!given)
		return;
	domain = lower_copy(given);
	put_text(trunk->doc, "domain_name", domain);
	index_name(c->sb, "domain", "", domain, trunk);
	free(domain);
}

void list_trunks(struct sandbox_call *c)
{
	answer_page(c, SANDBOX_TRUNK, NULL, NULL);
}

void create_trunk(struct sandbox_call *c)
{
	struct resource *trunk;

	if (check_fields(c, SANDBOX_TRUNK, true) || check_domain(c, NULL))
		return;
	trunk = make_resource(c, SANDBOX_TRUNK, NULL);
	if (!trunk)
		return;
	take_domain(c, trunk);
	answer_json_own(c, 201, render(c, trunk));
}

void fetch_trunk(struct sandbox_call *c)
{
	answer_one(c, 200, arg_resource(c, 0, SANDBOX_TRUNK, NULL));
}

void update_trunk(struct sandbox_call *c)
{
	struct resource *trunk = arg_resource(c, 0, SANDBOX_TRUNK, NULL);

	if (!trunk || check_fields(c, SANDBOX_TRUNK, false) ||
	    check_domain(c, trunk) || change_resource(c, trunk))
		return;
	take_domain(c, trunk);
	answer_json_own(c, 200, render(c, trunk));
}

/* Numbers with emergency calling hold their trunk (21634). All else on it
 * goes with it: URLs, associations; numbers are detached, not released. */
void delete_trunk(struct sandbox_call *c)
{
	struct resource *trunk = arg_resource(c, 0, SANDBOX_TRUNK, NULL);
	struct resource *r;

	if (!trunk)
		return;
	r = resource_first(c->account, SANDBOX_TRUNK_PHONE_NUMBER, trunk);
	for (; r; r = resource_next(r, trunk)) {
		const char *emergency =
			resource_text(r->target, "emergency_status");

		if (emergency && strcmp(emergency, "Active") == 0) {
			refuse_code(c, 400, 21634);
			return;
		}
	}
	resource_kill(c->sb, trunk, c->now_ms);
	answer_empty(c, 204);
}

void fetch_trunk_recording(struct sandbox_call *c)
{
	struct resource *trunk = arg_resource(c, 0, SANDBOX_TRUNK, NULL);
	json_t *all;

	if (!trunk)
		return;
	all = render(c, trunk);
	answer_json_own(c, 200, json_incref(json_object_get(all, "recording")));
	json_decref(all);
}

void update_trunk_recording(struct sandbox_call *c)
{
	static const char modes[] =
		"do-not-record|record-from-ringing|record-from-answer|"
		"record-from-ringing-dual|record-from-answer-dual";
	static const char trims[] = "trim-silence|do-not-trim";
	struct resource *trunk = arg_resource(c, 0, SANDBOX_TRUNK, NULL);
	const char *mode = form_get(&c->form, "Mode");
	const char *trim = form_get(&c->form, "Trim");
	json_t *all, *recording;

	if (!trunk)
		return;
	if ((mode && !is_choice(mode, modes)) ||
	    (trim && !is_choice(trim, trims))) {
		refuse(c, 400, 20422, "Invalid Parameter: Mode or Trim");
		return;
	}
	all = render(c, trunk);
	recording = must(json_deep_copy(json_object_get(all, "recording")));
	json_decref(all);
	if (mode)
		put_text(recording, "mode", mode);
	if (trim)
		put_text(recording, "trim", trim);
	put(trunk->doc, "recording", json_incref(recording));
	trunk->updated_ms = c->now_ms;
	answer_json_own(c, 200, recording);
}

/* Both path arguments of an origination URL. */
static struct resource *arg_url(struct sandbox_call *c)
{
	struct resource *trunk = arg_resource(c, 0, SANDBOX_TRUNK, NULL);

	return trunk ? arg_resource(c, 1, SANDBOX_ORIGINATION_URL, trunk)
		     : NULL;
}

void list_origination_urls(struct sandbox_call *c)
{
	struct resource *trunk = arg_resource(c, 0, SANDBOX_TRUNK, NULL);

	if (trunk)
		answer_page(c, SANDBOX_ORIGINATION_URL, trunk, NULL);
}

void create_origination_url(struct sandbox_call *c)
{
	struct resource *trunk = arg_resource(c, 0, SANDBOX_TRUNK, NULL);

	if (trunk)
		answer_one(c, 201,
			   make_resource(c, SANDBOX_ORIGINATION_URL, trunk));
}

void fetch_origination_url(struct sandbox_call *c)
{
	answer_one(c, 200, arg_url(c));
}

void update_origination_url(struct sandbox_call *c)
{
	update_one(c, arg_url(c));
}

void delete_origination_url(struct sandbox_call *c)
{
	delete_one(c, arg_url(c));
}
