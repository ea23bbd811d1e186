/* SPDX-License-Identifier: MIT */
/* json_memory.c - a reserve for the parser; see json_memory.h. */
#include "json_memory.h"

#include <jansson.h>
#include <pthread.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>

/* A token is at most as long as the longest text (HTTP_RESPONSE_MAX), its
 * buffer doubles, and its value is copied once. */
#define RESERVE_SIZE ((size_t)5 * 1024 * 1024)

/* One for the process: whoever needs it waits until it is free. Pages that
 * nobody ever needed cost nothing. */
static struct {
	pthread_mutex_t lock;
	size_t used;
	alignas(max_align_t) char bytes[RESERVE_SIZE];
} reserve = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local bool parsing, is_short;

static void *from_reserve(size_t n)
{
	void *p;

	if (!is_short) {
		pthread_mutex_lock(&reserve.lock);
		reserve.used = 0;
		is_short = true;
	}
	if (n > RESERVE_SIZE - reserve.used)
		return NULL;
	p = reserve.bytes + reserve.used;
	n += alignof(max_align_t) - 1;
	n -= n % alignof(max_align_t);
	reserve.used += n < RESERVE_SIZE - reserve.used
				? n
				: RESERVE_SIZE - reserve.used;
	return p;
}

static void *get(size_t n)
{
	void *p = malloc(n);

	return p || !parsing ? p : from_reserve(n);
}

static void release(void *p)
{
	const char *at = p;

	if (at < reserve.bytes || at >= reserve.bytes + RESERVE_SIZE)
		free(p);
}

/* Before anything else: jansson must not free what another allocator gave. */
__attribute__((constructor)) static void install(void)
{
	json_set_alloc_funcs(get, release);
}

void json_memory_begin(void)
{
	parsing = true;
}

bool json_memory_short(void)
{
	return is_short;
}

void json_memory_end(void)
{
	parsing = false;
	if (is_short)
		pthread_mutex_unlock(&reserve.lock);
	is_short = false;
}
