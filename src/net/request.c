/* SPDX-License-Identifier: MIT */
/*
 * request.c - dress a libcurl handle for one call.
 *
 * libcurl's defaults are those of a tool for people: proxies from the
 * environment, every protocol, no limits. Here every option that matters is set
 * on every call, so that none depends on a default or on the call before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/conf.h"
#include "call.h"

#define CONNECTION_LIFE_S 300L /* a replaced certificate is seen after this */

static int add_header(struct curl_slist **list, const char *header)
{
	struct curl_slist *longer = curl_slist_append(*list, header);

	if (!longer)
		return -1;
	*list = longer;
	return 0;
}

static int add_headers(struct dress *d)
{
	/* "Name:" keeps libcurl from adding its own. */
	static const char *const type[] = {
		[HTTP_BODY_NONE] = "Content-Type:",
		[HTTP_BODY_FORM] =
			"Content-Type: application/x-www-form-urlencoded",
		[HTTP_BODY_JSON] = "Content-Type: application/json",
	};

	for (int i = HTTP_BODY_NONE; i <= HTTP_BODY_JSON; i++)
		if (add_header(&d->headers[i], type[i]) ||
		    add_header(&d->headers[i], "Accept: application/json") ||
		    add_header(&d->headers[i], "Expect:"))
			return -1;
	return 0;
}

/* Better at the start than as a TLS error of every call. */
static int check_ca_file(const char *path, struct err *err)
{
	static const char begin[] = "-----BEGIN";
	FILE *f = fopen(path, "re");
	char line[256];
	bool found = false;

	if (!f)
		return err_set(err, ERR_CONFIG,
			       "TRUNKLINE_CA_FILE cannot be read");
	while (!found && fgets(line, sizeof(line), f))
		found = strncmp(line, begin, strlen(begin)) == 0;
	fclose(f);
	return found ? 0
		     : err_set(err, ERR_CONFIG,
			       "TRUNKLINE_CA_FILE holds no certificate in PEM");
}

static int check_system_authorities(struct err *err)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	if ((v->cainfo && access(v->cainfo, R_OK) == 0) ||
	    (!v->cainfo && v->capath && access(v->capath, R_OK | X_OK) == 0))
		return 0;
	return err_set(err, ERR_CONFIG,
		       "the system's certificate authorities cannot be read "
		       "(%s): install ca-certificates or set TRUNKLINE_CA_FILE",
		       v->cainfo ? v->cainfo : "none configured");
}

int dress_init(struct dress *d, const struct curl_conf *conf, struct err *err)
{
	memset(d, 0, sizeof(*d));
	d->conf = *conf;
	d->conf.ca_file = NULL;
	if (conf->ca_file) {
		if (check_ca_file(conf->ca_file, err))
			return -1;
		d->ca_file = strdup(conf->ca_file);
		if (!d->ca_file)
			return err_set(err, ERR_INTERNAL, "out of memory");
	}
	if (conf->tls && !conf->ca_file && check_system_authorities(err))
		return -1;
	if (add_headers(d))
		return err_set(err, ERR_INTERNAL, "out of memory");
	return 0;
}

void dress_release(struct dress *d)
{
	for (int i = HTTP_BODY_NONE; i <= HTTP_BODY_JSON; i++)
		curl_slist_free_all(d->headers[i]);
	free(d->ca_file);
}

/* Reads the URL once, for libcurl too: it gets the result, not the text. */
static int read_url(struct call *c)
{
	char *host = NULL;
	int rc = -1;

	c->url = curl_url();
	if (!c->url || strlen(c->rq.url.data) != c->rq.url.len)
		return -1;
	if (curl_url_set(c->url, CURLUPART_URL, c->rq.url.data,
			 CURLU_DISALLOW_USER) == CURLUE_OK &&
	    curl_url_get(c->url, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
		c->local = conf_is_loopback(host);
		rc = 0;
	}
	curl_free(host);
	return rc;
}

/* set(&rc, easy, OPTION, value): the first failure stays in rc. */
#define set(rc, ...)                                           \
	do {                                                   \
		if (*(rc) == CURLE_OK)                         \
			*(rc) = curl_easy_setopt(__VA_ARGS__); \
	} while (0)

static void set_target(CURLcode *rc, struct call *c)
{
	CURL *e = c->easy;

	set(rc, e, CURLOPT_CURLU, c->url);
	set(rc, e, CURLOPT_PROTOCOLS_STR, c->local ? "http,https" : "https");
	set(rc, e, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	set(rc, e, CURLOPT_FOLLOWLOCATION, 0L);
	set(rc, e, CURLOPT_PROXY, "");
	set(rc, e, CURLOPT_HTTP_VERSION,
	    (long)(c->multiplexed ? CURL_HTTP_VERSION_2TLS
				  : CURL_HTTP_VERSION_1_1));
	/* One connection first, until it is known what the host speaks. */
	set(rc, e, CURLOPT_PIPEWAIT, (long)c->multiplexed);
	set(rc, e, CURLOPT_NOBODY, (long)c->warms);
	set(rc, e, CURLOPT_USERAGENT, "trunkline/" TRUNKLINE_VERSION);
}

static void set_tls(CURLcode *rc, struct call *c, const struct dress *d)
{
	CURL *e = c->easy;

	set(rc, e, CURLOPT_SSL_VERIFYPEER, 1L);
	set(rc, e, CURLOPT_SSL_VERIFYHOST, 2L);
	set(rc, e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (!d->ca_file)
		return;
	set(rc, e, CURLOPT_CAINFO, d->ca_file);
	set(rc, e, CURLOPT_CAPATH, (char *)NULL); /* not the system's too */
}

static void set_limits(CURLcode *rc, struct call *c, const struct dress *d)
{
	CURL *e = c->easy;

	set(rc, e, CURLOPT_NOSIGNAL, 1L);
	/* Without it a hung resolver stops every call when one times out. */
	set(rc, e, CURLOPT_QUICK_EXIT, 1L);
	set(rc, e, CURLOPT_TIMEOUT_MS, d->conf.total_timeout_ms);
	set(rc, e, CURLOPT_CONNECTTIMEOUT_MS, d->conf.connect_timeout_ms);
	set(rc, e, CURLOPT_MAXLIFETIME_CONN, CONNECTION_LIFE_S);
	set(rc, e, CURLOPT_MAXAGE_CONN, (long)CONNECTION_IDLE_S);
	set(rc, e, CURLOPT_UPLOAD_BUFFERSIZE, 16384L); /* the least */
	set(rc, e, CURLOPT_TCP_NODELAY, 1L);
	set(rc, e, CURLOPT_TCP_KEEPALIVE, 1L);
	/* A declared length is refused at once; call_on_body counts the rest */
	set(rc, e, CURLOPT_MAXFILESIZE, (long)HTTP_RESPONSE_MAX);
}

static void set_callbacks(CURLcode *rc, struct call *c)
{
	CURL *e = c->easy;

	set(rc, e, CURLOPT_PRIVATE, (void *)c);
	set(rc, e, CURLOPT_WRITEFUNCTION, call_on_body);
	set(rc, e, CURLOPT_WRITEDATA, (void *)c);
	set(rc, e, CURLOPT_HEADERFUNCTION, call_on_head);
	set(rc, e, CURLOPT_HEADERDATA, (void *)c);
	set(rc, e, CURLOPT_PREREQFUNCTION, call_on_ready);
	set(rc, e, CURLOPT_PREREQDATA, (void *)c);
}

static void set_method(CURLcode *rc, struct call *c, const struct dress *d)
{
	const struct http_request *rq = &c->rq;
	CURL *e = c->easy;

	set(rc, e, CURLOPT_HTTPHEADER, d->headers[rq->body_type]);
	if (rq->method == HTTP_POST || rq->body_type != HTTP_BODY_NONE) {
		set(rc, e, CURLOPT_POST, 1L);
		set(rc, e, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)rq->body.len);
		set(rc, e, CURLOPT_POSTFIELDS, rq->body.data);
	}
	if (rq->method == HTTP_PATCH || rq->method == HTTP_DELETE)
		set(rc, e, CURLOPT_CUSTOMREQUEST, http_method_name(rq->method));
}

/* By libcurl's own options, never as a header of ours: libcurl keeps them to
 * the host of the URL. */
static void set_auth(CURLcode *rc, struct call *c)
{
	const struct http_request *rq = &c->rq;
	CURL *e = c->easy;

	if (rq->auth == HTTP_AUTH_BASIC) {
		set(rc, e, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		set(rc, e, CURLOPT_USERNAME, rq->user.data);
		set(rc, e, CURLOPT_PASSWORD, rq->secret.data);
	} else if (rq->auth == HTTP_AUTH_BEARER) {
		set(rc, e, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		set(rc, e, CURLOPT_XOAUTH2_BEARER, rq->secret.data);
	}
}

/* A bearer token is sent as it is: a line break in it would be a header more.
 * A colon in a user name would move the border to the password. */
static bool good_auth(const struct http_request *rq)
{
	for (size_t i = 0; i < rq->secret.len; i++)
		if ((unsigned char)rq->secret.data[i] < ' ')
			return false;
	return strlen(rq->user.data) == rq->user.len &&
	       !strchr(rq->user.data, ':');
}

int call_dress(struct call *c, const struct dress *d, struct err *err)
{
	const struct http_request *rq = &c->rq;
	CURLcode rc = CURLE_OK;

	if (rq->url.failed || rq->body.failed || rq->user.failed ||
	    rq->secret.failed)
		return err_set(err, ERR_INTERNAL, "%s: the request is too long",
			       rq->name);
	if (!good_auth(rq))
		return err_set(err, ERR_INTERNAL, "%s: not a user and secret",
			       rq->name);
	if (read_url(c))
		return err_set(err, ERR_INTERNAL, "%s: not a URL to call",
			       rq->name);
	c->multiplexed =
		d->conf.http2 && strncasecmp(rq->url.data, "https:", 6) == 0;
	set_target(&rc, c);
	set_tls(&rc, c, d);
	set_limits(&rc, c, d);
	set_callbacks(&rc, c);
	set_method(&rc, c, d);
	set_auth(&rc, c);
	if (rc != CURLE_OK)
		return err_set(err, ERR_INTERNAL,
			       "%s: libcurl refuses an option (%d)", rq->name,
			       (int)rc);
	return 0;
}
