/* SPDX-License-Identifier: MIT */
/*
 * transport.h - carry calls to the providers and bring back what came of them.
 *
 * One thread (the engine's) uses a transport, but for wakeup. Nothing here
 * calls back: send starts, poll waits, next hands out what has ended, so that
 * the owner decides when things happen. Every call that was sent ends exactly
 * once, if only by its time limit. A call is never sent twice.
 *
 * The curl transport promises: TLS verified, no redirects, no proxy from the
 * environment, warm connections, limits on time and size. A name that leads to
 * a private, local or otherwise not public address is refused before a byte is
 * sent ("blocked"); only this machine may be called, by its own addresses or as
 * localhost. libcurl silently repeats a request on a reused connection that
 * dies before it answers, and over HTTP/2 one that the server refuses or says
 * goodbye to, POST or not: here it may not, the call is LOST.
 */
#ifndef NET_TRANSPORT_H
#define NET_TRANSPORT_H

#include "base/err.h"
#include "base/http.h"

struct transport {
	/* Starts a call. Always swallows rq (also on failure). tag comes back
	 * with the response. -1: could not be started, nothing was sent and no
	 * response will come. */
	int (*send)(struct transport *t, struct http_request *rq, void *tag,
		    struct err *err);
	/* Waits until a call has ended, wakeup is called or timeout_ms (-1: no
	 * limit) is over, and works on the calls under way meanwhile. */
	int (*poll)(struct transport *t, int timeout_ms, struct err *err);
	/* Hands out one ended call; false when there is none. The response is
	 * the caller's to release. */
	bool (*next)(struct transport *t, void **tag, struct http_response *rs);
	/* Makes a poll under way, or the next one, return. Any thread, until
	 * free. */
	void (*wakeup)(struct transport *t);
	/* Ends all calls without a response and frees the transport. */
	void (*free)(struct transport *t);
};

struct curl_conf {
	long connect_timeout_ms;
	long total_timeout_ms; /* connect, send and answer; also the longest
				* wait for a connection before that */
	long max_connections;  /* per host; 0: no limit */
	const char *ca_file;   /* NULL: the system's */
	bool tls;	       /* some calls go to https: then authorities
				* must be there, or making it fails */
	bool http2;	       /* with hosts that offer it, over TLS */
};

struct transport *transport_curl_new(const struct curl_conf *conf,
				     struct err *err);

/* Makes so many connections to the host of the URL, or one if it speaks HTTP/2,
 * ready for the calls to come. What is sent is a HEAD of the URL without
 * credentials: it cannot do anything, and its answer does not matter. Poll does
 * the work. -1: it could not be begun. */
int transport_curl_warm(struct transport *t, const char *url, int connections,
			struct err *err);

#endif
