/* SPDX-License-Identifier: MIT */
/* test_engine_inbox.c - commands that wait for the engine's next tick: up to a
 * limit, and each of them is answered. */
#include "store_fixture.h"

#include "base/log.h"
#include "saga/engine.h"

static struct command commands[ENGINE_INBOX_MAX + 1];
static int answered;

static int send_nothing(struct transport *t, struct http_request *rq, void *tag,
			struct err *err)
{
	fail_msg("a call was sent");
	return -1;
}

static int poll_nothing(struct transport *t, int timeout_ms, struct err *err)
{
	return 0;
}

static bool next_nothing(struct transport *t, void **tag,
			 struct http_response *rs)
{
	return false;
}

static void nothing(struct transport *t)
{
}

static struct transport idle = {.send = send_nothing,
				.poll = poll_nothing,
				.next = next_nothing,
				.wakeup = nothing,
				.free = nothing};

static void on_done(struct command *c)
{
	assert_int_equal(c->reply.status, 404);
	answered++;
}

/* Cancels what is not there: the shortest of commands. */
static int submit(struct engine *e, int i, struct err *err)
{
	commands[i] = (struct command)COMMAND_INIT;
	commands[i].kind = COMMAND_CANCEL;
	commands[i].done = on_done;
	strcpy(commands[i].ref, "op_00000000000000000000000000");
	return engine_submit(e, &commands[i], err);
}

static void it_takes_so_many_and_then_says_overloaded(void **state)
{
	static const struct engine_conf conf = {.max_operations = 10};
	struct fixture *f = *state;
	struct seal *seal = seal_new(
		"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", &f->err);
	struct engine *e = engine_new(&conf, clock_system(), &idle, f->store,
				      seal, &f->err);
	struct err err = ERR_INIT;

	assert_non_null(e);
	assert_ok(f, engine_recover(e, &f->err));
	for (int round = 0; round < 2; round++) {
		answered = 0;
		err_clear(&err);
		for (int i = 0; i < ENGINE_INBOX_MAX; i++)
			assert_int_equal(submit(e, i, &err), 0);
		assert_int_equal(submit(e, ENGINE_INBOX_MAX, &err), -1);
		assert_int_equal(err.code, ERR_OVERLOADED);
		assert_ok(f, engine_tick(e, 0, &f->err));
		assert_int_equal(answered, ENGINE_INBOX_MAX);
		for (int i = 0; i <= ENGINE_INBOX_MAX; i++)
			command_release(&commands[i]);
	}
	engine_free(e);
	seal_free(seal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			it_takes_so_many_and_then_says_overloaded,
			fixture_store, fixture_release),
	};

	log_open(2, LOG_OFF);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
