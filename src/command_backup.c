/* SPDX-License-Identifier: MIT */
/*
 * command_backup.c - `trunkline backup FILE`: a checked copy of the database.
 *
 * While the service runs, only the service may copy: a second process on a live
 * SQLite file is what damages it. So it is asked to, and what it made is moved
 * to FILE. Otherwise the copy is made here, under the lock that keeps a service
 * from starting meanwhile.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/json.h"
#include "commands.h"
#include "process.h"
#include "store/backup.h"
#include "store/store.h"

#define CONNECT_MS 5000L
#define WAIT_S	   3600L /* for the service to copy a large database */
#define ANSWER_MAX (64 * 1024)

struct answer {
	long status;
	json_t *body; /* NULL if it is not JSON */
};

static size_t collect(char *data, size_t size, size_t n, void *buf)
{
	return buf_add(buf, data, size * n) ? 0 : size * n;
}

static bool prepare(CURL *h, const char *url, struct curl_slist *head,
		    struct buf *body)
{
	return !curl_easy_setopt(h, CURLOPT_URL, url) &&
	       !curl_easy_setopt(h, CURLOPT_PROXY, "") &&
	       !curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http") &&
	       !curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) &&
	       !curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) &&
	       !curl_easy_setopt(h, CURLOPT_TIMEOUT, WAIT_S) &&
	       !curl_easy_setopt(h, CURLOPT_POST, 1L) &&
	       !curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, 0L) &&
	       !curl_easy_setopt(h, CURLOPT_HTTPHEADER, head) &&
	       !curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, collect) &&
	       !curl_easy_setopt(h, CURLOPT_WRITEDATA, body);
}

static int perform(CURL *h, const char *url, const char *key,
		   struct answer *answer, struct err *err)
{
	struct buf body = BUF_INIT(ANSWER_MAX);
	struct curl_slist *head = NULL;
	struct err unread = ERR_INIT; /* the status tells more */
	CURLcode rc = CURLE_OUT_OF_MEMORY;
	char *bearer = NULL;

	if (asprintf(&bearer, "Authorization: Bearer %s", key) > 0)
		head = curl_slist_append(NULL, bearer);
	if (head && prepare(h, url, head, &body))
		rc = curl_easy_perform(h);
	if (rc == CURLE_OK)
		rc = curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE,
				       &answer->status);
	if (rc)
		err_set(err, ERR_STORE_LOCKED,
			"the database is in use, and no service answers at %s "
			"(%s)",
			url, curl_easy_strerror(rc));
	else if (body.len)
		answer->body =
			json_read(body.data, body.len, JSON_DEPTH_MAX, &unread);
	curl_slist_free_all(head);
	free(bearer);
	buf_release(&body);
	return rc ? -1 : 0;
}

static const char *text_of(const struct answer *a, const char *member)
{
	const char *text = json_string_value(json_object_get(a->body, member));

	return text ? text : "";
}

/* What the service answered, as an error of ours. */
static int refused(const struct answer *a, const char *url, struct err *err)
{
	enum err_code code = ERR_INTERNAL;

	if (a->status == 409 || a->status == 429 || a->status == 503)
		code = ERR_STORE_FULL; /* what may pass */
	else if (a->status >= 400 && a->status < 500)
		code = ERR_CONFIG;
	return err_set(err, code, "%s answers %ld %.120s", url, a->status,
		       text_of(a, "detail"));
}

static int read_answer(const struct answer *a, const char *url,
		       struct backup *copy, struct err *err)
{
	const char *file = text_of(a, "file");

	if (a->status != 201)
		return refused(a, url, err);
	if (file[0] != '/' || strlen(file) >= sizeof(copy->file))
		return err_set(err, ERR_INTERNAL, "%s names no file", url);
	strcpy(copy->file, file);
	copy->bytes = json_integer_value(json_object_get(a->body, "bytes"));
	copy->version =
		(int)json_integer_value(json_object_get(a->body, "version"));
	return 0;
}

static int ask_service(const struct conf *c, struct backup *copy,
		       struct err *err)
{
	struct answer answer = {0};
	char url[URL_SIZE];
	CURL *h = NULL;
	int rc = -1;

	if (!c->api_key)
		return err_set(err, ERR_CONFIG,
			       "the service is running: TRUNKLINE_API_KEY must "
			       "be set to ask it for a copy");
	command_url(&c->listen, "/v1/backups", url);
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return err_set(err, ERR_INTERNAL, "libcurl did not start");
	h = curl_easy_init();
	if (!h)
		err_set(err, ERR_INTERNAL, "libcurl did not start");
	else if (perform(h, url, c->api_key, &answer, err) == 0)
		rc = read_answer(&answer, url, copy, err);
	json_decref(answer.body);
	curl_easy_cleanup(h);
	curl_global_cleanup();
	return rc;
}

static int by_service(const struct conf *c, const char *path,
		      struct backup *copy, struct err *err)
{
	if (ask_service(c, copy, err))
		return -1;
	if (backup_move(copy->file, path, err) == 0)
		return 0;
	fprintf(stderr, "trunkline: the copy was made and stays as %s\n",
		copy->file);
	return -1;
}

static int make(const struct conf *c, const char *path, struct backup *copy,
		struct err *err)
{
	char database[PATH_MAX];
	struct err locked = ERR_INIT;
	struct store *s;
	struct stat st;
	int rc;

	/* A writer would make what is missing. */
	if (store_path(c->database_url, database, err))
		return -1;
	if (lstat(path, &st) == 0)
		return err_set(err, ERR_CONFIG, "%.120s exists already", path);
	s = store_open(c->database_url, STORE_WRITER, &locked);
	if (!s && locked.code == ERR_STORE_LOCKED)
		return by_service(c, path, copy, err);
	if (!s)
		return err_set(err, locked.code, "%s", locked.detail);
	rc = store_backup(c->database_url, path, NULL, copy, err);
	store_close(s);
	return rc;
}

static void tell(const struct conf *c, const char *path,
		 const struct backup *copy)
{
	char database[PATH_MAX];
	struct err err = ERR_INIT;

	printf("%s: %lld bytes, database version %d, checked\n", path,
	       (long long)copy->bytes, copy->version);
	if (c->master_key)
		puts("The secrets in it are sealed. To restore it you also "
		     "need the value of TRUNKLINE_MASTER_KEY,\nwhich is not "
		     "in the copy.");
	else if (store_path(c->database_url, database, &err) == 0)
		printf("The secrets in it are sealed. To restore it you also "
		       "need the key file %s.key,\nwhich is not in the copy: "
		       "keep one elsewhere.\n",
		       database);
}

int command_backup(int argc, char **argv)
{
	struct backup copy = {.bytes = 0};
	struct err err = ERR_INIT;
	struct conf c = {0};
	int rc;

	umask(077);
	if (process_ignore(&err) || conf_load(&c, environ, &err) ||
	    make(&c, argv[1], &copy, &err)) {
		rc = command_fail(&err);
	} else {
		tell(&c, argv[1], &copy);
		rc = fflush(stdout) ? EX_SOFTWARE : EX_OK;
	}
	conf_release(&c);
	return rc;
}
