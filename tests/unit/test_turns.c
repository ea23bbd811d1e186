/* SPDX-License-Identifier: MIT */
/* test_turns.c - in which order the calls of several clients leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/saga/saga.h"

#define ROWS 3

/* ---- helpers ---- */

/* An operation with some tasks; `place`: the how manieth it was. */
struct op {
	struct saga sg;
	struct task tasks[ROWS];
	struct turn *turn;
};

static void begin(struct op *o, struct turns *all, const char *principal,
		  int64_t place)
{
	memset(o, 0, sizeof(*o));
	o->sg.state = OP_RUNNING;
	o->sg.place = place;
	o->sg.tasks = o->tasks;
	o->turn = turn_hold(all, principal);
	assert_non_null(o->turn);
	for (int i = 0; i < ROWS; i++)
		o->tasks[i].saga = &o->sg;
}

static void wait_all(struct op *o)
{
	for (int i = ROWS - 1; i >= 0; i--)
		assert_int_equal(turn_put(o->turn, &o->tasks[i]), 0);
}

static void assert_next(struct turns *all, struct op *o, int row)
{
	assert_ptr_equal(turns_take(all), &o->tasks[row]);
}

static void assert_none(struct turns *all)
{
	assert_null(turns_take(all));
}

/* ---- tests ---- */

static void nothing_waits_at_first(void **state)
{
	struct turns all = {.first = NULL};

	assert_none(&all);
}

static void an_operation_that_began_first_goes_first(void **state)
{
	struct turns all = {.first = NULL};
	struct op o[3];

	for (int i = 0; i < 3; i++)
		begin(&o[i], &all, "key_a", i);
	wait_all(&o[2]);
	wait_all(&o[0]);
	wait_all(&o[1]);
	for (int i = 0; i < 3; i++)
		for (int row = 0; row < ROWS; row++)
			assert_next(&all, &o[i], row);
	assert_none(&all);
	for (int i = 0; i < 3; i++)
		turn_drop(o[i].turn);
}

static void undoing_goes_before_doing(void **state)
{
	struct turns all = {.first = NULL};
	struct op older, undoing;

	begin(&older, &all, "key_a", 0);
	begin(&undoing, &all, "key_a", 1);
	undoing.sg.state = OP_UNDOING;
	wait_all(&older);
	wait_all(&undoing);
	for (int row = 0; row < ROWS; row++)
		assert_next(&all, &undoing, row);
	for (int row = 0; row < ROWS; row++)
		assert_next(&all, &older, row);
	turn_drop(older.turn);
	turn_drop(undoing.turn);
}

static void clients_take_turns_whatever_they_have_waiting(void **state)
{
	struct turns all = {.first = NULL};
	struct op many[10], one, undoing;

	for (int i = 0; i < 10; i++) {
		begin(&many[i], &all, "key_many", i);
		wait_all(&many[i]);
	}
	begin(&undoing, &all, "key_undoing", 10);
	undoing.sg.state = OP_UNDOING;
	begin(&one, &all, "key_one", 11);
	wait_all(&undoing);
	wait_all(&one);
	for (int row = 0; row < ROWS; row++) {
		assert_next(&all, &many[0], row);
		assert_next(&all, &undoing, row);
		assert_next(&all, &one, row);
	}
	for (int i = 1; i < 10; i++)
		for (int row = 0; row < ROWS; row++)
			assert_next(&all, &many[i], row);
	assert_none(&all);
	for (int i = 0; i < 10; i++)
		turn_drop(many[i].turn);
	turn_drop(one.turn);
	turn_drop(undoing.turn);
}

static void who_comes_back_is_behind_those_who_wait(void **state)
{
	struct turns all = {.first = NULL};
	struct op a, b;

	begin(&a, &all, "key_a", 0);
	begin(&b, &all, "key_b", 1);
	assert_int_equal(turn_put(a.turn, &a.tasks[0]), 0);
	assert_int_equal(turn_put(b.turn, &b.tasks[0]), 0);
	assert_int_equal(turn_put(b.turn, &b.tasks[1]), 0);
	assert_next(&all, &a, 0);
	assert_int_equal(turn_put(a.turn, &a.tasks[1]), 0);
	assert_next(&all, &b, 0);
	assert_next(&all, &a, 1);
	assert_next(&all, &b, 1);
	turn_drop(a.turn);
	turn_drop(b.turn);
}

static void what_is_cancelled_leaves_no_gap(void **state)
{
	struct turns all = {.first = NULL};
	struct op a, b;

	begin(&a, &all, "key_a", 0);
	begin(&b, &all, "key_b", 1);
	wait_all(&a);
	wait_all(&b);
	turn_remove(a.turn, &a.tasks[0]);
	turn_remove(a.turn, &a.tasks[2]);
	turn_remove(a.turn, &a.tasks[1]);
	turn_remove(b.turn, &b.tasks[1]);
	assert_next(&all, &b, 0);
	assert_next(&all, &b, 2);
	assert_none(&all);
	turn_drop(a.turn);
	turn_drop(b.turn);
}

static void a_client_has_one_turn_until_all_have_dropped_it(void **state)
{
	struct turns all = {.first = NULL};
	struct turn *a = turn_hold(&all, "key_a");
	struct turn *b = turn_hold(&all, "key_b");

	assert_ptr_not_equal(a, b);
	assert_ptr_equal(turn_hold(&all, "key_a"), a);
	turn_drop(a);
	assert_ptr_equal(turn_hold(&all, "key_a"), a);
	turn_drop(a);
	turn_drop(a);
	turn_drop(b);
	assert_null(all.by_principal);
}

/* Against a plain list: whatever is put, taken and removed. */
static void a_thousand_tasks_come_in_the_order_of_their_ranks(void **state)
{
	struct turns all = {.first = NULL};
	struct op *o = calloc(1000, sizeof(*o));
	unsigned long seed = 1;
	int64_t last = -1;

	assert_non_null(o);
	for (int i = 0; i < 1000; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		begin(&o[i], &all, "key_a", (int64_t)(seed >> 40));
		assert_int_equal(turn_put(o[i].turn, &o[i].tasks[0]), 0);
	}
	for (int i = 0; i < 1000; i += 3)
		turn_remove(o[i].turn, &o[i].tasks[0]);
	for (int i = 0; i < 1000; i++) {
		struct task *t;

		if (i % 3 == 0)
			continue;
		t = turns_take(&all);
		assert_non_null(t);
		assert_true(t->saga->place >= last);
		last = t->saga->place;
	}
	assert_none(&all);
	for (int i = 0; i < 1000; i++)
		turn_drop(o[i].turn);
	free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_waits_at_first),
		cmocka_unit_test(an_operation_that_began_first_goes_first),
		cmocka_unit_test(undoing_goes_before_doing),
		cmocka_unit_test(clients_take_turns_whatever_they_have_waiting),
		cmocka_unit_test(who_comes_back_is_behind_those_who_wait),
		cmocka_unit_test(what_is_cancelled_leaves_no_gap),
		cmocka_unit_test(
			a_client_has_one_turn_until_all_have_dropped_it),
		cmocka_unit_test(
			a_thousand_tasks_come_in_the_order_of_their_ranks),
	};

	return cmocka_run_group_tests_name("turns", tests, NULL, NULL);
}
