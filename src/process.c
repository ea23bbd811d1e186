/* SPDX-License-Identifier: MIT */
/* process.c - signals, limits and modes of the process. */
#include "process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define WAKE		   SIGUSR1 /* from ourselves, see process_wake */
#define DESCRIPTORS_WANTED 65536

static void awaited(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, WAKE);
}

/* Secrets in memory must not reach a core file. (The leak checker of a
 * sanitizer build has to look into the process, so there they may.) */
static int forbid_dumps(void)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none))
		return -1;
#ifdef __SANITIZE_ADDRESS__
	return 0;
#else
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

int process_private(struct err *err)
{
	umask(077);
	if (forbid_dumps())
		return err_set(err, ERR_INTERNAL,
			       "cannot forbid core dumps: %s", strerror(errno));
	return 0;
}

int process_ignore(struct err *err)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};

	if (sigaction(SIGPIPE, &ignore, NULL) ||
	    sigaction(SIGXFSZ, &ignore, NULL))
		return err_set(err, ERR_INTERNAL, "cannot settle in: %s",
			       strerror(errno));
	return 0;
}

/* Raised by the thread that touched the page, at that place, and so holding no
 * lock of the log. Anything else that sends it ends us as it does others. */
static void on_bad_page(int signo, siginfo_t *info, void *context)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};

	if (info->si_code == BUS_ADRERR) {
		log_error("mapped_file_unreadable",
			  L_STR("reason", "an I/O error, or a file was cut"));
		_exit(EX_SOFTWARE);
	}
	(void)sigaction(signo, &usual, NULL); /* valid arguments: it can */
	(void)raise(signo);
}

int process_settle(struct err *err)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	const struct sigaction bad_page = {.sa_sigaction = on_bad_page,
					   .sa_flags = SA_SIGINFO};
	sigset_t set;

	awaited(&set);
	if (process_private(err) || process_ignore(err))
		return -1;
	if (sigaction(SIGHUP, &ignore, NULL) ||
	    sigaction(SIGBUS, &bad_page, NULL) ||
	    pthread_sigmask(SIG_BLOCK, &set, NULL))
		return err_set(err, ERR_INTERNAL, "cannot settle in: %s",
			       strerror(errno));
	return 0;
}

int process_signal(int ms)
{
	const struct timespec limit = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000L,
	};
	sigset_t set;
	int signo;

	awaited(&set);
	signo = sigtimedwait(&set, NULL, &limit);
	return signo > 0 && signo != WAKE ? signo : 0; /* or EAGAIN, EINTR */
}

/* A signal, since a signal is what is waited for: it stays pending until then,
 * once, and needs no descriptor. */
void process_wake(void)
{
	(void)kill(getpid(), WAKE); /* cannot fail: we are there and may */
}

long process_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 1024;
	if (limit.rlim_cur < DESCRIPTORS_WANTED) {
		limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED
					 ? limit.rlim_max
					 : DESCRIPTORS_WANTED;
		(void)setrlimit(RLIMIT_NOFILE, &limit); /* read back below */
	}
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 1024;
	return (long)limit.rlim_cur;
}
