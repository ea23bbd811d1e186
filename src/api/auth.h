/* SPDX-License-Identifier: MIT */
/* auth.h - who asks, and may they? */
#ifndef SRC_API_AUTH_H
#define SRC_API_AUTH_H

#include "request.h"

/* Takes the API key out of Authorization (Bearer only), sets rq->principal and
 * compares its scope with the route's. -1: UNAUTHORIZED, FORBIDDEN, or the
 * database's failure. */
int auth_check(struct request *rq, struct err *err);

#endif
