/* SPDX-License-Identifier: MIT */
/* steps.c - the list of steps, in the order of enum step_id. */
#include <string.h>

#include "common.h"

static const struct step *const steps[STEP_COUNT] = {
	[STEP_NUMBER_LOOKUP] = &step_number_lookup,
	[STEP_AGENT_CHECK] = &step_agent_check,
	[STEP_RETELL_ABSENT] = &step_retell_absent,
	[STEP_TRUNK] = &step_trunk,
	[STEP_CREDENTIAL_LIST] = &step_credential_list,
	[STEP_CONNECTION_POLICY] = &step_connection_policy,
	[STEP_CREDENTIAL] = &step_credential,
	[STEP_TRUNK_CREDENTIAL_LIST] = &step_trunk_credential_list,
	[STEP_ORIGINATION_URL] = &step_origination_url,
	[STEP_CONNECTION_POLICY_TARGET] = &step_connection_policy_target,
	[STEP_RETELL_NUMBER] = &step_retell_number,
	[STEP_RETELL_SETTINGS] = &step_retell_settings,
	[STEP_NUMBER_ATTACHMENT] = &step_number_attachment,
};

const struct step *step_get(enum step_id id)
{
	return steps[id];
}

const struct step *step_by_name(const char *name)
{
	for (int i = 0; i < STEP_COUNT; i++)
		if (strcmp(steps[i]->name, name) == 0)
			return steps[i];
	return NULL;
}
