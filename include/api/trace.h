/* SPDX-License-Identifier: MIT */
/* trace.h - the names by which a request is followed: X-Request-Id and
 * traceparent (W3C Trace Context). Only well-formed ones are taken over. */
#ifndef API_TRACE_H
#define API_TRACE_H

#include <stdbool.h>

#include "api/header.h"

#define TRACE_ID_SIZE	  65 /* of a request id: 64 and NUL */
#define TRACE_PARENT_SIZE 56

/* ^[A-Za-z0-9._-]{1,64}$ */
bool trace_id_valid(struct text t);
/* Version 00, lower-case hex, ids that are not all zero. */
bool trace_parent_valid(struct text t);

#endif
