/* SPDX-License-Identifier: MIT */
/* confine.c - applying both locks, as the settings ask for, and telling it. */
#include "confine.h"

#include <stdio.h>

#include "base/log.h"
#include "confine_parts.h"

/* A sanitizer needs files and system calls of its own. */
#ifdef TRUNKLINE_SANITIZER
static const char unfit[] =
	"this is a build with a sanitizer (" TRUNKLINE_SANITIZER ")";
#else
static const char unfit[] = "";
#endif

/* Refuses if it is required, or else goes on without. */
static int go_without(const struct conf *c, const struct err *cause,
		      struct err *err)
{
	if (c->confine == CONFINE_REQUIRE)
		return err_set(err, ERR_CONFIG,
			       "TRUNKLINE_CONFINE is require, but %s",
			       cause->detail);
	log_warn("not_confined", L_STR("reason", cause->detail));
	return 0;
}

/* "a:b", as far as it fits. */
static void join(const char list[][PATH_MAX], char out[CONFINE_TEXT])
{
	size_t n = 0;

	out[0] = '\0';
	for (int i = 0; list[i][0] && n < CONFINE_TEXT; i++)
		n += (size_t)snprintf(out + n, CONFINE_TEXT - n, "%s%s",
				      i ? ":" : "", list[i]);
}

static int apply_landlock(const struct conf *c, struct err *err)
{
	char lacks[CONFINE_TEXT], writes[CONFINE_TEXT];
	struct confine_needs needs;
	struct err cause = ERR_INIT;
	int abi, rc;

	if (confine_needs_init(&needs, c, err))
		return -1;
	rc = confine_landlock(&needs, &abi, lacks, &cause);
	join(needs.folders, writes);
	if (rc)
		return go_without(c, &cause, err);
	log_info("confined", L_STR("by", "landlock"), L_INT("abi", abi),
		 L_STR("lacks", lacks), L_STR("writes", writes));
	return 0;
}

static int apply_seccomp(const struct conf *c, struct err *err)
{
	struct err cause = ERR_INIT;

	if (confine_seccomp(&cause))
		return go_without(c, &cause, err);
	log_info("confined", L_STR("by", "seccomp"));
	return 0;
}

/* seccomp comes last: it leaves no call that Landlock needs. */
int confine(const struct conf *c, struct err *err)
{
	struct err cause = ERR_INIT;

	if (c->confine == CONFINE_OFF) {
		log_info("not_confined", L_STR("reason", "TRUNKLINE_CONFINE"));
		return 0;
	}
	if (unfit[0]) {
		err_set(&cause, ERR_CONFIG, "%s", unfit);
		return go_without(c, &cause, err);
	}
	return apply_landlock(c, err) || apply_seccomp(c, err) ? -1 : 0;
}
