/* SPDX-License-Identifier: MIT */
/*
 * startup.c - how long from exec to the first answer:
 *
 *   startup PORT PATH KEY PROGRAM [ARGUMENT...]
 *
 * Starts the program, which will listen on PORT, and asks for PATH over and
 * over until it is answered 200. Prints "ready MILLISECONDS PID" and waits for
 * the program to end; it dies with us.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GIVE_UP_MS 30000
#define PAUSE_NS   100000

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

static pid_t pid; /* the program */

static void pass_on(int signo)
{
	(void)kill(pid, signo);
}

static void start(char **argv)
{
	pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
}

static bool answers(const struct sockaddr_in *at, const char *request)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char answer[64] = "";
	bool ok = false;

	if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 &&
	    send(fd, request, strlen(request), MSG_NOSIGNAL) > 0 &&
	    recv(fd, answer, sizeof(answer) - 1, 0) > 12)
		ok = strncmp(answer + 9, "200", 3) == 0;
	close(fd);
	return ok;
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	char request[1024];
	double began;

	if (argc < 5) {
		fputs("usage: startup PORT PATH KEY PROGRAM ...\n", stderr);
		return 2;
	}
	at.sin_port = htons((uint16_t)atoi(argv[1]));
	snprintf(request, sizeof(request),
		 "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
		 "Authorization: Bearer %s\r\nConnection: close\r\n\r\n",
		 argv[2], argv[3]);
	began = now_ms();
	start(argv + 4);
	while (!answers(&at, request)) {
		if (waitpid(pid, NULL, WNOHANG) ||
		    now_ms() - began > GIVE_UP_MS)
			return 1;
		nanosleep(&pause, NULL);
	}
	/* Who ends this one waits for the program's end with it. */
	signal(SIGTERM, pass_on);
	printf("ready %.3f %d\n", now_ms() - began, (int)pid);
	fflush(stdout);
	return waitpid(pid, NULL, 0) == pid ? 0 : 1;
}
