/* SPDX-License-Identifier: MIT */
/*
 * sqlite_mapped.c - the SQLite driver of db.h: readers that are shown the pages
 * of the file, where others copy them.
 *
 * SQLite can map a file by itself, but lets go of all of it with every commit,
 * lest somebody has made the file shorter; then each page that is read has to
 * be found anew. This file is written by this process alone, which only makes
 * it longer. So there is one mapping for all readers, and it stays.
 *
 *  (1) It reaches far beyond the end of the file: what is added shows up in it.
 *  (2) Past the end as it was last seen, the system is asked where it is now;
 *      what is past that too, SQLite reads as it does without a mapping.
 *  (3) It is never undone. Closing its descriptor would drop the locks that
 *      SQLite has on the file, for these belong to the file and the process.
 *
 * What cannot be read is a SIGBUS: see process.h.
 */
#include "sqlite.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define REACH	 ((int64_t)16 << 30) /* some 20 million numbers */
#define OVERREAD 256 /* bytes that SQLite may look at after a damaged page */

struct mapping {
	sqlite3_io_methods methods; /* those of SQLite, but for xFetch */
	char *start;
	int error; /* errno, where start is NULL: it could not be mapped */
	int fd;
	atomic_int_fast64_t size; /* of the file, as last seen */
	struct mapping *next;
};

static struct {
	pthread_mutex_t lock; /* of the list */
	struct mapping *first;
} mappings = {PTHREAD_MUTEX_INITIALIZER, NULL};

/* --- what SQLite calls --- */

static bool is_in_file(struct mapping *m, int64_t end)
{
	struct stat st;

	if (end <= atomic_load_explicit(&m->size, memory_order_relaxed))
		return true;
	if (end > REACH || fstat(m->fd, &st))
		return false;
	atomic_store_explicit(&m->size, st.st_size, memory_order_relaxed);
	return end <= st.st_size;
}

/* *page is NULL where there is none to be shown. */
static int fetch(sqlite3_file *file, sqlite3_int64 at, int size, void **page)
{
	struct mapping *m = (struct mapping *)file->pMethods;

	*page = is_in_file(m, at + size + OVERREAD) ? m->start + at : NULL;
	return SQLITE_OK;
}

static int unfetch(sqlite3_file *file, sqlite3_int64 at, void *page)
{
	return SQLITE_OK;
}

/* --- one for each file --- */

/* Open, and mapped if that can be; else it stays like that, see (3). */
static struct mapping *mapping_new(const char *path,
				   const sqlite3_io_methods *methods)
{
	struct mapping *m = calloc(1, sizeof(*m));
	void *start;

	if (!m)
		return NULL;
	m->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (m->fd < 0) {
		free(m);
		return NULL;
	}
	start = mmap(NULL, REACH, PROT_READ, MAP_SHARED, m->fd, 0);
	if (start == MAP_FAILED)
		m->error = errno;
	else
		m->start = start;
	m->methods = *methods;
	m->methods.xFetch = fetch;
	m->methods.xUnfetch = unfetch;
	m->next = mappings.first;
	mappings.first = m;
	return m;
}

static bool is_of(const struct mapping *m, const struct stat *file)
{
	struct stat st;

	return fstat(m->fd, &st) == 0 && st.st_dev == file->st_dev &&
	       st.st_ino == file->st_ino;
}

/* Of the file that is there now, which may be another than it was. */
static struct mapping *mapping_of(const char *path,
				  const sqlite3_io_methods *methods)
{
	struct mapping *m = NULL;
	struct stat st;

	if (stat(path, &st) == 0) {
		for (m = mappings.first; m && !is_of(m, &st); m = m->next)
			;
		if (!m)
			m = mapping_new(path, methods);
	}
	if (m && m->start)
		return m;
	log_warn("database_not_mapped",
		 L_STR("reason", strerror(m ? m->error : errno)));
	return NULL;
}

/* Nothing is shown to a connection whose file is no longer where it was. */
static bool is_there(sqlite3_file *file)
{
	int moved = 0;
	int rc = file->pMethods->xFileControl(file, SQLITE_FCNTL_HAS_MOVED,
					      &moved);

	return rc == SQLITE_OK && !moved;
}

/*
 * With a size above 0 SQLite asks for pages to be shown. Their cells it would
 * check not once but at every use, which costs more than a copy. So that is
 * left to who reads a page to write it: through nobody else can damage spread.
 */
static int use(struct db *db, sqlite3_file *file, struct mapping *m)
{
	file->pMethods = &m->methods;
	return sqlite3_exec(db->sqlite,
			    "PRAGMA mmap_size = 1;"
			    "PRAGMA cell_size_check = OFF",
			    NULL, NULL, NULL);
}

int sqlite_map(struct db *db)
{
	const char *path = sqlite3_db_filename(db->sqlite, "main");
	struct mapping *m = NULL;
	sqlite3_file *file;
	int rc = sqlite3_file_control(db->sqlite, "main",
				      SQLITE_FCNTL_FILE_POINTER, &file);

	if (rc)
		return rc;
	assert(file->pMethods->iVersion >= 3); /* from SQLite 3.7.17 on */
	pthread_mutex_lock(&mappings.lock);
	if (is_there(file))
		m = mapping_of(path, file->pMethods);
	pthread_mutex_unlock(&mappings.lock);
	return m ? use(db, file, m) : SQLITE_OK;
}
