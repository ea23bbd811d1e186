/* SPDX-License-Identifier: MIT */
/* stranger.c - somebody else with our Retell key: imports a number at a bad
 * moment, for a trunk of his own. What he made is his, for ever. */
#include <stdio.h>
#include <string.h>

#include "sandbox/world.h"
#include "sim.h"

#define BODY                                            \
	"{\"phone_number\":\"%s\",\"termination_uri\":" \
	"\"stranger.pstn.twilio.com\",\"nickname\":\"Stranger's\"}"

void stranger_draw(struct world *w)
{
	w->stranger_at = -1;
	if (!chance_percent(&w->dice, 12))
		return;
	w->stranger_phone =
		w->phones[chance_from(&w->dice, 0, w->phone_count - 1)];
	w->stranger_at = w->requests[0].at + chance_from(&w->dice, 0, 1500);
}

/* Between our look at Retell and our removal nobody can keep him out, so he
 * comes only while we never had a number there. */
static bool too_late(const struct world *w)
{
	for (int i = 0; i < w->call_count; i++)
		if (strcmp(w->calls[i].name, "import_number") == 0)
			return true;
	return false;
}

void stranger_acts(struct world *w)
{
	char body[200];
	struct sandbox_request rq = {
		.method = "POST",
		.target = "/import-phone-number",
		.authorization = "Bearer " SANDBOX_RETELL_KEY,
		.content_type = "application/json",
		.body = body,
	};
	struct sandbox_call *call;
	int status;

	w->stranger_at = -1;
	if (too_late(w))
		return;
	rq.body_len =
		(size_t)snprintf(body, sizeof(body), BODY, w->stranger_phone);
	call = sandbox_begin(w->sandbox, &rq, w->clock.now);
	status = sandbox_apply(call, w->clock.now)->status;
	sandbox_call_free(call);
	births_note(w, BIRTH_STRANGER);
	trace(w, "STRANGER imports %s: %d", w->stranger_phone, status);
}

bool stranger_has(const struct world *w, const char *phone)
{
	for (int i = 0; i < w->birth_count; i++)
		if (w->birth[i] == BIRTH_STRANGER &&
		    strcmp(sandbox_ledger_at(w->sandbox, (size_t)i)->id,
			   phone) == 0)
			return true;
	return false;
}
