/* SPDX-License-Identifier: MIT */
/*
 * test_torture_engine.c - the same for whole operations: whichever allocation
 * fails while a client's order is carried out, once or until the client has its
 * answer. The answer is true or 503, what is at the providers is what the
 * database tells of, no memory is lost, and the next request works.
 *
 * `make unit` takes a sample of the places, `make torture` all of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "torture_world.h"

#define NUMBER "+14155550100"
#define KEPT   8 /* pieces of memory that may be found worth keeping */

static struct world *w;
static int wrongs;
static int answers[700]; /* how often each status was given */

static void broken(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void broken(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s, n=%ld%s%s: ", torture.what, torture.n,
		torture.lasting ? " and on" : "",
		torture.whose == TORTURE_SQLITE ? " (sqlite)" : "");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	wrongs++;
}

/* --- one order ----------------------------------------------------------- */

static void answered(struct command *c)
{
	*(bool *)c->arg = true;
}

static struct command order(enum command_kind kind, const char *ref)
{
	struct command c = COMMAND_INIT;

	c.kind = kind;
	c.done = answered;
	c.wait_ms = 700000;
	strcpy(c.request_id, "req_torture");
	strcpy(c.principal, "root");
	snprintf(c.ref, sizeof(c.ref), "%s", ref);
	return c;
}

static struct command order_create(const char *number)
{
	struct command c = order(COMMAND_CREATE, "");
	json_t *body = json_pack("{s:s,s:s,s:s,s:{s:s}}", "phone_number",
				 number, "agent_id", "agent_sandbox_1", "label",
				 "L", "metadata", "k", "v");
	struct faults faults;

	assert_int_equal(spec_parse(&c.spec, body, &faults, NULL), 0);
	json_decref(body);
	return c;
}

static struct command order_patch(const char *text)
{
	struct command c = order(COMMAND_UPDATE, NUMBER);

	c.patch = json_loads(text, 0, NULL);
	assert_non_null(c.patch);
	return c;
}

/* Hands it over and waits: at first on the rack, and when no answer comes of
 * that, without. */
static void carry_out(struct command *c, long n, bool lasting, unsigned whose)
{
	struct err err = ERR_INIT;
	bool has_answer = false;

	c->arg = &has_answer;
	torture_on(n, lasting, whose);
	if (engine_submit(w->engine, c, &err)) {
		torture_off();
		c->reply.status = 503;
		return;
	}
	for (int i = 0; i < 4000 && !has_answer; i++)
		world_tick(w);
	torture_off();
	for (int i = 0; i < 40000 && !has_answer; i++)
		world_tick(w);
	if (!has_answer) {
		broken("no answer");
		world_restart(w);
	}
}

static int quietly(struct command c)
{
	int status;

	carry_out(&c, LONG_MAX, false, 0);
	status = c.reply.status;
	command_release(&c);
	return status;
}

/* --- what must hold ------------------------------------------------------ */

/* Whole: JSON to the last brace, with a member that it must have. */
static void check_body(const struct command *c, const char *member)
{
	json_t *body =
		json_loadb(c->reply.body.data, c->reply.body.len, 0, NULL);

	if (!json_object_get(body, member))
		broken("%d with a body that lacks %s: %s", c->reply.status,
		       member, c->reply.body.data);
	json_decref(body);
}

static void check_answer(const struct command *c, int right)
{
	bool sweep = c->kind == COMMAND_SWEEP;
	int status = c->reply.status;

	answers[status > 0 && status < 700 ? status : 0]++;
	if (status == right && status >= 400 && !c->reply.body.len)
		return; /* no memory to tell more */
	if (status == right || (right < 300 && status == 202))
		check_body(c, right >= 300 ? "code"
			      : sweep	   ? "dry_run"
					   : "phone_number");
	else if (status < 500)
		broken("answered %d, not %d", status, right);
	else if (c->reply.body.len)
		check_body(c, "code");
}

static const char *status_of(const char *number)
{
	static char status[16];
	struct number_row row;
	struct err err = ERR_INIT;
	int found = number_find(w->store, number, &row, &err);

	snprintf(status, sizeof(status), "%s", found == 1 ? row.status : "");
	return found < 0 ? "unreadable" : status;
}

/* Every resource of the record lives, and nothing else does. */
static void check_ledger(void)
{
	struct number_row row;
	json_t *built;
	size_t count, i;
	const json_t *r;

	if (number_find(w->store, NUMBER, &row, NULL) != 1) {
		if (world_alive(w))
			broken("no record, but %zu things are left",
			       world_alive(w));
		return;
	}
	built = json_loads(row.built, 0, NULL);
	count = json_array_size(json_object_get(built, "resources"));
	if (strcmp(row.status, "active") == 0 && count != world_alive(w))
		broken("the record tells of %zu things, %zu live", count,
		       world_alive(w));
	json_array_foreach (json_object_get(built, "resources"), i, r)
		if (!json_is_string(json_object_get(r, "id")))
			broken("the record has a thing without id");
	json_decref(built);
}

/* --- the orders ---------------------------------------------------------- */

static struct command make_create(void)
{
	return order_create(NUMBER);
}

static struct command make_async(void)
{
	struct command c = order_create(NUMBER);

	c.async = true;
	return c;
}

static struct command make_keyed(void)
{
	struct command c = order_create(NUMBER);
	static int key;

	snprintf(c.key, sizeof(c.key), "key-%d", key++);
	return c;
}

static struct command make_foreign(void)
{
	return order_create("+14155557777"); /* not in the account */
}

static struct command make_plan(void)
{
	struct command c = order_create(NUMBER);

	c.dry_run = true;
	return c;
}

static struct command make_delete(void)
{
	return order(COMMAND_DELETE, NUMBER);
}

static struct command make_patch(void)
{
	return order_patch("{\"label\":\"new\",\"metadata\":{\"k\":null,\"n\":"
			   "\"w\"},\"fallback_number\":\"+14155550199\"}");
}

static struct command make_same(void)
{
	return order_patch("{\"label\":\"L\"}");
}

static struct command make_wrong_patch(void)
{
	return order_patch("{\"label\":7,\"provider\":\"sip_trunk\"}");
}

static struct command make_sweep(void)
{
	w->now += 10 * world_conf.sweep_grace_ms;
	return order(COMMAND_SWEEP, "");
}

static const struct part {
	const char *name;
	bool on_number; /* is there before */
	int right;
	struct command (*make)(void);
	const char *then; /* the number's status after a right answer */
} parts[] = {
	{"create", false, 201, make_create, "active"},
	{"create with a key", false, 201, make_keyed, "active"},
	{"create, not waiting", false, 202, make_async, "active"},
	{"create of a foreign number", false, 422, make_foreign, ""},
	{"dry run", false, 200, make_plan, ""},
	{"delete", true, 200, make_delete, ""},
	{"patch", true, 200, make_patch, "active"},
	{"patch without a change", true, 200, make_same, "active"},
	{"wrong patch", true, 422, make_wrong_patch, "active"},
	{"sweep", true, 200, make_sweep, "active"},
};

static void clean_up(void)
{
	const char *status = status_of(NUMBER);

	if (strcmp(status, "") != 0) {
		/* Without memory to the deadline, it is told as it is. */
		if (strcmp(status, "active") != 0 && !torture.lasting)
			broken("the number is %s at the end", status);
		if (quietly(order(COMMAND_DELETE, NUMBER)) != 200)
			broken("the delete that follows fails");
	}
	world_settle(w);
	if (world_alive(w)) {
		broken("%zu things are left for good", world_alive(w));
		quietly(order(COMMAND_SWEEP, ""));
	}
}

static bool run_once(const struct part *p, long n, bool lasting, unsigned whose)
{
	struct command c;
	bool failed;

	torture.n = n;
	torture.lasting = lasting;
	torture.whose = whose;
	if (p->on_number && quietly(make_create()) != 201)
		broken("the create before it fails");
	c = p->make();
	carry_out(&c, n, lasting, whose);
	failed = torture.failed > 0;
	if (!world_settle(w))
		broken("it never ends");
	check_answer(&c, p->right);
	if (c.reply.status == p->right && p->right != 202 &&
	    strcmp(status_of(NUMBER), p->then))
		broken("answered %d, and the number is '%s'", c.reply.status,
		       status_of(NUMBER));
	command_release(&c);
	check_ledger();
	clean_up();
	return failed;
}

static void rack(const struct part *p, bool lasting, unsigned whose, long every)
{
	long n = torture_env("TORTURE_FROM", 1), runs = 0, live = torture.live;

	torture.what = p->name;
	memset(answers, 0, sizeof(answers));
	w->stops = 0;
	while (run_once(p, n, lasting, whose)) {
		n += every;
		runs++;
	}
	/* A statement may be prepared for the first time, and is kept. */
	if (torture.live - live > KEPT)
		broken("%ld pieces of memory are lost", torture.live - live);
	printf("%s%s%s: %ld places of %ld;", p->name,
	       lasting ? ", and on" : ", once",
	       whose == TORTURE_SQLITE ? " (sqlite)" : "", runs, n);
	for (int i = 0; i < 700; i++)
		if (answers[i])
			printf(" %d x%d", i, answers[i]);
	printf("; stopped %d times\n", w->stops);
}

static void orders_survive(void **state)
{
	long every = torture_env("TORTURE_EVERY", 29);
	const char *only = getenv("TORTURE_ONLY");

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (only && strcmp(only, parts[i].name) != 0)
			continue;
		rack(&parts[i], false, TORTURE_OURS, every);
		rack(&parts[i], true, TORTURE_OURS, every);
		rack(&parts[i], false, TORTURE_SQLITE, every);
		rack(&parts[i], true, TORTURE_SQLITE, every);
	}
	assert_int_equal(wrongs, 0);
}

static int open_world(void **state)
{
	(void)state;
	w = world_new();
	/* What is kept for good, such as prepared statements, comes first. */
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		torture.what = parts[i].name;
		run_once(&parts[i], LONG_MAX, false, 0);
	}
	wrongs = 0;
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	world_end(w);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_survive),
	};

	log_open(2, LOG_OFF);
	torture_begin();
	return cmocka_run_group_tests(tests, open_world, close_world);
}
