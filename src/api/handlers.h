/* SPDX-License-Identifier: MIT */
/* handlers.h - what routes.c can name: one function for each row. */
#ifndef SRC_API_HANDLERS_H
#define SRC_API_HANDLERS_H

#include "base/err.h"

struct request;

int numbers_list(struct request *rq, struct err *err);
int numbers_create(struct request *rq, struct err *err);
int numbers_get(struct request *rq, struct err *err);
int numbers_update(struct request *rq, struct err *err);
int numbers_delete(struct request *rq, struct err *err);
int numbers_force(struct request *rq, struct err *err);

int operations_list(struct request *rq, struct err *err);
int operations_get(struct request *rq, struct err *err);
int operations_cancel(struct request *rq, struct err *err);
int operations_watch(struct request *rq, struct err *err);

int events_list(struct request *rq, struct err *err);

int keys_list(struct request *rq, struct err *err);
int keys_create(struct request *rq, struct err *err);
int keys_get(struct request *rq, struct err *err);
int keys_revoke(struct request *rq, struct err *err);

int sweeps_create(struct request *rq, struct err *err);

int backups_create(struct request *rq, struct err *err);

int problems_list(struct request *rq, struct err *err);
int problems_get(struct request *rq, struct err *err);

int documents_yaml(struct request *rq, struct err *err);
int documents_json(struct request *rq, struct err *err);
int documents_health(struct request *rq, struct err *err);

int docs_page(struct request *rq, struct err *err);
int docs_file(struct request *rq, struct err *err);

int admin_live(struct request *rq, struct err *err);
int admin_ready(struct request *rq, struct err *err);
int admin_metrics(struct request *rq, struct err *err);

#endif
