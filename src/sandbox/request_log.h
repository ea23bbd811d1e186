/* SPDX-License-Identifier: MIT */
/*
 * request_log.h - every provider call in order, secrets masked; the newest
 * config.log_max of them.
 */
#ifndef SANDBOX_REQUEST_LOG_H
#define SANDBOX_REQUEST_LOG_H

#include "call.h"

/* On arrival. The call remembers its row. */
void log_begin(struct sandbox_call *c, int64_t now_ms);
/* When it is decided what is answered: 0 is nothing. */
void log_done(struct sandbox_call *c, int status, int64_t now_ms);
/* The late effect has landed. */
void log_landed(struct sandbox_call *c);
void log_clear(struct sandbox *sb);
void log_release(struct sandbox *sb);

#endif
