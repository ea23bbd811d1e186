/* SPDX-License-Identifier: MIT */
/*
 * command_key.c - `trunkline key`: make, list and revoke API keys.
 *
 * While the service runs it is the one to write, so it is asked to; otherwise
 * the database is opened here, under the lock that keeps a service from
 * starting meanwhile. Both ways take and give the same JSON.
 */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "api/api_key.h"
#include "ask.h"
#include "base/json.h"
#include "base/log.h"
#include "commands.h"
#include "database.h"
#include "process.h"

#define LIST_MAX  (64 * 1024 * 1024)
#define PATH_SIZE 400 /* see URL_SIZE */

/* What is to be done, and with what. */
struct job {
	struct conf conf;
	const char *id; /* revoke */
	json_t *order;	/* create: the body of the POST */
	bool json;	/* print JSON */
};

/* The database, opened here. */
struct local {
	struct store *store;
	struct seal *seal;
	struct clock *clock;
};

static const struct key_by by_command = {"cli", NULL};

/* --- on the database itself ---------------------------------------------- */

static int local_open(const struct conf *c, struct local *l, struct err *err)
{
	char path[PATH_MAX];

	l->clock = clock_system();
	/* Not a new one, wherever that would come to lie. */
	if (store_path(c->database_url, path, err) == 0)
		l->store = database_open(c, err);
	if (l->store)
		l->seal = database_key(c, l->store, l->clock, err);
	return l->seal ? 0 : -1;
}

static void local_close(struct local *l)
{
	seal_free(l->seal);
	store_close(l->store);
}

static int write_order(const struct local *l, const struct job *job,
		       struct buf *out, struct err *err)
{
	struct faults faults = {.count = 0};
	struct err wrong = ERR_INIT;
	struct key_order *o =
		key_order_new(job->order, l->seal, l->clock, &faults, &wrong);
	int rc;

	if (!o && faults.count)
		return err_set(err, wrong.code, "%s %s",
			       faults.list[0].pointer + 1,
			       faults.list[0].detail);
	if (!o)
		return err_set(err, wrong.code, "%s", wrong.detail);
	rc = key_order_put(o, l->store, l->clock, &by_command, out, err);
	key_order_free(o);
	return rc;
}

static int write_local(const struct local *l, const struct job *job,
		       struct buf *out, struct err *err)
{
	if (store_begin(l->store, err))
		return -1;
	if (job->order ? write_order(l, job, out, err)
		       : key_revoke(l->store, job->id, l->clock, &by_command,
				    out, err)) {
		store_rollback(l->store);
		return -1;
	}
	return store_commit(l->store, err);
}

static void list_row(const struct key_row *row, void *arg)
{
	struct buf *b = arg;
	struct clock *clock = clock_system();

	if (b->data[b->len - 1] == '}')
		buf_char(b, ',');
	(void)key_view(b, row, clock->wall_ms(clock), NULL); /* sets failed */
}

static int list_local(const struct local *l, struct buf *out, struct err *err)
{
	buf_str(out, "{\"items\":[");
	if (key_list(l->store, 0, INT_MAX, list_row, out, err) < 0)
		return -1;
	buf_str(out, "]}");
	return out->failed ? err_set(err, ERR_INTERNAL, "out of memory") : 0;
}

static json_t *do_local(const struct job *job, const struct local *l,
			struct err *err)
{
	struct buf out = BUF_INIT(LIST_MAX);
	json_t *result = NULL;

	if (job->order || job->id ? write_local(l, job, &out, err) == 0
				  : list_local(l, &out, err) == 0)
		result = json_read(out.data, out.len, JSON_DEPTH_MAX, err);
	buf_release_secret(&out);
	return result;
}

/* --- through the service ------------------------------------------------- */

static json_t *ask_one(const struct job *job, struct err *err)
{
	struct asked answer;
	char path[PATH_SIZE];
	json_t *result = NULL;

	snprintf(path, sizeof(path), job->id ? KEY_PLACE "/%.64s" : KEY_PLACE,
		 job->id);
	if (ask(&job->conf, job->id ? "DELETE" : "POST", path, job->order,
		job->id ? 200 : 201, &answer, err) == 0)
		result = json_incref(answer.body);
	asked_release(&answer);
	return result;
}

static json_t *ask_list(const struct job *job, struct err *err)
{
	json_t *items = json_array();
	char path[PATH_SIZE] = KEY_PLACE "?limit=200";
	struct asked answer = {0, NULL};
	int rc = 0;

	while (!rc && path[0]) {
		const char *cursor;

		rc = ask(&job->conf, "GET", path, NULL, 200, &answer, err);
		cursor = asked_text(&answer, "next_cursor");
		snprintf(path, sizeof(path),
			 *cursor ? KEY_PLACE "?limit=200&cursor=%.256s" : "%s",
			 cursor);
		if (!rc && json_array_extend(items, json_object_get(answer.body,
								    "items")))
			rc = err_set(err, ERR_INTERNAL,
				     "the service answered no list");
		asked_release(&answer);
	}
	if (!rc)
		return json_pack("{s:o}", "items", items);
	json_decref(items);
	return NULL;
}

/* Whichever way is open. */
static json_t *run(const struct job *job, struct err *err)
{
	struct local l = {NULL, NULL, NULL};
	struct err here = ERR_INIT;
	json_t *result = NULL;

	if (local_open(&job->conf, &l, &here) == 0)
		result = do_local(job, &l, err);
	else if (here.code != ERR_STORE_LOCKED)
		err_set(err, here.code, "%s", here.detail);
	else if (job->order || job->id)
		result = ask_one(job, err);
	else
		result = ask_list(job, err);
	local_close(&l);
	return result;
}

/* --- what people see ----------------------------------------------------- */

static const char *text_of(const json_t *record, const char *name,
			   const char *none)
{
	const char *text = json_string_value(json_object_get(record, name));

	return text ? text : none;
}

static void show_created(const json_t *r)
{
	printf("id       %s\nname     %s\nscope    %s\nexpires  %s\n"
	       "\nThe key itself, which is shown only now:\n%s\n",
	       text_of(r, "id", ""), text_of(r, "name", ""),
	       text_of(r, "scope", ""), text_of(r, "expires_at", "never"),
	       text_of(r, "key", ""));
}

static void show_revoked(const json_t *r)
{
	printf("%s (%s) is revoked\n", text_of(r, "id", ""),
	       text_of(r, "name", ""));
}

static void show_list(const json_t *list)
{
	const json_t *r;
	size_t i;

	printf("%-30s  %-5s  %-7s  %-24s  %-24s  %s\n", "ID", "SCOPE", "STATUS",
	       "LAST USED", "EXPIRES", "NAME");
	json_array_foreach (json_object_get(list, "items"), i, r)
		printf("%-30s  %-5s  %-7s  %-24s  %-24s  %s\n",
		       text_of(r, "id", ""), text_of(r, "scope", ""),
		       text_of(r, "status", ""),
		       text_of(r, "last_used_at", "never"),
		       text_of(r, "expires_at", "never"),
		       text_of(r, "name", ""));
}

static int show(const struct job *job, const json_t *result)
{
	if (job->json) {
		if (json_dumpf(result, stdout, JSON_COMPACT) ||
		    putchar('\n') == EOF)
			return EX_IOERR;
	} else if (job->order) {
		show_created(result);
	} else if (job->id) {
		show_revoked(result);
	} else {
		show_list(result);
	}
	return fflush(stdout) ? EX_IOERR : EX_OK;
}

/* --- what is asked for --------------------------------------------------- */

enum { NAME = 1, SCOPE, EXPIRES, JSON };

/* A sub-command: the options it takes, and whether it takes an id. */
static const struct sub {
	const char *name;
	bool creates, takes_id;
	struct option options[5];
} subs[] = {
	{"create",
	 true,
	 false,
	 {{"name", required_argument, NULL, NAME},
	  {"scope", required_argument, NULL, SCOPE},
	  {"expires", required_argument, NULL, EXPIRES},
	  {"json", no_argument, NULL, JSON},
	  {NULL, 0, NULL, 0}}},
	{"list", false, false, {{"json", no_argument, NULL, JSON}}},
	{"revoke", false, true, {{"json", no_argument, NULL, JSON}}},
};

static int misused(void)
{
	fputs("usage: trunkline key create --name NAME --scope "
	      "read|write|admin [--expires TIME] [--json]\n"
	      "       trunkline key list [--json]\n"
	      "       trunkline key revoke ID [--json]\n"
	      "TIME is one of RFC 3339, as 2027-01-31T12:00:00Z\n",
	      stderr);
	return EX_USAGE;
}

static int take_option(struct job *job, int option)
{
	static const char *const members[] = {
		[NAME] = "name", [SCOPE] = "scope", [EXPIRES] = "expires_at"};

	if (option == JSON)
		job->json = true;
	else if (option < NAME || option > EXPIRES)
		return -1;
	else
		return json_object_set_new(job->order, members[option],
					   json_string(optarg));
	return 0;
}

/* Fills job from what follows "key". -1: misused. */
static int read_arguments(struct job *job, int argc, char **argv)
{
	const struct sub *sub = NULL;
	int option;

	for (size_t i = 0; i < sizeof(subs) / sizeof(subs[0]); i++)
		if (argc > 1 && strcmp(argv[1], subs[i].name) == 0)
			sub = &subs[i];
	if (!sub)
		return -1;
	if (sub->creates)
		job->order = json_object();
	opterr = 0;
	while ((option = getopt_long(argc - 1, argv + 1, "", sub->options,
				     NULL)) != -1)
		if (take_option(job, option))
			return -1;
	if (argc - 1 - optind != sub->takes_id)
		return -1;
	if (sub->takes_id)
		job->id = argv[1 + optind];
	if (sub->creates && (!json_object_get(job->order, "name") ||
			     !json_object_get(job->order, "scope")))
		return -1;
	return 0;
}

int command_key(int argc, char **argv)
{
	struct job job = {.id = NULL};
	struct err err = ERR_INIT;
	json_t *result = NULL;
	int rc;

	if (read_arguments(&job, argc, argv)) {
		json_decref(job.order);
		return misused();
	}
	log_open(STDERR_FILENO, LOG_WARN);
	if (process_private(&err) == 0 && process_ignore(&err) == 0 &&
	    conf_load(&job.conf, environ, &err) == 0) {
		if (job.id && !id_valid(job.id, ID_KEY))
			err_set(&err, ERR_NOT_FOUND,
				"this is not the id of an API key");
		else
			result = run(&job, &err);
	}
	if (!result && err.code == ERR_NONE)
		err_set(&err, ERR_INTERNAL, "the service answered no record");
	rc = result ? show(&job, result) : command_fail(&err);
	json_decref(result);
	json_decref(job.order);
	conf_release(&job.conf);
	return rc;
}
