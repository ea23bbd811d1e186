/* SPDX-License-Identifier: MIT */
/* test_stream.c - a stream over hours: a real server on a clock of our own. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "api/limits.h"
#include "api/server.h"
#include "base/log.h"
#include "saga/saga.h"
#include "store/journal.h"
#include "store/operations.h"
#include "store_fixture.h"

#define KEY	  "an-api-key-of-the-test"
#define OPERATION "op_01jd3x8m5kf7wv2q9h4c6t0zrf"
#define NUMBER	  "apn_01jd3x8m5kf7wv2q9h4c6t0zre"
#define MASTER	  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

#define LOOKS	250 /* what comes at all comes long before */
#define LOOK_MS 20

static _Atomic int64_t mono = 1000;

static int64_t mono_ms(struct clock *c)
{
	return atomic_load(&mono);
}

static int64_t wall_ms(struct clock *c)
{
	return clock_system()->wall_ms(clock_system());
}

static void random_bytes(struct clock *c, void *out, size_t n)
{
	clock_system()->random(clock_system(), out, n);
}

static struct clock test_clock = {
	.mono_ms = mono_ms,
	.wall_ms = wall_ms,
	.random = random_bytes,
};

static void ignore(struct transport *t)
{
}

static struct transport no_transport = {.wakeup = ignore};

static struct {
	struct fixture *f;
	struct seal *seal;
	struct engine *engine;
	struct server *server;
	int fd;
	size_t len;
	char text[64 * 1024]; /* what came so far and was not looked at */
} t;

/* --- the world ----------------------------------------------------------- */

static void put_operation(const char *state, int64_t ended_ms)
{
	const struct operation_row row = {
		.id = OPERATION,
		.kind = "create",
		.state = state,
		.number_id = NUMBER,
		.phone_number = "+14155550100",
		.request_id = "req",
		.principal = "root",
		.spec = "{}",
		.total = 3,
		.done = 3,
		.created_ms = 1,
		.updated_ms = 2,
		.ended_ms = ended_ms,
		.steps = ended_ms ? "[]" : NULL,
	};

	in_transaction(t.f);
	assert_ok(t.f, operation_put(t.f->store, &row, &t.f->err));
	committed(t.f);
	histogram_add(&t.engine->counts.commits, 1);
}

static void put_step(const char *step, const char *state)
{
	struct journal_row row = {.owner = NUMBER, .operation_id = OPERATION};

	strcpy(row.step, step);
	strcpy(row.state, state);
	in_transaction(t.f);
	assert_ok(t.f, journal_put(t.f->store, &row, &t.f->err));
	committed(t.f);
	histogram_add(&t.engine->counts.commits, 1);
}

static void later(int64_t ms)
{
	atomic_fetch_add(&mono, ms);
	server_reap(t.server);
}

static int start(void **state)
{
	struct engine_conf engine = {.max_operations = 1};
	struct server_conf conf = {
		.listen = {.host = "127.0.0.1"},
		.admin_listen = {.host = "127.0.0.1"},
		.threads = 1,
		.connections = 64,
		.admin_connections = 8,
		.api_key = KEY,
	};
	struct fixture *f;

	fixture_store(state);
	memset(&t, 0, sizeof(t));
	t.f = f = *state;
	conf.database_url = f->url;
	log_open(2, LOG_OFF);
	t.seal = seal_new(MASTER, &f->err);
	assert_non_null(t.seal);
	t.engine = engine_new(&engine, &test_clock, &no_transport, f->store,
			      t.seal, &f->err);
	assert_non_null(t.engine);
	t.server = server_new(&conf, t.engine, t.seal, &test_clock, &f->err);
	if (!t.server || server_start(t.server, &f->err))
		fail_msg("%s", f->err.detail);
	put_operation("running", 0);
	return 0;
}

/* Also with a stream that sleeps: the library would abort. */
static int stop(void **state)
{
	server_quiesce(t.server);
	server_detach(t.server);
	engine_free(t.engine);
	atomic_fetch_add(&mono, LIMIT_IDLE_MS + LIMIT_WRITE_MS);
	assert_int_equal(server_stop(t.server, &t.f->err), 0);
	seal_free(t.seal);
	close(t.fd);
	return fixture_release(state);
}

/* --- the client ---------------------------------------------------------- */

static void watch(void)
{
	static const char request[] =
		"GET /v1/operations/" OPERATION "/events HTTP/1.1\r\n"
		"Host: test\r\n"
		"Authorization: Bearer " KEY "\r\n\r\n";
	struct sockaddr_in at = {.sin_family = AF_INET};
	const char *port = strrchr(server_url(t.server), ':') + 1;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	at.sin_port = htons((uint16_t)atoi(port));
	t.fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_return_code(t.fd, 0);
	assert_int_equal(connect(t.fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(write(t.fd, request, sizeof(request) - 1),
			 sizeof(request) - 1);
}

/* As the service's main thread does. */
static void wait_to_read(void)
{
	struct pollfd p = {.fd = t.fd, .events = POLLIN};

	for (int i = 0; i < LOOKS; i++) {
		if (poll(&p, 1, LOOK_MS) == 1)
			return;
		server_reap(t.server);
	}
}

/* Waits for text and drops it and all before it. */
static void expect(const char *text)
{
	char *found;

	while (!(found = strstr(t.text, text))) {
		ssize_t n;

		wait_to_read();
		n = recv(t.fd, t.text + t.len, sizeof(t.text) - 1 - t.len,
			 MSG_DONTWAIT);
		if (n <= 0)
			fail_msg("never came: %s\nbut: %s", text, t.text);
		t.len += (size_t)n;
		t.text[t.len] = '\0';
	}
	found += strlen(text);
	t.len -= (size_t)(found - t.text);
	memmove(t.text, found, t.len + 1);
}

/* Nothing is on its way: the next thing that comes is a heartbeat. */
static void expect_only_a_beat(void)
{
	later(LIMIT_BEAT_MS);
	expect("\r\n:\n\n\r\n");
	assert_int_equal(t.len, 0);
}

static void begin(void)
{
	watch();
	expect("retry: 2000\n\n");
	expect("event: progress\nid: \n"
	       "data: {\"state\":\"running\",\"done\":0,\"total\":3}\n\n\r\n");
}

/* --- the tests ----------------------------------------------------------- */

static void a_change_is_told_after_its_commit(void **state)
{
	begin();
	put_step("twilio_trunk", "present");
	later(0);
	expect("event: step\n");
	expect("\"name\":\"twilio_trunk\"");
	expect("\"done\":1,\"total\":3}\n\n\r\n");
}

static void a_commit_that_is_about_others_wakes_it_in_vain(void **state)
{
	begin();
	for (int i = 0; i < 20; i++) {
		histogram_add(&t.engine->counts.commits, 1);
		later(0);
	}
	expect_only_a_beat();
}

static void an_event_puts_the_heartbeat_off(void **state)
{
	begin();
	later(LIMIT_BEAT_MS - 1);
	put_step("twilio_trunk", "intended");
	later(0);
	expect("\"error\":null}\n\n\r\n");
	later(LIMIT_BEAT_MS - 1);
	put_step("twilio_trunk", "present");
	later(0);
	expect("event: step\n");
	expect("\"done\":1,\"total\":3}\n\n\r\n");
	expect_only_a_beat();
}

static void it_beats_for_its_time_and_ends_without_an_end(void **state)
{
	begin();
	for (int ms = LIMIT_BEAT_MS; ms < LIMIT_STREAM_MS; ms += LIMIT_BEAT_MS)
		expect_only_a_beat();
	later(LIMIT_BEAT_MS);
	expect("0\r\n\r\n");
	assert_int_equal(t.len, 0);
}

static void the_end_is_the_last(void **state)
{
	begin();
	put_operation("succeeded", 1700000000000);
	later(0);
	expect("\"state\":\"succeeded\",\"done\":3,\"total\":3}\n\n");
	expect("event: end\nid: end-1700000000000\n");
	expect("\r\n0\r\n\r\n");
	assert_int_equal(t.len, 0);
}

static void what_came_with_the_last_commit_is_told_at_a_stop(void **state)
{
	begin();
	put_step("twilio_trunk", "present");
	server_quiesce(t.server);
	server_detach(t.server);
	expect("event: step\n");
	expect("\r\n0\r\n\r\n");
}

static void a_stop_finds_it_asleep(void **state)
{
	begin();
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_change_is_told_after_its_commit),
		TEST(a_commit_that_is_about_others_wakes_it_in_vain),
		TEST(an_event_puts_the_heartbeat_off),
		TEST(it_beats_for_its_time_and_ends_without_an_end),
		TEST(the_end_is_the_last),
		TEST(what_came_with_the_last_commit_is_told_at_a_stop),
		TEST(a_stop_finds_it_asleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
