/* SPDX-License-Identifier: MIT */
/*
 * backups.c - make a copy of the live database.
 *
 * That takes as long as the database is large: it happens in a thread that is
 * there for this copy only, while the connection sleeps. It neither holds up
 * the engine, which goes on writing, nor a thread that answers others. One copy
 * at a time.
 */
#include "backups.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/log.h"
#include "handlers.h"
#include "listener.h"
#include "saga/view.h"
#include "wait.h"

#define RANDOM_CHARS 8

static int settle_dir(struct backups *b, const struct server_conf *conf,
		      struct err *err)
{
	char database[PATH_MAX];
	int n;

	if (conf->backup_dir) {
		n = snprintf(b->dir, sizeof(b->dir), "%s", conf->backup_dir);
	} else {
		if (store_path(conf->database_url, database, err))
			return -1;
		*strrchr(database, '/') = '\0';
		n = snprintf(b->dir, sizeof(b->dir), "%s/backups", database);
	}
	if (n >= (int)sizeof(b->dir))
		return err_set(err, ERR_CONFIG,
			       "TRUNKLINE_BACKUP_DIR is too long");
	return 0;
}

int backups_init(struct backups *b, const struct server_conf *conf,
		 struct clock *clock, struct err *err)
{
	b->clock = clock;
	b->database_url = conf->database_url;
	pthread_mutex_init(&b->lock, NULL);
	pthread_mutex_init(&b->stop.lock, NULL);
	if (settle_dir(b, conf, err))
		return -1;
	backup_tidy(b->dir);
	return 0;
}

void backups_release(struct backups *b)
{
	pthread_mutex_destroy(&b->stop.lock);
	pthread_mutex_destroy(&b->lock);
}

/* --- in its thread --- */

/* "trunkline-20261120T061641Z-k3m9p2qa.db": sorts by time, never repeats. */
static int name_file(struct backups *b, int64_t now_ms, char out[PATH_MAX],
		     struct err *err)
{
	time_t now = (time_t)(now_ms / 1000);
	char stamp[24], chance[RANDOM_CHARS + 1];
	struct tm tm;
	int n;

	if (!gmtime_r(&now, &tm) ||
	    !strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm))
		return err_set(err, ERR_INTERNAL, "the clock is out of range");
	id_random(b->clock, chance, RANDOM_CHARS);
	n = snprintf(out, PATH_MAX, "%s/trunkline-%s-%s.db", b->dir, stamp,
		     chance);
	return n < PATH_MAX ? 0
			    : err_set(err, ERR_CONFIG, "the path is too long");
}

static int write_copy(struct backups *b, int64_t now_ms, struct backup *copy,
		      struct err *err)
{
	char path[PATH_MAX];

	if (name_file(b, now_ms, path, err))
		return -1;
	if (mkdir(b->dir, 0700) && errno != EEXIST)
		return err_set(err, ERR_CONFIG, "cannot make %.120s: %s",
			       b->dir, strerror(errno));
	return store_backup(b->database_url, path, &b->stop, copy, err);
}

static void answer(struct command *c, const struct backup *copy, int64_t now_ms)
{
	struct buf *body = &c->reply.body;

	c->reply.status = 201;
	c->reply.content_type = CONTENT_JSON;
	buf_char(body, '{');
	json_put_str(body, "file", copy->file);
	json_put_int(body, "bytes", copy->bytes);
	json_put_int(body, "version", copy->version);
	json_put_time(body, "created_at", now_ms);
	buf_char(body, '}');
}

/* What a client is told of it; the log has the whole. (What is not for clients
 * at all is logged where the answer is made.) */
static struct err told(const struct err *err, const char *request_id)
{
	struct err out = ERR_INIT;

	if (err->code != ERR_CONFIG && err->code != ERR_STORE_FULL)
		return *err;
	log_error("backup_failed", L_STR("request_id", request_id), L_ERR(err));
	if (err->code == ERR_CONFIG)
		err_set(&out, ERR_STORAGE_UNAVAILABLE,
			"the directory for backups cannot be written");
	else
		err_set(&out, ERR_STORAGE_UNAVAILABLE,
			"there is not enough room for a copy");
	return out;
}

/* The copy is over before its client knows, so that it may ask for another. */
static struct command *end(struct backups *b)
{
	struct command *c;

	pthread_mutex_lock(&b->lock);
	c = b->command;
	b->command = NULL;
	b->running = false;
	pthread_mutex_unlock(&b->lock);
	return c;
}

static void *run(void *backups)
{
	struct backups *b = backups;
	struct clock *clock = b->clock;
	int64_t now = clock->wall_ms(clock), began = clock->mono_ms(clock);
	struct err err = ERR_INIT;
	struct backup copy;
	struct command *c;
	int rc = write_copy(b, now, &copy, &err);

	c = end(b);
	if (rc == 0) {
		log_info("backup_made", L_STR("file", copy.file),
			 L_INT("bytes", copy.bytes),
			 L_INT("ms", clock->mono_ms(clock) - began),
			 L_STR("request_id", c->request_id),
			 L_STR("principal", c->principal));
		answer(c, &copy, now);
		c->done(c);
	} else {
		err = told(&err, c->request_id);
		wait_fail(c, &err);
	}
	return NULL;
}

/* --- from outside --- */

static int begin(struct backups *b, struct command *c, struct err *err)
{
	if (b->stopped)
		return err_set(err, ERR_SHUTTING_DOWN,
			       "the service is stopping");
	if (b->running)
		return err_set(err, ERR_OPERATION_IN_PROGRESS,
			       "a backup is being made");
	/* The last one's thread, at its last line if not ended. */
	if (b->joinable)
		pthread_join(b->thread, NULL);
	b->command = c;
	b->joinable = pthread_create(&b->thread, NULL, run, b) == 0;
	b->running = b->joinable;
	return b->running ? 0
			  : err_set(err, ERR_OVERLOADED,
				    "no thread could be started");
}

static int take(struct server *s, struct command *c, struct err *err)
{
	int rc;

	pthread_mutex_lock(&s->backups.lock);
	rc = begin(&s->backups, c, err);
	pthread_mutex_unlock(&s->backups.lock);
	return rc;
}

void backups_stop(struct backups *b)
{
	pthread_mutex_lock(&b->lock);
	b->stopped = true;
	if (b->running)
		backup_stop(&b->stop);
	pthread_mutex_unlock(&b->lock);
}

/* Without the lock: nobody begins one any more, and the thread needs it. */
void backups_join(struct backups *b)
{
	backups_stop(b);
	if (b->joinable)
		pthread_join(b->thread, NULL);
	b->joinable = false;
}

int backups_create(struct request *rq, struct err *err)
{
	struct command *c;

	if (query_read(rq->target.query, NULL, 0, err) ||
	    wait_new(rq, false, err))
		return -1;
	c = wait_command(rq);
	snprintf(c->request_id, sizeof(c->request_id), "%s", rq->id);
	snprintf(c->principal, sizeof(c->principal), "%s", rq->grant.principal);
	wait_with(rq, take);
	return 0;
}
