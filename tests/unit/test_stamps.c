/* SPDX-License-Identifier: MIT */
/* Deadlines of connections: everyone has one from its first moment, or is not
 * let in. The sockets are real, the HTTP library's connection is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "api/limits.h"
#include "api/stamps.h"

static bool no_memory;

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_calloc(size_t n, size_t size)
{
	return no_memory ? NULL : __real_calloc(n, size);
}

/* A connection, as far as stamps.c looks at it. */
struct line {
	int ours, clients;
	void *context;
};

/* In place of the library's. */
const union MHD_ConnectionInfo *MHD_get_connection_info(
	struct MHD_Connection *connection, enum MHD_ConnectionInfoType what,
	...)
{
	static union MHD_ConnectionInfo info;
	const struct line *line = (const struct line *)connection;

	if (what == MHD_CONNECTION_INFO_CONNECTION_FD)
		info.connect_fd = line->ours;
	else
		info.socket_context = line->context;
	return &info;
}

static int64_t now_ms(void *now)
{
	return *(int64_t *)now;
}

static struct {
	struct stamps all;
	int64_t now;
	struct line line;
} t;

static int set_up(void **state)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	t.line = (struct line){.ours = pair[0], .clients = pair[1]};
	t.now = 1000;
	stamps_init(&t.all, now_ms, &t.now);
	return 0;
}

static int tear_down(void **state)
{
	stamps_release(&t.all);
	close(t.line.ours);
	close(t.line.clients);
	return 0;
}

static void notify(enum MHD_ConnectionNotificationCode code)
{
	stamps_notify(&t.all, (struct MHD_Connection *)&t.line, &t.line.context,
		      code);
}

static bool client_is_cut_off(void)
{
	char byte;

	return recv(t.line.clients, &byte, 1, MSG_DONTWAIT) == 0;
}

static void a_connection_has_a_deadline_from_its_first_moment(void **state)
{
	notify(MHD_CONNECTION_NOTIFY_STARTED);
	assert_non_null(stamp_of((struct MHD_Connection *)&t.line));
	assert_int_equal(stamps_reap(&t.all, t.now + LIMIT_HEADER_MS, false),
			 0);
	assert_false(client_is_cut_off());
	assert_int_equal(
		stamps_reap(&t.all, t.now + LIMIT_HEADER_MS + 1, false), 1);
	assert_true(client_is_cut_off());
	notify(MHD_CONNECTION_NOTIFY_CLOSED);
}

static void without_memory_for_its_deadline_it_is_not_let_in(void **state)
{
	no_memory = true;
	notify(MHD_CONNECTION_NOTIFY_STARTED);
	no_memory = false;
	assert_null(stamp_of((struct MHD_Connection *)&t.line));
	assert_true(client_is_cut_off());
	assert_int_equal(atomic_load(&t.all.open.count), 1);
	assert_int_equal(stamps_reap(&t.all, INT64_MAX, true), 0);
	notify(MHD_CONNECTION_NOTIFY_CLOSED);
	assert_int_equal(atomic_load(&t.all.open.count), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_connection_has_a_deadline_from_its_first_moment,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			without_memory_for_its_deadline_it_is_not_let_in,
			set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
