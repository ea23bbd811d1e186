/* SPDX-License-Identifier: MIT */
/*
 * fuzz_conf.c - NAME=value lines as the environment.
 *
 * Of NAME_FILE=text the text becomes the file's content. Complaints never show
 * a value; what is taken is within its range, also when it is loaded again from
 * its own text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/conf.h"
#include "fuzz.h"

#define VARIABLES 40
#define MARK	  '~' /* in no text of ours */

/* NAME_FILE=text -> NAME_FILE=path of a file in memory that holds it. */
static char *with_file(char *line, int *fd)
{
	char *is = strchr(line, '='), *out;
	size_t n;

	if (*fd >= 0 || !is || is - line < 5 || strncmp(is - 5, "_FILE", 5))
		return line;
	*fd = memfd_create("fuzz", MFD_CLOEXEC);
	must(*fd >= 0);
	n = strlen(is + 1);
	must(write(*fd, is + 1, n) == (ssize_t)n);
	*is = '\0';
	must(asprintf(&out, "%s=/proc/self/fd/%d", line, *fd) > 0);
	free(line);
	return out;
}

static bool host_ok(const struct conf_address *a)
{
	return a->host[0] && memchr(a->host, '\0', sizeof(a->host)) &&
	       !strpbrk(a->host, " /@\r\n");
}

static bool url_ok(const char *url)
{
	size_t n = strlen(url);

	return strncmp(url, "https://", 8) == 0
		       ? n > 8 && url[n - 1] != '/'
		       : strncmp(url, "http://", 7) == 0;
}

static void must_be_good(const struct conf *c)
{
	must(host_ok(&c->listen) && host_ok(&c->admin_listen));
	must(c->threads >= 1 && c->threads <= 64);
	must(c->provider_concurrency >= 1 && c->provider_concurrency <= 1000);
	must(c->settle_ms >= 0 && c->settle_ms <= 60000);
	must(c->max_operations >= 1);
	must(c->database_url);
	must(!c->api_key || strlen(c->api_key) >= 16);
	must(!c->twilio_api_key == !c->twilio_api_secret);
	must(url_ok(c->twilio_api_url) && url_ok(c->twilio_trunking_url));
	must(url_ok(c->twilio_voice_url) && url_ok(c->retell_url));
	must(strncasecmp(c->retell_sip_uri, "sip:", 4) == 0);
}

/* No value of some length shows in a complaint. (A name may, so that nothing
 * can be told when one has the mark that makes a value unmistakable.) */
static void must_not_show(const struct err *err, char *const *env)
{
	for (char *const *e = env; *e; e++)
		if (memchr(*e, MARK, strcspn(*e, "=")))
			return;
	for (; *env; env++) {
		const char *value = strchr(*env, '=');

		if (value && strlen(value + 1) >= 12 && strchr(value, MARK))
			must(!strstr(err->detail, value + 1));
	}
}

static void load(char **env)
{
	struct err err = ERR_INIT;
	struct conf c;

	if (conf_load(&c, env, &err) == 0) {
		must(err.code == ERR_NONE);
		must_be_good(&c);
		conf_release(&c);
	} else {
		must(err.code == ERR_CONFIG && err.detail[0]);
		must_not_show(&err, env);
	}
	must(!c.api_key && !c.twilio_auth_token && !c.database_url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	char *env[VARIABLES + 1];
	int n = 0, fd = -1;

	while (n < VARIABLES && (env[n] = input_until(&in, '\n'))) {
		env[n] = with_file(env[n], &fd);
		n++;
	}
	env[n] = NULL;
	load(env);
	while (n)
		free(env[--n]);
	if (fd >= 0)
		close(fd);
	return 0;
}
