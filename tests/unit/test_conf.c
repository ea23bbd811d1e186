/* SPDX-License-Identifier: MIT */
/* test_conf.c - what the environment may say, and how a mistake is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/log.h"

#define SID "0123456789abcdef0123456789ABCDEF"

/* Loads an environment of up to three variables. */
static int load(struct conf *c, struct err *err, const char *one,
		const char *two, const char *three)
{
	char *env[] = {(char *)one, (char *)two, (char *)three, NULL};

	return conf_load(c, env, err);
}

static void assert_taken(const char *variable)
{
	struct err err = ERR_INIT;
	struct conf c;

	if (load(&c, &err, variable, NULL, NULL))
		fail_msg("%s: %s", variable, err.detail);
	conf_release(&c);
}

/* Refused, and the complaint holds what is given (and no secret). */
static void assert_refused(const char *variable, const char *complaint)
{
	struct err err = ERR_INIT;
	struct conf c;

	assert_int_equal(load(&c, &err, variable, NULL, NULL), -1);
	assert_int_equal(err.code, ERR_CONFIG);
	assert_non_null(strstr(err.detail, complaint));
	assert_null(strstr(err.detail, "hunter2"));
}

static void an_empty_environment_gives_the_defaults(void **state)
{
	struct err err = ERR_INIT;
	struct conf c;

	assert_int_equal(load(&c, &err, NULL, NULL, NULL), 0);
	assert_string_equal(c.listen.host, "127.0.0.1");
	assert_int_equal(c.listen.port, 8080);
	assert_int_equal(c.admin_listen.port, 9090);
	assert_string_equal(c.database_url, "sqlite:trunkline.db");
	assert_null(c.api_key);
	assert_null(c.ca_file);
	assert_int_equal(c.threads, 2);
	assert_int_equal(c.provider_concurrency, 32);
	assert_int_equal(c.call_timeout_ms, 15000);
	assert_int_equal(c.operation_deadline_s, 60);
	assert_int_equal(c.undo_deadline_s, 600);
	assert_int_equal(c.settle_ms, 2000);
	assert_int_equal(c.wait_s, 90);
	assert_int_equal(c.max_operations, 5000);
	assert_int_equal(c.shutdown_grace_s, 25);
	assert_int_equal(c.confine, CONFINE_AUTO);
	assert_int_equal(c.log_level, LOG_INFO);
	assert_true(c.access_log);
	assert_string_equal(c.twilio_api_url, "https://api.twilio.com");
	assert_string_equal(c.twilio_trunking_url,
			    "https://trunking.twilio.com");
	assert_string_equal(c.twilio_voice_url, "https://voice.twilio.com");
	assert_string_equal(c.retell_url, "https://api.retellai.com");
	assert_string_equal(c.retell_sip_uri,
			    "sip:sip.retellai.com;transport=tcp");
	conf_release(&c);
}

static void every_address_of_the_providers_is_told_once(void **state)
{
	struct err err = ERR_INIT;
	const char *urls[CONF_URLS];
	struct conf c;

	assert_int_equal(load(&c, &err, NULL, NULL, NULL), 0);
	assert_int_equal(conf_urls(&c, urls), CONF_URLS);
	assert_string_equal(urls[0], c.twilio_api_url);
	assert_string_equal(urls[3], c.retell_url);
	conf_release(&c);
	assert_int_equal(load(&c, &err, "TWILIO_API_BASE_URL=http://[::1]:1",
			      "TWILIO_VOICE_BASE_URL=http://[::1]:1",
			      "RETELL_BASE_URL=http://[::1]:2"),
			 0);
	assert_int_equal(conf_urls(&c, urls), 3);
	assert_string_equal(urls[0], "http://[::1]:1");
	assert_string_equal(urls[1], c.twilio_trunking_url);
	assert_string_equal(urls[2], "http://[::1]:2");
	conf_release(&c);
}

static void an_empty_value_counts_as_unset(void **state)
{
	struct err err = ERR_INIT;
	struct conf c;

	assert_int_equal(load(&c, &err, "TRUNKLINE_API_KEY=",
			      "TRUNKLINE_THREADS=", "TWILIO_AUTH_TOKEN_FILE="),
			 0);
	assert_null(c.api_key);
	assert_int_equal(c.threads, 2);
	conf_release(&c);
}

static void a_mistyped_name_is_an_error_with_the_nearest(void **state)
{
	assert_refused("TRUNKLINE_LISTN=127.0.0.1:1",
		       "TRUNKLINE_LISTN is not a setting; did you mean "
		       "TRUNKLINE_LISTEN?");
	assert_refused("TRUNKLINE_APIKEY=hunter2hunter2hunter2",
		       "did you mean TRUNKLINE_API_KEY?");
	assert_refused("TRUNKLINE_OPERATION_DEADLINE=60",
		       "did you mean TRUNKLINE_OPERATION_DEADLINE_S?");
	assert_refused("TRUNKLINE_THREADS_FILE=/x", "is not a setting");
	assert_refused("TRUNKLINE_=1", "is not a setting");
	assert_refused("TRUNKLINE_THREADSX", "is not a setting");
	assert_taken("TRUNKLINED=1"); /* another's */
	assert_taken("PATH=/bin");
}

static void numbers_have_a_range(void **state)
{
	assert_taken("TRUNKLINE_THREADS=64");
	assert_refused("TRUNKLINE_THREADS=65",
		       "TRUNKLINE_THREADS must be a whole number from 1 to 64");
	assert_refused("TRUNKLINE_THREADS=0", "from 1 to 64");
	assert_refused("TRUNKLINE_THREADS=-1", "from 1 to 64");
	assert_refused("TRUNKLINE_THREADS=+1", "from 1 to 64");
	assert_refused("TRUNKLINE_THREADS= 1", "from 1 to 64");
	assert_refused("TRUNKLINE_THREADS=0x1", "from 1 to 64");
	assert_refused("TRUNKLINE_THREADS=1.0", "from 1 to 64");
	assert_refused("TRUNKLINE_THREADS=18446744073709551618", "from 1");
	assert_taken("TRUNKLINE_SETTLE_MS=0");
}

static void switches_and_levels_have_names(void **state)
{
	struct err err = ERR_INIT;
	struct conf c;

	assert_int_equal(load(&c, &err, "TRUNKLINE_ACCESS_LOG=off",
			      "TRUNKLINE_LOG_LEVEL=error",
			      "TRUNKLINE_CONFINE=require"),
			 0);
	assert_false(c.access_log);
	assert_int_equal(c.log_level, LOG_ERROR);
	assert_int_equal(c.confine, CONFINE_REQUIRE);
	conf_release(&c);
	assert_refused("TRUNKLINE_ACCESS_LOG=yes", "must be on or off");
	assert_refused("TRUNKLINE_CONFINE=yes",
		       "must be one of auto, off, require");
	assert_refused("TRUNKLINE_CONFINE=Require", "must be one of");
	assert_refused("TRUNKLINE_LOG_LEVEL=INFO",
		       "debug, info, warn or error");
}

static void assert_listens(const char *value, const char *host, int port)
{
	char variable[200];
	struct err err = ERR_INIT;
	struct conf c;

	snprintf(variable, sizeof(variable), "TRUNKLINE_LISTEN=%s", value);
	assert_int_equal(load(&c, &err, variable, NULL, NULL), 0);
	assert_string_equal(c.listen.host, host);
	assert_int_equal(c.listen.port, port);
	conf_release(&c);
}

static void an_address_has_a_host_and_a_port(void **state)
{
	static const char *const wrong[] = {
		":8080",
		"8080",
		"localhost",
		"localhost:",
		"1.2.3.4:65536",
		"1.2.3.4:-1",
		"1.2.3.4:80x",
		"::1:80",
		"[::1]",
		"[]:80",
		"[1.2.3.4]:80",
		"[::1:80",
		"a b:80",
		"http://x:80",
		"1.2.3.4:999999999999",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aa"
		":80",
	};

	assert_listens("0.0.0.0:80", "0.0.0.0", 80);
	assert_listens("[::1]:8080", "::1", 8080);
	assert_listens("[::]:0", "::", 0);
	assert_listens("my-host.example:65535", "my-host.example", 65535);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char variable[200];

		snprintf(variable, sizeof(variable), "TRUNKLINE_LISTEN=%s",
			 wrong[i]);
		assert_refused(variable, "TRUNKLINE_LISTEN must be HOST:PORT");
	}
}

static void assert_url(const char *value, const char *normal)
{
	char variable[300];
	struct err err = ERR_INIT;
	struct conf c;

	snprintf(variable, sizeof(variable), "RETELL_BASE_URL=%s", value);
	assert_int_equal(load(&c, &err, variable, NULL, NULL), 0);
	assert_string_equal(c.retell_url, normal);
	conf_release(&c);
}

static void a_base_url_is_https_or_on_this_machine(void **state)
{
	static const char *const wrong[] = {
		"http://api.example.com",
		"http://10.0.0.1",
		"http://127.0.0.1.example.com",
		"http://localhost.example.com",
		"http://[::ffff:127.0.0.1]",
		"ftp://127.0.0.1",
		"file:///etc/passwd",
		"api.example.com",
		"https://",
		"https://user:hunter2@api.example.com",
		"https://api.example.com@127.0.0.1",
		"https://api.example.com?x=1",
		"https://api.example.com/?",
		"https://api.example.com/#x",
		"https://api.example.com\\@evil.example",
		"https://api example.com",
		"https://api.example.com:0x50",
		"https://api.example.com:99999",
	};

	assert_url("https://api.example.com", "https://api.example.com");
	assert_url("https://api.example.com//", "https://api.example.com");
	assert_url("https://api.example.com:8443/a/b/",
		   "https://api.example.com:8443/a/b");
	assert_url("http://127.0.0.1:9400", "http://127.0.0.1:9400");
	assert_url("http://127.1.2.3", "http://127.1.2.3");
	assert_url("http://localhost:9400/", "http://localhost:9400");
	assert_url("http://[::1]:9400", "http://[::1]:9400");
	/* In the spelling that the caller of it will see, too. */
	assert_url("http://0x7f000001", "http://127.0.0.1");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char variable[300];

		snprintf(variable, sizeof(variable), "RETELL_BASE_URL=%s",
			 wrong[i]);
		assert_refused(variable, "RETELL_BASE_URL must be https://");
	}
}

static void loopback_is_this_machine_only(void **state)
{
	assert_true(conf_is_loopback("127.0.0.1"));
	assert_true(conf_is_loopback("127.255.0.9"));
	assert_true(conf_is_loopback("::1"));
	assert_true(conf_is_loopback("[::1]"));
	assert_true(conf_is_loopback("LocalHost"));
	assert_false(conf_is_loopback("128.0.0.1"));
	assert_false(conf_is_loopback("0.0.0.0"));
	assert_false(conf_is_loopback("::"));
	assert_false(conf_is_loopback("[::1"));
	assert_false(conf_is_loopback("::ffff:127.0.0.1"));
	assert_false(conf_is_loopback("localhost."));
	assert_false(conf_is_loopback(""));
}

static void a_sip_uri_names_a_server_and_no_user(void **state)
{
	assert_taken("RETELL_SIP_URI=sip:sip.retellai.com");
	assert_taken("RETELL_SIP_URI=sip:sip.retellai.com:5061;transport=tls");
	assert_taken("RETELL_SIP_URI=SIP:10.0.0.1;transport=UDP");
	assert_refused("RETELL_SIP_URI=sip:user@sip.retellai.com",
		       "without a user part");
	assert_refused("RETELL_SIP_URI=sips:sip.retellai.com", "must be sip:");
	assert_refused("RETELL_SIP_URI=sip.retellai.com", "must be sip:");
	assert_refused("RETELL_SIP_URI=sip:", "must be sip:");
	assert_refused("RETELL_SIP_URI=sip:;transport=tcp", "must be sip:");
	assert_refused("RETELL_SIP_URI=sip:a b", "must be sip:");
	assert_refused("RETELL_SIP_URI=sip:h;transport=ws", "transport=");
	assert_refused("RETELL_SIP_URI=sip:h;transport=", "transport=");
	assert_refused("RETELL_SIP_URI=sip:5t4n6j0wnrl.sip.livekit.cloud",
		       "retired");
	assert_refused("RETELL_SIP_URI=sip:X.SIP.LiveKit.Cloud;transport=tcp",
		       "retired");
}

static void credentials_have_their_forms(void **state)
{
	assert_taken("TWILIO_ACCOUNT_SID=AC" SID);
	assert_refused("TWILIO_ACCOUNT_SID=ac" SID, "AC and 32 hex");
	assert_refused("TWILIO_ACCOUNT_SID=AC" SID "0", "AC and 32 hex");
	assert_refused("TWILIO_ACCOUNT_SID=hunter2", "AC and 32 hex");
	assert_refused("TWILIO_API_KEY=AC" SID, "SK and 32 hex");
	assert_taken("TRUNKLINE_API_KEY=0123456789abcdef");
	assert_refused("TRUNKLINE_API_KEY=hunter2", "at least 16 visible");
	assert_refused("TRUNKLINE_API_KEY=hunter2 and more of it",
		       "at least 16 visible");
	assert_refused("TRUNKLINE_API_KEY=hunter2\xc3\xa9hunter2hunter2",
		       "at least 16 visible");
	assert_refused("RETELL_API_KEY=hunter2 x", "visible ASCII");
}

static void a_twilio_api_key_needs_its_secret(void **state)
{
	struct err err = ERR_INIT;
	struct conf c;

	assert_refused("TWILIO_API_KEY=SK" SID, "TWILIO_API_SECRET is missing");
	assert_refused("TWILIO_API_SECRET=hunter2",
		       "TWILIO_API_KEY is missing");
	assert_int_equal(load(&c, &err, "TWILIO_API_KEY=SK" SID,
			      "TWILIO_API_SECRET=hunter2",
			      "TWILIO_AUTH_TOKEN=both_are_fine"),
			 0);
	assert_string_equal(c.twilio_api_secret, "hunter2");
	conf_release(&c);
}

static void control_characters_are_refused_everywhere(void **state)
{
	assert_refused("TRUNKLINE_DATABASE_URL=sqlite:a\nb",
		       "TRUNKLINE_DATABASE_URL must be without control");
	assert_refused("TRUNKLINE_API_KEY=0123456789abcdef\r", "control");
	assert_refused("TRUNKLINE_CA_FILE=/x\x7f", "control");
	assert_refused("TRUNKLINE_LISTEN=127.0.0.1:80\t", "control");
}

static void a_database_url_names_its_kind(void **state)
{
	assert_taken("TRUNKLINE_DATABASE_URL=sqlite:/var/lib/t.db");
	assert_taken("TRUNKLINE_DATABASE_URL=postgres://u@h/d");
	assert_refused("TRUNKLINE_DATABASE_URL=sqlite:", "sqlite:PATH");
	assert_refused("TRUNKLINE_DATABASE_URL=/var/lib/t.db", "sqlite:PATH");
	assert_refused("TRUNKLINE_DATABASE_URL=mysql://h/d", "sqlite:PATH");
}

/* ---- secrets in files ---- */

static char path[] = "/tmp/test_conf.XXXXXX";

static int load_file(struct conf *c, struct err *err, const void *text,
		     size_t len)
{
	char variable[100];
	int fd, rc;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
	snprintf(variable, sizeof(variable), "RETELL_API_KEY_FILE=%s", path);
	rc = load(c, err, variable, NULL, NULL);
	unlink(path);
	return rc;
}

static void a_secret_comes_from_a_file_without_its_newline(void **state)
{
	static const char *const texts[] = {"key_1", "key_1\n", "key_1\r\n"};
	struct err err = ERR_INIT;
	struct conf c;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(
			load_file(&c, &err, texts[i], strlen(texts[i])), 0);
		assert_string_equal(c.retell_api_key, "key_1");
		conf_release(&c);
	}
}

static void a_bad_secret_file_is_refused(void **state)
{
	static char big[5000];
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{"", 0},
		{"\n", 1},
		{"hunter2\n\n", 9},
		{"a\0b", 3},
		{"hunter2\nb\n", 10},
		{big, sizeof(big)},
	};

	memset(big, 'x', sizeof(big));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = ERR_INIT;
		struct conf c;

		assert_int_equal(load_file(&c, &err, rows[i].text, rows[i].len),
				 -1);
		assert_non_null(strstr(err.detail, "RETELL_API_KEY"));
		assert_null(strstr(err.detail, "hunter2"));
	}
	assert_refused("RETELL_API_KEY_FILE=/nonexistent",
		       "RETELL_API_KEY_FILE cannot be read");
	assert_refused("RETELL_API_KEY_FILE=/tmp", "cannot be read");
}

static void a_secret_is_given_once(void **state)
{
	struct err err = ERR_INIT;
	struct conf c;

	assert_int_equal(load(&c, &err, "RETELL_API_KEY=key_1",
			      "RETELL_API_KEY_FILE=/dev/null", NULL),
			 -1);
	assert_string_equal(err.detail,
			    "set RETELL_API_KEY or RETELL_API_KEY_FILE, not "
			    "both");
}

/* ---- for people ---- */

static void every_row_has_a_name_a_default_and_help(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	const struct conf_row *r;
	int n = 0;

	assert_non_null(f);
	conf_help(f);
	assert_int_equal(fclose(f), 0);
	for (; (r = conf_row(n)); n++) {
		assert_non_null(strstr(text, r->name));
		assert_non_null(strstr(text, r->fallback));
		assert_true(strlen(r->help) > 15);
		assert_int_equal(r->help[strlen(r->help) - 1], '.');
		for (int i = 0; i < n; i++)
			assert_string_not_equal(conf_row(i)->name, r->name);
	}
	assert_true(n > 20);
	assert_null(conf_row(-1));
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		assert_in_range(strcspn(line, "\n"), 1, 84);
	free(text);
}

static void the_log_shows_settings_and_no_secrets(void **state)
{
	struct err err = ERR_INIT;
	char line[5000] = "";
	struct conf c;
	json_t *j;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	log_open(ends[1], LOG_INFO);
	assert_int_equal(load(&c, &err, "RETELL_API_KEY=key_hunter2",
			      "TRUNKLINE_LISTEN=[::1]:80",
			      "TRUNKLINE_DATABASE_URL=postgres://u:pw@h/d"),
			 0);
	conf_log(&c);
	assert_true(read(ends[0], line, sizeof(line) - 1) > 0);
	j = json_loads(line, 0, NULL);
	assert_non_null(j);
	assert_null(strstr(line, "hunter2"));
	assert_null(strstr(line, "pw"));
	assert_non_null(strstr(line, "\"RETELL_API_KEY\":\"set\""));
	assert_non_null(strstr(line, "\"TWILIO_AUTH_TOKEN\":\"unset\""));
	assert_non_null(strstr(line, "\"TRUNKLINE_LISTEN\":\"[::1]:80\""));
	assert_non_null(strstr(line, "\"TRUNKLINE_LOG_LEVEL\":\"info\""));
	assert_non_null(strstr(line, "\"TRUNKLINE_THREADS\":2"));
	json_decref(j);

	memset(line, 0, sizeof(line));
	log_info("x", L_STR("leak", "said key_hunter2"));
	assert_true(read(ends[0], line, sizeof(line) - 1) > 0);
	assert_non_null(strstr(line, "\"leak\":\"said ***\""));
	log_open(2, LOG_INFO);
	conf_release(&c);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_environment_gives_the_defaults),
		cmocka_unit_test(every_address_of_the_providers_is_told_once),
		cmocka_unit_test(an_empty_value_counts_as_unset),
		cmocka_unit_test(a_mistyped_name_is_an_error_with_the_nearest),
		cmocka_unit_test(numbers_have_a_range),
		cmocka_unit_test(switches_and_levels_have_names),
		cmocka_unit_test(an_address_has_a_host_and_a_port),
		cmocka_unit_test(a_base_url_is_https_or_on_this_machine),
		cmocka_unit_test(loopback_is_this_machine_only),
		cmocka_unit_test(a_sip_uri_names_a_server_and_no_user),
		cmocka_unit_test(credentials_have_their_forms),
		cmocka_unit_test(a_twilio_api_key_needs_its_secret),
		cmocka_unit_test(control_characters_are_refused_everywhere),
		cmocka_unit_test(a_database_url_names_its_kind),
		cmocka_unit_test(
			a_secret_comes_from_a_file_without_its_newline),
		cmocka_unit_test(a_bad_secret_file_is_refused),
		cmocka_unit_test(a_secret_is_given_once),
		cmocka_unit_test(every_row_has_a_name_a_default_and_help),
		cmocka_unit_test(the_log_shows_settings_and_no_secrets),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
