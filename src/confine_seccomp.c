/* SPDX-License-Identifier: MIT */
/*
 * confine_seccomp.c - which system calls are left, by seccomp.
 *
 *   allowed   what a server that is open already does
 *   limited   the same, but with some arguments only
 *   fatal     how one process takes over another, or the machine. No library of
 *             ours ever tries that, so it is an attack: we end, which costs no
 *             more than a crash, and gives no second try
 *   the rest  fails with ENOSYS, not EPERM: to a library that means a kernel
 *             which does not have the call, and it knows another way. A library
 *             or kernel newer than these tables then loses no more than that
 *
 * The kernel's audit log has the calls that ended us. (It could have the others
 * as well, but for each new thread the C library tries clone3 first.)
 */
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "confine_parts.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
#define SOCKET_TYPE 0xf /* of its second argument; the rest are flags */
#define ANY_BITS    0xffffffffu

/* clang-format off */
static const char *const allowed[] = {
	/* memory */
	"brk", "madvise", "membarrier", "mlock", "mlock2", "mremap", "munlock", "munmap",
	/* threads, and how they wait */
	"exit", "exit_group", "futex", "get_robust_list", "getcpu", "gettid", "restart_syscall", "rseq",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "sched_getaffinity",
	"sched_yield", "set_robust_list", "set_tid_address", "sigaltstack",
	"clock_getres", "clock_gettime", "clock_nanosleep", "gettimeofday", "nanosleep", "time",
	"epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd2", "pipe2",
	"poll", "ppoll", "pselect6", "select",
	/* who and where we are */
	"getcwd", "getegid", "geteuid", "getgid", "getpid", "getppid", "getrandom", "getrlimit",
	"getrusage", "getuid", "sysinfo", "times", "umask", "uname",
	/* files, as far as Landlock lets us see them */
	"access", "close", "close_range", "dup", "faccessat", "faccessat2", "fadvise64", "fallocate",
	"fchmod", "fchown", "fcntl", "fdatasync", "flock", "fstat", "fstatfs", "fsync", "ftruncate",
	"getdents64", "link", "linkat", "lseek", "lstat", "mkdir", "mkdirat", "newfstatat", "open",
	"openat", "pread64", "preadv", "pwrite64", "pwritev", "read", "readlink", "readlinkat", "readv",
	"rename", "renameat", "renameat2", "stat", "statfs", "statx", "unlink", "unlinkat", "write",
	"writev",
	/* sockets; what is to listen does so already */
	"accept", "accept4", "connect", "getpeername", "getsockname", "getsockopt", "recvfrom",
	"recvmmsg", "recvmsg", "sendfile", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
	"socketpair",
};

static const char *const fatal[] = {
	"execve", "execveat", "fork", "vfork",                        /* another program */
	"ptrace", "process_vm_readv", "process_vm_writev", "kcmp",    /* another's memory */
	"pidfd_getfd", "process_madvise", "perf_event_open",
	"add_key", "keyctl", "request_key",                           /* the kernel's keys */
	"bpf", "delete_module", "finit_module", "init_module",        /* code in the kernel */
	"kexec_file_load", "kexec_load", "ioperm", "iopl", "modify_ldt",
	"chroot", "fsconfig", "fsmount", "fsopen", "mount", "mount_setattr", "move_mount",
	"open_by_handle_at", "open_tree", "pivot_root", "setns", "swapoff", "swapon", "umount2",
	"unshare",                                                    /* the view of the machine */
	"acct", "clock_settime", "quotactl", "reboot", "sethostname", "settimeofday", "syslog",
	"capset", "setfsgid", "setfsuid", "setgid", "setgroups", "setregid", "setresgid",
	"setresuid", "setreuid", "setuid", "personality",             /* who we are */
};

/* Arguments are compared in 32 bits: of an int the other half may be anything. */
#define IS(n, value)      SCMP_CMP(n, SCMP_CMP_MASKED_EQ, ANY_BITS, (scmp_datum_t)(value))
#define HAS(n, bits)      SCMP_CMP(n, SCMP_CMP_MASKED_EQ, (scmp_datum_t)(bits), (scmp_datum_t)(bits))
#define HAS_NOT(n, bits)  SCMP_CMP(n, SCMP_CMP_MASKED_EQ, (scmp_datum_t)(bits), 0)
#define IS_TYPE(n, value) SCMP_CMP(n, SCMP_CMP_MASKED_EQ, SOCKET_TYPE, (scmp_datum_t)(value))
#define IS_NULL(n)        SCMP_CMP(n, SCMP_CMP_EQ, 0, 0)

/* A call with several rows is let through by any of them. */
static const struct limited {
	const char *name;
	unsigned count;
	struct scmp_arg_cmp when[3];
} limited[] = {
	/* No memory is written and run: code comes from files. */
	{"mmap",     1, {HAS_NOT(2, PROT_EXEC)}},
	{"mmap",     1, {HAS_NOT(2, PROT_WRITE)}},
	{"mprotect", 1, {HAS_NOT(2, PROT_EXEC)}},
	/* A thread, no process. (Whether clone3 makes one, nobody can see: it fails,
	 * and the C library takes clone.) */
	{"clone",    1, {HAS(0, CLONE_THREAD)}},
	{"socket",   2, {IS(0, AF_UNIX), IS(2, 0)}},
	{"socket",   3, {IS(0, AF_INET), IS_TYPE(1, SOCK_STREAM), IS(2, 0)}},
	{"socket",   3, {IS(0, AF_INET), IS_TYPE(1, SOCK_STREAM), IS(2, IPPROTO_TCP)}},
	{"socket",   3, {IS(0, AF_INET), IS_TYPE(1, SOCK_DGRAM), IS(2, 0)}},
	{"socket",   3, {IS(0, AF_INET), IS_TYPE(1, SOCK_DGRAM), IS(2, IPPROTO_UDP)}},
	{"socket",   3, {IS(0, AF_INET6), IS_TYPE(1, SOCK_STREAM), IS(2, 0)}},
	{"socket",   3, {IS(0, AF_INET6), IS_TYPE(1, SOCK_STREAM), IS(2, IPPROTO_TCP)}},
	{"socket",   3, {IS(0, AF_INET6), IS_TYPE(1, SOCK_DGRAM), IS(2, 0)}},
	{"socket",   3, {IS(0, AF_INET6), IS_TYPE(1, SOCK_DGRAM), IS(2, IPPROTO_UDP)}},
	{"ioctl",    1, {IS(1, FIONBIO)}},
	{"ioctl",    1, {IS(1, FIONREAD)}},
	{"ioctl",    1, {IS(1, TCGETS)}},
	{"prctl",    1, {IS(0, PR_SET_NAME)}},
	{"prctl",    1, {IS(0, PR_SET_VMA)}},
	/* A limit may be looked at. */
	{"prlimit64", 1, {IS_NULL(2)}},
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The library does not pass on the kernel's own reason. */
static int refused(int rc, struct err *err)
{
	return err_set(err, ERR_CONFIG,
		       "seccomp: refused by the kernel, or by a filter around "
		       "us (%s)",
		       strerror(-rc));
}

/* A name that is unknown to the library, or no call of this machine, is none.
 */
static int add(scmp_filter_ctx filter, uint32_t action, const char *name,
	       unsigned count, const struct scmp_arg_cmp *when)
{
	int call = seccomp_syscall_resolve_name(name);

	return call < 0 ? 0
			: seccomp_rule_add_array(filter, action, call, count,
						 when);
}

static int add_all(scmp_filter_ctx filter, uint32_t action,
		   const char *const *names, size_t count)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = add(filter, action, names[i], 0, NULL);
	return rc;
}

/* To ourselves only: abort, and process_wake. */
static int add_signals(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp ours[] = {IS(0, getpid())};
	int rc = add(filter, SCMP_ACT_ALLOW, "tgkill", 1, ours);

	return rc ? rc : add(filter, SCMP_ACT_ALLOW, "kill", 1, ours);
}

static int add_rules(scmp_filter_ctx filter)
{
	int rc = add_all(filter, SCMP_ACT_ALLOW, allowed, COUNT(allowed));

	if (rc == 0)
		rc = add_all(filter, SCMP_ACT_KILL_PROCESS, fatal,
			     COUNT(fatal));
	for (size_t i = 0; i < COUNT(limited) && rc == 0; i++)
		rc = add(filter, SCMP_ACT_ALLOW, limited[i].name,
			 limited[i].count, limited[i].when);
	return rc ? rc : add_signals(filter);
}

/* There should be no other threads, but should there be any: those, too. */
static int set_up(scmp_filter_ctx filter)
{
	int rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
				  SCMP_ACT_KILL_PROCESS);

	return rc ? rc : seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
}

int confine_seccomp(struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int rc;

	if (!filter)
		return refused(-ENOMEM, err);
	rc = set_up(filter);
	if (rc == 0)
		rc = add_rules(filter);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc ? refused(rc, err) : 0;
}
