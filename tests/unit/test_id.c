/* SPDX-License-Identifier: MIT */
/* test_id.c - ids sort by time, never repeat, and can be told from others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"

/* A clock that stands still until told, with a counting "random" source. */
struct fake {
	struct clock face; /* first */
	int64_t ms;
	uint64_t draws;
};

static int64_t fake_ms(struct clock *c)
{
	return ((struct fake *)c)->ms;
}

static void fake_random(struct clock *c, void *out, size_t n)
{
	struct fake *f = (struct fake *)c;

	for (size_t i = 0; i < n; i++)
		((unsigned char *)out)[i] = (unsigned char)(f->draws++ * 37);
}

static struct fake fake_clock(int64_t ms)
{
	return (struct fake){
		{.mono_ms = fake_ms, .wall_ms = fake_ms, .random = fake_random},
		.ms = ms};
}

static void typeid_random(struct clock *c, void *out, size_t n)
{
	/* What the example's 12 and 62 random bits are drawn from. */
	uint64_t draws[2] = {UINT64_C(0x3cceb302099a8057) << 2, 0x74b};

	assert_int_equal(n, sizeof(draws));
	memcpy(out, draws, n);
}

static void the_example_of_the_typeid_specification_comes_out(void **state)
{
	/* 01890a5d-ac96-774b-bcce-b302099a8057 */
	struct fake f = fake_clock(0x01890a5dac96);
	char id[ID_SIZE];

	f.face.random = typeid_random;
	id_new(&f.face, "prefix", id);
	assert_string_equal(id, "prefix_01h455vb4pex5vsknk084sn02q");
}

static void ids_of_one_millisecond_are_in_order(void **state)
{
	struct fake f = fake_clock(1795151802123);
	char last[ID_SIZE] = "", id[ID_SIZE];

	for (int i = 0; i < 20000; i++) { /* more than the counter holds */
		id_new(&f.face, ID_NUMBER, id);
		assert_true(strcmp(id, last) > 0);
		memcpy(last, id, sizeof(id));
	}
}

static void ids_stay_in_order_when_the_clock_goes_back(void **state)
{
	struct fake f = fake_clock(1795151802123);
	char before[ID_SIZE], after[ID_SIZE];

	id_new(&f.face, ID_NUMBER, before);
	f.ms = 0;
	id_new(&f.face, ID_NUMBER, after);
	assert_true(strcmp(after, before) > 0);
	f.ms = -5;
	id_new(&f.face, ID_NUMBER, before);
	assert_true(strcmp(before, after) > 0);
}

static void clocks_do_not_disturb_each_other(void **state)
{
	struct fake alone = fake_clock(1000), one = fake_clock(1000);
	struct fake other = fake_clock(9000000);
	char expected[ID_SIZE], id[ID_SIZE];

	for (int i = 0; i < 10; i++) {
		id_new(&alone.face, ID_EVENT, expected);
		id_new(&other.face, ID_EVENT, id);
		id_new(&one.face, ID_EVENT, id);
		assert_string_equal(id, expected);
	}
}

#define EACH 20000

static void *makes_ids(void *arg)
{
	char(*ids)[ID_SIZE] = arg;

	for (int i = 0; i < EACH; i++)
		id_new(clock_system(), ID_REQUEST, ids[i]);
	return NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void threads_never_make_the_same_id(void **state)
{
	char(*ids)[ID_SIZE] = calloc(4 * EACH, ID_SIZE);
	pthread_t threads[4];

	assert_non_null(ids);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, makes_ids,
						ids + i * EACH),
				 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	qsort(ids, 4 * EACH, ID_SIZE, by_text);
	for (int i = 1; i < 4 * EACH; i++)
		assert_string_not_equal(ids[i], ids[i - 1]);
	free(ids);
}

static void an_id_is_known_by_its_type_and_form(void **state)
{
	static const char *const wrong[] = {
		"",
		"apn",
		"apn_",
		"op_01h455vb4pex5vsknk084sn02q",
		"apn_01h455vb4pex5vsknk084sn02",   /* short */
		"apn_01h455vb4pex5vsknk084sn02qq", /* long */
		"apn_81h455vb4pex5vsknk084sn02q",  /* more than 128 bits */
		"apn_01H455VB4PEX5VSKNK084SN02Q",  /* upper case */
		"apn_01h455vb4pex5vsknk084sn02u",  /* not in the alphabet */
		"apn_01h455vb4pex5vsknk084sn02\n",
		"apn-01h455vb4pex5vsknk084sn02q",
		"apnx01h455vb4pex5vsknk084sn02q",
	};
	char id[ID_SIZE];

	id_new(clock_system(), ID_NUMBER, id);
	assert_true(id_valid(id, ID_NUMBER));
	assert_false(id_valid(id, ID_OPERATION));
	assert_true(id_valid("apn_01h455vb4pex5vsknk084sn02q", ID_NUMBER));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(id_valid(wrong[i], ID_NUMBER));
	assert_false(id_valid(NULL, ID_NUMBER));
}

static void random_names_use_every_letter_alike(void **state)
{
	static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
	static char name[32001];
	int count[256] = {0};

	id_random(clock_system(), name, 32000);
	assert_int_equal(strlen(name), 32000);
	for (const char *p = name; *p; p++)
		count[(unsigned char)*p]++;
	for (const char *p = alphabet; *p; p++)
		assert_in_range(count[(unsigned char)*p], 700, 1300);
	assert_int_equal(strspn(name, alphabet), 32000);
	id_random(clock_system(), name, 0);
	assert_string_equal(name, "");
}

static void assert_strong(const char *password)
{
	bool upper = false, lower = false, digit = false;

	assert_int_equal(strlen(password), 24);
	for (const char *p = password; *p; p++) {
		assert_true(isalnum((unsigned char)*p));
		upper |= isupper((unsigned char)*p) != 0;
		lower |= islower((unsigned char)*p) != 0;
		digit |= isdigit((unsigned char)*p) != 0;
	}
	assert_true(upper && lower && digit);
}

static void zeros(struct clock *c, void *out, size_t n)
{
	memset(out, 0, n);
}

static void ones(struct clock *c, void *out, size_t n)
{
	memset(out, 0xff, n);
}

static void a_password_has_all_three_kinds(void **state)
{
	struct fake f = fake_clock(0);
	char password[25], other[25];

	for (int i = 0; i < 5000; i++) {
		id_password(clock_system(), password);
		assert_strong(password);
	}
	id_password(clock_system(), other);
	assert_string_not_equal(password, other);
	f.face.random = zeros; /* whatever the source: it ends */
	id_password(&f.face, password);
	assert_strong(password);
	f.face.random = ones;
	id_password(&f.face, password);
	assert_strong(password);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_example_of_the_typeid_specification_comes_out),
		cmocka_unit_test(ids_of_one_millisecond_are_in_order),
		cmocka_unit_test(ids_stay_in_order_when_the_clock_goes_back),
		cmocka_unit_test(clocks_do_not_disturb_each_other),
		cmocka_unit_test(threads_never_make_the_same_id),
		cmocka_unit_test(an_id_is_known_by_its_type_and_form),
		cmocka_unit_test(random_names_use_every_letter_alike),
		cmocka_unit_test(a_password_has_all_three_kinds),
	};

	return cmocka_run_group_tests_name("id", tests, NULL, NULL);
}
