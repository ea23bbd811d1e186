/* SPDX-License-Identifier: MIT */
/* command_health.c - ask the service on this host whether it is ready, for
 * container health checks: exit 0 or 1, nothing else. */
#include <curl/curl.h>
#include <stdio.h>
#include <unistd.h>

#include "ask.h"
#include "commands.h"

#define TIMEOUT_MS 3000L

static size_t discard(char *data, size_t size, size_t n, void *arg)
{
	return size * n;
}

/* Of its answer; 0 if none came. */
static long status_of(const char *url)
{
	CURL *h = curl_easy_init();
	long status = 0;

	if (!h)
		return 0;
	if (!curl_easy_setopt(h, CURLOPT_URL, url) &&
	    !curl_easy_setopt(h, CURLOPT_PROXY, "") &&
	    !curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) &&
	    !curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, TIMEOUT_MS) &&
	    !curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, discard) &&
	    !curl_easy_perform(h) &&
	    curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status))
		status = 0;
	curl_easy_cleanup(h);
	return status;
}

int command_health(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct conf c = {0};
	char url[URL_SIZE];
	long status = 0;

	if (conf_load(&c, environ, &err)) {
		(void)command_fail(&err);
		conf_release(&c);
		return 1;
	}
	service_url(&c.admin_listen, "/readyz", url);
	conf_release(&c);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == 0) {
		status = status_of(url);
		curl_global_cleanup();
	}
	if (!status)
		fprintf(stderr, "trunkline: nothing answers at %s\n", url);
	else if (status != 200)
		fprintf(stderr, "trunkline: %s answers %ld\n", url, status);
	return status == 200 ? 0 : 1;
}
