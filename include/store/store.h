/* SPDX-License-Identifier: MIT */
/*
 * store.h - everything Trunkline remembers, as tables with a module each.
 *
 * One writing store for the process (the engine's; an exclusive lock file
 * beside the database keeps a second process out) and any number of reading
 * ones, each for one thread. Writes happen between store_begin and
 * store_commit; when store_commit returns 0 they survive a power cut. Once a
 * write failed, the transaction can only be rolled back (store_commit does it
 * and fails).
 *
 * Strings in a row that was found are borrowed until the next find of the same
 * kind of row through the same store; those in a row given to a callback only
 * until it returns. A callback may read other things, but neither write nor
 * begin the same list again. Strings in the rows taken are the caller's and
 * only read. Every read sees what was committed before it began.
 *
 * Finders return 1 (found), 0 (not there) or -1 (err filled). All else returns
 * 0 or -1 unless it says what it counts. Deleting what is not there is success.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct store;
struct db;

enum store_mode {
	STORE_WRITER, /* takes the lock; STORE_LOCKED (exit 75) if it is taken
		       */
	STORE_READER, /* read-only; the database must exist and be migrated */
	STORE_KEEPER, /* a reader for many short reads: it keeps its snapshot
		       * until this process commits, see store_let_go, and maps
		       * the file: a page that cannot be read is a SIGBUS */
};

/* url: "sqlite:PATH", as TRUNKLINE_DATABASE_URL. Refuses (CONFIG) a url of
 * another kind and a file that is another application's. */
struct store *store_open(const char *url, enum store_mode mode,
			 struct err *err);
void store_close(struct store *s);
/* Ends the snapshots that keepers keep. Any thread; waits for nobody. Whoever
 * opens keepers calls it several times a second: so what another process has
 * written is seen soon, and the log can be reset. */
void store_let_go(void);
/* The file of a url, as an absolute path; CONFIG if there is none. */
int store_path(const char *url, char out[PATH_MAX], struct err *err);

/* In bytes: the database's file and its log, and what the file system that they
 * are on has left for us. */
struct store_space {
	int64_t database, log, free;
};
/* Asks the file system alone: any thread, no handle, no lock. path is that of
 * store_path. -1: it cannot be told. */
int store_space(const char *path, struct store_space *out);

/* Applies what is missing of migrations/, each in a transaction of its own with
 * a checksum of its text. Refuses (CONFIG) a database that a newer binary
 * migrated, or whose applied migration differs from ours. Returns how many were
 * applied, or -1. Needs STORE_WRITER. */
int store_migrate(struct store *s, struct err *err);
/* As store_migrate would find it: the versions applied and known. */
int store_version(struct store *s, int *applied, int *known, struct err *err);

int store_begin(struct store *s, struct err *err);
int store_commit(struct store *s, struct err *err);
void store_rollback(struct store *s);

/* Reads the whole file for damage ("quick_check"); slow, meant for a thread
 * with a reader of its own. 0: sound. */
int store_check(struct store *s, struct err *err);
/* Makes a running store_check (or any read) fail soon. Any thread may call it
 * while s is open. */
void store_interrupt(struct store *s);

/* Small facts by name: "instance" (8 characters that mark our resources at the
 * providers, made on first use), "canary" … Value copied to out. */
int meta_get(struct store *s, const char *name, char *out, size_t size,
	     struct err *err);
int meta_put(struct store *s, const char *name, const char *value,
	     struct err *err);

#endif
