/* SPDX-License-Identifier: MIT */
/*
 * ceiling.h - what both ceilings need: a tuned libmicrohttpd, the check of the
 * bearer key, SQLite. They show how fast the same libraries can be with nothing
 * around them: no limits, no metrics, no problems, no request ids.
 *
 * usage: ceiling_… DATABASE KEY THREADS PORT [UPSTREAM]     port 0: any
 */
#ifndef BENCH_CEILING_H
#define BENCH_CEILING_H

#include <microhttpd.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUMBERS_PATH "/v1/agent-phone-numbers"

struct ceiling_args {
	const char *database, *key, *upstream;
	unsigned threads;
	uint16_t port;
};

/* Ends the program with a message. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void ceiling_args(struct ceiling_args *out, int argc, char **argv);
/* Announces the port and serves until SIGTERM. */
void ceiling_serve(const struct ceiling_args *args,
		   MHD_AccessHandlerCallback handler,
		   MHD_RequestCompletedCallback completed);

/* Compares in constant time. */
bool ceiling_authorized(struct MHD_Connection *c, const char *key);
/* body is freed by libmicrohttpd. */
enum MHD_Result ceiling_send_own(struct MHD_Connection *c, unsigned status,
				 char *body, size_t len);
enum MHD_Result ceiling_refuse(struct MHD_Connection *c, unsigned status);

/* WAL, mapped into memory; each thread has its own. */
sqlite3 *ceiling_open(const char *database, bool writer);
sqlite3_stmt *ceiling_prepare(sqlite3 *db, const char *sql);

/* Appends at `to` (there must be room); returns the new end. */
char *put_raw(char *to, const char *text, size_t len);
char *put_string(char *to, const char *text, size_t len); /* with quotes */
char *put_time(char *to, int64_t wall_ms);		  /* RFC 3339, quoted */
#define PUT(to, literal) put_raw((to), (literal), sizeof(literal) - 1)

#endif
