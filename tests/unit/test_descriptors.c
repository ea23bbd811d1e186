/* SPDX-License-Identifier: MIT */
/* test_descriptors.c - the descriptors are divided, never more than there are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "api/limits.h"
#include "descriptors.h"

/* As it is, or with one host for all as on a test bench. */
static struct conf conf(int threads, int calls, bool bench)
{
	static char a[] = "https://a", b[] = "https://b", c[] = "https://c",
		    d[] = "https://d";

	return (struct conf){
		.threads = threads,
		.provider_concurrency = calls,
		.twilio_api_url = a,
		.twilio_trunking_url = bench ? a : b,
		.twilio_voice_url = bench ? a : c,
		.retell_url = bench ? a : d,
	};
}

static int share(const struct conf *c, long limit, struct descriptors *d)
{
	struct err err = ERR_INIT;
	int rc = descriptors_share(c, limit, d, &err);

	assert_int_equal(err.code, rc ? ERR_CONFIG : ERR_NONE);
	return rc;
}

static int share_usual(long limit, struct descriptors *d)
{
	const struct conf usual = conf(2, 32, false);

	return share(&usual, limit, d);
}

static int sum(const struct descriptors *d)
{
	return d->own + d->providers + d->admin + d->clients;
}

static void whatever_the_limit_no_more_is_given_than_there_is(void **state)
{
	const struct conf some[] = {
		conf(2, 32, false), conf(2, 32, true),	 conf(1, 1, false),
		conf(64, 1, false), conf(2, 1000, true), conf(64, 1000, false),
	};
	struct descriptors d;

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		for (long limit = 0; limit < 70000; limit++) {
			if (share(&some[i], limit, &d))
				continue;
			assert_true(sum(&d) <= limit);
			assert_true(d.per_host >= 1 && d.admin >= 8);
			assert_true(d.clients >= 16);
			assert_true(d.clients >= some[i].threads);
		}
}

static void few_are_enough_to_work_and_fewer_are_refused(void **state)
{
	const struct conf usual = conf(2, 32, false);
	struct descriptors d;
	struct err err = ERR_INIT;

	assert_int_equal(share_usual(128, &d), 0);
	assert_true(d.clients > 24 && d.per_host > 4);
	assert_int_equal(descriptors_share(&usual, 64, &d, &err), -1);
	assert_non_null(strstr(err.detail, "64 open files"));
	assert_non_null(strstr(err.detail, "ulimit -n"));
}

static void many_are_enough_for_all(void **state)
{
	struct descriptors d;

	assert_int_equal(share_usual(65536, &d), 0);
	assert_int_equal(d.clients, LIMIT_CONNECTIONS);
	assert_int_equal(d.admin, LIMIT_ADMIN_CONNECTIONS);
	/* To each of their hosts as many as two accounts can use. */
	assert_int_equal(d.per_host, 2 * 32);
	assert_int_equal(d.providers, 4 * 2 * 32);
}

static void with_the_usual_limit_most_are_for_clients(void **state)
{
	struct descriptors d;

	assert_int_equal(share_usual(1024, &d), 0);
	assert_true(d.clients > 512);
	assert_true(d.per_host >= 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			whatever_the_limit_no_more_is_given_than_there_is),
		cmocka_unit_test(few_are_enough_to_work_and_fewer_are_refused),
		cmocka_unit_test(many_are_enough_for_all),
		cmocka_unit_test(with_the_usual_limit_most_are_for_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
