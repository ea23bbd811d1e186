/* SPDX-License-Identifier: MIT */
/*
 * backup.c - a copy of the live database: read for damage, copied in one
 * snapshot, read back, published.
 */
#include "store/backup.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "backup_file.h"
#include "store/db.h"

/* What must stay free beside the copy: the live database writes on. */
#define SPARE_BYTES (16 << 20)

/* What runs from here on is what backup_stop interrupts. */
static void watch(struct backup_stop *stop, struct db *db)
{
	if (!stop)
		return;
	pthread_mutex_lock(&stop->lock);
	stop->db = db;
	pthread_mutex_unlock(&stop->lock);
}

static bool was_stopped(struct backup_stop *stop)
{
	bool asked = false;

	if (!stop)
		return false;
	pthread_mutex_lock(&stop->lock);
	asked = stop->asked;
	pthread_mutex_unlock(&stop->lock);
	return asked;
}

void backup_stop(struct backup_stop *stop)
{
	pthread_mutex_lock(&stop->lock);
	stop->asked = true;
	if (stop->db)
		db_interrupt(stop->db);
	pthread_mutex_unlock(&stop->lock);
}

static void close_watched(struct backup_stop *stop, struct db *db)
{
	watch(stop, NULL);
	db_close(db);
}

/* A copy that fills the disk would stop the service that it is made for. */
static int check_room(struct db *db, const char *path, struct err *err)
{
	int64_t bytes = db_bytes(db, err);
	struct statvfs fs;
	uint64_t room;

	if (bytes < 0)
		return -1;
	if (statvfs(path, &fs))
		return backup_file_fail(err, "look at", path);
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (room >= (uint64_t)bytes + SPARE_BYTES)
		return 0;
	return err_set(err, ERR_STORE_FULL,
		       "a copy of %lld bytes does not fit: %llu are free "
		       "there, and %d shall stay so",
		       (long long)bytes, (unsigned long long)room, SPARE_BYTES);
}

static int copy(const char *url, const char *temp, struct backup_stop *stop,
		struct err *err)
{
	struct db *db = db_open(url, false, err);
	int rc;

	if (!db)
		return -1;
	watch(stop, db);
	rc = check_room(db, temp, err) || db_check_fully(db, err) ||
			     was_stopped(stop) || db_copy(db, temp, err)
		     ? -1
		     : 0;
	close_watched(stop, db);
	return rc;
}

static int read_version(struct db *db, int *version, struct err *err)
{
	int rc = db_has_table(db, "schema_migrations", err);
	struct db_stmt *st;

	*version = 0;
	if (rc != 1)
		return rc;
	st = db_query(db, err, "SELECT max(version) FROM schema_migrations",
		      "");
	if (!st)
		return -1;
	rc = db_next(st, err);
	if (rc == 1) {
		*version = (int)db_int(st, 0);
		db_reset(st);
	}
	return rc < 0 ? -1 : 0;
}

/* What lies on disk, as someone who restores it would read it. */
static int check_copy(const char *temp, struct backup_stop *stop,
		      struct backup *out, struct err *err)
{
	char url[PATH_MAX + 8] = "sqlite:";
	struct db *db;
	struct stat st;
	int rc;

	strcat(url, temp);
	db = db_open(url, false, err);
	if (!db)
		return -1;
	watch(stop, db);
	rc = was_stopped(stop) || db_check_fully(db, err) ||
			     read_version(db, &out->version, err)
		     ? -1
		     : 0;
	close_watched(stop, db);
	if (rc == 0 && stat(temp, &st))
		rc = backup_file_fail(err, "look at", temp);
	out->bytes = rc ? 0 : (int64_t)st.st_size;
	return rc;
}

int store_backup(const char *url, const char *path, struct backup_stop *stop,
		 struct backup *out, struct err *err)
{
	struct backup_file f;
	struct err cause = ERR_INIT;
	int rc = -1;

	if (backup_file_begin(&f, path, &cause) ||
	    copy(url, f.temp, stop, &cause) || backup_file_sync(&f, &cause) ||
	    check_copy(f.temp, stop, out, &cause) || was_stopped(stop))
		goto out;
	strcpy(out->file, f.path);
	rc = backup_file_publish(&f, &cause);
out:
	backup_file_end(&f);
	if (rc && was_stopped(stop))
		return err_set(err, ERR_SHUTTING_DOWN,
			       "the backup was given up");
	return rc ? err_set(err, cause.code, "%s", cause.detail) : 0;
}
