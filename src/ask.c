/* SPDX-License-Identifier: MIT */
/* ask.c - one call with libcurl to the service of this host. */
#include "ask.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define CONNECT_MS 5000L
#define WAIT_S	   3600L /* a large database takes long to copy */
#define BODY_MAX   (64 * 1024)
#define ANSWER_MAX (1024 * 1024)

/* An address to listen on everywhere is reached on the loopback. */
static const char *reachable(const char *host)
{
	if (strcmp(host, "0.0.0.0") == 0)
		return "127.0.0.1";
	return strcmp(host, "::") == 0 ? "::1" : host;
}

void service_url(const struct conf_address *a, const char *path,
		 char out[URL_SIZE])
{
	const char *host = reachable(a->host);

	snprintf(out, URL_SIZE,
		 strchr(host, ':') ? "http://[%s]:%u%s" : "http://%s:%u%s",
		 host, a->port, path);
}

static size_t collect(char *data, size_t size, size_t n, void *buf)
{
	return buf_add(buf, data, size * n) ? 0 : size * n;
}

static bool set_up(CURL *h, const char *method, const char *url,
		   const char *key, const char *body, struct curl_slist *head,
		   struct buf *to)
{
	if (body && curl_easy_setopt(h, CURLOPT_POSTFIELDS, body))
		return false;
	if (!body && strcmp(method, "POST") == 0 &&
	    (curl_easy_setopt(h, CURLOPT_POST, 1L) ||
	     curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, 0L)))
		return false;
	return !curl_easy_setopt(h, CURLOPT_URL, url) &&
	       !curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method) &&
	       !curl_easy_setopt(h, CURLOPT_PROXY, "") &&
	       !curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http") &&
	       !curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) &&
	       !curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) &&
	       !curl_easy_setopt(h, CURLOPT_TIMEOUT, WAIT_S) &&
	       !curl_easy_setopt(h, CURLOPT_HTTPAUTH, CURLAUTH_BEARER) &&
	       !curl_easy_setopt(h, CURLOPT_XOAUTH2_BEARER, key) &&
	       !curl_easy_setopt(h, CURLOPT_HTTPHEADER, head) &&
	       !curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, collect) &&
	       !curl_easy_setopt(h, CURLOPT_WRITEDATA, to);
}

static int perform(const struct conf *c, const char *method, const char *url,
		   const char *body, struct asked *answer, struct err *err)
{
	struct buf got = BUF_INIT(ANSWER_MAX);
	struct err unread = ERR_INIT; /* the status tells more */
	struct curl_slist *head = NULL;
	CURL *h = curl_easy_init();
	CURLcode rc = CURLE_OUT_OF_MEMORY;

	if (body)
		head = curl_slist_append(NULL,
					 "Content-Type: application/json");
	if (h && (head || !body) &&
	    set_up(h, method, url, c->api_key, body, head, &got))
		rc = curl_easy_perform(h);
	if (rc == CURLE_OK)
		rc = curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE,
				       &answer->status);
	if (rc)
		err_set(err, ERR_STORE_LOCKED,
			"the database is in use, and no service answers at %s "
			"(%s)",
			url, curl_easy_strerror(rc));
	else if (got.len)
		answer->body =
			json_read(got.data, got.len, JSON_DEPTH_MAX, &unread);
	buf_release_secret(&got);
	curl_slist_free_all(head);
	curl_easy_cleanup(h);
	return rc ? -1 : 0;
}

/* The first fault, if there are any, tells more than the detail. */
static const char *reason(const struct asked *a, char out[200])
{
	const json_t *fault =
		json_array_get(json_object_get(a->body, "errors"), 0);
	const char *at = json_string_value(json_object_get(fault, "pointer"));
	const char *what = json_string_value(json_object_get(fault, "detail"));

	if (at && what)
		snprintf(out, 200, "%.60s %.130s", *at ? at + 1 : "the body",
			 what);
	else
		snprintf(out, 200, "%.199s", asked_text(a, "detail"));
	return out;
}

/* What the service answered, as an error of ours. */
static int refused(const struct asked *a, const char *url, struct err *err)
{
	enum err_code code = ERR_INTERNAL;
	char text[200];

	if (a->status == 404)
		code = ERR_NOT_FOUND;
	else if (a->status == 422)
		code = ERR_INVALID_REQUEST;
	else if (a->status == 409 || a->status == 429 || a->status == 503)
		code = ERR_STORE_FULL; /* what may pass */
	else if (a->status >= 400 && a->status < 500)
		code = ERR_CONFIG;
	return err_set(err, code, "%.70s answers %ld: %.150s", url, a->status,
		       reason(a, text));
}

int ask(const struct conf *c, const char *method, const char *path,
	const json_t *body, long wanted, struct asked *answer, struct err *err)
{
	struct buf text = BUF_INIT(BODY_MAX);
	char url[URL_SIZE];
	int rc = -1;

	*answer = (struct asked){0, NULL};
	service_url(&c->listen, path, url);
	if (!c->api_key)
		err_set(err, ERR_CONFIG,
			"the service is running: TRUNKLINE_API_KEY must be set "
			"to ask it");
	else if ((body && json_add_value(&text, body)) ||
		 curl_global_init(CURL_GLOBAL_DEFAULT))
		err_set(err, ERR_INTERNAL, "there is no memory left");
	else
		rc = perform(c, method, url, body ? text.data : NULL, answer,
			     err);
	if (!rc && answer->status != wanted)
		rc = refused(answer, url, err);
	buf_release(&text);
	return rc;
}

void asked_release(struct asked *a)
{
	json_decref(a->body);
	*a = (struct asked){0, NULL};
}

const char *asked_text(const struct asked *a, const char *member)
{
	const char *text = json_string_value(json_object_get(a->body, member));

	return text ? text : "";
}
