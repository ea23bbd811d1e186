/* SPDX-License-Identifier: MIT */
/* command_health.c - ask the service on this host whether it is ready, for
 * container health checks: exit 0 or 1, nothing else. */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"

#define TIMEOUT_MS 3000L

static size_t discard(char *data, size_t size, size_t n, void *arg)
{
	return size * n;
}

/* An address to listen on everywhere is reached on the loopback. */
static const char *reachable(const char *host)
{
	if (strcmp(host, "0.0.0.0") == 0)
		return "127.0.0.1";
	return strcmp(host, "::") == 0 ? "::1" : host;
}

void command_url(const struct conf_address *a, const char *path,
		 char out[URL_SIZE])
{
	const char *host = reachable(a->host);

	snprintf(out, URL_SIZE,
		 strchr(host, ':') ? "http://[%s]:%u%s" : "http://%s:%u%s",
		 host, a->port, path);
}

static long ask(const char *url)
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
	command_url(&c.admin_listen, "/readyz", url);
	conf_release(&c);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == 0) {
		status = ask(url);
		curl_global_cleanup();
	}
	if (status != 200)
		fprintf(stderr, "trunkline: %s answers %ld\n", url, status);
	return status == 200 ? 0 : 1;
}
