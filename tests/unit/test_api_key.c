/* SPDX-License-Identifier: MIT */
/* test_api_key.c - how an API key looks, what may be ordered, what is known of
 * one without a look into the database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "api/api_key.h"
#include "api/key_cache.h"
#include "base/json.h"
#include "store_fixture.h"

#define MASTER "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define GOOD   "tlk_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop-"

static struct seal *seal;

static int open_seal(void **state)
{
	struct err err = ERR_INIT;

	seal = seal_new(MASTER, &err);
	return seal ? 0 : -1;
}

static int close_seal(void **state)
{
	seal_free(seal);
	return 0;
}

static struct key_order *order(const char *body, struct faults *faults)
{
	struct err err = ERR_INIT;
	json_t *json = json_read(body, strlen(body), JSON_DEPTH_MAX, &err);
	struct key_order *o;

	assert_non_null(json);
	faults->count = 0;
	o = key_order_new(json, seal, clock_system(), faults, &err);
	json_decref(json);
	if (!o)
		assert_int_equal(err.code, ERR_INVALID_REQUEST);
	return o;
}

/* --- its form ------------------------------------------------------------ */

static void only_what_has_the_form_of_a_key_is_looked_up(void **state)
{
	static const char *const wrong[] = {
		"",
		"tlk_",
		"tl",
		"TLK_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop-",
		"tlk_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop",
		"tlk_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop-x",
		"tlk_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno+/",
		"tlk_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno =",
	};
	char with_nul[] = GOOD;

	assert_true(api_key_shaped(GOOD, strlen(GOOD)));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(api_key_shaped(wrong[i], strlen(wrong[i])));
	with_nul[10] = '\0';
	assert_false(api_key_shaped(with_nul, sizeof(with_nul) - 1));
}

static void every_key_is_another_and_has_the_form(void **state)
{
	struct faults faults;
	struct key_order *a =
		order("{\"name\":\"a\",\"scope\":\"read\"}", &faults);
	struct key_order *b =
		order("{\"name\":\"a\",\"scope\":\"read\"}", &faults);
	uint8_t hash[SEAL_HASH_SIZE];

	assert_true(api_key_shaped(a->key, strlen(a->key)));
	assert_string_not_equal(a->key, b->key);
	assert_string_not_equal(a->id, b->id);
	assert_true(id_valid(a->id, ID_KEY));
	api_key_hash(seal, a->key, strlen(a->key), hash);
	assert_memory_equal(a->hash, hash, sizeof(hash));
	assert_memory_not_equal(a->hash, b->hash, sizeof(hash));
	key_order_free(a);
	key_order_free(b);
}

/* --- what may be ordered ------------------------------------------------- */

static void an_order_is_read(void **state)
{
	struct faults faults;
	struct key_order *o =
		order("{\"name\":\"\xc3\xa4 b\",\"scope\":\"write\","
		      "\"expires_at\":\"2099-01-01T02:00:00+02:00\"}",
		      &faults);

	assert_non_null(o);
	assert_string_equal(o->name, "\xc3\xa4 b");
	assert_int_equal(o->scope, SCOPE_WRITE);
	assert_int_equal(o->expires_ms, INT64_C(4070908800000));
	key_order_free(o);
	o = order("{\"name\":\"n\",\"scope\":\"admin\",\"expires_at\":null}",
		  &faults);
	assert_non_null(o);
	assert_int_equal(o->expires_ms, 0);
	key_order_free(o);
}

#define TEN	"0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void every_fault_is_told_with_its_place(void **state)
{
	static const struct {
		const char *body, *pointer;
	} rows[] = {
		{"[]", ""},
		{"{\"scope\":\"read\"}", "/name"},
		{"{\"name\":\"\",\"scope\":\"read\"}", "/name"},
		{"{\"name\":7,\"scope\":\"read\"}", "/name"},
		{"{\"name\":\"" HUNDRED "\",\"scope\":\"read\"}", "/name"},
		{"{\"name\":\"a\\nb\",\"scope\":\"read\"}", "/name"},
		{"{\"name\":\"a\\u009bb\",\"scope\":\"read\"}", "/name"},
		{"{\"name\":\"n\"}", "/scope"},
		{"{\"name\":\"n\",\"scope\":\"none\"}", "/scope"},
		{"{\"name\":\"n\",\"scope\":[\"read\"]}", "/scope"},
		{"{\"name\":\"n\",\"scope\":\"read\",\"expires_at\":\"soon\"}",
		 "/expires_at"},
		{"{\"name\":\"n\",\"scope\":\"read\",\"expires_at\":99}",
		 "/expires_at"},
		{"{\"name\":\"n\",\"scope\":\"read\","
		 "\"expires_at\":\"2020-01-01T00:00:00Z\"}",
		 "/expires_at"},
		{"{\"name\":\"n\",\"scope\":\"read\",\"key\":\"mine\"}",
		 "/key"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct faults faults;

		assert_null(order(rows[i].body, &faults));
		assert_int_equal(faults.count, 1);
		assert_string_equal(faults.list[0].pointer, rows[i].pointer);
	}
}

static void all_faults_come_at_once(void **state)
{
	struct faults faults;

	assert_null(order("{\"expires_at\":0,\"x\":1}", &faults));
	assert_int_equal(faults.count, 4);
}

/* --- making and revoking ------------------------------------------------- */

static const struct key_by by = {"root", "req_1"};

static void a_key_is_shown_once_and_its_hash_kept(void **state)
{
	struct fixture *f = *state;
	struct buf out = BUF_INIT(KEY_RECORD_MAX);
	struct faults faults;
	struct key_order *o =
		order("{\"name\":\"ci\",\"scope\":\"read\"}", &faults);
	struct key_row row;

	in_transaction(f);
	assert_ok(f, key_order_put(o, f->store, clock_system(), &by, &out,
				   &f->err));
	committed(f);
	assert_non_null(strstr(out.data, o->key));
	assert_int_equal(key_find(f->store, o->hash, &row, &f->err), 1);
	assert_string_equal(row.id, o->id);
	buf_clear(&out);
	assert_int_equal(key_view(&out, &row, 0, NULL), 0);
	assert_null(strstr(out.data, o->key));
	assert_null(strstr(out.data, "hash"));
	key_order_free(o);
	buf_release(&out);
}

static int64_t a_day_later(struct clock *clock)
{
	return clock_system()->wall_ms(clock) + 86400000;
}

static void revoking_twice_is_revoking_once(void **state)
{
	struct fixture *f = *state;
	struct clock tomorrow = *clock_system();
	struct buf out = BUF_INIT(KEY_RECORD_MAX);
	struct faults faults;
	struct key_order *o =
		order("{\"name\":\"ci\",\"scope\":\"read\"}", &faults);
	struct buf first = BUF_INIT(KEY_RECORD_MAX);

	in_transaction(f);
	assert_ok(f, key_order_put(o, f->store, clock_system(), &by, &out,
				   &f->err));
	assert_ok(f, key_revoke(f->store, o->id, clock_system(), &by, &first,
				&f->err));
	tomorrow.wall_ms = a_day_later;
	buf_clear(&out);
	assert_ok(f,
		  key_revoke(f->store, o->id, &tomorrow, &by, &out, &f->err));
	committed(f);
	assert_non_null(strstr(out.data, "\"status\":\"revoked\""));
	assert_string_equal(out.data, first.data);
	in_transaction(f);
	assert_int_equal(key_revoke(f->store, "key_x", clock_system(), &by,
				    &out, &f->err),
			 -1);
	assert_int_equal(f->err.code, ERR_NOT_FOUND);
	store_rollback(f->store);
	key_order_free(o);
	buf_release(&first);
	buf_release(&out);
}

/* --- the cache ----------------------------------------------------------- */

static struct known_key known(uint8_t first, uint8_t second, uint64_t at)
{
	return (struct known_key){.tag = {first, second}, .generation = at};
}

static void a_key_is_known_in_its_generation_only(void **state)
{
	struct key_cache *c = key_cache_get();
	struct known_key k = known(1, 2, 7);

	assert_non_null(c);
	assert_ptr_equal(key_cache_get(), c);
	assert_null(key_cache_find(c, k.tag, 7));
	key_cache_put(c, &k);
	assert_non_null(key_cache_find(c, k.tag, 7));
	assert_null(key_cache_find(c, k.tag, 8));
	assert_null(key_cache_find(c, known(1, 3, 7).tag, 7));
}

static void *tag_of_another_thread(void *tag)
{
	key_cache_tag(key_cache_get(), text_from("tlk_a"), tag);
	return NULL;
}

static void each_thread_knows_keys_by_tags_of_its_own(void **state)
{
	struct key_cache *c = key_cache_get();
	uint8_t a[CACHE_TAG], again[CACHE_TAG], b[CACHE_TAG], other[CACHE_TAG];
	pthread_t thread;

	key_cache_tag(c, text_from("tlk_a"), a);
	key_cache_tag(c, text_from("tlk_a"), again);
	key_cache_tag(c, text_from("tlk_b"), b);
	assert_memory_equal(a, again, CACHE_TAG);
	assert_memory_not_equal(a, b, CACHE_TAG);
	assert_int_equal(
		pthread_create(&thread, NULL, tag_of_another_thread, other), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_memory_not_equal(a, other, CACHE_TAG);
}

static void the_longest_kept_makes_room(void **state)
{
	struct key_cache *c = key_cache_get();

	for (uint8_t i = 0; i <= CACHE_WAYS; i++) {
		struct known_key k = known(9, i, 1);

		key_cache_put(c, &k);
	}
	assert_null(key_cache_find(c, known(9, 0, 1).tag, 1));
	for (uint8_t i = 1; i <= CACHE_WAYS; i++)
		assert_non_null(key_cache_find(c, known(9, i, 1).tag, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_has_the_form_of_a_key_is_looked_up),
		cmocka_unit_test(every_key_is_another_and_has_the_form),
		cmocka_unit_test(an_order_is_read),
		cmocka_unit_test(every_fault_is_told_with_its_place),
		cmocka_unit_test(all_faults_come_at_once),
		TEST_STORE(a_key_is_shown_once_and_its_hash_kept),
		TEST_STORE(revoking_twice_is_revoking_once),
		cmocka_unit_test(a_key_is_known_in_its_generation_only),
		cmocka_unit_test(each_thread_knows_keys_by_tags_of_its_own),
		cmocka_unit_test(the_longest_kept_makes_room),
	};

	return cmocka_run_group_tests_name("api_key", tests, open_seal,
					   close_seal);
}
