/* SPDX-License-Identifier: MIT */
/*
 * confine_landlock.c - which files and ports are left, by Landlock.
 *
 * Landlock denies what a ruleset handles and no rule of it allows. A kernel
 * knows some version of it (the ABI) and so some of the rights: what it knows
 * is handled, the rest is told. The headers of Debian 12 end with version 2, so
 * the newer parts of the interface are spelled out here.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine_parts.h"

#define FS(right) LANDLOCK_ACCESS_FS_##right

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#define NET_BIND_TCP	  (1ULL << 0)
#define NET_CONNECT_TCP	  (1ULL << 1)
#define SCOPE_UNIX_SOCKET (1ULL << 0)
#define SCOPE_SIGNAL	  (1ULL << 1)
#define RULE_PORT	  2

/* The kernel takes a longer one than it knows if the rest is zero. */
struct ruleset {
	uint64_t fs, net, scoped;
};

struct port_rule {
	uint64_t allowed, port;
};

/* clang-format off */
/* What each version handles first, and what it is called when it is missing. */
static const struct {
	int abi;
	const char *name;
	struct ruleset handles;
} versions[] = {
	{1, "files",     {.fs = FS(EXECUTE) | FS(READ_FILE) | FS(READ_DIR) | FS(WRITE_FILE) |
	                        FS(MAKE_REG) | FS(MAKE_DIR) | FS(MAKE_SYM) | FS(MAKE_SOCK) |
	                        FS(MAKE_FIFO) | FS(MAKE_CHAR) | FS(MAKE_BLOCK) |
	                        FS(REMOVE_FILE) | FS(REMOVE_DIR)}},
	{2, "moves",     {.fs = FS(REFER)}},
	{3, "truncation", {.fs = FS(TRUNCATE)}},
	{4, "TCP ports", {.net = NET_BIND_TCP | NET_CONNECT_TCP}},
	{5, "devices",   {.fs = FS(IOCTL_DEV)}},
	{6, "signals",   {.scoped = SCOPE_UNIX_SOCKET | SCOPE_SIGNAL}},
};

#define READING (FS(READ_FILE) | FS(READ_DIR))
#define MAKING  (READING | FS(WRITE_FILE) | FS(TRUNCATE) | FS(MAKE_REG) | FS(MAKE_DIR) | FS(REMOVE_FILE))
#define OF_FILES (FS(EXECUTE) | FS(READ_FILE) | FS(WRITE_FILE) | FS(TRUNCATE) | FS(IOCTL_DEV))

/* What the libraries read long after the start. Folders rather than files: a
 * rule holds to the very file that it was made for, and settings are replaced
 * by others of their name (a new resolv.conf, renewed authorities). */
static const char *const system_files[] = {
	"/etc",          /* resolver, authorities, time zone */
	"/usr", "/lib", "/lib64", /* modules of the resolver, authorities */
	"/dev/urandom", "/dev/null",
	"/proc/sys/vm/overcommit_memory", /* malloc */
};
/* clang-format on */

#define PORT_DNS 53 /* an answer that is too long for UDP */

static int refused(const char *doing, struct err *err)
{
	const char *why = errno == ENOSYS ? "the kernel has no Landlock"
			  : errno == EOPNOTSUPP
				  ? "Landlock is not enabled in this kernel"
				  : strerror(errno);

	return err_set(err, ERR_CONFIG, "%s: %s", doing, why);
}

/* A path that is not there, or that we may not see anyway, needs no rule. */
static int allow_path(int set, const struct ruleset *handled, const char *path,
		      uint64_t rights, struct err *err)
{
	struct landlock_path_beneath_attr rule = {0};
	struct stat st;
	int rc = 0;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0 && (errno == EMFILE || errno == ENFILE))
		return refused(path, err);
	if (rule.parent_fd < 0)
		return 0;
	rule.allowed_access = rights & handled->fs;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_FILES;
	if (syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH,
		    &rule, 0))
		rc = refused(path, err);
	(void)close(rule.parent_fd); /* was only looked at */
	return rc;
}

static int allow_port(int set, const struct ruleset *handled, uint16_t port,
		      struct err *err)
{
	const struct port_rule rule = {NET_CONNECT_TCP, port};

	if (!handled->net ||
	    syscall(SYS_landlock_add_rule, set, RULE_PORT, &rule, 0) == 0)
		return 0;
	return refused("a port", err);
}

static int allow(int set, const struct ruleset *handled,
		 const struct confine_needs *n, struct err *err)
{
	size_t count = sizeof(system_files) / sizeof(system_files[0]);

	for (size_t i = 0; i < count; i++)
		if (allow_path(set, handled, system_files[i], READING, err))
			return -1;
	for (int i = 0; n->readable[i][0]; i++)
		if (allow_path(set, handled, n->readable[i], READING, err))
			return -1;
	for (int i = 0; n->folders[i][0]; i++)
		if (allow_path(set, handled, n->folders[i], MAKING, err))
			return -1;
	for (int i = 0; n->ports[i]; i++)
		if (allow_port(set, handled, n->ports[i], err))
			return -1;
	return allow_port(set, handled, PORT_DNS, err);
}

static struct ruleset handled_by(int abi, char lacks[CONFINE_TEXT])
{
	struct ruleset all = {0};
	size_t count = sizeof(versions) / sizeof(versions[0]), n = 0;

	lacks[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		const struct ruleset *one = &versions[i].handles;

		if (versions[i].abi <= abi) {
			all.fs |= one->fs;
			all.net |= one->net;
			all.scoped |= one->scoped;
		} else if (n < CONFINE_TEXT) {
			n += (size_t)snprintf(lacks + n, CONFINE_TEXT - n,
					      "%s%s", n ? ", " : "",
					      versions[i].name);
		}
	}
	return all;
}

int confine_landlock(const struct confine_needs *n, int *abi,
		     char lacks[CONFINE_TEXT], struct err *err)
{
	struct ruleset handled;
	int set, rc = -1;

	*abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
			    LANDLOCK_CREATE_RULESET_VERSION);
	if (*abi < 0)
		return refused("Landlock", err);
	handled = handled_by(*abi, lacks);
	set = (int)syscall(SYS_landlock_create_ruleset, &handled,
			   sizeof(handled), 0);
	if (set < 0)
		return refused("Landlock", err);
	if (allow(set, &handled, n, err))
		goto out;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_landlock_restrict_self, set, 0))
		refused("Landlock", err);
	else
		rc = 0;
out:
	(void)close(set); /* was not written to */
	return rc;
}
