/* SPDX-License-Identifier: MIT */
/* confine_needs.c - what the settings say that a running service will need. */
#include <curl/curl.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "confine.h"
#include "store/store.h"

typedef char path_list[CONFINE_NEEDS + 1][PATH_MAX];

static int add(path_list list, const char *path, struct err *err)
{
	int i = 0;

	while (i < CONFINE_NEEDS && list[i][0])
		i++;
	if (i == CONFINE_NEEDS)
		return err_set(err, ERR_INTERNAL, "too many paths are needed");
	if (strlen(path) >= PATH_MAX)
		return err_set(err, ERR_CONFIG, "a path is too long");
	strcpy(list[i], path);
	return 0;
}

static int add_folder_of(path_list list, const char *path, struct err *err)
{
	char *copy = strdup(path);
	int rc = copy ? add(list, dirname(copy), err)
		      : err_set(err, ERR_INTERNAL, "there is no memory left");

	free(copy);
	return rc;
}

/* The folder where it stands and, if it is a link, the one where it leads: what
 * replaces it will be there, too. NULL is fine. */
static int add_readable(struct confine_needs *n, const char *path,
			struct err *err)
{
	char real[PATH_MAX];

	if (!path)
		return 0;
	if (add_folder_of(n->readable, path, err))
		return -1;
	return realpath(path, real) ? add_folder_of(n->readable, real, err) : 0;
}

static int add_readables(struct confine_needs *n, const struct conf *c,
			 struct err *err)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	if (add_readable(n, "/etc/resolv.conf", err))
		return -1;
	return c->ca_file ? add_readable(n, c->ca_file, err)
			  : add_readable(n, v->cainfo, err);
}

/* Beside the database lie its log, its key and, by default, the backups. */
static int add_folders(struct confine_needs *n, const struct conf *c,
		       struct err *err)
{
	char database[PATH_MAX];

	if (store_path(c->database_url, database, err) ||
	    add_folder_of(n->folders, database, err))
		return -1;
	if (!c->backup_dir)
		return 0;
	/* Later it could not be made any more. */
	if (mkdir(c->backup_dir, 0700) && errno != EEXIST)
		log_warn("backup_directory_missing",
			 L_STR("reason", strerror(errno)),
			 L_STR("detail", "there will be no backups until a "
					 "start that finds it"));
	return add(n->folders, c->backup_dir, err);
}

static int add_port_of(struct confine_needs *n, const char *url,
		       struct err *err)
{
	CURLU *u = curl_url();
	char *port = NULL;
	int rc = -1, i = 0;

	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
		    CURLUE_OK) {
		while (n->ports[i])
			i++;
		n->ports[i] = (uint16_t)atoi(port); /* curl has checked it */
		rc = 0;
	}
	curl_free(port);
	curl_url_cleanup(u);
	return rc ? err_set(err, ERR_INTERNAL, "a URL without a port") : 0;
}

int confine_needs_init(struct confine_needs *n, const struct conf *c,
		       struct err *err)
{
	const char *urls[CONF_URLS];
	int count = conf_urls(c, urls);

	_Static_assert(CONF_URLS <= CONFINE_NEEDS, "each may have a port");
	memset(n, 0, sizeof(*n));
	if (add_folders(n, c, err) || add_readables(n, c, err))
		return -1;
	for (int i = 0; i < count; i++)
		if (add_port_of(n, urls[i], err))
			return -1;
	return 0;
}
