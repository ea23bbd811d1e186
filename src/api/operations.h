/* SPDX-License-Identifier: MIT */
/* operations.h - what the two ways to read an operation share. */
#ifndef SRC_API_OPERATIONS_H
#define SRC_API_OPERATIONS_H

#include "request.h"
#include "store/operations.h"

/* An operation, and the JSON array of its steps as of the same moment (a create
 * that fails forgets its journal as it ends). 1: found; 0: there is none; -1.
 */
int operation_read(struct store *store, const char *id,
		   struct operation_row *row, struct buf *steps,
		   struct err *err);
/* That which the path names. -1: NOT_FOUND, or the database's failure. */
int operation_of_path(struct request *rq, struct operation_row *row,
		      struct buf *steps, struct err *err);

#endif
