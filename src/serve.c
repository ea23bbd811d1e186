/* SPDX-License-Identifier: MIT */
/*
 * serve.c - `trunkline serve`: starts the modules in order, waits for a signal,
 * stops them in reverse.
 *
 * Threads: this one (signals and the reaper of slow connections), the engine's,
 * the API's pool, the admin listener's, and for a while one that checks the
 * database for damage.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "api/limits.h"
#include "api/server.h"
#include "base/log.h"
#include "commands.h"
#include "confine.h"
#include "database.h"
#include "descriptors.h"
#include "process.h"
#include "saga/engine.h"

/* Between two looks when there are no connections to be reaped. */
#define IDLE_MS 60000

struct service {
	struct conf conf;
	struct descriptors descriptors;
	struct clock *clock;
	struct store *store;
	struct number_counts numbers; /* of what is in it */
	struct seal *seal;
	char instance[INSTANCE_SIZE];
	struct transport *transport;
	struct engine *engine;
	struct server *server;

	pthread_t engine_thread, check_thread;
	bool engine_runs, serves, check_runs;
	atomic_bool engine_ended, damaged;
	struct err engine_err; /* valid once engine_ended */
};

/* What this command cannot do without, beyond what conf_load checks. */
static int check_conf(const struct conf *c, struct err *err)
{
	const char *missing = !c->api_key	   ? "TRUNKLINE_API_KEY"
			      : !c->retell_api_key ? "RETELL_API_KEY"
						   : NULL;

	if (missing)
		return err_set(err, ERR_CONFIG, "%s must be set", missing);
	if (c->twilio_account_sid && !c->twilio_auth_token &&
	    !(c->twilio_api_key && c->twilio_api_secret))
		return err_set(err, ERR_CONFIG,
			       "TWILIO_ACCOUNT_SID needs TWILIO_AUTH_TOKEN, or "
			       "TWILIO_API_KEY and TWILIO_API_SECRET");
	return 0;
}

/* Is any provider called over TLS? On a test bench none is. */
static bool uses_tls(const struct conf *c)
{
	const char *urls[CONF_URLS];
	int count = conf_urls(c, urls);

	for (int i = 0; i < count; i++)
		if (strncmp(urls[i], "https:", 6) == 0)
			return true;
	return false;
}

static int share_descriptors(struct service *s, struct err *err)
{
	struct descriptors *d = &s->descriptors;
	long limit = process_descriptors();

	if (descriptors_share(&s->conf, limit, d, err))
		return -1;
	log_info("descriptors", L_INT("limit", limit), L_INT("own", d->own),
		 L_INT("providers", d->providers), L_INT("admin", d->admin),
		 L_INT("clients", d->clients));
	return 0;
}

/* Not the Voice API, which few numbers need, if it has a host of its own. */
static int prewarm(struct service *s, struct err *err)
{
	const struct conf *c = &s->conf;
	const char *urls[CONF_URLS];
	int count = conf_urls(c, urls);

	for (int i = 0; i < count; i++)
		if (urls[i] != c->twilio_voice_url &&
		    transport_curl_warm(s->transport, urls[i], (int)c->prewarm,
					err))
			return -1;
	return 0;
}

static int open_transport(struct service *s, struct err *err)
{
	const struct curl_conf conf = {
		.connect_timeout_ms = 5000,
		.total_timeout_ms = (long)s->conf.call_timeout_ms,
		.max_connections = s->descriptors.per_host,
		.ca_file = s->conf.ca_file,
		.tls = uses_tls(&s->conf),
		.http2 = s->conf.http2,
	};

	s->transport = transport_curl_new(&conf, err);
	return s->transport ? prewarm(s, err) : -1;
}

static int open_engine(struct service *s, struct err *err)
{
	const struct conf *c = &s->conf;
	bool by_key = c->twilio_api_key && c->twilio_api_secret;
	const struct engine_conf conf = {
		.settings =
			{
				.instance = s->instance,
				.twilio_api_url = c->twilio_api_url,
				.twilio_trunking_url = c->twilio_trunking_url,
				.twilio_voice_url = c->twilio_voice_url,
				.retell_url = c->retell_url,
				.twilio_account_sid = c->twilio_account_sid,
				.twilio_user = by_key ? c->twilio_api_key
						      : c->twilio_account_sid,
				.twilio_secret = by_key ? c->twilio_api_secret
							: c->twilio_auth_token,
				.retell_api_key = c->retell_api_key,
				.retell_sip_uri = c->retell_sip_uri,
			},
		/* An account's calls need not wait for connections. */
		.concurrency = c->provider_concurrency < s->descriptors.per_host
				       ? c->provider_concurrency
				       : s->descriptors.per_host,
		.operation_deadline_ms = c->operation_deadline_s * 1000,
		.undo_deadline_ms = c->undo_deadline_s * 1000,
		.settle_ms = c->settle_ms,
		.max_operations = c->max_operations,
		.sweep_grace_ms = c->sweep_grace_s * 1000,
		.sweep_every_ms = c->sweep_interval_s * 1000,
	};

	s->engine = engine_new(&conf, s->clock, s->transport, s->store, s->seal,
			       err);
	return s->engine ? engine_recover(s->engine, err) : -1;
}

static void *run_engine(void *arg)
{
	struct service *s = arg;

	(void)engine_run(s->engine, &s->engine_err); /* engine_err tells */
	atomic_store(&s->engine_ended, true);
	process_wake();
	return NULL;
}

static int start_engine(struct service *s, struct err *err)
{
	if (pthread_create(&s->engine_thread, NULL, run_engine, s))
		return err_set(err, ERR_INTERNAL, "cannot start a thread");
	s->engine_runs = true;
	return 0;
}

static int open_server(struct service *s, struct err *err)
{
	const struct server_conf conf = {
		.listen = s->conf.listen,
		.admin_listen = s->conf.admin_listen,
		.threads = (int)s->conf.threads,
		.connections = s->descriptors.clients,
		.admin_connections = s->descriptors.admin,
		.wait_ms = s->conf.wait_s * 1000,
		.access_log = s->conf.access_log,
		.database_url = s->conf.database_url,
		.numbers = &s->numbers,
		.backup_dir = s->conf.backup_dir,
		.api_key = s->conf.api_key,
		.rate_limit = s->conf.rate_limit,
		.rate_burst = s->conf.rate_burst,
	};

	s->server = server_new(&conf, s->engine, s->seal, s->clock, err);
	return s->server ? 0 : -1;
}

static int start_server(struct service *s, struct err *err)
{
	if (server_start(s->server, err))
		return -1;
	s->serves = true;
	printf("trunkline listening on %s (admin %s)\n", server_url(s->server),
	       server_admin_url(s->server));
	return fflush(stdout) ? err_set(err, ERR_INTERNAL,
					"cannot write to standard output")
			      : 0;
}

/* Reading the whole file may take minutes: the service starts meanwhile. */
static void *run_check(void *arg)
{
	struct service *s = arg;
	struct err err = ERR_INIT;
	struct store *reader =
		store_open(s->conf.database_url, STORE_READER, &err);

	if (reader && number_counts_start(&s->numbers, reader, &err)) {
		log_warn("numbers_not_counted", L_ERR(&err));
		err_clear(&err);
	}
	if (reader && store_check(reader, &err) == 0) {
		log_info("database_sound");
	} else if (err.code == ERR_STORE_FULL) {
		/* No memory, no descriptor: that is not damage. */
		log_warn("database_not_checked", L_ERR(&err));
	} else {
		log_error("database_check_failed", L_ERR(&err));
		atomic_store(&s->damaged, true); /* told on by wait_for_end */
		process_wake();
	}
	store_close(reader);
	return NULL;
}

static int start_check(struct service *s, struct err *err)
{
	if (pthread_create(&s->check_thread, NULL, run_check, s))
		return err_set(err, ERR_INTERNAL, "cannot start a thread");
	s->check_runs = true;
	return 0;
}

static int service_open(struct service *s, struct err *err)
{
	if (conf_load(&s->conf, environ, err) || check_conf(&s->conf, err))
		return -1;
	log_open(STDERR_FILENO, (enum log_level)s->conf.log_level);
	log_info("starting", L_STR("version", TRUNKLINE_VERSION));
	conf_log(&s->conf);
	if (share_descriptors(s, err))
		return -1;
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return err_set(err, ERR_INTERNAL, "libcurl did not start");
	s->store = database_open(&s->conf, err);
	if (!s->store)
		return -1;
	number_counts_follow(&s->numbers, s->store);
	s->seal = database_key(&s->conf, s->store, s->clock, err);
	if (!s->seal ||
	    database_instance(s->store, s->clock, s->instance, err) ||
	    open_transport(s, err) || open_engine(s, err) ||
	    open_server(s, err))
		return -1;
	/* All is open, and there are no threads yet. */
	if (confine(&s->conf, err))
		return -1;
	if (start_engine(s, err) || start_server(s, err) || start_check(s, err))
		return -1;
	log_info("started", L_STR("instance", s->instance));
	return 0;
}

/* A second signal means now: what is on disk is enough to go on from. */
static void look(struct service *s)
{
	int signo = process_signal(s->server ? server_pause_ms(s->server)
					     : IDLE_MS);

	if (signo)
		_exit(128 + signo);
	if (s->server)
		server_reap(s->server);
}

static void stop_engine(struct service *s, int64_t grace_ms)
{
	if (!s->engine_runs)
		return;
	engine_stop(s->engine, grace_ms);
	while (!atomic_load(&s->engine_ended))
		look(s); /* until run_engine wakes us */
	pthread_join(s->engine_thread, NULL);
	s->engine_runs = false;
}

/* The check only reads; if it is still at it after a moment, there is nothing
 * to wait for, but nothing it uses may be freed either. */
static bool stop_check(struct service *s)
{
	struct timespec until;

	if (!s->check_runs)
		return true;
	s->check_runs = false;
	if (clock_gettime(CLOCK_REALTIME, &until))
		return false;
	until.tv_sec++;
	if (pthread_timedjoin_np(s->check_thread, NULL, &until) == 0)
		return true;
	(void)pthread_detach(s->check_thread); /* we exit without it */
	return false;
}

/* Backwards through service_open, as far as that came. */
static void service_close(struct service *s)
{
	struct err err = ERR_INIT;
	bool checked;

	if (s->server)
		server_quiesce(s->server);
	/* Nobody waits for what a start that failed had taken up again. */
	stop_engine(s, s->serves ? s->conf.shutdown_grace_s * 1000 : 0);
	if (s->server)
		server_detach(s->server);
	if (s->engine)
		engine_free(s->engine);
	checked = stop_check(s);
	if (s->server && server_stop(s->server, &err)) {
		log_error("stop_failed", L_ERR(&err));
		_exit(EX_SOFTWARE);
	}
	if (s->transport)
		s->transport->free(s->transport);
	store_close(s->store);
	log_info("stopped");
	if (!checked)
		_exit(s->engine_err.code == ERR_NONE ? EX_OK : EX_SOFTWARE);
	seal_free(s->seal);
	curl_global_cleanup();
	conf_release(&s->conf);
}

static void wait_for_end(struct service *s)
{
	int signo = 0;

	while (!signo && !atomic_load(&s->engine_ended)) {
		server_reap(s->server);
		if (atomic_load(&s->damaged))
			server_damaged(s->server);
		signo = process_signal(server_pause_ms(s->server));
	}
	log_info("stopping", L_STR("cause", signo ? "signal" : "engine"));
}

int command_serve(int argc, char **argv)
{
	struct service s = {.clock = clock_system(),
			    .numbers = NUMBER_COUNTS_INIT};
	struct err err = ERR_INIT;
	int rc = EX_OK;

	if (process_settle(&err))
		return command_fail(&err);
	if (service_open(&s, &err) == 0)
		wait_for_end(&s);
	service_close(&s);
	if (err.code == ERR_NONE)
		err = s.engine_err;
	if (err.code != ERR_NONE) {
		log_error("failed", L_ERR(&err));
		rc = command_fail(&err);
	}
	return rc;
}
