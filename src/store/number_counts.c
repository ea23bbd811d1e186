/* SPDX-License-Identifier: MIT */
/* number_counts.c - numbers by status: what commits change, and the one count
 * that says what there was before. */
#include "store/number_counts.h"

#include <string.h>

#include "number_changes.h"
#include "table.h"

static const char *const names[NUMBER_STATUSES] = {"active", "deleting",
						   "corrupted"};

const char *number_status_name(enum number_status s)
{
	return names[s];
}

/* -1: it is none. */
static int status_of(const char *name)
{
	for (int i = 0; i < NUMBER_STATUSES; i++)
		if (name && strcmp(names[i], name) == 0)
			return i;
	return -1;
}

void number_counts_follow(struct number_counts *c, struct store *writer)
{
	writer->numbers.counts = c;
}

/* --- the writer's part --------------------------------------------------- */

int number_change(struct store *s, const char *id, const char *status,
		  struct err *err)
{
	struct number_changes *n = &s->numbers;
	int to = status_of(status);
	struct db_stmt *st;
	int rc, from = -1;

	if (!n->counts)
		return 0;
	st = db_query(s->db, err, "SELECT status FROM numbers WHERE id = $1",
		      "t", id);
	rc = st ? db_next(st, err) : -1;
	if (rc < 0)
		return -1;
	if (rc) {
		from = status_of(db_text(st, 0));
		db_reset(st);
	}
	if (from >= 0)
		n->pending[from]--;
	if (to >= 0)
		n->pending[to]++;
	return 0;
}

int number_changes_commit(struct store *s, struct err *err)
{
	struct number_changes *n = &s->numbers;
	struct number_counts *c = n->counts;
	int rc;

	if (!c)
		return db_commit(s->db, err);
	pthread_mutex_lock(&c->lock);
	rc = db_commit(s->db, err);
	for (int i = 0; i < NUMBER_STATUSES && rc == 0; i++)
		counter_add(&c->changed[i], n->pending[i]);
	pthread_mutex_unlock(&c->lock);
	return rc;
}

void number_changes_forget(struct store *s)
{
	memset(s->numbers.pending, 0, sizeof(s->numbers.pending));
}

/* --- the count ----------------------------------------------------------- */

int number_counts_start(struct number_counts *c, struct store *reader,
			struct err *err)
{
	int64_t changed[NUMBER_STATUSES], found[NUMBER_STATUSES] = {0};
	struct db_stmt *st;
	int rc;

	/* The first row costs nothing: with it the snapshot is taken, and the
	 * writer can go on while the rest is counted. */
	pthread_mutex_lock(&c->lock);
	st = db_query(reader->db, err,
		      "SELECT '', 0 UNION ALL"
		      " SELECT status, count(*) FROM numbers GROUP BY status",
		      "");
	rc = st ? db_next(st, err) : -1;
	for (int i = 0; i < NUMBER_STATUSES; i++)
		changed[i] = counter_read(&c->changed[i]);
	pthread_mutex_unlock(&c->lock);
	while (rc > 0 && (rc = db_next(st, err)) == 1) {
		int i = status_of(db_text(st, 0));

		if (i >= 0)
			found[i] = db_int(st, 1);
	}
	if (rc < 0)
		return -1;
	for (int i = 0; i < NUMBER_STATUSES; i++)
		c->before[i] = found[i] - changed[i];
	atomic_store(&c->counted, true);
	return 0;
}

bool number_counts_read(const struct number_counts *c,
			int64_t out[NUMBER_STATUSES])
{
	if (!atomic_load(&c->counted))
		return false;
	for (int i = 0; i < NUMBER_STATUSES; i++)
		out[i] = c->before[i] + counter_read(&c->changed[i]);
	return true;
}
