/* SPDX-License-Identifier: MIT */
/*
 * torture.h - an allocator that fails when it is told to: at the n-th request
 * for memory, or from there on.
 *
 * The program is linked with --wrap=malloc and so on, and SQLite is told to use
 * the same, so that all memory that the service's own code, jansson and SQLite
 * ask for comes through here. It fails between torture_on and torture_off only.
 *
 *   TORTURE_EVERY=k    take only every k-th n; 1: all
 *   TORTURE_FROM=n     begin there
 *   TORTURE_TRACE=1    print where in the program the failures were
 */
#ifndef TESTS_TORTURE_H
#define TESTS_TORTURE_H

#include <execinfo.h>
#include <jansson.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);
char *__wrap_strdup(const char *s);

enum torture_whose { TORTURE_OURS = 1, TORTURE_SQLITE = 2 };

static struct {
	bool on, lasting;
	bool aside; /* memory of the test's own: not counted, never refused */
	unsigned whose;
	long n, count, failed;
	long live; /* not freed; SQLite's apart */
	const char *what;
	struct sqlite3_mem_methods sqlite;
} torture;

static inline void torture_where(void)
{
	void *frames[24];

	if (getenv("TORTURE_TRACE") && torture.failed == 1)
		backtrace_symbols_fd(frames, backtrace(frames, 24), 2);
}

static bool torture_fails(unsigned whose)
{
	if (!torture.on || torture.aside || !(torture.whose & whose))
		return false;
	torture.count++;
	if (torture.count < torture.n ||
	    (torture.count > torture.n && !torture.lasting))
		return false;
	torture.failed++;
	torture_where();
	return true;
}

void *__wrap_malloc(size_t n)
{
	void *p = torture_fails(TORTURE_OURS) ? NULL : __real_malloc(n);

	torture.live += p && !torture.aside;
	return p;
}

void *__wrap_calloc(size_t n, size_t size)
{
	void *p = torture_fails(TORTURE_OURS) ? NULL : __real_calloc(n, size);

	torture.live += p && !torture.aside;
	return p;
}

void *__wrap_realloc(void *old, size_t n)
{
	void *p = torture_fails(TORTURE_OURS) ? NULL : __real_realloc(old, n);

	torture.live += !old && p && !torture.aside;
	return p;
}

void __wrap_free(void *p)
{
	torture.live -= p && !torture.aside;
	__real_free(p);
}

char *__wrap_strdup(const char *s)
{
	char *copy = __wrap_malloc(strlen(s) + 1);

	return copy ? strcpy(copy, s) : NULL;
}

static void *sqlite_malloc_or_not(int n)
{
	return torture_fails(TORTURE_SQLITE) ? NULL : torture.sqlite.xMalloc(n);
}

static void *sqlite_realloc_or_not(void *p, int n)
{
	return torture_fails(TORTURE_SQLITE) ? NULL
					     : torture.sqlite.xRealloc(p, n);
}

/* A crash tells at which n it was. */
static inline void torture_died(int signo)
{
	char text[160];
	int n = snprintf(text, sizeof(text), "%s: died at n=%ld (%s)\n",
			 torture.what ? torture.what : "?", torture.n,
			 torture.lasting ? "and on" : "once");

	if (write(2, text, (size_t)n) < 0)
		_exit(3);
	signal(signo, SIG_DFL);
	raise(signo);
}

/* Once, before jansson or SQLite are used. */
static inline void torture_begin(void)
{
	struct sqlite3_mem_methods m;

	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &torture.sqlite);
	m = torture.sqlite;
	m.xMalloc = sqlite_malloc_or_not;
	m.xRealloc = sqlite_realloc_or_not;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &m);
	signal(SIGABRT, torture_died);
#ifndef __SANITIZE_ADDRESS__
	signal(SIGSEGV, torture_died);
#endif
}

static inline void torture_on(long n, bool lasting, unsigned whose)
{
	torture.n = n;
	torture.lasting = lasting;
	torture.whose = whose;
	torture.count = torture.failed = 0;
	torture.on = true;
}

static inline void torture_off(void)
{
	torture.on = false;
}

static inline long torture_env(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text && atol(text) > 0 ? atol(text) : otherwise;
}

#endif
