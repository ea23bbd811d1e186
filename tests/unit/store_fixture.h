/* SPDX-License-Identifier: MIT */
/*
 * store_fixture.h - a migrated store in a folder of its own, for each test of
 * the store; the folder is gone after the test.
 */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store.h"

struct fixture {
	char dir[64];
	char path[96];
	char url[112];
	struct store *store; /* the writer; NULL if the test opens it itself */
	struct err err;
};

/* Fails the test with the store's own sentence. */
#define assert_ok(f, call)                                          \
	do {                                                        \
		if ((call) < 0)                                     \
			fail_msg("%s: %s", #call, (f)->err.detail); \
	} while (0)

static inline int fixture_empty(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->dir, "/tmp/trunkline-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/t.db", f->dir);
	snprintf(f->url, sizeof(f->url), "sqlite:%s", f->path);
	*state = f;
	return 0;
}

static inline int fixture_store(void **state)
{
	struct fixture *f;

	fixture_empty(state);
	f = *state;
	f->store = store_open(f->url, STORE_WRITER, &f->err);
	if (!f->store)
		fail_msg("open: %s", f->err.detail);
	assert_ok(f, store_migrate(f->store, &f->err));
	return 0;
}

static inline int fixture_release(void **state)
{
	static const char *const ends[] = {"",	       "-wal",	"-shm",
					   "-journal", ".lock", ".moved"};
	struct fixture *f = *state;
	char name[128];

	store_close(f->store);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", f->path, ends[i]);
		unlink(name);
	}
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static inline void in_transaction(struct fixture *f)
{
	assert_ok(f, store_begin(f->store, &f->err));
}

static inline void committed(struct fixture *f)
{
	assert_ok(f, store_commit(f->store, &f->err));
}

/* A column of text or NULL that must come back as it went in. */
static inline void assert_text(const char *got, const char *want)
{
	if (!want)
		assert_null(got);
	else
		assert_string_equal(got, want);
}

/* The same of bytes. */
static inline void assert_blob(const void *got, size_t got_size,
			       const void *want, size_t want_size)
{
	assert_int_equal(got_size, want_size);
	if (want)
		assert_memory_equal(got, want, want_size);
	else
		assert_null(got);
}

#define TEST_STORE(test) \
	cmocka_unit_test_setup_teardown(test, fixture_store, fixture_release)
#define TEST_EMPTY(test) \
	cmocka_unit_test_setup_teardown(test, fixture_empty, fixture_release)

#endif
