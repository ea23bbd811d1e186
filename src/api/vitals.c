/* SPDX-License-Identifier: MIT */
/* vitals.c - the process as the kernel sees it: proc(5), getrusage(2). */
#include "vitals.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Fields of /proc/self/stat, counted from 1 as in proc(5). */
enum {
	FIELD_STATE = 3,
	FIELD_THREADS = 20,
	FIELD_STARTED = 22,  /* ticks since the machine started */
	FIELD_VIRTUAL = 23,  /* bytes */
	FIELD_RESIDENT = 24, /* pages */
};

struct stat_fields {
	int64_t threads, started, virtual, resident;
};

static int read_stat(int fd, struct stat_fields *out)
{
	char text[1024], *at, *rest = NULL;
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return -1;
	text[n] = '\0';
	/* The second field is the program's name, in parentheses: anything. */
	at = strrchr(text, ')');
	if (!at)
		return -1;
	at = strtok_r(at + 1, " ", &rest);
	for (int i = FIELD_STATE; at && i <= FIELD_RESIDENT; i++) {
		int64_t value = strtoll(at, NULL, 10);

		if (i == FIELD_THREADS)
			out->threads = value;
		else if (i == FIELD_STARTED)
			out->started = value;
		else if (i == FIELD_VIRTUAL)
			out->virtual = value;
		else if (i == FIELD_RESIDENT)
			out->resident = value;
		at = strtok_r(NULL, " ", &rest);
	}
	return 0;
}

static int64_t now_ms(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		return 0;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* When the process began, in Unix time: the kernel counts from the machine's
 * start. */
static int64_t started_ms(int fd)
{
	struct stat_fields f;
	long hz = sysconf(_SC_CLK_TCK);
	int64_t now = now_ms(CLOCK_REALTIME);

	if (hz <= 0 || read_stat(fd, &f))
		return now;
	return now - now_ms(CLOCK_BOOTTIME) + f.started * 1000 / hz;
}

void vitals_open(struct vitals *v)
{
	v->stat = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	v->fds = opendir("/proc/self/fd");
	v->started_ms = started_ms(v->stat);
}

void vitals_close(struct vitals *v)
{
	if (v->stat >= 0)
		close(v->stat);
	if (v->fds)
		closedir(v->fds);
}

static int64_t count_fds(DIR *fds)
{
	int64_t count = 0;
	struct dirent *d;

	if (!fds)
		return -1;
	rewinddir(fds);
	while ((d = readdir(fds)))
		count += d->d_name[0] != '.';
	return count;
}

static int64_t cpu_us(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u))
		return -1;
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * INT64_C(1000000) +
	       u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

void vitals_read(const struct vitals *v, struct vital_signs *out)
{
	struct stat_fields f;
	struct rlimit limit;

	*out = (struct vital_signs){
		.cpu_us = cpu_us(),
		.open_fds = count_fds(v->fds),
		.max_fds = getrlimit(RLIMIT_NOFILE, &limit)
				   ? -1
				   : (int64_t)limit.rlim_cur,
		.resident_bytes = -1,
		.virtual_bytes = -1,
		.threads = -1,
	};
	if (read_stat(v->stat, &f))
		return;
	out->threads = f.threads;
	out->virtual_bytes = f.virtual;
	out->resident_bytes = f.resident * sysconf(_SC_PAGESIZE);
}
