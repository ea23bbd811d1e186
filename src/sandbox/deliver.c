/* SPDX-License-Identifier: MIT */
/*
 * deliver.c - the last step of an exchange: the answer as it is, cut, byte by
 * byte, without end, or none at all.
 */
#include "exchange.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const struct sandbox_plan whole = {.truncate = -1, .land_late_ms = -1};

static const struct sandbox_plan *plan_of(const struct exchange *x)
{
	return x->held ? sandbox_plan(x->held->call) : &whole;
}

static int socket_of(const struct exchange *x)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

/* Linux: connecting a TCP socket to nowhere resets it at once, while closing
 * it with SO_LINGER 0 would come after libmicrohttpd's polite shutdown. */
static enum MHD_Result reset(const struct exchange *x)
{
	struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	if (connect(socket_of(x), &nowhere, sizeof(nowhere)))
		perror("trunkline-sandbox: reset");
	return MHD_NO;
}

/* Bytes that libmicrohttpd would never send. What does not fit into the
 * socket's buffer is lost. */
static enum MHD_Result send_raw(const struct exchange *x)
{
	const char *data = x->answer->body;
	size_t left = x->answer->body_len;

	while (left) {
		ssize_t n = send(socket_of(x), data, left,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n <= 0)
			break;
		data += n;
		left -= (size_t)n;
	}
	return MHD_NO;
}

static ssize_t read_endless(void *cls, uint64_t pos, char *to, size_t max)
{
	memset(to, ' ', max);
	return (ssize_t)max;
}

/* The body up to where it is cut, with pauses if it drips. */
static ssize_t read_body(void *cls, uint64_t pos, char *to, size_t max)
{
	struct exchange *x = cls;
	const struct sandbox_plan *plan = plan_of(x);
	uint64_t end = x->answer->body_len;
	int64_t now = monotonic_us();

	if (plan->truncate >= 0 && (uint64_t)plan->truncate < end)
		end = (uint64_t)plan->truncate;
	if (pos >= end)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (max > end - pos)
		max = end - pos;
	if (plan->drip_ms) {
		if (x->f->closing)
			return MHD_CONTENT_READER_END_WITH_ERROR;
		if (!x->next_byte_us)
			x->next_byte_us = now + plan->drip_ms * 1000;
		if (now < x->next_byte_us) {
			exchange_suspend(x);
			timers_add(&x->f->timers, x->next_byte_us,
				   exchange_wake, x);
			return 0;
		}
		x->next_byte_us = 0;
		max = 1;
	}
	memcpy(to, x->answer->body + pos, max);
	return (ssize_t)max;
}

static struct MHD_Response *make_response(struct exchange *x)
{
	const struct sandbox_plan *plan = plan_of(x);
	const struct sandbox_answer *a = x->answer;

	if (plan->endless)
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096,
							 read_endless, x, NULL);
	if (a->body_len && (plan->truncate >= 0 || plan->drip_ms))
		return MHD_create_response_from_callback(a->body_len, 4096,
							 read_body, x, NULL);
	return MHD_create_response_from_buffer(a->body_len, a->body,
					       MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result add_headers(struct MHD_Response *response,
				   const struct sandbox_answer *a)
{
	if (a->content_type &&
	    MHD_add_response_header(response, "Content-Type",
				    a->content_type) != MHD_YES)
		return MHD_NO;
	for (size_t i = 0; i < a->n_headers; i++)
		if (MHD_add_response_header(response, a->headers[i].name,
					    a->headers[i].value) != MHD_YES)
			return MHD_NO;
	return MHD_YES;
}

enum MHD_Result deliver(struct exchange *x)
{
	struct MHD_Response *response;
	enum MHD_Result rc;

	switch (plan_of(x)->deliver) {
	case SANDBOX_DELIVER_CLOSE:
		return MHD_NO;
	case SANDBOX_DELIVER_RESET:
		return reset(x);
	case SANDBOX_DELIVER_RAW:
		return send_raw(x);
	case SANDBOX_DELIVER_ANSWER:
		break;
	}
	response = make_response(x);
	if (!response)
		return MHD_NO;
	rc = add_headers(response, x->answer);
	if (rc == MHD_YES)
		rc = MHD_queue_response(x->connection,
					(unsigned)x->answer->status, response);
	MHD_destroy_response(response);
	return rc;
}
