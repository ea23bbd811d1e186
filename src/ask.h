/* SPDX-License-Identifier: MIT */
/* ask.h - a request to the service that runs on this host and holds the
 * database's lock: what a command may not do itself then, it asks for. */
#ifndef SRC_ASK_H
#define SRC_ASK_H

#include <jansson.h>

#include "base/conf.h"
#include "base/err.h"

#define URL_SIZE 512 /* any host and port, and a path of 400 characters */

/* Where the service is reached that listens on this address. */
void service_url(const struct conf_address *a, const char *path,
		 char out[URL_SIZE]);

struct asked {
	long status;
	json_t *body; /* NULL if it is not JSON */
};

/* Asks at TRUNKLINE_LISTEN with TRUNKLINE_API_KEY, which never stands in an
 * argument. body may be NULL. Anything but status `wanted` is an error, with
 * the service's own words. Release the answer either way. */
int ask(const struct conf *c, const char *method, const char *path,
	const json_t *body, long wanted, struct asked *answer, struct err *err);
void asked_release(struct asked *a);
/* A member of the answer's object; "" if it has none that is text. */
const char *asked_text(const struct asked *a, const char *member);

#endif
