/* SPDX-License-Identifier: MIT */
/*
 * world.c - makes and ends sandboxes; a fresh one is as world.h says.
 */
#include "sandbox/world.h"

#include "fault_rules.h"
#include "market.h"
#include "request_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct account fixed_accounts[ACCOUNTS] = {
	[ACCOUNT_OURS]    = { SANDBOX_ACCOUNT, SANDBOX_TOKEN, SANDBOX_API_KEY, SANDBOX_API_SECRET, "Sandbox", TWILIO },
	[ACCOUNT_SECOND]  = { SANDBOX_ACCOUNT_2, SANDBOX_TOKEN_2, NULL, NULL, "Second sandbox", TWILIO },
	[ACCOUNT_FOREIGN] = { "AC7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c", NULL, NULL, NULL, "Somebody else", TWILIO },
	[WORKSPACE_OURS]  = { "workspace_sandbox", SANDBOX_RETELL_KEY, NULL, NULL, "Sandbox", RETELL },
	[WORKSPACE_OTHER] = { "workspace_other", NULL, NULL, NULL, "Somebody else", RETELL },
};

/* The special numbers of our account. */
static const struct {
	const char *e164;
	const char *application, *voice_url, *emergency;
} special[] = {
	{ SANDBOX_ON_FOREIGN_TRUNK,   NULL, NULL, NULL },
	{ SANDBOX_IN_OUR_RETELL,      NULL, NULL, NULL },
	{ SANDBOX_IN_OTHER_WORKSPACE, NULL, NULL, NULL },
	{ SANDBOX_WITH_APPLICATION,   SANDBOX_APPLICATION, "https://example.com/voice", NULL },
	{ SANDBOX_WITH_VOICE_URL,     NULL, "https://example.com/voice", NULL },
	{ SANDBOX_WITH_EMERGENCY,     NULL, NULL, "Active" },
};
/* clang-format on */

static struct resource *foreign(struct sandbox *sb, struct resource *r)
{
	r->pub.foreign = true;
	sb->alive[r->pub.kind]--;
	return r;
}

static struct resource *foreign_named(struct sandbox *sb,
				      enum sandbox_kind kind,
				      struct account *account,
				      struct resource *parent, const char *name)
{
	static const char *const prefixes[SANDBOX_KINDS] = {
		[SANDBOX_TRUNK] = "TK",
		[SANDBOX_ORIGINATION_URL] = "OU",
		[SANDBOX_CREDENTIAL_LIST] = "CL",
		[SANDBOX_CREDENTIAL] = "CR",
		[SANDBOX_CONNECTION_POLICY] = "NY"};
	char sid[SID_SIZE];
	struct resource *r;

	random_sid(sb, prefixes[kind], sid);
	r = foreign(sb,
		    resource_new(sb, kind, account, sid, parent, sb->born_ms));
	put_text(r->doc,
		 kind == SANDBOX_CREDENTIAL ? "username" : "friendly_name",
		 name);
	resource_name(r, name);
	if (kind == SANDBOX_CREDENTIAL_LIST)
		index_name(sb, "cl", account->sid, name, r);
	return r;
}

static struct resource *foreign_trunk(struct sandbox *sb,
				      struct account *account, const char *name,
				      const char *domain)
{
	struct resource *r =
		foreign_named(sb, SANDBOX_TRUNK, account, NULL, name);

	put_text(r->doc, "domain_name", domain);
	index_name(sb, "domain", "", domain, r);
	return r;
}

static void foreign_retell(struct sandbox *sb, struct account *workspace,
			   const char *e164)
{
	struct resource *r =
		foreign(sb, resource_new(sb, SANDBOX_RETELL_NUMBER, workspace,
					 e164, NULL, sb->born_ms));

	put_text(r->doc, "type", "custom");
	put_text(r->doc, "nickname", "Foreign number");
	put_text(r->doc, "termination_uri", "foreign-trunk-2.pstn.twilio.com");
	resource_name(r, "Foreign number");
}

static void make_foreign(struct sandbox *sb)
{
	struct account *ours = &sb->accounts[ACCOUNT_OURS];
	struct resource *trunk, *list, *url;

	foreign_trunk(sb, &sb->accounts[ACCOUNT_FOREIGN], "Somebody else's",
		      SANDBOX_OTHER_ACCOUNTS_DOMAIN);
	trunk = foreign_trunk(sb, ours, "Foreign trunk 1",
			      SANDBOX_FOREIGN_DOMAIN);
	foreign_trunk(sb, ours, "Foreign trunk 2",
		      "foreign-trunk-2.pstn.twilio.com");
	url = foreign_named(sb, SANDBOX_ORIGINATION_URL, ours, trunk,
			    "Foreign URL");
	put_text(url->doc, "sip_url", "sip:pbx.example.com");
	put_int(url->doc, "priority", 10);
	put_int(url->doc, "weight", 10);
	put(url->doc, "enabled", json_true());
	list = foreign_named(sb, SANDBOX_CREDENTIAL_LIST, ours, NULL,
			     "Foreign list 1");
	foreign_named(sb, SANDBOX_CREDENTIAL, ours, list, "foreign1");
	foreign(sb, resource_tie(sb, SANDBOX_TRUNK_CREDENTIAL_LIST, trunk, list,
				 sb->born_ms));
	list = foreign_named(sb, SANDBOX_CREDENTIAL_LIST, ours, NULL,
			     "Foreign list 2");
	foreign_named(sb, SANDBOX_CREDENTIAL, ours, list, "foreign2");
	foreign_named(sb, SANDBOX_CONNECTION_POLICY, ours, NULL,
		      "Foreign policy");
	foreign(sb, resource_tie(
			    sb, SANDBOX_TRUNK_PHONE_NUMBER, trunk,
			    index_find(sb, "tel", "", SANDBOX_ON_FOREIGN_TRUNK),
			    sb->born_ms));
	foreign_retell(sb, &sb->accounts[WORKSPACE_OURS],
		       SANDBOX_IN_OUR_RETELL);
	foreign_retell(sb, &sb->accounts[WORKSPACE_OTHER],
		       SANDBOX_IN_OTHER_WORKSPACE);
}

static struct resource *own(struct sandbox *sb, int account, const char *e164)
{
	char sid[SID_SIZE];

	random_sid(sb, "PN", sid);
	return own_number(sb, &sb->accounts[account], sid, e164, sb->born_ms);
}

static void own_range(struct sandbox *sb, int account, long long first,
		      unsigned n)
{
	char e164[E164_SIZE];

	for (unsigned i = 0; i < n; first++) {
		snprintf(e164, sizeof(e164), "+%lld", first);
		if (index_find(sb, "tel", "", e164))
			continue;
		(void)own(sb, account, e164);
		i++;
	}
}

static void own_special(struct sandbox *sb)
{
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		struct resource *r = own(sb, ACCOUNT_OURS, special[i].e164);

		if (special[i].application)
			put_text(r->doc, "voice_application_sid",
				 special[i].application);
		if (special[i].voice_url)
			put_text(r->doc, "voice_url", special[i].voice_url);
		if (special[i].emergency)
			put_text(r->doc, "emergency_status",
				 special[i].emergency);
		r->pub.foreign = i == 0;
		sb->alive[r->pub.kind] -= i == 0;
	}
}

void world_make(struct sandbox *sb, int64_t now_ms)
{
	unsigned numbers = sb->config.numbers;

	for (int i = 0; i < ACCOUNTS; i++) {
		unsigned in_flight = sb->accounts[i].in_flight;

		sb->accounts[i] = fixed_accounts[i];
		sb->accounts[i].in_flight = in_flight;
	}
	sb->random = sb->config.seed;
	sb->fault_random = sb->config.seed ^ 0x5deece66d;
	sb->born_ms = now_ms;
	if (numbers > SANDBOX_NUMBERS_MAX)
		numbers = SANDBOX_NUMBERS_MAX;
	own_special(sb);
	own_range(sb, ACCOUNT_SECOND, 14155558001LL, 10);
	own_range(sb, ACCOUNT_OURS, SANDBOX_FIRST_NUMBER, numbers);
	make_foreign(sb);
	for (size_t i = 0; i < sb->n_all; i++)
		sb->all[i]->pub.preset = true;
}

struct sandbox *sandbox_new(const struct sandbox_config *config, int64_t now_ms)
{
	struct sandbox *sb = must(calloc(1, sizeof(*sb)));

	sb->config = *config;
	if (!sb->config.max_trunks)
		sb->config.max_trunks = 100;
	world_make(sb, now_ms);
	return sb;
}

void sandbox_reset(struct sandbox *sb, int64_t now_ms)
{
	sandbox_clear_faults(sb);
	log_clear(sb);
	store_release(sb);
	sb->generation++;
	world_make(sb, now_ms);
}

void sandbox_free(struct sandbox *sb)
{
	if (!sb)
		return;
	while (sb->calls)
		sandbox_call_free(sb->calls);
	sandbox_clear_faults(sb);
	log_release(sb);
	store_release(sb);
	free(sb);
}

int64_t sandbox_clock_advance(const struct sandbox *sb)
{
	return sb->advance_ms;
}
