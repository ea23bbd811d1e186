/* SPDX-License-Identifier: MIT */
/*
 * limits.h - how much of anything a client may send or hold, in one place.
 *
 * What passes a limit of ours gets a problem document. The library's pool is
 * larger than our limits on purpose: only gross excess meets its own pages.
 */
#ifndef API_LIMITS_H
#define API_LIMITS_H

/* clang-format off */
#define LIMIT_TARGET          4096           /* bytes of path and query: 414 */
#define LIMIT_FIELDS          100            /* header fields: 431 */
#define LIMIT_HEADER          (16 * 1024)    /* bytes of header fields: 431 */
#define LIMIT_BODY            (64 * 1024)    /* bytes of a body: 413 */
#define LIMIT_BODY_DRAIN      (1024 * 1024)  /* read past it, then closed */
#define LIMIT_BEARER          512            /* bytes of an API key */
#define LIMIT_ANSWER          (16 * 1024 * 1024)
#define LIMIT_PAGE            (4 * 1024 * 1024)  /* then a page ends early */
#define LIMIT_POOL            (34 * 1024)    /* the library's; every request clears it */

#define LIMIT_CONNECTIONS     8192           /* fewer with few descriptors */
#define LIMIT_ADMIN_CONNECTIONS 64
#define LIMIT_STREAMS         256
/* Of so many connections: clients that wait for an outcome, more of them if the
 * engine's next commit answers, and streams. */
#define LIMIT_WAITING(all)    ((all) / 4 * 3)
#define LIMIT_BRIEF(all)      ((all) / 16 + 1)
#define LIMIT_WATCHING(all)   ((all) / 8 < LIMIT_STREAMS ? (all) / 8 : LIMIT_STREAMS)
#define LIMIT_BACKLOG         1024

/* Absolute deadlines. (The library's own timer only knows inactivity, and looks
 * at the clock eight times for each request: it is off.) */
#define LIMIT_HEADER_MS       10000          /* to send a request's header */
#define LIMIT_BODY_MS         30000          /* to send its body */
#define LIMIT_WRITE_MS        60000          /* to take the answer */
#define LIMIT_IDLE_MS         60000          /* between two requests */
#define LIMIT_BEAT_MS         15000          /* a sign of life in a stream */
#define LIMIT_STREAM_MS       (15 * 60 * 1000)   /* then a client comes again */
#define LIMIT_DRAIN_MS        5000           /* at shutdown, after the engine */
/* clang-format on */

#endif
