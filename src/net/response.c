/* SPDX-License-Identifier: MIT */
/*
 * response.c - take in an answer within limits, and judge what came of a call.
 *
 * The question that counts is whether the request may have had an effect.
 * libcurl's codes do not tell: "unsupported protocol" also comes back after a
 * server executed a POST and answered garbage. What tells is whether libcurl
 * ever got leave to send, which it asks for (PREREQFUNCTION) when connection
 * and TLS stand and no byte has left:
 *
 *   no leave given                              NOT_SENT
 *   a complete, plain answer of status >= 200   ANSWERED
 *   anything else                               LOST
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/conf.h"
#include "call.h"

#define HEAD_BYTES_MAX (32 * 1024)
#define HEAD_LINES_MAX 100
#define ANSWERS_MAX    20 /* interim ones (1xx) and the final one */

static size_t stop(struct call *c, const char *why)
{
	c->stop = why;
	return 0; /* less than was given: libcurl ends the call */
}

size_t call_on_head(char *line, size_t size, size_t n, void *arg)
{
	struct call *c = arg;

	n *= size;
	if (n >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		c->answers++;
		c->head_lines = 0;
	}
	c->head_lines++;
	c->head_bytes += n;
	if (c->head_bytes > HEAD_BYTES_MAX || c->head_lines > HEAD_LINES_MAX ||
	    c->answers > ANSWERS_MAX)
		return stop(c, "too_large");
	return n;
}

size_t call_on_body(char *data, size_t size, size_t n, void *arg)
{
	struct call *c = arg;

	n *= size;
	if (buf_add(&c->rs.body, data, n))
		return stop(c, "too_large");
	return n;
}

/*
 * The connection stands and the request is about to leave. If that happens a
 * second time in one call, a reused connection died after the first: libcurl
 * 7.88 would repeat the request, POST or not, and we could not know how often
 * it was executed.
 */
int call_on_ready(void *arg, char *peer, char *local, int peer_port,
		  int local_port)
{
	struct call *c = arg;

	if (c->let_go) {
		c->again = true;
		stop(c, "reset");
		return CURL_PREREQFUNC_ABORT;
	}
	if (c->local ? !conf_is_loopback(peer) : !peer_is_public(peer)) {
		stop(c, "blocked");
		return CURL_PREREQFUNC_ABORT;
	}
	c->let_go = true;
	return CURL_PREREQFUNC_OK;
}

/* clang-format off */
static const struct {
	CURLcode code;
	const char *name;
} classes[] = {
	{CURLE_COULDNT_RESOLVE_HOST,     "dns"},
	{CURLE_COULDNT_CONNECT,          "refused"},
	{CURLE_OPERATION_TIMEDOUT,       "timeout"},
	{CURLE_SSL_CONNECT_ERROR,        "tls"},
	{CURLE_PEER_FAILED_VERIFICATION, "tls"},
	{CURLE_SSL_CERTPROBLEM,          "tls"},
	{CURLE_SSL_CIPHER,               "tls"},
	{CURLE_SSL_CACERT_BADFILE,       "tls"},
	{CURLE_SSL_ISSUER_ERROR,         "tls"},
	{CURLE_SSL_ENGINE_INITFAILED,    "tls"},
	{CURLE_GOT_NOTHING,              "reset"},
	{CURLE_SEND_ERROR,               "reset"},
	{CURLE_RECV_ERROR,               "reset"},
	{CURLE_PARTIAL_FILE,             "truncated"},
	{CURLE_WEIRD_SERVER_REPLY,       "garbled"},
	{CURLE_BAD_CONTENT_ENCODING,     "encoding"},
	{CURLE_FILESIZE_EXCEEDED,        "too_large"},
	{CURLE_OUT_OF_MEMORY,            "memory"},
};
/* clang-format on */

static void name_failure(struct call *c, CURLcode rc)
{
	const char *name = c->stop;

	/* Before a connection: not a scheme we use. After: not HTTP. */
	if (!name && rc == CURLE_UNSUPPORTED_PROTOCOL)
		name = c->let_go ? "garbled" : "scheme";
	/* It tried to connect again: the connection it had sent on was lost. */
	if (!name && c->let_go &&
	    (rc == CURLE_COULDNT_CONNECT || rc == CURLE_COULDNT_RESOLVE_HOST))
		name = "reset";
	for (size_t i = 0; !name && i < sizeof(classes) / sizeof(*classes); i++)
		if (classes[i].code == rc)
			name = classes[i].name;
	if (name)
		snprintf(c->rs.error, sizeof(c->rs.error), "%s", name);
	else
		snprintf(c->rs.error, sizeof(c->rs.error), "curl_%d", (int)rc);
}

/* The one header of that name in the final answer; NULL if there is none, or
 * more than one, which would leave it open which of them holds. */
static const char *header(struct call *c, const char *name)
{
	struct curl_header *h;

	if (curl_easy_header(c->easy, name, 0, CURLH_HEADER, -1, &h) !=
		    CURLHE_OK ||
	    h->amount != 1)
		return NULL;
	return h->value;
}

/* Without Accept-Encoding an encoded body is a fault of the server or an attack
 * on whoever unpacks it. */
static bool encoded(struct call *c)
{
	struct curl_header *h;

	if (curl_easy_header(c->easy, "Content-Encoding", 0, CURLH_HEADER, -1,
			     &h) != CURLHE_OK)
		return false;
	return h->amount != 1 || strcasecmp(h->value, "identity") != 0;
}

/* application/json or application/SOMETHING+json, whatever its parameters. */
static bool is_json(const char *type)
{
	static const char application[] = "application/";
	size_t n;

	if (!type || strncasecmp(type, application, strlen(application)) != 0)
		return false;
	type += strlen(application);
	n = strcspn(type, "; \t");
	if (n == 4)
		return strncasecmp(type, "json", 4) == 0;
	return n > 5 && strncasecmp(type + n - 5, "+json", 5) == 0;
}

/* Retry-After: seconds or an HTTP date. A date in the past says no more than
 * that it may be tried again, like none. */
static int64_t retry_after(const char *value)
{
	int64_t now = clock_system()->wall_ms(clock_system());
	size_t n = value ? strlen(value) : 0;
	time_t at;

	if (n == 0)
		return -1;
	if (strspn(value, "0123456789") == n)
		return n > 9 ? INT64_C(999999999000) : atoll(value) * 1000;
	/* curl_getdate guesses at much that is no date. */
	if (!isalpha((unsigned char)value[0]) || !strchr(value, ':'))
		return -1;
	at = curl_getdate(value, NULL);
	if (at == (time_t)-1 || (int64_t)at * 1000 <= now)
		return -1;
	return (int64_t)at * 1000 - now;
}

static void lost(struct call *c)
{
	c->rs.fate = HTTP_LOST;
	buf_release(&c->rs.body);
}

void call_judge(struct call *c, CURLcode rc)
{
	long status = 0, sent = 0;

	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &sent);
	curl_easy_getinfo(c->easy, CURLINFO_HTTP_VERSION, &c->version);
	c->rs.status = (int)status;
	if (rc != CURLE_OK) {
		name_failure(c, rc);
		lost(c);
		if (!c->let_go && sent == 0)
			c->rs.fate = HTTP_NOT_SENT;
	} else if (status < 200 || encoded(c)) {
		snprintf(c->rs.error, sizeof(c->rs.error), "%s",
			 status < 200 ? "garbled" : "encoding");
		lost(c);
	} else {
		c->rs.fate = HTTP_ANSWERED;
		c->rs.json = is_json(header(c, "Content-Type"));
		c->rs.retry_after_ms = retry_after(header(c, "Retry-After"));
	}
}

void call_lose(struct call *c)
{
	snprintf(c->rs.error, sizeof(c->rs.error), "transport");
	lost(c);
}

void call_drop(struct call *c)
{
	snprintf(c->rs.error, sizeof(c->rs.error), "timeout");
	c->rs.fate = HTTP_NOT_SENT;
}
