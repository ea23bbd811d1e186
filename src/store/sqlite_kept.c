/* SPDX-License-Identifier: MIT */
/*
 * sqlite_kept.c - the SQLite driver of db.h: snapshots that outlive a read.
 *
 * To begin and to end a read costs SQLite four system calls, more than the read
 * of one row. A keeping reader leaves its transaction open instead and reads in
 * it again, for as long as it shows the latest: a counter goes up with every
 * commit of this process, the only one that writes.
 *
 *  (1) A statement begins in a snapshot no older than the last commit that was
 *      counted before. So what a client was told, the next read of any thread
 *      finds.
 *  (2) `busy` is held by the reader's thread while a statement is active;
 *      whoever else holds it finds none active, and may end the snapshot.
 *
 * A kept snapshot keeps the log from being begun anew (sqlite_write.c), and
 * would hide what another process writes. So all that are kept are ended now
 * and then: by the writer when the log has grown, and by whoever keeps time.
 */
#include "sqlite.h"

#include <stdatomic.h>
#include <stdlib.h>

static atomic_uint_fast64_t commits;

static struct {
	pthread_mutex_t lock; /* of the list; taken before any busy */
	struct db *first;
} readers = {PTHREAD_MUTEX_INITIALIZER, NULL};

static int step(sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	(void)sqlite3_reset(st); /* tells the same once more */
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* SQLite ends it by itself after some failures. */
static bool is_open(const struct db *db)
{
	return !sqlite3_get_autocommit(db->sqlite);
}

static int renew(struct db *db)
{
	struct kept *k = db->kept;
	uint64_t now = atomic_load(&commits);
	int rc = SQLITE_OK;

	if (is_open(db) && k->commits == now)
		return SQLITE_OK;
	if (is_open(db))
		rc = step(k->end);
	if (rc == SQLITE_OK)
		rc = step(k->begin);
	/* Its snapshot is taken with the first read to come, so not before. */
	k->commits = now;
	return rc;
}

int sqlite_kept_enter(struct db *db, struct err *err)
{
	struct kept *k = db->kept;
	int rc;

	if (!k || k->active++)
		return 0;
	pthread_mutex_lock(&k->busy);
	rc = renew(db);
	if (rc == SQLITE_OK)
		return 0;
	sqlite_kept_leave(db);
	return sqlite_fail(err, rc, "begin a read");
}

void sqlite_kept_leave(struct db *db)
{
	if (db->kept && --db->kept->active == 0)
		pthread_mutex_unlock(&db->kept->busy);
}

static void end_all(int (*lock)(pthread_mutex_t *mutex))
{
	pthread_mutex_lock(&readers.lock);
	for (struct db *db = readers.first; db; db = db->kept->next) {
		struct kept *k = db->kept;

		if (lock(&k->busy))
			continue;
		if (is_open(db))
			(void)step(k->end); /* renew tries again */
		pthread_mutex_unlock(&k->busy);
	}
	pthread_mutex_unlock(&readers.lock);
}

void db_let_go(void)
{
	end_all(pthread_mutex_trylock);
}

void sqlite_kept_end(void)
{
	end_all(pthread_mutex_lock);
}

void sqlite_kept_outdate(void)
{
	atomic_fetch_add(&commits, 1);
}

/* KiB, taken only as it is read: what of the file still lies in the log. */
#define CACHE "PRAGMA cache_size = -8000"

static int prepare(struct db *db, const char *sql, sqlite3_stmt **st)
{
	return sqlite3_prepare_v3(db->sqlite, sql, -1,
				  SQLITE_PREPARE_PERSISTENT, st, NULL);
}

int db_keep(struct db *db, struct err *err)
{
	struct kept *k = calloc(1, sizeof(*k));
	int rc = SQLITE_NOMEM;

	if (k)
		rc = sqlite3_exec(db->sqlite, CACHE, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite_map(db);
	if (rc == SQLITE_OK)
		rc = prepare(db, "BEGIN", &k->begin);
	if (rc == SQLITE_OK)
		rc = prepare(db, "COMMIT", &k->end);
	if (rc) {
		if (k)
			(void)sqlite3_finalize(k->begin);
		free(k);
		return sqlite_fail(err, rc, "open");
	}
	pthread_mutex_init(&k->busy, NULL);
	db->kept = k;
	pthread_mutex_lock(&readers.lock);
	k->next = readers.first;
	if (k->next)
		k->next->kept->prev = db;
	readers.first = db;
	pthread_mutex_unlock(&readers.lock);
	return 0;
}

void sqlite_kept_close(struct db *db)
{
	struct kept *k = db->kept;

	if (!k)
		return;
	pthread_mutex_lock(&readers.lock);
	if (k->prev)
		k->prev->kept->next = k->next;
	else
		readers.first = k->next;
	if (k->next)
		k->next->kept->prev = k->prev;
	pthread_mutex_unlock(&readers.lock);
	(void)sqlite3_finalize(k->begin);
	(void)sqlite3_finalize(k->end);
	pthread_mutex_destroy(&k->busy);
	free(k);
	db->kept = NULL;
}
