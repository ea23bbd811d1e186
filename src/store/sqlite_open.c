/* SPDX-License-Identifier: MIT */
/*
 * sqlite_open.c - open and close a SQLite database.
 *
 * The order matters: the file is made 0600 before SQLite sees it (its -wal and
 * -shm take over the mode), the lock is taken before the file is read, and the
 * file is known to be ours before anything in it changes.
 */
#include "sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* "TRLN" in the file's header says that a database is ours. */
#define APPLICATION_ID	0x54524c4e
#define PAGE_SIZE	8192 /* a list of 50 numbers is in five of them */
#define BUSY_TIMEOUT_MS 5000
#define ROW_MAX		(8 << 20)

/* Of these a keeper changes two: sqlite_mapped.c. */
static const char *const pragmas[] = {
	"PRAGMA foreign_keys = ON",    "PRAGMA trusted_schema = OFF",
	"PRAGMA cell_size_check = ON", "PRAGMA mmap_size = 0",
	"PRAGMA temp_store = MEMORY",  "PRAGMA synchronous = FULL",
};
static const char *const writer_pragmas[] = {
	/* What is deleted or sealed anew is not left in free pages. */
	"PRAGMA secure_delete = ON",
	"PRAGMA journal_size_limit = 67108864",
};
/* Only the writer checkpoints: before 3.51.3 SQLite can damage the file when
 * two connections do so at the same instant. */
static const char *const reader_pragmas[] = {
	"PRAGMA query_only = ON",
	"PRAGMA wal_autocheckpoint = 0",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The path of "sqlite:PATH" or "sqlite:///PATH", borrowed from url. */
static const char *path_of(const char *url, struct err *err)
{
	const char *path = url;

	if (strncmp(url, "postgres:", 9) == 0 ||
	    strncmp(url, "postgresql:", 11) == 0) {
		err_set(err, ERR_CONFIG,
			"postgres:// is not supported by this build; "
			"use sqlite:PATH");
		return NULL;
	}
	if (strncmp(url, "sqlite:", 7) == 0)
		path += 7;
	if (strncmp(path, "///", 3) == 0)
		path += 2;
	if (path == url || *path == '\0' || strncmp(path, "//", 2) == 0) {
		err_set(err, ERR_CONFIG,
			"the database url must be sqlite:PATH, "
			"for instance sqlite:/var/lib/trunkline/trunkline.db");
		return NULL;
	}
	return path;
}

int db_path(const char *url, char out[PATH_MAX], struct err *err)
{
	const char *path = path_of(url, err);

	if (!path)
		return -1;
	if (realpath(path, out))
		return 0;
	return err_set(err, ERR_CONFIG, "cannot open the database %s: %s", path,
		       strerror(errno));
}

/* SQLite throws the log of an empty file away: with it would go all that was
 * not yet copied back, for good. */
static int keep_log(const char *path, struct err *err)
{
	char real[PATH_MAX], log[PATH_MAX + 8];
	struct stat st;

	if (stat(path, &st) == 0 && st.st_size > 0)
		return 0;
	(void)snprintf(log, sizeof(log), "%s-wal",
		       realpath(path, real) ? real : path);
	if (stat(log, &st) || st.st_size == 0)
		return 0;
	return err_set(err, ERR_CONFIG,
		       "the database %.80s is missing or empty, but its log "
		       "(the same name with -wal) is not: put the database "
		       "back, or move the log away",
		       path);
}

/* Made here for its mode. An existing file is not even opened: closing it
 * again would drop the locks that this process holds on it. */
static int make_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0 && close(fd) == 0)
		return 0;
	if (fd < 0 && errno == EEXIST)
		return 0;
	return err_set(err, ERR_CONFIG, "cannot make the database %s: %s", path,
		       strerror(errno));
}

/* Keeps a second process out for as long as the descriptor is open. */
static int take_lock(struct db *db, const char *path, struct err *err)
{
	char name[PATH_MAX + 8];

	(void)snprintf(name, sizeof(name), "%s.lock", path);
	db->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (db->lock_fd < 0)
		return err_set(err, ERR_CONFIG, "cannot open %s: %s", name,
			       strerror(errno));
	if (flock(db->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return err_set(err, ERR_STORE_LOCKED,
			       "another process uses this database");
	return err_set(err, ERR_STORE, "cannot lock %s: %s", name,
		       strerror(errno));
}

static int run(struct db *db, const char *sql, struct err *err)
{
	int rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

	return rc ? sqlite_fail(err, rc, sql) : 0;
}

static int run_all(struct db *db, const char *const *list, size_t count,
		   struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (run(db, list[i], err))
			return -1;
	return 0;
}

static int read_int(struct db *db, const char *sql, int64_t *value,
		    struct err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db->sqlite, sql, -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*value = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st); /* repeats the failure of the step */
	return rc == SQLITE_ROW ? 0 : sqlite_fail(err, rc, "open");
}

/* Ours, or *empty; anything else is refused. */
static int check_ours(struct db *db, bool *empty, struct err *err)
{
	int64_t id = 0, tables = 0;

	if (read_int(db, "PRAGMA application_id", &id, err) ||
	    read_int(db, "SELECT count(*) FROM sqlite_schema", &tables, err))
		return -1;
	*empty = id == 0 && tables == 0;
	if (id != APPLICATION_ID && !*empty)
		return err_set(err, ERR_CONFIG,
			       "the file is a database of another application");
	return 0;
}

static int note_log(void *arg, sqlite3 *sqlite, const char *name, int pages)
{
	struct db *db = arg;

	db->log_pages = pages;
	return SQLITE_OK;
}

static int set_up_writer(struct db *db, struct err *err)
{
	char mark[80];
	sqlite3_stmt *st = NULL;
	bool empty, wal;
	int rc;

	if (check_ours(db, &empty, err))
		return -1;
	(void)snprintf(mark, sizeof(mark),
		       "PRAGMA page_size = %d; PRAGMA application_id = %d",
		       PAGE_SIZE, APPLICATION_ID);
	if (empty && run(db, mark, err))
		return -1;
	rc = sqlite3_prepare_v2(db->sqlite, "PRAGMA journal_mode = WAL", -1,
				&st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	wal = rc == SQLITE_ROW &&
	      strcmp((const char *)sqlite3_column_text(st, 0), "wal") == 0;
	(void)sqlite3_finalize(st); /* repeats the failure of the step */
	if (rc != SQLITE_ROW)
		return sqlite_fail(err, rc, "open");
	if (!wal)
		return err_set(err, ERR_CONFIG,
			       "the file system cannot hold a WAL database");
	if (run_all(db, writer_pragmas, COUNT(writer_pragmas), err))
		return -1;
	/* In place of its checkpoint after a commit: see sqlite_write.c. */
	(void)sqlite3_wal_hook(db->sqlite, note_log, db);
	return sqlite_keep_transactions(db, err);
}

static int set_up_reader(struct db *db, struct err *err)
{
	bool empty;

	if (run_all(db, reader_pragmas, COUNT(reader_pragmas), err) ||
	    check_ours(db, &empty, err))
		return -1;
	return 0;
}

int db_defend(struct db *db, bool on, struct err *err)
{
	int rc = sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, on,
				   NULL);

	return rc ? sqlite_fail(err, rc, "open") : 0;
}

static int open_sqlite(struct db *db, const char *path, struct err *err)
{
	int flags = SQLITE_OPEN_NOMUTEX;
	int rc;

	flags |= db->writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
			    : SQLITE_OPEN_READONLY;
	rc = sqlite3_open_v2(path, &db->sqlite, flags, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_extended_result_codes(db->sqlite, 1);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(db->sqlite, BUSY_TIMEOUT_MS);
	if (rc)
		return sqlite_fail(err, rc, "open");
	if (db_defend(db, true, err))
		return -1;
	(void)sqlite3_limit(db->sqlite, SQLITE_LIMIT_LENGTH, ROW_MAX);
	return run_all(db, pragmas, COUNT(pragmas), err);
}

/* Statistics of memory cost a lock for each allocation. Refused (and no harm)
 * where SQLite was started before us. */
static void configure(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

struct db *db_open(const char *url, bool writer, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const char *path = path_of(url, err);
	char real[PATH_MAX];
	struct db *db;

	if (!path || (writer && (keep_log(path, err) || make_file(path, err))))
		return NULL;
	/* One file, one lock, by whatever name it was called. */
	if (db_path(url, real, err))
		return NULL;
	(void)pthread_once(&once, configure);
	db = calloc(1, sizeof(*db));
	if (!db) {
		sqlite_fail(err, SQLITE_NOMEM, "open");
		return NULL;
	}
	db->writer = writer;
	db->lock_fd = -1;
	if ((writer && take_lock(db, real, err)) ||
	    open_sqlite(db, real, err) ||
	    (writer ? set_up_writer : set_up_reader)(db, err)) {
		db_close(db);
		return NULL;
	}
	return db;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	sqlite_kept_close(db);
	for (int i = 0; i < STMT_SLOTS; i++) {
		if (!db->stmts[i])
			continue;
		(void)sqlite3_finalize(db->stmts[i]->sqlite);
		free(db->stmts[i]);
	}
	/* Cannot fail with no statement left; rolls back what is open. */
	(void)sqlite3_close(db->sqlite);
	/* Last: until here nobody else may come in. */
	if (db->lock_fd >= 0)
		(void)close(db->lock_fd);
	free(db);
}
