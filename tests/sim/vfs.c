/* SPDX-License-Identifier: MIT */
/*
 * vfs.c - the disk: SQLite's files in memory, which knows what was synced.
 *
 * Each file has two contents: what a reader sees, and what is sure to be there
 * after a power cut; between them the spans written since the last sync. A
 * crash settles what survives: all that was written (kill -9), or what is sure
 * and a part of the rest (power loss: dropped, torn or kept, each span by
 * itself). From then on writes fail, until disk_restart puts the survivors
 * there.
 *
 * One database at a time, a few connections, one thread. Names, new files and
 * removals are sure at once.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define HANDLES	    8
#define SHM_REGIONS 16

struct bytes {
	unsigned char *data;
	size_t len, room;
	bool there;
};

struct span {
	size_t at, len;
};

struct file {
	struct bytes now, sure, kept;
	struct bytes survivor;
	struct span *spans;
	int span_count, span_room;
};

enum { MAIN, WAL, JOURNAL, FILES };

struct handle {
	sqlite3_file base;
	int file;
	int level;
	unsigned shared, exclusive; /* shm locks it holds */
	bool shm;
};

static struct {
	struct file files[FILES];
	struct handle *handles[HANDLES];
	void *shm[SHM_REGIONS];
	bool frozen;
	struct disk_plan plan;
	long commits;
	int writes; /* since the last commit */
	struct chance chance, random;
	int64_t *now;
	void (*on_crash)(void *);
	void *arg;
} disk;

/* --- bytes --------------------------------------------------------------- */

static void resize(struct bytes *b, size_t len)
{
	if (len > b->room) {
		b->room = len + len / 2 + 4096;
		b->data = realloc(b->data, b->room);
		if (!b->data)
			abort();
	}
	if (len > b->len)
		memset(b->data + b->len, 0, len - b->len);
	b->len = len;
}

static void copy(struct bytes *to, const struct bytes *from)
{
	resize(to, from->len);
	if (from->len)
		memcpy(to->data, from->data, from->len);
	to->there = from->there;
}

static void put(struct bytes *to, size_t at, const void *data, size_t len)
{
	if (at + len > to->len)
		resize(to, at + len);
	memcpy(to->data + at, data, len);
}

/* --- what survives ------------------------------------------------------- */

static void carry(const struct file *f, struct bytes *to, size_t at, size_t len)
{
	if (at >= f->now.len) /* cut off again since */
		return;
	if (len > f->now.len - at)
		len = f->now.len - at;
	put(to, at, f->now.data + at, len);
}

static void survive_power(struct file *f)
{
	int policy = (int)chance_from(&disk.chance, 0, 3);

	copy(&f->survivor, &f->sure);
	f->survivor.there = f->now.there;
	for (int i = 0; i < f->span_count; i++) {
		const struct span *s = &f->spans[i];
		int fate = (int)chance_from(&disk.chance, 0, 9);
		size_t part =
			(size_t)chance_from(&disk.chance, 0, (int64_t)s->len);

		if (policy == 0) /* nothing of it */
			continue;
		if (policy == 1) /* a torn end */
			fate = i + 1 < f->span_count ? 0 : 8;
		if (fate < 6)
			carry(f, &f->survivor, s->at, s->len);
		else if (fate < 8)
			carry(f, &f->survivor, s->at, part);
		else if (fate == 8)
			carry(f, &f->survivor, s->at + part, s->len - part);
	}
}

void disk_crash(bool power)
{
	if (disk.frozen)
		return;
	for (int i = 0; i < FILES; i++) {
		if (power)
			survive_power(&disk.files[i]);
		else
			copy(&disk.files[i].survivor, &disk.files[i].now);
	}
	disk.frozen = true;
}

void disk_restart(void)
{
	for (int i = 0; i < FILES; i++) {
		struct file *f = &disk.files[i];

		copy(&f->now, &f->survivor);
		copy(&f->sure, &f->survivor);
		f->span_count = 0;
	}
	disk.frozen = false;
	memset(&disk.plan, 0, sizeof(disk.plan));
}

static void die(void)
{
	bool power = disk.plan.power;

	disk.plan.place = DISK_NOWHERE;
	disk_crash(power);
	disk.on_crash(disk.arg);
}

/* The code that this call fails with, if the plan has it so. */
static int failure(int kind)
{
	struct disk_plan *p = &disk.plan;
	int rc = p->fail_rc;

	if (!rc || kind != (rc == SQLITE_FULL ? SQLITE_IOERR_WRITE : rc))
		return 0;
	if (p->fail_nth > 1) {
		p->fail_nth--;
		return 0;
	}
	if (--p->fail_times <= 0)
		p->fail_rc = 0;
	return rc;
}

/* --- one file ------------------------------------------------------------ */

static struct file *file_of(sqlite3_file *base)
{
	return &disk.files[((struct handle *)base)->file];
}

static int read_file(sqlite3_file *base, void *out, int n, sqlite3_int64 at)
{
	const struct bytes *b = &file_of(base)->now;
	size_t have = (size_t)at < b->len ? b->len - (size_t)at : 0;

	if (!disk.frozen && failure(SQLITE_IOERR_READ))
		return SQLITE_IOERR_READ;
	if (have > (size_t)n)
		have = (size_t)n;
	if (have)
		memcpy(out, b->data + at, have);
	if (have == (size_t)n)
		return SQLITE_OK;
	memset((char *)out + have, 0, (size_t)n - have);
	return SQLITE_IOERR_SHORT_READ;
}

static void note_span(struct file *f, size_t at, size_t len)
{
	if (f->span_count == f->span_room) {
		f->span_room = f->span_room ? 2 * f->span_room : 64;
		f->spans = realloc(f->spans,
				   (size_t)f->span_room * sizeof(*f->spans));
		if (!f->spans)
			abort();
	}
	f->spans[f->span_count++] = (struct span){at, len};
}

static int write_file(sqlite3_file *base, const void *data, int n,
		      sqlite3_int64 at)
{
	struct file *f = file_of(base);
	const struct disk_plan *p = &disk.plan;
	int rc = disk.frozen ? 0 : failure(SQLITE_IOERR_WRITE);

	if (rc)
		return rc;
	if (f == &disk.files[WAL] && p->place == DISK_AT_WRITE &&
	    p->commit == 1 && ++disk.writes >= p->write)
		die();
	if (disk.frozen)
		return SQLITE_IOERR_WRITE;
	put(&f->now, (size_t)at, data, (size_t)n);
	note_span(f, (size_t)at, (size_t)n);
	return SQLITE_OK;
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 size)
{
	struct file *f = file_of(base);

	if (disk.frozen)
		return SQLITE_IOERR_TRUNCATE;
	resize(&f->now, (size_t)size);
	resize(&f->sure, (size_t)size);
	return SQLITE_OK;
}

static void make_sure(struct file *f)
{
	for (int i = 0; i < f->span_count; i++)
		carry(f, &f->sure, f->spans[i].at, f->spans[i].len);
	f->span_count = 0;
	f->sure.there = f->now.there;
}

static int sync_file(sqlite3_file *base, int flags)
{
	struct file *f = file_of(base);
	bool last = false;

	if (disk.frozen)
		return SQLITE_IOERR_FSYNC;
	if (failure(SQLITE_IOERR_FSYNC))
		return SQLITE_IOERR_FSYNC;
	if (f == &disk.files[WAL]) {
		disk.commits++;
		disk.writes = 0;
		last = disk.plan.place != DISK_NOWHERE &&
		       --disk.plan.commit == 0;
	}
	if (last && disk.plan.place != DISK_AFTER_SYNC) {
		die();
		return SQLITE_IOERR_FSYNC;
	}
	make_sure(f);
	if (last)
		die();
	return SQLITE_OK;
}

static int size_of_file(sqlite3_file *base, sqlite3_int64 *size)
{
	*size = (sqlite3_int64)file_of(base)->now.len;
	return SQLITE_OK;
}

/* --- locks --------------------------------------------------------------- */

static bool others_at(const struct handle *h, int level)
{
	for (int i = 0; i < HANDLES; i++)
		if (disk.handles[i] && disk.handles[i] != h &&
		    disk.handles[i]->file == h->file &&
		    disk.handles[i]->level >= level)
			return true;
	return false;
}

static int lock_file(sqlite3_file *base, int level)
{
	struct handle *h = (struct handle *)base;

	if (level <= h->level)
		return SQLITE_OK;
	if (others_at(h, level == SQLITE_LOCK_SHARED ? SQLITE_LOCK_PENDING
			 : level == SQLITE_LOCK_EXCLUSIVE
				 ? SQLITE_LOCK_SHARED
				 : SQLITE_LOCK_RESERVED))
		return SQLITE_BUSY;
	h->level = level;
	return SQLITE_OK;
}

static int unlock_file(sqlite3_file *base, int level)
{
	((struct handle *)base)->level = level;
	return SQLITE_OK;
}

static int check_reserved(sqlite3_file *base, int *out)
{
	*out = others_at((struct handle *)base, SQLITE_LOCK_RESERVED);
	return SQLITE_OK;
}

static int control(sqlite3_file *base, int op, void *arg)
{
	return SQLITE_NOTFOUND;
}

static int sector_size(sqlite3_file *base)
{
	return 4096;
}

static int characteristics(sqlite3_file *base)
{
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* --- shared memory ------------------------------------------------------- */

static int shm_map(sqlite3_file *base, int region, int size, int extend,
		   void volatile **out)
{
	*out = NULL;
	if (region >= SHM_REGIONS)
		return SQLITE_IOERR_SHMMAP;
	((struct handle *)base)->shm = true;
	if (!disk.shm[region] && extend) {
		disk.shm[region] = calloc(1, (size_t)size);
		if (!disk.shm[region])
			return SQLITE_NOMEM;
	}
	*out = disk.shm[region];
	return SQLITE_OK;
}

static int shm_lock(sqlite3_file *base, int offset, int n, int flags)
{
	struct handle *h = (struct handle *)base;
	unsigned mask = ((1u << n) - 1) << offset;

	if (flags & SQLITE_SHM_UNLOCK) {
		h->shared &= ~mask;
		h->exclusive &= ~mask;
		return SQLITE_OK;
	}
	for (int i = 0; i < HANDLES; i++) {
		const struct handle *other = disk.handles[i];

		if (!other || other == h)
			continue;
		if ((other->exclusive & mask) ||
		    ((flags & SQLITE_SHM_EXCLUSIVE) && (other->shared & mask)))
			return SQLITE_BUSY;
	}
	if (flags & SQLITE_SHM_EXCLUSIVE)
		h->exclusive |= mask;
	else
		h->shared |= mask;
	return SQLITE_OK;
}

static void shm_barrier(sqlite3_file *base)
{
}

static int shm_unmap(sqlite3_file *base, int remove)
{
	((struct handle *)base)->shm = false;
	for (int i = 0; i < HANDLES; i++)
		if (disk.handles[i] && disk.handles[i]->shm)
			return SQLITE_OK;
	for (int i = 0; i < SHM_REGIONS; i++) {
		free(disk.shm[i]);
		disk.shm[i] = NULL;
	}
	return SQLITE_OK;
}

static int close_file(sqlite3_file *base)
{
	for (int i = 0; i < HANDLES; i++)
		if (disk.handles[i] == (struct handle *)base)
			disk.handles[i] = NULL;
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = close_file,
	.xRead = read_file,
	.xWrite = write_file,
	.xTruncate = truncate_file,
	.xSync = sync_file,
	.xFileSize = size_of_file,
	.xLock = lock_file,
	.xUnlock = unlock_file,
	.xCheckReservedLock = check_reserved,
	.xFileControl = control,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
	.xShmMap = shm_map,
	.xShmLock = shm_lock,
	.xShmBarrier = shm_barrier,
	.xShmUnmap = shm_unmap,
};

/* --- the VFS ------------------------------------------------------------- */

static bool ends(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && strcmp(name + n - m, end) == 0;
}

static int which(const char *name)
{
	return ends(name, "-wal")	? WAL
	       : ends(name, "-journal") ? JOURNAL
					: MAIN;
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *base,
		     int flags, int *out_flags)
{
	struct handle *h = (struct handle *)base;
	int slot = 0;

	base->pMethods = NULL;
	while (slot < HANDLES && disk.handles[slot])
		slot++;
	if (!name || slot == HANDLES)
		return SQLITE_CANTOPEN;
	*h = (struct handle){.base = {&methods}, .file = which(name)};
	if (!disk.files[h->file].now.there && !(flags & SQLITE_OPEN_CREATE)) {
		base->pMethods = NULL;
		return SQLITE_CANTOPEN;
	}
	disk.files[h->file].now.there = true;
	disk.handles[slot] = h;
	if (out_flags)
		*out_flags = flags;
	return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
	struct file *f = &disk.files[which(name)];

	if (disk.frozen)
		return SQLITE_IOERR_DELETE;
	f->now.there = f->sure.there = false;
	f->now.len = f->sure.len = 0;
	f->span_count = 0;
	return SQLITE_OK;
}

static int access_file(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	*out = disk.files[which(name)].now.there;
	return SQLITE_OK;
}

static int full_path(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
	sqlite3_snprintf(n, out, "%s", name);
	return SQLITE_OK;
}

static int randomness(sqlite3_vfs *vfs, int n, char *out)
{
	for (int i = 0; i < n; i++)
		out[i] = (char)chance_next(&disk.random);
	return n;
}

static int sleep_not(sqlite3_vfs *vfs, int us)
{
	return us;
}

static int current_time(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
	*out = INT64_C(212634504000000) + (disk.now ? *disk.now : 0);
	return SQLITE_OK;
}

static int current_time_real(sqlite3_vfs *vfs, double *out)
{
	sqlite3_int64 ms;

	current_time(vfs, &ms);
	*out = (double)ms / 86400000.0;
	return SQLITE_OK;
}

static int last_error(sqlite3_vfs *vfs, int n, char *out)
{
	return 0;
}

void disk_register(void)
{
	static sqlite3_vfs vfs = {
		.iVersion = 2,
		.szOsFile = sizeof(struct handle),
		.mxPathname = 512,
		.zName = "memory-with-faults",
		.xOpen = open_file,
		.xDelete = delete_file,
		.xAccess = access_file,
		.xFullPathname = full_path,
		.xRandomness = randomness,
		.xSleep = sleep_not,
		.xCurrentTime = current_time_real,
		.xCurrentTimeInt64 = current_time,
		.xGetLastError = last_error,
	};

	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)sqlite3_vfs_register(&vfs, 1);
}

void disk_reset(uint64_t seed, int64_t *now, void (*on_crash)(void *),
		void *arg)
{
	for (int i = 0; i < FILES; i++) {
		struct file *f = &disk.files[i];

		copy(&f->now, &f->kept);
		copy(&f->sure, &f->kept);
		f->span_count = 0;
	}
	disk.frozen = false;
	disk.commits = 0;
	disk.writes = 0;
	memset(&disk.plan, 0, sizeof(disk.plan));
	chance_init(&disk.chance, seed, 4);
	chance_init(&disk.random, seed, 5);
	disk.now = now;
	disk.on_crash = on_crash;
	disk.arg = arg;
}

void disk_keep(void)
{
	for (int i = 0; i < FILES; i++)
		copy(&disk.files[i].kept, &disk.files[i].now);
}

void disk_arm(const struct disk_plan *plan)
{
	disk.plan = *plan;
	disk.writes = 0;
}

long disk_commits(void)
{
	return disk.commits;
}
