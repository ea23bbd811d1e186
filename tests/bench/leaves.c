/* SPDX-License-Identifier: MIT */
/*
 * leaves.c - what it costs only to read the pages of the file that a list
 * takes: leaves DATABASE LIMIT LISTS
 *
 * Numbers lie in the leaves of a B-tree. As many of these as hold LIMIT numbers
 * are read one by one into the same buffer, from LISTS places all over the
 * middle half, at random, and nothing is done with them: no SQLite, no answer.
 * Prints the CPU time of one list and how many leaves it has.
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define TIMES	 20000
#define PAGE_MAX 65536

struct leaves {
	int64_t *page; /* their numbers, in the order of the list's rows */
	int64_t count, rows, page_size;
};

static void stop(const char *what)
{
	fprintf(stderr, "leaves: %s\n", what);
	exit(1);
}

static sqlite3_stmt *query(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL))
		stop(sqlite3_errmsg(db));
	return st;
}

static void find(struct leaves *l, const char *database)
{
	sqlite3_stmt *st;
	sqlite3 *db;

	if (sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL))
		stop(database);
	st = query(db, "SELECT page_size, page_count FROM pragma_page_size,"
		       " pragma_page_count");
	if (sqlite3_step(st) != SQLITE_ROW)
		stop(sqlite3_errmsg(db));
	l->page_size = sqlite3_column_int64(st, 0);
	l->page = calloc((size_t)sqlite3_column_int64(st, 1), sizeof(int64_t));
	if (!l->page || l->page_size > PAGE_MAX)
		stop("out of memory");
	sqlite3_finalize(st);
	st = query(db, "SELECT pageno, ncell FROM dbstat"
		       " WHERE name = 'numbers' AND pagetype = 'leaf'");
	while (sqlite3_step(st) == SQLITE_ROW) {
		l->page[l->count++] = sqlite3_column_int64(st, 0);
		l->rows += sqlite3_column_int64(st, 1);
	}
	sqlite3_finalize(st);
	sqlite3_close(db);
}

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* One list, newest first, as SQLite reads it. */
static void read_list(const struct leaves *l, int fd, int64_t from,
		      int64_t count)
{
	static char buffer[PAGE_MAX];

	for (int64_t i = from + count; i > from; i--)
		if (pread(fd, buffer, (size_t)l->page_size,
			  (l->page[i - 1] - 1) * l->page_size) != l->page_size)
			stop("cannot read");
}

int main(int argc, char **argv)
{
	struct leaves l = {0};
	int64_t reads, lists, half;
	double began;
	int fd;

	if (argc != 4)
		stop("DATABASE LIMIT LISTS");
	find(&l, argv[1]);
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || !l.rows)
		stop(argv[1]);
	reads = (atoll(argv[2]) * l.count + l.rows - 1) / l.rows;
	half = l.count / 2;
	lists = half / reads < atoll(argv[3]) ? half / reads : atoll(argv[3]);
	if (lists < 1)
		stop("too few numbers");
	for (int64_t i = 0; i < lists; i++) /* now the kernel has them */
		read_list(&l, fd, l.count / 4 + i * half / lists, reads);
	began = cpu_us();
	for (int i = 0; i < TIMES; i++)
		read_list(&l, fd, l.count / 4 + random() % lists * half / lists,
			  reads);
	printf("{\"us\": %.2f, \"reads\": %lld}\n", (cpu_us() - began) / TIMES,
	       (long long)reads);
	return 0;
}
