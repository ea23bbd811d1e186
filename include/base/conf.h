/* SPDX-License-Identifier: MIT */
/*
 * conf.h - what the operator sets: one table of environment variables.
 *
 * conf.c has a row for each variable (name, type, range, default, help); the
 * parser, the checks, `trunkline help` and the start-up log walk the rows, and
 * a test holds the README to them. A secret may be given as NAME or, as the
 * path of a file that holds it (last newline removed), as NAME_FILE, not both;
 * it is kept in locked memory.
 * An empty value counts as unset: compose files pass what they do not have so.
 * An unknown variable that begins with TRUNKLINE_ is an error: a typo must not
 * pass for a default.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct conf_address {
	char host[64]; /* a numeric address or a name */
	uint16_t port; /* 0: any free one */
};

/* May the service do without a lock of the kernel that it cannot have? */
enum conf_confine { CONFINE_AUTO, CONFINE_OFF, CONFINE_REQUIRE };

/* What each means and may be stands in its row. */
struct conf {
	struct conf_address listen;	  /* TRUNKLINE_LISTEN */
	struct conf_address admin_listen; /* TRUNKLINE_ADMIN_LISTEN */
	char *database_url;		  /* TRUNKLINE_DATABASE_URL */
	char *backup_dir;		  /* TRUNKLINE_BACKUP_DIR, NULL: beside
					   * the database */
	char *api_key;			  /* TRUNKLINE_API_KEY */
	char *master_key;		  /* TRUNKLINE_MASTER_KEY */
	char *new_master_key;		  /* TRUNKLINE_NEW_MASTER_KEY */
	int64_t threads;		  /* TRUNKLINE_THREADS */
	int64_t provider_concurrency;	  /* TRUNKLINE_PROVIDER_CONCURRENCY */
	bool http2;			  /* TRUNKLINE_HTTP2 */
	int64_t prewarm;		  /* TRUNKLINE_PREWARM: connections */
	int64_t call_timeout_ms;	  /* TRUNKLINE_CALL_TIMEOUT_MS */
	int64_t operation_deadline_s;	  /* TRUNKLINE_OPERATION_DEADLINE_S */
	int64_t undo_deadline_s;	  /* TRUNKLINE_UNDO_DEADLINE_S */
	int64_t settle_ms;		  /* TRUNKLINE_SETTLE_MS */
	int64_t wait_s;			  /* TRUNKLINE_WAIT_S */
	int64_t max_operations;		  /* TRUNKLINE_MAX_OPERATIONS */
	int64_t rate_limit;		  /* TRUNKLINE_RATE_LIMIT: requests per
					   * minute and key; 0: any */
	int64_t rate_burst;		  /* TRUNKLINE_RATE_BURST; 0: as
					   * rate_limit */
	int64_t sweep_interval_s;  /* TRUNKLINE_SWEEP_INTERVAL_S; 0: off */
	int64_t sweep_grace_s;	   /* TRUNKLINE_SWEEP_GRACE_S */
	int64_t shutdown_grace_s;  /* TRUNKLINE_SHUTDOWN_GRACE_S */
	int64_t confine;	   /* TRUNKLINE_CONFINE, an enum conf_confine */
	int64_t log_level;	   /* TRUNKLINE_LOG_LEVEL, an enum log_level */
	bool access_log;	   /* TRUNKLINE_ACCESS_LOG */
	char *twilio_account_sid;  /* TWILIO_ACCOUNT_SID */
	char *twilio_auth_token;   /* TWILIO_AUTH_TOKEN */
	char *twilio_api_key;	   /* TWILIO_API_KEY */
	char *twilio_api_secret;   /* TWILIO_API_SECRET */
	char *retell_api_key;	   /* RETELL_API_KEY */
	char *twilio_api_url;	   /* TWILIO_API_BASE_URL, no trailing slash */
	char *twilio_trunking_url; /* TWILIO_TRUNKING_BASE_URL, likewise */
	char *twilio_voice_url;	   /* TWILIO_VOICE_BASE_URL, likewise */
	char *retell_url;	   /* RETELL_BASE_URL, likewise */
	char *retell_sip_uri;	   /* RETELL_SIP_URI */
	char *ca_file;		   /* TRUNKLINE_CA_FILE, NULL: the system's */
};

/* Reads the environment. On failure err (CONFIG) names the variable, what is
 * wrong and what would be right, never a secret's value. Takes credentials as
 * they are: whether a command needs them, it checks itself. */
int conf_load(struct conf *c, char *const *environ, struct err *err);
/* Overwrites the secrets and frees. */
void conf_release(struct conf *c);
/* The table for people: name, default, range and meaning of every variable. */
void conf_help(FILE *out);
/* Logs every setting that is not a secret at LOG_INFO, secrets as "set" or
 * "unset", and hides the secrets from the log for good (log_hide). */
void conf_log(const struct conf *c);

/* Where the providers are, each URL once: on a test bench it may be one for
 * all. Returns how many. Borrowed. */
#define CONF_URLS 4
int conf_urls(const struct conf *c, const char *urls[CONF_URLS]);

/* Is a URL's host this machine: 127.0.0.0/8, ::1 (also in brackets) or
 * localhost? Only to such a host may a call go without TLS. */
bool conf_is_loopback(const char *host);

/* The rows, for tests and documentation: i from 0 until it returns NULL. */
struct conf_row {
	const char *name;
	const char *fallback; /* default as text, "" if none */
	const char *help;
	bool secret;
};
const struct conf_row *conf_row(int i);

#endif
