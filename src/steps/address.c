/* SPDX-License-Identifier: MIT */
/* address.c - addresses as data; see address.h. */
#include "address.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdbool.h>
#include <string.h>

#define HOST_CHARS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-."

const char *host_fault(const char *host)
{
	size_t len = strlen(host);

	if (len == 0 || len > 253 || strspn(host, HOST_CHARS) != len ||
	    !strchr(host, '.') || strstr(host, "..") || host[0] == '.' ||
	    host[0] == '-' || host[len - 1] == '.' || host[len - 1] == '-')
		return "must be a host name like example.pstn.twilio.com, "
		       "without scheme, user or port";
	return NULL;
}

/* One part of a parsed URL as a copy to curl_free, NULL if it has none. */
static char *part(CURLU *u, CURLUPart what)
{
	char *s = NULL;

	return curl_url_get(u, what, &s, 0) == CURLUE_OK ? s : NULL;
}

/* curl writes IPv4 in any spelling (0x7f000001, 2130706433) with dots. */
static bool is_literal(const char *host)
{
	struct in_addr four;

	return host[0] == '[' || inet_pton(AF_INET, host, &four) == 1;
}

static const char *parsed_fault(CURLU *u)
{
	char *scheme = part(u, CURLUPART_SCHEME);
	char *user = part(u, CURLUPART_USER);
	char *host = part(u, CURLUPART_HOST);
	const char *fault = NULL;

	if (!scheme || strcmp(scheme, "https") != 0)
		fault = "must begin with https://";
	else if (user)
		fault = "must not have a user part";
	else if (!host || is_literal(host) || host_fault(host))
		fault = "must name a host, like https://hooks.example.com/x";
	curl_free(scheme);
	curl_free(user);
	curl_free(host);
	return fault;
}

const char *https_url_fault(const char *url)
{
	const char *fault = "must be an https:// URL";
	CURLU *u = curl_url();

	for (const char *p = url; *p; p++)
		if (*p <= 0x20 || *p == 0x7f || *p == '\\')
			goto out;
	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK)
		fault = parsed_fault(u);
out:
	curl_url_cleanup(u);
	return fault;
}

/* Is it a dotted address with a full set of four numbers, or a host name? */
static bool sip_host_valid(const char *host)
{
	struct in_addr four;

	return !host_fault(host) || inet_pton(AF_INET, host, &four) == 1;
}

const char *sip_uri_fault(const char *uri)
{
	static const char right[] = "must be a SIP URI without a user part, "
				    "like sip:sip.retellai.com;transport=tcp";
	char host[254];
	size_t n;

	for (const char *p = uri; *p; p++)
		if (*p <= 0x20 || *p >= 0x7f)
			return right;
	if (strncmp(uri, "sip:", 4) != 0 || strchr(uri, '@'))
		return right;
	n = strcspn(uri + 4, ":;?");
	if (n >= sizeof(host))
		return right;
	memcpy(host, uri + 4, n);
	host[n] = '\0';
	if (!sip_host_valid(host))
		return right;
	uri += 4 + n;
	if (*uri == ':') {
		n = strspn(uri + 1, "0123456789");
		if (n == 0 || n > 5)
			return right;
		uri += 1 + n;
	}
	if (*uri && *uri != ';')
		return right;
	n = strlen(host);
	if (n > 18 && strcmp(host + n - 18, ".sip.livekit.cloud") == 0)
		return "is the retired SIP server of Retell; use "
		       "sip:sip.retellai.com;transport=tcp";
	return NULL;
}
