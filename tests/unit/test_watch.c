/* SPDX-License-Identifier: MIT */
/* test_watch.c - events of sockets that come, go, and leave their number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../src/net/watch.h"

/* ---- helpers ---- */

static void begin(struct watch *w)
{
	struct err err = ERR_INIT;

	*w = (struct watch){.epoll = -1};
	assert_int_equal(watch_init(w, &err), 0);
}

/* The name of the next event; 0: there is none. */
static uint64_t event(const struct watch *w)
{
	struct epoll_event ev;
	int n = epoll_wait(w->epoll, &ev, 1, 0);

	assert_true(n >= 0);
	return n ? ev.data.u64 : 0;
}

/* A connection as libcurl makes it: opened, watched until it stands, then for
 * an answer. The other end is in *peer. */
static int connected(struct watch *w, uint64_t name, int *peer)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;

	assert_int_equal(bind(listener, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	fd = watch_open(w, AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, len), 0);
	*peer = accept(listener, NULL, NULL);
	assert_true(*peer >= 0);
	close(listener);
	assert_int_equal(watch_set(w, fd, name, EPOLLOUT), 0);
	assert_int_equal(event(w), name);
	assert_int_equal(watch_set(w, fd, name, EPOLLIN), 0);
	assert_int_equal(event(w), 0);
	return fd;
}

/* A socket that is not ours, with something to read, as number fd. */
static void foreign_as(int fd)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(send(pair[1], "x", 1, 0), 1);
	if (pair[0] != fd) {
		assert_int_equal(dup2(pair[0], fd), fd);
		close(pair[0]);
	}
	/* pair[1] stays open to the end of the program, like its data. */
}

/* ---- tests ---- */

static void an_answer_is_told_by_its_name(void **state)
{
	struct watch w;
	int peer, fd;

	begin(&w);
	fd = connected(&w, 7, &peer);
	assert_int_equal(send(peer, "x", 1, 0), 1);
	assert_int_equal(event(&w), 7);
	assert_true(watch_wanted(&w, fd));
	watch_close(&w, fd);
	assert_int_equal(event(&w), 0);
	close(peer);
	watch_release(&w);
}

static void a_connection_is_watched_again_after_a_pause(void **state)
{
	struct watch w;
	int peer, fd;

	begin(&w);
	fd = connected(&w, 7, &peer);
	assert_int_equal(watch_set(&w, fd, 7, 0), 0);
	assert_int_equal(watch_set(&w, fd, 8, EPOLLIN), 0); /* another's now */
	assert_int_equal(event(&w), 0);
	assert_int_equal(send(peer, "x", 1, 0), 1);
	assert_int_equal(event(&w), 8);
	assert_true(watch_wanted(&w, fd));
	watch_close(&w, fd);
	close(peer);
	watch_release(&w);
}

static void the_end_of_an_idle_connection_is_told_once(void **state)
{
	struct watch w;
	int peer, fd;

	begin(&w);
	fd = connected(&w, 7, &peer);
	assert_int_equal(watch_set(&w, fd, 7, 0), 0);
	assert_int_equal(event(&w), 0);
	close(peer);
	assert_int_equal(event(&w), 7);
	assert_false(watch_wanted(&w, fd));
	assert_int_equal(event(&w), 0); /* else the loop would spin */
	/* Whoever uses it all the same hears of it. */
	assert_int_equal(watch_set(&w, fd, 9, EPOLLIN), 0);
	assert_int_equal(event(&w), 9);
	watch_close(&w, fd);
	watch_release(&w);
}

static void a_number_may_come_back_as_another_socket(void **state)
{
	struct watch w;
	int peer, fd;

	begin(&w);
	fd = connected(&w, 7, &peer);
	assert_int_equal(watch_set(&w, fd, 7, 0), 0);
	watch_close(&w, fd);
	foreign_as(fd);
	assert_int_equal(watch_set(&w, fd, 7, EPOLLIN), 0);
	assert_int_equal(event(&w), 7);
	close(fd);
	close(peer);
	watch_release(&w);
}

static void so_may_one_that_was_closed_behind_our_back(void **state)
{
	struct watch w;
	int fd;

	begin(&w);
	fd = watch_open(&w, AF_INET, SOCK_STREAM, 0);
	assert_int_equal(watch_set(&w, fd, 7, EPOLLOUT), 0);
	close(fd); /* as libcurl does with one that never got connected */
	for (int i = 0; i < 2; i++) {
		foreign_as(fd);
		assert_int_equal(watch_set(&w, fd, 7, EPOLLIN), 0);
		assert_int_equal(event(&w), 7);
		assert_int_equal(watch_set(&w, fd, 7, 0), 0);
		assert_int_equal(event(&w), 0);
		close(fd);
	}
	watch_release(&w);
}

static void what_is_not_ours_is_taken_out_at_once(void **state)
{
	struct watch w;
	int pair[2];

	begin(&w);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	for (int i = 0; i < 2; i++) {
		foreign_as(pair[0]);
		assert_int_equal(watch_set(&w, pair[0], 7, EPOLLIN), 0);
		assert_int_equal(event(&w), 7);
		assert_int_equal(watch_set(&w, pair[0], 7, 0), 0);
		assert_int_equal(event(&w), 0);
		close(pair[0]);
	}
	close(pair[1]);
	watch_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_told_by_its_name),
		cmocka_unit_test(a_connection_is_watched_again_after_a_pause),
		cmocka_unit_test(the_end_of_an_idle_connection_is_told_once),
		cmocka_unit_test(a_number_may_come_back_as_another_socket),
		cmocka_unit_test(so_may_one_that_was_closed_behind_our_back),
		cmocka_unit_test(what_is_not_ours_is_taken_out_at_once),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
