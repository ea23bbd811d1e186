/* SPDX-License-Identifier: MIT */
/* reader.c - one handle per thread: its prepared statements are kept warm, and
 * so is the snapshot that it reads in, while nobody commits (store.h). */
#include "reader.h"

#include <pthread.h>
#include <stdlib.h>

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void close_it(void *store)
{
	store_close(store);
}

static void make_key(void)
{
	if (pthread_key_create(&key, close_it))
		abort(); /* before the first request, and only then */
}

struct store *reader_get(const char *url, struct err *err)
{
	struct store *s;

	pthread_once(&once, make_key);
	s = pthread_getspecific(key);
	if (s)
		return s;
	s = store_open(url, STORE_KEEPER, err);
	if (s && pthread_setspecific(key, s)) {
		store_close(s);
		err_set(err, ERR_STORE_FULL, "there is no memory left");
		return NULL;
	}
	return s;
}

void reader_drop(void)
{
	pthread_once(&once, make_key);
	store_close(pthread_getspecific(key));
	(void)pthread_setspecific(key, NULL); /* NULL needs no memory */
}
