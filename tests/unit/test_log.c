/* SPDX-License-Identifier: MIT */
/* test_log.c - what stands in a line, and that writing it never waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

static int ends[2]; /* of a pipe: the log writes into ends[1] */

static int open_pipe(void **state)
{
	assert_int_equal(pipe(ends), 0);
	log_open(ends[1], LOG_INFO);
	return 0;
}

static int close_pipe(void **state)
{
	log_open(2, LOG_INFO);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

/* The lines written since, as one string. */
static const char *logged(void)
{
	static char text[65536 + 1];
	ssize_t n;

	n = fcntl(ends[0], F_SETFL, O_NONBLOCK);
	assert_int_equal(n, 0);
	n = read(ends[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* The only line, parsed: a new reference. */
static json_t *logged_line(void)
{
	const char *text = logged();
	const char *end = strchr(text, '\n');
	json_t *j;

	assert_non_null(end);
	assert_int_equal(end[1], '\0');
	j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	return j;
}

static const char *text_of(const json_t *line, const char *name)
{
	return json_string_value(json_object_get(line, name));
}

/* ---- what stands in a line ---- */

static void a_line_is_one_json_object(void **state)
{
	const char *text;

	log_info("operation_ended", L_STR("state", "succeeded"),
		 L_INT("ms", 412), L_STR("left_out", NULL));
	text = logged();
	/* {"at":"2026-11-20T05:16:42.123Z", and then: */
	assert_int_equal(strncmp(text, "{\"at\":\"2", 8), 0);
	assert_string_equal(
		text + 31, "\",\"level\":\"info\",\"event\":\"operation_ended\""
			   ",\"state\":\"succeeded\",\"ms\":412}\n");
}

static void an_event_needs_no_fields(void **state)
{
	json_t *line;

	log_warn("started");
	line = logged_line();
	assert_string_equal(text_of(line, "level"), "warn");
	json_decref(line);
}

static void lower_levels_are_not_written(void **state)
{
	log_open(ends[1], LOG_WARN);
	log_debug("no");
	log_info("no");
	log_warn("yes");
	log_error("yes");
	assert_null(strstr(logged(), "\"no\""));
	log_open(ends[1], LOG_OFF);
	log_error("no");
	assert_string_equal(logged(), "");
}

static void a_telephone_number_is_masked(void **state)
{
	json_t *line;

	log_info("call", L_NUMBER("to", "+14155550123"),
		 L_NUMBER("from", NULL));
	line = logged_line();
	assert_string_equal(text_of(line, "to"), "+1415***0123");
	assert_null(json_object_get(line, "from"));
	json_decref(line);
}

static void a_line_break_cannot_forge_a_line(void **state)
{
	json_t *line;

	log_info("x", L_STR("v", "a\r\n{\"level\":\"error\"}\x1b[31m\xff"));
	line = logged_line();
	assert_string_equal(text_of(line, "v"),
			    "a\r\n{\"level\":\"error\"}\x1b[31m\xef\xbf\xbd");
	json_decref(line);
}

static void an_error_brings_all_its_parts(void **state)
{
	struct err err = ERR_INIT;
	json_t *line;

	err_set(&err, ERR_PROVIDER_REFUSED, "said no");
	snprintf(err.step, sizeof(err.step), "twilio_trunk");
	snprintf(err.provider, sizeof(err.provider), "twilio");
	err.provider_status = 400;
	err.provider_code = 21248;
	log_error("step_failed", L_ERR(&err));
	line = logged_line();
	assert_string_equal(text_of(line, "code"), "provider-refused");
	assert_string_equal(text_of(line, "detail"), "said no");
	assert_string_equal(text_of(line, "step"), "twilio_trunk");
	assert_string_equal(text_of(line, "provider"), "twilio");
	assert_int_equal(
		json_integer_value(json_object_get(line, "provider_status")),
		400);
	assert_int_equal(
		json_integer_value(json_object_get(line, "provider_code")),
		21248);
	assert_null(json_object_get(line, "number_id"));
	json_decref(line);
}

static void a_hidden_secret_never_appears(void **state)
{
	struct err err = ERR_INIT;
	char longest[5000];
	json_t *line;

	log_hide("correct-horse");
	log_hide("correct-horse-battery"); /* begins with the other */
	log_hide("troubadour-and-3");	   /* and the other way round */
	log_hide("troubadour");
	log_hide("short"); /* ignored: it would blank out words */
	log_hide(NULL);
	err_set(&err, ERR_INTERNAL, "it was correct-horse");
	log_info("x", L_STR("a", "correct-horse"),
		 L_STR("b", "<correct-horse-battery|correct-horse>"),
		 L_STR("c", "a short correct-hors"),
		 L_STR("d", "troubadour-and-3 troubadour"), L_ERR(&err));
	line = logged_line();
	assert_string_equal(text_of(line, "a"), "***");
	assert_string_equal(text_of(line, "b"), "<***|***>");
	assert_string_equal(text_of(line, "c"), "a short correct-hors");
	assert_string_equal(text_of(line, "d"), "*** ***");
	assert_string_equal(text_of(line, "detail"), "it was ***");
	json_decref(line);

	/* Wherever a long value is cut, no part of the secret is left. */
	for (int at = 950; at < 1100; at++) {
		memset(longest, '.', sizeof(longest) - 1);
		longest[sizeof(longest) - 1] = '\0';
		memcpy(longest + at, "correct-horse", 13);
		log_info("x", L_STR("v", longest));
		assert_null(strchr(strstr(logged(), "\"v\"") + 3, 'o'));
	}
}

static void a_long_line_is_cut_and_stays_json(void **state)
{
	static char big[10000];
	json_t *line;

	for (size_t fill = 0; fill < 3; fill++) {
		/* plain; every byte escaped to six; characters of three */
		static const char *const with[] = {"x", "\x01", "\xe2\x82\xac"};
		size_t n = strlen(with[fill]);

		for (size_t i = 0; i < sizeof(big) - 1; i++)
			big[i] = with[fill][i % n];
		log_info("big", L_STR("a", big), L_STR("b", big),
			 L_STR("c", big), L_STR("d", big), L_STR("e", big),
			 L_INT("n", 1));
		assert_in_range(strlen(logged()), 1000, 4096);
		log_info("big", L_STR("a", big), L_STR("b", big),
			 L_STR("c", big), L_STR("d", big), L_STR("e", big));
		line = logged_line();
		assert_true(json_is_true(json_object_get(line, "truncated")));
		assert_null(strstr(text_of(line, "a"), "\xef\xbf\xbd"));
		json_decref(line);
	}
	big[1024] = '\0'; /* as long as a value may be */
	memset(big, 'x', 1024);
	log_info("fits", L_STR("a", big));
	line = logged_line();
	assert_string_equal(text_of(line, "a"), big);
	assert_null(json_object_get(line, "truncated"));
	json_decref(line);
}

/* ---- writing ---- */

static void a_full_pipe_drops_lines_and_counts_them(void **state)
{
	uint64_t before = log_dropped();
	char text[600];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 1000; i++)
		log_info("x", L_STR("v", text)); /* returns: nobody reads */
	assert_in_range(log_dropped() - before, 500, 999);
	logged();
	before = log_dropped();
	log_info("again");
	assert_int_equal(log_dropped(), before);
	json_decref(logged_line());
}

static void the_descriptor_stays_as_it_was(void **state)
{
	/* Who shares it would be surprised by writes that fail. */
	log_info("x");
	assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
}

static void a_reader_that_left_is_no_harm(void **state)
{
	uint64_t before = log_dropped();

	close(ends[0]);
	log_info("x");
	assert_int_equal(log_dropped() - before, 1);
	assert_int_equal(pipe(ends), 0); /* for close_pipe */
}

static void a_closed_descriptor_is_no_harm(void **state)
{
	uint64_t before = log_dropped();
	int fd = dup(ends[1]);

	close(fd);
	log_open(fd, LOG_INFO);
	log_info("x");
	assert_int_equal(log_dropped() - before, 1);
}

static void a_socket_that_is_full_drops_lines(void **state)
{
	uint64_t before = log_dropped();
	char byte[1] = "";
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	log_open(pair[1], LOG_INFO);
	log_info("x");
	assert_int_equal(log_dropped(), before);
	assert_int_equal(read(pair[0], byte, 1), 1);
	assert_int_equal(byte[0], '{');
	while (log_dropped() == before)
		log_info("x");
	assert_int_equal(fcntl(pair[1], F_GETFL) & O_NONBLOCK, 0);
	log_open(2, LOG_INFO);
	close(pair[0]);
	close(pair[1]);
}

static void on_a_full_disk_lines_are_lost_whole(void **state)
{
	char path[] = "/tmp/test_log.XXXXXX", text[10000] = "";
	struct rlimit old, small = {.rlim_cur = 150, .rlim_max = RLIM_INFINITY};
	uint64_t before = log_dropped();
	int fd = mkstemp(path);
	ssize_t n;

	assert_true(fd >= 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	log_open(fd, LOG_INFO);
	/* As a disk does: takes a part of a line, then nothing. */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 5; i++)
		log_info("one_of_many_that_do_not_fit");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	log_info("last"); /* there is room again */
	log_open(2, LOG_INFO);
	assert_int_equal(log_dropped() - before, 4);
	n = pread(fd, text, sizeof(text) - 1, 0);
	assert_true(n > 150);
	/* The torn line ends before the next one begins. */
	assert_non_null(strstr(text + 140, "\n{\"at\""));
	assert_non_null(strstr(text, "\"event\":\"last\"}\n"));
	close(fd);
	unlink(path);
}

#define EACH 300

static void *writes(void *arg)
{
	for (int i = 0; i < EACH; i++)
		log_info("from_a_thread", L_STR("who", arg), L_INT("i", i));
	return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
	char path[] = "/tmp/test_log.XXXXXX", line[4096];
	char names[4][2] = {"a", "b", "c", "d"};
	int lines = 0, fd = mkstemp(path);
	pthread_t threads[4];
	FILE *f;

	assert_true(fd >= 0);
	log_open(fd, LOG_INFO);
	for (int i = 0; i < 4; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, writes, names[i]), 0);
	log_hide("a secret while others write");
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	log_open(2, LOG_INFO);
	f = fopen(path, "r");
	assert_non_null(f);
	for (; fgets(line, sizeof(line), f); lines++) {
		json_t *j = json_loads(line, 0, NULL);

		assert_non_null(j);
		json_decref(j);
	}
	assert_int_equal(lines, 4 * EACH);
	fclose(f);
	close(fd);
	unlink(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pipe, close_pipe)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_is_one_json_object),
		TEST(an_event_needs_no_fields),
		TEST(lower_levels_are_not_written),
		TEST(a_telephone_number_is_masked),
		TEST(a_line_break_cannot_forge_a_line),
		TEST(an_error_brings_all_its_parts),
		TEST(a_hidden_secret_never_appears),
		TEST(a_long_line_is_cut_and_stays_json),
		TEST(a_full_pipe_drops_lines_and_counts_them),
		TEST(the_descriptor_stays_as_it_was),
		TEST(a_reader_that_left_is_no_harm),
		TEST(a_closed_descriptor_is_no_harm),
		TEST(a_socket_that_is_full_drops_lines),
		TEST(on_a_full_disk_lines_are_lost_whole),
		TEST(lines_of_threads_do_not_mix),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	alarm(120); /* a write that waits must not hang the build */
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
