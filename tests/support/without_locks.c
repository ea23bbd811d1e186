/* SPDX-License-Identifier: MIT */
/*
 * without_locks.c - runs a command as on a machine that forbids it Landlock and
 * seccomp, as a container's filter can: without_locks COMMAND [ARGUMENT]...
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

static int forbid(scmp_filter_ctx filter, int call)
{
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0);
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (argc < 2 || !filter ||
	    forbid(filter, SCMP_SYS(landlock_create_ruleset)) ||
	    forbid(filter, SCMP_SYS(seccomp)) ||
	    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prctl), 1,
			     SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP)) ||
	    seccomp_load(filter)) {
		fputs("without_locks: cannot forbid them\n", stderr);
		return 1;
	}
	execv(argv[1], argv + 1);
	perror(argv[1]);
	return 1;
}
