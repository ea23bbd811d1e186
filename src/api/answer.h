/* SPDX-License-Identifier: MIT */
/* answer.h - making and sending the answer of a request. */
#ifndef SRC_API_ANSWER_H
#define SRC_API_ANSWER_H

#include "request.h"
#include "steps/spec.h"

/* Makes the reply 200 with room for a JSON body; returns that body. */
struct buf *answer_json(struct request *rq);
/* Makes the reply the problem that err is. faults may be NULL. What is not for
 * clients (a failed database) is logged and told as such. */
void answer_problem(struct request *rq, const struct err *err,
		    const struct faults *faults);
/* Queues rq->reply. MHD_NO: nothing could be sent, close the connection. */
enum MHD_Result answer_send(struct request *rq);

#endif
