/* SPDX-License-Identifier: MIT */
/* create.c - from a create command to a saga: whose account, which credentials,
 * and is the number free? */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "commands.h"

#define USERNAME_CHARS 16

/* Whose account: the request's, or the server's. */
static int settle_account(struct engine *e, struct spec *spec,
			  struct faults *faults, struct err *err)
{
	const char *own = e->conf.settings.twilio_account_sid;
	const char *sid = spec_str(spec, "twilio_account_sid");

	faults->count = 0;
	if (!spec_is_twilio(spec) || spec_flag(spec, "has_twilio_credentials"))
		return 0;
	if (own && (!sid || strcmp(sid, own) == 0)) {
		if (json_object_set_new(spec->pub, "twilio_account_sid",
					json_string(own)))
			return err_set(err, ERR_OVERLOADED,
				       "there is no memory left");
		return 0;
	}
	faults->count = 1;
	strcpy(faults->list[0].pointer,
	       sid ? "/twilio_auth_token" : "/twilio_account_sid");
	snprintf(faults->list[0].detail, sizeof(faults->list[0].detail),
		 sid ? "is required with a twilio_account_sid that is not the "
		       "service's own"
		     : "is required, with twilio_auth_token: the service has "
		       "no Twilio account of its own");
	return err_set(err, ERR_INVALID_REQUEST, "1 fault in the body");
}

/* User name and password of the trunk, unless the request brought them. */
static int settle_credentials(struct engine *e, struct spec *spec)
{
	json_t *trunk = json_object_get(spec->pub, "outbound_trunk");
	char username[USERNAME_CHARS + 4] = "tl-", password[25];
	int rc = 0;

	if (!spec_is_twilio(spec) || !spec_flag(spec, "supports_outbound"))
		return 0;
	if (!json_is_string(json_object_get(trunk, "username"))) {
		id_random(e->clock, username + 3, USERNAME_CHARS);
		rc |= json_object_set_new(trunk, "username",
					  json_string(username));
	}
	if (!spec_secret(spec, "sip_password")) {
		id_password(e->clock, password);
		rc |= json_object_set_new(spec->secrets, "sip_password",
					  json_string(password));
		explicit_bzero(password, sizeof(password));
		rc |= json_object_set_new(spec->pub, "has_auth_credentials",
					  json_true());
	}
	return rc;
}

static int refuse_taken(struct engine *e, const char *phone_number,
			struct err *err)
{
	struct saga *sg = saga_by_number(e, phone_number);
	struct number_row row;
	int found;

	if (sg) {
		err_set(err, ERR_OPERATION_IN_PROGRESS,
			"a %s of the number is running",
			op_kind_name(sg->kind));
		strcpy(err->operation_id, sg->id);
		return -1;
	}
	found = number_find(e->store, phone_number, &row, err);
	if (found <= 0)
		return found;
	err_set(err, ERR_NUMBER_EXISTS, "the number is %s here as %s",
		row.status, row.id);
	snprintf(err->number_id, sizeof(err->number_id), "%s", row.id);
	return -1;
}

/* While a provider is known to be away, a create would only fail later. */
static int refuse_closed(struct engine *e, struct command *c, struct err *err)
{
	enum provider which;
	int64_t ms = lanes_closed_ms(e, &c->spec, &which);

	if (!ms)
		return 0;
	err_set(err, ERR_PROVIDER_UNAVAILABLE,
		"%s did not answer the last calls; nothing was started",
		provider_name(which));
	snprintf(err->provider, sizeof(err->provider), "%s",
		 provider_name(which));
	return -1;
}

static int answer_plan(struct engine *e, struct command *c, struct err *err)
{
	if (view_plan(&c->reply.body, &c->spec, err))
		return -1;
	c->reply.status = 200;
	c->reply.content_type = CONTENT_JSON;
	command_reply(e, c);
	return 0;
}

int take_create(struct engine *e, struct command *c, struct faults *faults,
		struct err *err)
{
	const char *number = spec_str(&c->spec, "phone_number");
	struct saga *sg;

	if (settle_account(e, &c->spec, faults, err) ||
	    refuse_taken(e, number, err))
		return -1;
	if (c->dry_run)
		return answer_plan(e, c, err);
	if (refuse_closed(e, c, err))
		return -1;
	if (settle_credentials(e, &c->spec))
		return err_set(err, ERR_OVERLOADED, "out of memory");
	sg = command_begin(e, c, OP_CREATE, err);
	if (!sg)
		return -1;
	id_new(e->clock, ID_NUMBER, sg->number_id);
	if (spec_is_twilio(&c->spec))
		id_new(e->clock, ID_TRUNK, sg->trunk_id);
	snprintf(sg->phone_number, sizeof(sg->phone_number), "%s", number);
	sg->spec = c->spec;
	c->spec = (struct spec)SPEC_INIT;
	if (plan_create(sg, err)) {
		saga_free(sg);
		return -1;
	}
	return command_start(e, c, sg, err);
}
