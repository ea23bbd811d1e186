/* SPDX-License-Identifier: MIT */
/* conf_check.c - which texts are good settings, and what would be right. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf_row.h"

const char *check_visible(char **value)
{
	for (const char *p = *value; *p; p++)
		if (*p <= ' ' || *p > '~')
			return "visible ASCII characters without spaces";
	return NULL;
}

const char *check_api_key(char **value)
{
	if (strlen(*value) < 16 || check_visible(value))
		return "at least 16 visible ASCII characters";
	return NULL;
}

/* Which kinds there are, the store knows: it is the one to refuse a server. */
const char *check_database(char **value)
{
	const char *v = *value;

	if ((strncmp(v, "sqlite:", 7) == 0 && v[7]) ||
	    strncmp(v, "postgres://", 11) == 0 ||
	    strncmp(v, "postgresql://", 13) == 0)
		return NULL;
	return "sqlite:PATH";
}

static bool is_sid(const char *s, const char *prefix)
{
	return strncmp(s, prefix, 2) == 0 && strlen(s) == 34 &&
	       strspn(s + 2, "0123456789abcdefABCDEF") == 32;
}

const char *check_account(char **value)
{
	return is_sid(*value, "AC") ? NULL : "AC and 32 hexadecimal digits";
}

const char *check_twilio_key(char **value)
{
	return is_sid(*value, "SK") ? NULL : "SK and 32 hexadecimal digits";
}

bool conf_is_loopback(const char *host)
{
	struct in6_addr v6;
	struct in_addr v4;
	char text[64];
	size_t n = strlen(host);

	if (strcasecmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (n < 2 || n >= sizeof(text))
		return false;
	if (host[0] == '[' && host[n - 1] == ']') {
		host++;
		n -= 2;
	}
	memcpy(text, host, n);
	text[n] = '\0';
	return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Is the scheme one that this host may have? */
static bool safe_scheme(CURLU *u)
{
	char *scheme = NULL, *host = NULL;
	bool ok = false;

	if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		ok = strcmp(scheme, "https") == 0 ||
		     (strcmp(scheme, "http") == 0 && conf_is_loopback(host));
	curl_free(scheme);
	curl_free(host);
	return ok;
}

/* With curl's own parser, which will read the URL again when it is called: two
 * parsers could see two hosts. The result is its normal form. */
const char *check_base_url(char **value)
{
	CURLU *u = curl_url();
	char *normal = NULL;
	bool ok;

	ok = u && !strpbrk(*value, "?#\\") &&
	     curl_url_set(u, CURLUPART_URL, *value, CURLU_DISALLOW_USER) ==
		     CURLUE_OK &&
	     safe_scheme(u) &&
	     curl_url_get(u, CURLUPART_URL, &normal, 0) == CURLUE_OK;
	curl_url_cleanup(u);
	if (ok) {
		char *copy = strdup(normal);

		curl_free(normal);
		if (!copy)
			return "given when there is memory";
		for (size_t n = strlen(copy); n && copy[n - 1] == '/'; n--)
			copy[n - 1] = '\0';
		free(*value);
		*value = copy;
		return NULL;
	}
	return "https://HOST[:PORT][/PATH] without user, query or fragment "
	       "(http:// only to 127.0.0.0/8, [::1] or localhost)";
}

static bool ends_with(const char *s, size_t n, const char *end)
{
	size_t m = strlen(end);

	return n >= m && strncasecmp(s + n - m, end, m) == 0;
}

const char *check_sip_uri(char **value)
{
	static const char right[] = "sip:HOST[:PORT][;transport=udp|tcp|tls] "
				    "without a user part";
	static const char safe[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789.-_:[];=";
	const char *host = *value + 4;
	const char *transport;
	size_t n;

	if (strncasecmp(*value, "sip:", 4) != 0)
		return right;
	n = strcspn(host, ":;");
	if (n == 0 || host[strspn(host, safe)] != '\0')
		return right;
	if (ends_with(host, n, ".sip.livekit.cloud"))
		return "sip:sip.retellai.com: hosts under .sip.livekit.cloud "
		       "are retired";
	transport = strcasestr(host, ";transport=");
	if (transport) {
		transport += strlen(";transport=");
		n = strcspn(transport, ";");
		if (n != 3 || (strncasecmp(transport, "udp", 3) != 0 &&
			       strncasecmp(transport, "tcp", 3) != 0 &&
			       strncasecmp(transport, "tls", 3) != 0))
			return right;
	}
	return NULL;
}
