/* SPDX-License-Identifier: MIT */
/*
 * twilio_voice.c - connection policies and their targets (voice.twilio.com,
 * v1).
 */
#include "handlers.h"

#include <stdlib.h>

static struct resource *arg_policy(struct sandbox_call *c)
{
	return arg_resource(c, 0, SANDBOX_CONNECTION_POLICY, NULL);
}

static struct resource *arg_target(struct sandbox_call *c)
{
	struct resource *policy = arg_policy(c);

	return policy ? arg_resource(c, 1, SANDBOX_CONNECTION_POLICY_TARGET,
				     policy)
		      : NULL;
}

void list_connection_policies(struct sandbox_call *c)
{
	answer_page(c, SANDBOX_CONNECTION_POLICY, NULL, NULL);
}

void create_connection_policy(struct sandbox_call *c)
{
	answer_one(c, 201, make_resource(c, SANDBOX_CONNECTION_POLICY, NULL));
}

void fetch_connection_policy(struct sandbox_call *c)
{
	answer_one(c, 200, arg_policy(c));
}

void update_connection_policy(struct sandbox_call *c)
{
	update_one(c, arg_policy(c));
}

void delete_connection_policy(struct sandbox_call *c)
{
	delete_one(c, arg_policy(c));
}

void list_connection_policy_targets(struct sandbox_call *c)
{
	struct resource *policy = arg_policy(c);

	if (policy)
		answer_page(c, SANDBOX_CONNECTION_POLICY_TARGET, policy, NULL);
}

void create_connection_policy_target(struct sandbox_call *c)
{
	struct resource *policy = arg_policy(c);

	if (policy)
		answer_one(c, 201,
			   make_resource(c, SANDBOX_CONNECTION_POLICY_TARGET,
					 policy));
}

void fetch_connection_policy_target(struct sandbox_call *c)
{
	answer_one(c, 200, arg_target(c));
}

void update_connection_policy_target(struct sandbox_call *c)
{
	update_one(c, arg_target(c));
}

void delete_connection_policy_target(struct sandbox_call *c)
{
	delete_one(c, arg_target(c));
}
