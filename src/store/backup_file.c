/* SPDX-License-Identifier: MIT */
/*
 * backup_file.c - a file that bears its name only when it is finished.
 *
 *   begin     .trunkline-backup-XXXXXX, empty
 *   (filled)  by SQLite, which may add -journal to the name
 *   sync      its content is on disk
 *   (checked)
 *   publish   renamed, never over another file; the directory is on disk
 *
 * Whoever has such a file holds a shared lock on the directory; who removes
 * leftovers needs an exclusive one. So a file that someone still fills is never
 * taken for a leftover, and a killed process holds no lock.
 */
#include "backup_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/backup.h"

#define RANDOM_CHARS 6 /* what mkostemp puts for the X */

int backup_file_fail(struct err *err, const char *doing, const char *path)
{
	bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
	enum err_code code = full	    ? ERR_STORE_FULL
			     : errno == EIO ? ERR_STORE
					    : ERR_CONFIG;

	return err_set(err, code, "cannot %s %.120s: %s", doing, path,
		       strerror(errno));
}

/* --- leftovers --- */

static bool is_temporary(const char *name)
{
	size_t n = strlen(BACKUP_TEMP_PREFIX);
	const char *rest;

	if (strncmp(name, BACKUP_TEMP_PREFIX, n) != 0 ||
	    strlen(name) < n + RANDOM_CHARS)
		return false;
	rest = name + n + RANDOM_CHARS;
	return !*rest || strcmp(rest, "-journal") == 0;
}

static void remove_leftovers(const char *dir, int dir_fd)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d))) {
		if (!is_temporary(entry->d_name))
			continue;
		if (unlinkat(dir_fd, entry->d_name, 0))
			log_warn("backup_leftover_stays",
				 L_STR("file", entry->d_name),
				 L_STR("reason", strerror(errno)));
		else
			log_info("backup_leftover_removed",
				 L_STR("file", entry->d_name));
	}
	(void)closedir(d); /* was only read */
}

/* The directory, with a shared lock on it. Where it cannot be locked (some
 * network file systems) leftovers stay. */
static int open_dir(const char *dir, struct err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return backup_file_fail(err, "use the directory", dir);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		remove_leftovers(dir, fd);
	if (flock(fd, LOCK_SH))
		log_debug("backup_directory_not_locked",
			  L_STR("reason", strerror(errno)));
	return fd;
}

void backup_tidy(const char *dir)
{
	int fd = access(dir, F_OK) ? -1 : open_dir(dir, NULL);

	if (fd >= 0)
		(void)close(fd); /* was only read */
}

/* --- from the temporary to the final name --- */

/* path made absolute, and its directory. The file itself need not exist. */
static int resolve(const char *path, char dir[PATH_MAX], char full[PATH_MAX],
		   struct err *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char given[PATH_MAX];
	int n;

	if (!*name || strlen(path) >= PATH_MAX)
		return err_set(err, ERR_CONFIG,
			       "%.120s is not the name of a file", path);
	snprintf(given, sizeof(given), "%.*s", slash ? (int)(slash - path) : 1,
		 slash ? path : ".");
	if (!realpath(slash == path ? "/" : given, dir))
		return backup_file_fail(err, "use the directory of", path);
	n = snprintf(full, PATH_MAX, "%s/%s", dir, name);
	return n < PATH_MAX ? 0
			    : err_set(err, ERR_CONFIG, "the path is too long");
}

static int make_temporary(struct backup_file *f, const char *dir,
			  struct err *err)
{
	int n = snprintf(f->temp, sizeof(f->temp), "%s/%sXXXXXX", dir,
			 BACKUP_TEMP_PREFIX);
	int fd;

	if (n >= (int)sizeof(f->temp)) {
		f->temp[0] = '\0';
		return err_set(err, ERR_CONFIG, "the path is too long");
	}
	fd = mkostemp(f->temp, O_CLOEXEC);
	if (fd >= 0 && close(fd) == 0)
		return 0;
	if (fd < 0)
		f->temp[0] = '\0';
	return backup_file_fail(err, "make a file in", dir);
}

int backup_file_begin(struct backup_file *f, const char *path, struct err *err)
{
	char dir[PATH_MAX];
	struct stat st;

	*f = (struct backup_file){.dir_fd = -1};
	if (resolve(path, dir, f->path, err))
		return -1;
	if (lstat(f->path, &st) == 0)
		return err_set(err, ERR_CONFIG,
			       "%.120s exists already and was left alone",
			       f->path);
	f->dir_fd = open_dir(dir, err);
	if (f->dir_fd < 0)
		return -1;
	return make_temporary(f, dir, err);
}

int backup_file_sync(struct backup_file *f, struct err *err)
{
	int fd = open(f->temp, O_RDONLY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0 || fsync(fd))
		rc = backup_file_fail(err, "bring to disk", f->path);
	else
		/* A wish; what does not know it reads from memory. */
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (fd >= 0)
		(void)close(fd); /* was not written through */
	return rc;
}

/* Not every file system knows a rename that spares what is there; link does
 * too. A kill between its two steps leaves a second name, a leftover. */
static int rename_spare(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	return link(from, to) || unlink(from) ? -1 : 0;
}

int backup_file_publish(struct backup_file *f, struct err *err)
{
	if (rename_spare(f->temp, f->path)) {
		if (errno == EEXIST)
			return err_set(err, ERR_CONFIG,
				       "%.120s exists already and was left "
				       "alone",
				       f->path);
		return backup_file_fail(err, "make", f->path);
	}
	f->temp[0] = '\0';
	if (fsync(f->dir_fd))
		return backup_file_fail(err, "bring to disk the directory of",
					f->path);
	return 0;
}

void backup_file_end(struct backup_file *f)
{
	char journal[PATH_MAX + 8];

	if (f->temp[0]) {
		snprintf(journal, sizeof(journal), "%s-journal", f->temp);
		(void)unlink(journal); /* usually not there */
		if (unlink(f->temp))
			log_warn("backup_leftover_stays",
				 L_STR("file", f->temp),
				 L_STR("reason", strerror(errno)));
	}
	if (f->dir_fd >= 0)
		(void)close(f->dir_fd); /* was only read */
	f->temp[0] = '\0';
	f->dir_fd = -1;
}

/* --- moving --- */

static int copy_bytes(int from, int to)
{
	char block[64 * 1024];
	ssize_t n;

	while ((n = read(from, block, sizeof(block))) > 0)
		for (ssize_t done = 0; done < n;) {
			ssize_t m = write(to, block + done, (size_t)(n - done));

			if (m < 0)
				return -1;
			done += m;
		}
	return n < 0 ? -1 : 0;
}

static int fill(const struct backup_file *f, const char *from, struct err *err)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(f->temp, O_WRONLY | O_CLOEXEC);
	int rc = 0;

	if (in < 0)
		rc = backup_file_fail(err, "read", from);
	else if (out < 0 || copy_bytes(in, out))
		rc = backup_file_fail(err, "write", f->path);
	if (in >= 0)
		(void)close(in); /* was only read */
	if (out >= 0 && close(out) && rc == 0)
		rc = backup_file_fail(err, "write", f->path);
	return rc;
}

static int move_across(struct backup_file *f, const char *from, struct err *err)
{
	if (fill(f, from, err) || backup_file_sync(f, err) ||
	    backup_file_publish(f, err))
		return -1;
	return unlink(from) ? backup_file_fail(err, "remove", from) : 0;
}

int backup_move(const char *from, const char *to, struct err *err)
{
	struct backup_file f;
	int rc = -1;

	if (backup_file_begin(&f, to, err))
		goto out;
	if (rename_spare(from, f.path) == 0)
		rc = fsync(f.dir_fd)
			     ? backup_file_fail(err, "bring to disk", f.path)
			     : 0;
	else if (errno == EXDEV)
		rc = move_across(&f, from, err);
	else
		rc = backup_file_fail(err, "make", f.path);
out:
	backup_file_end(&f);
	return rc;
}
