/* SPDX-License-Identifier: MIT */
/*
 * test_confine.c - what is left to a process that has given up the rest.
 *
 * Nothing opens a lock again, so each act is tried in a process of its own.
 * Each is tried without the lock first: what fails anyway proves nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "confine.h"
#include "confine_parts.h"
#include "process.h"

static char ours[64], others[64]; /* folders: ours to write in, and not */
static int open_port, closed_port;
static pid_t tester;

/* ---- trying an act in a process of its own ---- */

#define OK	  0
#define UNABLE	  250 /* the lock could not be had */
#define KILLED(s) (1000 + (s))

typedef int act_fn(void); /* 0, or an errno */
typedef int lock_fn(void);

static int try(lock_fn *lock, act_fn *act)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (lock && lock())
			_exit(UNABLE);
		_exit(act());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? KILLED(WTERMSIG(status))
				   : WEXITSTATUS(status);
}

struct act {
	const char *name;
	act_fn *act;
	int comes;	   /* OK, an errno or KILLED, with the lock */
	int abi;	   /* of Landlock, from which on; 0: any */
	bool fails_anyway; /* at least for who is not root */
};

#define ACT(text, function, result, ...)                              \
	{                                                             \
		.name = (text), .act = (function), .comes = (result), \
		__VA_ARGS__                                           \
	}

static void try_all(lock_fn *lock, const struct act *acts, int abi)
{
	for (; acts->name; acts++) {
		int free = try(NULL, acts->act), locked;

		if (acts->abi > abi) {
			printf("not tested: %s (Landlock has version %d, not "
			       "%d)\n",
			       acts->name, abi, acts->abi);
			continue;
		}
		locked = try(lock, acts->act);
		if (locked != acts->comes)
			fail_msg("%s: %d, not %d", acts->name, locked,
				 acts->comes);
		if (free != OK && !acts->fails_anyway)
			fail_msg("%s fails without a lock as well: %d",
				 acts->name, free);
	}
}

static int result(bool ok)
{
	return ok ? OK : errno;
}

/* ---- Landlock ---- */

static int lock_files(void)
{
	struct confine_needs needs = {.ports = {(uint16_t)open_port}};
	char lacks[CONFINE_TEXT];
	struct err err = ERR_INIT;
	int abi;

	snprintf(needs.folders[0], PATH_MAX, "%s", ours);
	return confine_landlock(&needs, &abi, lacks, &err);
}

static int open_in(const char *folder, const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return open(path, flags | O_CLOEXEC, 0600);
}

static int reads_system(void)
{
	return result(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 &&
		      open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0);
}

static int changes_system(void)
{
	return result(open("/etc/passwd", O_WRONLY | O_CLOEXEC) >= 0);
}

static int reads_elsewhere(void)
{
	return result(open_in(others, "file", O_RDONLY) >= 0);
}

static int writes_elsewhere(void)
{
	return result(open_in(others, "file", O_WRONLY) >= 0);
}

static int makes_elsewhere(void)
{
	return result(open_in(others, "new", O_WRONLY | O_CREAT) >= 0);
}

static int truncates_elsewhere(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/file", others);
	return result(truncate(path, 0) == 0);
}

static int lists_elsewhere(void)
{
	return result(open(others, O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0);
}

static int works_at_home(void)
{
	char one[128], two[128], folder[128];
	int fd = open_in(ours, "one", O_RDWR | O_CREAT | O_TRUNC);

	snprintf(one, sizeof(one), "%s/one", ours);
	snprintf(two, sizeof(two), "%s/two", ours);
	snprintf(folder, sizeof(folder), "%s/folder", ours);
	return result(fd >= 0 && write(fd, "x", 1) == 1 &&
		      ftruncate(fd, 0) == 0 &&
		      open(ours, O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0 &&
		      link(one, two) == 0 && unlink(two) == 0 &&
		      rename(one, two) == 0 && unlink(two) == 0 &&
		      (mkdir(folder, 0700) == 0 || errno == EEXIST));
}

static int moves_out(void)
{
	char from[128], to[128];

	close(open_in(ours, "mine", O_WRONLY | O_CREAT));
	snprintf(from, sizeof(from), "%s/mine", ours);
	snprintf(to, sizeof(to), "%s/mine", others);
	return result(rename(from, to) == 0);
}

static int links_at_home(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/link-%d", ours, getpid());
	return result(symlink(others, path) == 0);
}

static int runs_a_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return errno;
}

static int connects_to(int port)
{
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return result(fd >= 0 &&
		      connect(fd, (const void *)&to, sizeof(to)) == 0);
}

static int connects_to_a_provider(void)
{
	return connects_to(open_port);
}

static int connects_elsewhere(void)
{
	return connects_to(closed_port);
}

static int binds(void)
{
	const struct sockaddr_in at = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return result(fd >= 0 && bind(fd, (const void *)&at, sizeof(at)) == 0);
}

static int signals_another(void)
{
	return result(kill(tester, 0) == 0);
}

static int wakes_itself(void)
{
	process_wake();
	return process_signal(24 * 3600 * 1000) ? EINVAL : OK;
}

static void *read_elsewhere(void *code)
{
	*(int *)code = reads_elsewhere();
	return NULL;
}

static int reads_elsewhere_in_a_thread(void)
{
	pthread_t thread;
	int code = 0;

	if (pthread_create(&thread, NULL, read_elsewhere, &code) ||
	    pthread_join(thread, NULL))
		return EINVAL;
	return code;
}

static int resolves(void)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found;

	return getaddrinfo("localhost", "443", &hints, &found) ? EINVAL : OK;
}

static const struct act file_acts[] = {
	ACT("reads the system's settings", reads_system, OK),
	ACT("changes the system's settings", changes_system, EACCES,
	    .fails_anyway = true),
	ACT("reads elsewhere", reads_elsewhere, EACCES),
	ACT("reads elsewhere in a thread", reads_elsewhere_in_a_thread, EACCES),
	ACT("lists elsewhere", lists_elsewhere, EACCES),
	ACT("writes elsewhere", writes_elsewhere, EACCES),
	ACT("makes a file elsewhere", makes_elsewhere, EACCES),
	ACT("truncates elsewhere", truncates_elsewhere, EACCES, .abi = 3),
	ACT("works in its folder", works_at_home, OK),
	ACT("moves a file out of it", moves_out, EACCES),
	ACT("makes a link in it", links_at_home, EACCES),
	ACT("runs a program", runs_a_program, EACCES),
	ACT("connects to a provider's port", connects_to_a_provider, OK),
	ACT("connects to another port", connects_elsewhere, EACCES, .abi = 4),
	ACT("takes a port", binds, EACCES, .abi = 4),
	ACT("signals another process", signals_another, EPERM, .abi = 6),
	ACT("wakes itself", wakes_itself, OK),
	ACT("resolves a name", resolves, OK),
	{.name = NULL},
};

static void landlock_leaves_what_the_service_needs_and_no_more(void **state)
{
	int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
			       LANDLOCK_CREATE_RULESET_VERSION);

	if (abi < 0 || try(lock_files, works_at_home) == UNABLE) {
		printf("not tested: Landlock, which cannot be had here\n");
		skip();
	}
	try_all(lock_files, file_acts, abi);
}

/* ---- seccomp ---- */

static int lock_calls(void)
{
	struct err err = ERR_INIT;

	return confine_seccomp(&err);
}

static int opens_sockets(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0) >= 0 &&
		      socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) >= 0 &&
		      socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
}

static int opens_a_packet_socket(void)
{
	return result(socket(AF_PACKET, SOCK_DGRAM, 0) >= 0);
}

static int opens_a_raw_socket(void)
{
	return result(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0);
}

static int opens_a_netlink_socket(void)
{
	return result(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
}

static int listens(void)
{
	return result(listen(socket(AF_INET, SOCK_STREAM, 0), 1) == 0);
}

static int traces(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
}

static int asks_for_keys(void)
{
	return result(syscall(SYS_keyctl, 0 /* get an id */, -3, 0) >= 0);
}

static int leaves_its_namespace(void)
{
	return result(unshare(0) == 0);
}

static int asks_for_bpf(void)
{
	return result(syscall(SYS_bpf, -1, NULL, 0) == 0);
}

static int mounts(void)
{
	return result(syscall(SYS_mount, NULL, "/", NULL, 0, NULL) == 0);
}

static int forks(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return result(pid > 0);
}

static int has_threads(void)
{
	pthread_t thread;
	int code;

	return pthread_create(&thread, NULL, read_elsewhere, &code) ||
			       pthread_join(thread, NULL)
		       ? EINVAL
		       : OK;
}

static int maps(int protection)
{
	return result(mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0) != MAP_FAILED);
}

static int maps_memory(void)
{
	return maps(PROT_READ | PROT_WRITE) || maps(PROT_READ | PROT_EXEC);
}

static int maps_memory_to_write_and_run(void)
{
	return maps(PROT_WRITE | PROT_EXEC);
}

static int makes_memory_run(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return result(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
}

static int raises_a_limit(void)
{
	struct rlimit limit;

	return result(getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
		      setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static int aborts(void)
{
	signal(SIGABRT, SIG_DFL);
	abort();
}

static int makes_a_call_of_the_future(void)
{
	return result(syscall(SYS_memfd_create, "x", 0) >= 0);
}

static const struct act call_acts[] = {
	ACT("opens sockets", opens_sockets, OK),
	ACT("opens a packet socket", opens_a_packet_socket, ENOSYS,
	    .fails_anyway = true),
	ACT("opens a raw socket", opens_a_raw_socket, ENOSYS,
	    .fails_anyway = true),
	ACT("opens a netlink socket", opens_a_netlink_socket, ENOSYS),
	ACT("takes a port", binds, ENOSYS),
	ACT("listens", listens, ENOSYS),
	ACT("connects", connects_elsewhere, OK),
	ACT("resolves a name", resolves, OK),
	ACT("works with files", works_at_home, OK),
	ACT("has threads", has_threads, OK),
	ACT("forks", forks, ENOSYS),
	ACT("maps memory", maps_memory, OK),
	ACT("maps memory to write and run", maps_memory_to_write_and_run,
	    ENOSYS),
	ACT("makes memory run", makes_memory_run, ENOSYS),
	ACT("raises a limit", raises_a_limit, ENOSYS),
	ACT("signals another process", signals_another, ENOSYS),
	ACT("wakes itself", wakes_itself, OK),
	ACT("a call that no table has", makes_a_call_of_the_future, ENOSYS),
	ACT("aborts", aborts, KILLED(SIGABRT), .fails_anyway = true),
	ACT("runs a program", runs_a_program, KILLED(SIGSYS)),
	ACT("traces", traces, KILLED(SIGSYS)),
	ACT("asks for keys", asks_for_keys, KILLED(SIGSYS),
	    .fails_anyway = true),
	ACT("leaves its namespace", leaves_its_namespace, KILLED(SIGSYS)),
	ACT("asks for bpf", asks_for_bpf, KILLED(SIGSYS), .fails_anyway = true),
	ACT("mounts", mounts, KILLED(SIGSYS), .fails_anyway = true),
	{.name = NULL},
};

static bool can_have_seccomp(void)
{
#ifdef TRUNKLINE_SANITIZER
	printf("not tested: seccomp, in a build with a sanitizer\n");
	return false;
#else
	if (try(lock_calls, maps_memory) != UNABLE)
		return true;
	printf("not tested: seccomp, which cannot be had here\n");
	return false;
#endif
}

static void seccomp_leaves_what_the_service_needs_and_no_more(void **state)
{
	if (!can_have_seccomp())
		skip();
	try_all(lock_calls, call_acts, 0);
}

/* ---- both, by the setting ---- */

static int lock_as(const char *mode, struct err *err)
{
	char setting[64], database[128];
	char *const env[] = {setting, database, NULL};
	struct conf c;

	snprintf(setting, sizeof(setting), "TRUNKLINE_CONFINE=%s", mode);
	snprintf(database, sizeof(database),
		 "TRUNKLINE_DATABASE_URL=sqlite:%s/db", ours);
	if (conf_load(&c, env, err))
		return -1;
	return confine(&c, err);
}

static int lock_auto(void)
{
	struct err err = ERR_INIT;

	return lock_as("auto", &err);
}

static int lock_off(void)
{
	struct err err = ERR_INIT;

	return lock_as("off", &err);
}

static int lock_required(void)
{
	struct err err = ERR_INIT;

	return lock_as("require", &err);
}

static void auto_and_require_apply_both(void **state)
{
	lock_fn *const modes[] = {lock_auto, lock_required};

	if (try(lock_files, works_at_home) == UNABLE || !can_have_seccomp()) {
		printf("not tested: auto and require\n");
		skip();
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(try(modes[i], reads_elsewhere), EACCES);
		assert_int_equal(try(modes[i], works_at_home), OK);
		assert_int_equal(try(modes[i], forks), ENOSYS);
	}
}

static void off_applies_none(void **state)
{
	assert_int_equal(try(lock_off, reads_elsewhere), OK);
	assert_int_equal(try(lock_off, forks), OK);
	assert_int_equal(try(lock_off, makes_memory_run), OK);
}

/* As a container of old or a unit of systemd may forbid them. */
static int forbid(const char *call)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	return !filter ||
	       seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
				seccomp_syscall_resolve_name(call), 0) ||
	       seccomp_load(filter);
}

static int lock_auto_without_landlock(void)
{
	return forbid("landlock_create_ruleset") || lock_auto();
}

static int lock_auto_without_seccomp(void)
{
	return forbid("seccomp") || lock_auto();
}

static int refuses_without(const char *call, const char *why)
{
	struct err err = ERR_INIT;

	if (forbid(call) || lock_as("require", &err) == 0)
		return 1;
	return err.code != ERR_CONFIG || !strstr(err.detail, why) ||
	       !strstr(err.detail, "TRUNKLINE_CONFINE");
}

static int refuses_without_landlock(void)
{
	return refuses_without("landlock_create_ruleset",
			       "Landlock: Operation not permitted");
}

static int refuses_without_seccomp(void)
{
	return refuses_without("seccomp", "seccomp: refused");
}

static void auto_goes_on_with_what_it_can_have(void **state)
{
	if (!can_have_seccomp())
		skip();
	assert_int_equal(try(lock_auto_without_landlock, reads_elsewhere), OK);
	assert_int_equal(try(lock_auto_without_landlock, forks), ENOSYS);
	assert_int_equal(try(lock_auto_without_seccomp, works_at_home), OK);
	assert_int_equal(try(lock_auto_without_seccomp, forks), OK);
}

static void require_refuses_and_tells_what_is_missing(void **state)
{
	if (!can_have_seccomp())
		skip();
	assert_int_equal(try(NULL, refuses_without_landlock), OK);
	assert_int_equal(try(NULL, refuses_without_seccomp), OK);
}

/* ---- the place of it all ---- */

static int listen_anywhere(void)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (const void *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (void *)&at, &len), 0);
	return ntohs(at.sin_port);
}

static void make_folder(char name[64])
{
	snprintf(name, 64, "/tmp/test_confine-XXXXXX");
	assert_non_null(mkdtemp(name));
}

static int set_up(void **state)
{
	struct err err = ERR_INIT;

	log_open(STDERR_FILENO, LOG_OFF);
	make_folder(ours);
	make_folder(others);
	close(open_in(others, "file", O_WRONLY | O_CREAT));
	close(open_in(ours, "db", O_WRONLY | O_CREAT));
	open_port = listen_anywhere();
	closed_port = listen_anywhere();
	tester = getpid();
	return process_settle(&err); /* for those who wait to be woken */
}

static int tear_down(void **state)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -r %s %s", ours, others);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			landlock_leaves_what_the_service_needs_and_no_more),
		cmocka_unit_test(
			seccomp_leaves_what_the_service_needs_and_no_more),
		cmocka_unit_test(auto_and_require_apply_both),
		cmocka_unit_test(off_applies_none),
		cmocka_unit_test(auto_goes_on_with_what_it_can_have),
		cmocka_unit_test(require_refuses_and_tells_what_is_missing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
