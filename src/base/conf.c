/* SPDX-License-Identifier: MIT */
/*
 * conf.c - the table of settings, and reading them from the environment.
 *
 * A complaint says which variable and what would be right, never what was
 * given: a secret easily ends up in the wrong variable.
 */
#include "base/conf.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "conf_row.h"

#define VALUE_MAX 4096 /* bytes of a value, also of a secret's file */
#define PREFIX	  "TRUNKLINE_"

/* clang-format off */
#define FACE(n, d, h, s) .face = {.name = (n), .fallback = (d), .help = (h), .secret = (s)}
#define AT(field)        .offset = offsetof(struct conf, field)
#define TEXT_(n, field, d, c, h)   {FACE(n, d, h, false), .type = TEXT, AT(field), .check = (c)}
#define SECRET_(n, field, c, h)    {FACE(n, "", h, true), .type = TEXT, AT(field), .check = (c)}
#define INT_(n, field, d, lo, hi, h) {FACE(n, d, h, false), .type = INTEGER, AT(field), .min = (lo), .max = (hi)}
#define CHOICE_(n, field, d, c, h) {FACE(n, d, h, false), .type = CHOICE, AT(field), .choices = (c)}
#define OTHER_(n, field, d, t, h)  {FACE(n, d, h, false), .type = (t), AT(field)}

static const char *const confines[] = {
	[CONFINE_AUTO] = "auto", [CONFINE_OFF] = "off", [CONFINE_REQUIRE] = "require", NULL,
};

static const struct row rows[] = {
	OTHER_("TRUNKLINE_LISTEN", listen, "127.0.0.1:8080", ADDRESS,
	       "Address and port of the API. 0.0.0.0:8080 or [::]:8080 listens everywhere; port 0 takes any free one."),
	OTHER_("TRUNKLINE_ADMIN_LISTEN", admin_listen, "127.0.0.1:9090", ADDRESS,
	       "Address and port of /livez, /readyz and /metrics. Without authentication: keep it inside."),
	TEXT_("TRUNKLINE_DATABASE_URL", database_url, "sqlite:trunkline.db", check_database,
	      "Where the records are kept: sqlite:PATH."),
	TEXT_("TRUNKLINE_BACKUP_DIR", backup_dir, "", NULL,
	      "Directory for the copies that POST /v1/backups makes; made if it is missing. If unset: backups, beside the database."),
	SECRET_("TRUNKLINE_API_KEY", api_key, check_api_key,
		"A key with scope admin for the API, 16 characters or more."),
	SECRET_("TRUNKLINE_MASTER_KEY", master_key, NULL,
		"Seals secrets at rest: 32 bytes in base64. If unset, a key file is made beside the database; back it up."),
	SECRET_("TRUNKLINE_NEW_MASTER_KEY", new_master_key, NULL,
		"The master key to come: trunkline rekey seals everything anew with it. Wanted until that has ended."),
	INT_("TRUNKLINE_THREADS", threads, "2", 1, 64,
	     "Threads that answer the API."),
	INT_("TRUNKLINE_PROVIDER_CONCURRENCY", provider_concurrency, "32", 1, 5000,
	     "Calls under way at once, to each account at a provider."),
	OTHER_("TRUNKLINE_HTTP2", http2, "on", SWITCH,
	       "Many calls over one connection, with providers that offer HTTP/2: on or off."),
	INT_("TRUNKLINE_PREWARM", prewarm, "0", 0, 64,
	     "Connections made to each provider at the start, for the calls to come; one is enough where HTTP/2 is spoken."),
	INT_("TRUNKLINE_CALL_TIMEOUT_MS", call_timeout_ms, "15000", 100, 120000,
	     "Longest time for one call to a provider, in milliseconds."),
	INT_("TRUNKLINE_OPERATION_DEADLINE_S", operation_deadline_s, "60", 1, 3600,
	     "Longest time for an operation to succeed before it is taken back, in seconds."),
	INT_("TRUNKLINE_UNDO_DEADLINE_S", undo_deadline_s, "600", 1, 86400,
	     "Longest time for taking back before what is left makes the number corrupted, in seconds."),
	INT_("TRUNKLINE_SETTLE_MS", settle_ms, "2000", 0, 60000,
	     "Wait between two looks for a resource whose creation is in doubt, in milliseconds."),
	INT_("TRUNKLINE_WAIT_S", wait_s, "90", 0, 600,
	     "How long a client waits for a create or delete before it gets 202 and the operation, in seconds."),
	INT_("TRUNKLINE_MAX_OPERATIONS", max_operations, "5000", 1, 1000000,
	     "Operations running at once; one more is answered 503. The last "
	     "eighth is for API keys that run less than their share."),
	INT_("TRUNKLINE_RATE_LIMIT", rate_limit, "0", 0, 1000000,
	     "Requests per minute that each API key may make; one more is answered 429. 0: no limit."),
	INT_("TRUNKLINE_RATE_BURST", rate_burst, "0", 0, 1000000,
	     "How many of them may come at once. 0: as many as in a minute."),
	INT_("TRUNKLINE_SWEEP_INTERVAL_S", sweep_interval_s, "3600", 0, 604800,
	     "Time between two sweeps for resources of ours that nothing owns, in seconds. 0: only on demand."),
	INT_("TRUNKLINE_SWEEP_GRACE_S", sweep_grace_s, "900", 0, 604800,
	     "How old such a resource must be before a sweep removes it, in seconds."),
	INT_("TRUNKLINE_SHUTDOWN_GRACE_S", shutdown_grace_s, "25", 0, 600,
	     "How long running operations may go on after SIGTERM, in seconds. What is left goes on at the next start."),
	CHOICE_("TRUNKLINE_CONFINE", confine, "auto", confines,
		"Give up all files, ports and system calls that a running service has no use for (Landlock, seccomp): auto does as much as the kernel can, require does not start without, off does nothing."),
	OTHER_("TRUNKLINE_LOG_LEVEL", log_level, "info", LEVEL,
	       "Lowest level that is logged: debug, info, warn or error."),
	OTHER_("TRUNKLINE_ACCESS_LOG", access_log, "on", SWITCH,
	       "Log every request to the API: on or off."),
	TEXT_("TRUNKLINE_CA_FILE", ca_file, "", NULL,
	      "PEM file of the authorities that vouch for the providers, instead of the system's."),
	TEXT_("TWILIO_ACCOUNT_SID", twilio_account_sid, "", check_account,
	      "The Twilio account that owns the numbers: AC and 32 hexadecimal digits."),
	SECRET_("TWILIO_AUTH_TOKEN", twilio_auth_token, check_visible,
		"Its auth token. Not used if TWILIO_API_KEY is set."),
	TEXT_("TWILIO_API_KEY", twilio_api_key, "", check_twilio_key,
	      "A Twilio API key (SK and 32 hexadecimal digits), with TWILIO_API_SECRET. Goes before the auth token, and can be revoked alone."),
	SECRET_("TWILIO_API_SECRET", twilio_api_secret, check_visible,
		"The secret of TWILIO_API_KEY."),
	SECRET_("RETELL_API_KEY", retell_api_key, check_visible,
		"The API key of the Retell workspace."),
	TEXT_("TWILIO_API_BASE_URL", twilio_api_url, "https://api.twilio.com", check_base_url,
	      "Twilio's REST API. http:// is taken for this machine only."),
	TEXT_("TWILIO_TRUNKING_BASE_URL", twilio_trunking_url, "https://trunking.twilio.com", check_base_url,
	      "Twilio's Elastic SIP Trunking API."),
	TEXT_("TWILIO_VOICE_BASE_URL", twilio_voice_url, "https://voice.twilio.com", check_base_url,
	      "Twilio's Voice API (connection policies)."),
	TEXT_("RETELL_BASE_URL", retell_url, "https://api.retellai.com", check_base_url,
	      "Retell's REST API."),
	TEXT_("RETELL_SIP_URI", retell_sip_uri, "sip:sip.retellai.com;transport=tcp", check_sip_uri,
	      "Where Twilio sends inbound calls: Retell's SIP server, without a user part."),
};
/* clang-format on */

#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

const struct conf_row *conf_row(int i)
{
	return i >= 0 && i < ROWS ? &rows[i].face : NULL;
}

/* ---- one value into its field ---- */

static int wrong(const struct row *r, const char *right, struct err *err)
{
	return err_set(err, ERR_CONFIG, "%s must be %s", r->face.name, right);
}

/* A secret's memory is locked, fenced off and left out of core dumps. */
static char *copy_text(const struct row *r, const char *value)
{
	size_t size = strlen(value) + 1;
	char *copy;

	if (!r->face.secret)
		return strdup(value);
	clock_system(); /* libsodium is ready after it */
	copy = sodium_malloc(size);
	if (copy)
		memcpy(copy, value, size);
	return copy;
}

static int parse_text(const struct row *r, struct conf *c, const char *value,
		      struct err *err)
{
	char **to = row_field(r, c);
	const char *right;

	*to = copy_text(r, value);
	if (!*to)
		return err_set(err, ERR_CONFIG, "no memory");
	right = r->check ? r->check(to) : NULL;
	return right ? wrong(r, right, err) : 0;
}

static int parse_integer(const struct row *r, struct conf *c, const char *value,
			 struct err *err)
{
	size_t digits = strspn(value, "0123456789");
	int64_t *to = row_field(r, c);

	/* 18 digits cannot overflow, and no range goes that far. */
	if (digits > 0 && digits <= 18 && !value[digits])
		*to = strtoll(value, NULL, 10);
	else
		*to = -1;
	if (*to < r->min || *to > r->max)
		return err_set(err, ERR_CONFIG,
			       "%s must be a whole number from %" PRId64
			       " to %" PRId64,
			       r->face.name, r->min, r->max);
	return 0;
}

static int parse_switch(const struct row *r, struct conf *c, const char *value,
			struct err *err)
{
	bool *to = row_field(r, c);

	*to = strcmp(value, "on") == 0;
	if (!*to && strcmp(value, "off") != 0)
		return wrong(r, "on or off", err);
	return 0;
}

static int parse_level(const struct row *r, struct conf *c, const char *value,
		       struct err *err)
{
	int64_t *to = row_field(r, c);

	for (*to = LOG_DEBUG; *to <= LOG_ERROR; ++*to)
		if (strcmp(value, log_level_name(*to)) == 0)
			return 0;
	return wrong(r, "debug, info, warn or error", err);
}

static int parse_choice(const struct row *r, struct conf *c, const char *value,
			struct err *err)
{
	int64_t *to = row_field(r, c);
	char right[64] = "one of ";
	size_t n = strlen(right);

	for (*to = 0; r->choices[*to]; ++*to) {
		if (strcmp(value, r->choices[*to]) == 0)
			return 0;
		if (n < sizeof(right))
			n += (size_t)snprintf(right + n, sizeof(right) - n,
					      "%s%s", *to ? ", " : "",
					      r->choices[*to]);
	}
	return wrong(r, right, err);
}

/* Copies the host part and checks it; *numeric6 if it stood in brackets. */
static bool parse_host(char host[64], const char *value, size_t len)
{
	struct in6_addr v6;
	bool brackets = len > 2 && value[0] == '[' && value[len - 1] == ']';

	if (brackets) {
		value++;
		len -= 2;
	}
	if (len == 0 || len >= 64)
		return false;
	memcpy(host, value, len);
	host[len] = '\0';
	if (brackets)
		return inet_pton(AF_INET6, host, &v6) == 1;
	for (const char *p = host; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr(".-_", *p))
			return false;
	return true;
}

static int parse_address(const struct row *r, struct conf *c, const char *value,
			 struct err *err)
{
	struct conf_address *to = row_field(r, c);
	const char *colon = strrchr(value, ':');
	size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
	long port =
		digits > 0 && digits <= 5 ? strtol(colon + 1, NULL, 10) : 65536;

	if (port > 65535 || colon[1 + digits] ||
	    !parse_host(to->host, value, (size_t)(colon - value)))
		return wrong(r,
			     "HOST:PORT, as 127.0.0.1:8080, [::1]:8080 or "
			     "localhost:8080",
			     err);
	to->port = (uint16_t)port;
	return 0;
}

static int parse(const struct row *r, struct conf *c, const char *value,
		 struct err *err)
{
	for (const unsigned char *p = (const unsigned char *)value; *p; p++)
		if (*p < 0x20 || *p == 0x7f)
			return wrong(r, "without control characters", err);
	if (strlen(value) >= VALUE_MAX)
		return wrong(r, "shorter than 4096 bytes", err);
	switch (r->type) {
	case TEXT:
		return parse_text(r, c, value, err);
	case INTEGER:
		return parse_integer(r, c, value, err);
	case SWITCH:
		return parse_switch(r, c, value, err);
	case LEVEL:
		return parse_level(r, c, value, err);
	case CHOICE:
		return parse_choice(r, c, value, err);
	case ADDRESS:
		return parse_address(r, c, value, err);
	}
	return -1;
}

/* ---- the environment ---- */

/* The value of a variable, NULL if it is unset or empty. */
static const char *lookup(char *const *env, const char *name,
			  const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	for (; *env; env++)
		if (strncmp(*env, name, n) == 0 &&
		    strncmp(*env + n, suffix, m) == 0 && (*env)[n + m] == '=')
			return (*env)[n + m + 1] ? *env + n + m + 1 : NULL;
	return NULL;
}

static int parse_file(const struct row *r, struct conf *c, const char *path,
		      struct err *err)
{
	char text[VALUE_MAX + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, VALUE_MAX) : -1;
	int rc = -1;

	if (n < 0) {
		err_set(err, ERR_CONFIG, "%s_FILE cannot be read: %s",
			r->face.name, strerror(errno));
		goto out;
	}
	if (n > 0 && text[n - 1] == '\n')
		n--;
	if (n > 0 && text[n - 1] == '\r')
		n--;
	text[n] = '\0';
	if (n == 0 || strlen(text) != (size_t)n)
		err_set(err, ERR_CONFIG, "%s_FILE is %s", r->face.name,
			n == 0 ? "an empty file" : "not a text file");
	else
		rc = parse(r, c, text, err);
out:
	sodium_memzero(text, sizeof(text));
	if (fd >= 0)
		close(fd);
	return rc;
}

static int load_row(const struct row *r, struct conf *c, char *const *env,
		    struct err *err)
{
	const char *value = lookup(env, r->face.name, "");
	const char *path =
		r->face.secret ? lookup(env, r->face.name, "_FILE") : NULL;

	if (value && path)
		return err_set(err, ERR_CONFIG, "set %s or %s_FILE, not both",
			       r->face.name, r->face.name);
	if (path)
		return parse_file(r, c, path, err);
	if (!value)
		value = r->face.fallback;
	return *value || r->type != TEXT ? parse(r, c, value, err) : 0;
}

/* Is s, n bytes long, the name of row r or of its secret's file? */
static bool names(const struct row *r, const char *s, size_t n)
{
	size_t m = strlen(r->face.name);

	if (n < m || strncmp(s, r->face.name, m) != 0)
		return false;
	return n == m || (r->face.secret && n == m + 5 &&
			  strncmp(s + m, "_FILE", 5) == 0);
}

static int smallest(int a, int b, int c)
{
	int least = a < b ? a : b;

	return least < c ? least : c;
}

/* Letters to change, add or drop to turn a (n bytes, 63 at most are looked at)
 * into b: Levenshtein's distance, one row of the table at a time. */
static int distance(const char *a, size_t n, const char *b)
{
	int row[64];
	int length = (int)strnlen(b, 63);

	for (int j = 0; j <= length; j++)
		row[j] = j;
	for (int i = 1; i <= (int)n && i < 64; i++) {
		int diagonal = row[0];

		row[0] = i;
		for (int j = 1; j <= length; j++) {
			int up = row[j];

			row[j] = smallest(up + 1, row[j - 1] + 1,
					  diagonal + (a[i - 1] != b[j - 1]));
			diagonal = up;
		}
	}
	return row[length];
}

static const char *nearest(const char *s, size_t n)
{
	const char *best = "";
	int least = 1000;

	for (int i = 0; i < ROWS; i++) {
		int d = distance(s, n, rows[i].face.name);

		if (d < least) {
			least = d;
			best = rows[i].face.name;
		}
	}
	return best;
}

static int check_unknown(char *const *env, struct err *err)
{
	for (; *env; env++) {
		size_t n = strcspn(*env, "=");
		int i = 0;

		if (strncmp(*env, PREFIX, strlen(PREFIX)) != 0)
			continue;
		while (i < ROWS && !names(&rows[i], *env, n))
			i++;
		if (i == ROWS)
			return err_set(err, ERR_CONFIG,
				       "%.*s is not a setting; did you mean "
				       "%s?",
				       n > 63 ? 63 : (int)n, *env,
				       nearest(*env, n));
	}
	return 0;
}

int conf_load(struct conf *c, char *const *env, struct err *err)
{
	memset(c, 0, sizeof(*c));
	if (check_unknown(env, err))
		return -1;
	for (int i = 0; i < ROWS; i++)
		if (load_row(&rows[i], c, env, err))
			goto fail;
	if (!c->twilio_api_key != !c->twilio_api_secret) {
		err_set(err, ERR_CONFIG,
			"TWILIO_API_KEY and TWILIO_API_SECRET go together: %s "
			"is missing",
			c->twilio_api_key ? "TWILIO_API_SECRET"
					  : "TWILIO_API_KEY");
		goto fail;
	}
	return 0;
fail:
	conf_release(c);
	return -1;
}

int conf_urls(const struct conf *c, const char *urls[CONF_URLS])
{
	const char *const all[CONF_URLS] = {c->twilio_api_url,
					    c->twilio_trunking_url,
					    c->twilio_voice_url, c->retell_url};
	int count = 0;

	for (int i = 0; i < CONF_URLS; i++) {
		int before = 0;

		while (before < count && strcmp(urls[before], all[i]) != 0)
			before++;
		if (before == count)
			urls[count++] = all[i];
	}
	return count;
}

void conf_release(struct conf *c)
{
	for (int i = 0; i < ROWS; i++) {
		char **text = row_field(&rows[i], c);

		if (rows[i].type != TEXT || !*text)
			continue;
		/* All of them: a database URL may hold a password too. */
		sodium_memzero(*text, strlen(*text));
		if (rows[i].face.secret)
			sodium_free(*text);
		else
			free(*text);
		*text = NULL;
	}
}
