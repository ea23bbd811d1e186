/* SPDX-License-Identifier: MIT */
/* problems.c - the pages that the `type` of a problem points to. */
#include "answer.h"
#include "base/json.h"
#include "handlers.h"

static void add(struct buf *b, const struct err_def *def)
{
	buf_char(b, '{');
	json_put_str(b, "code", def->code);
	json_put_str(b, "title", def->title);
	json_put_int(b, "status", def->http);
	json_put_str(b, "description", def->help);
	buf_char(b, '}');
}

int problems_list(struct request *rq, struct err *err)
{
	struct buf *b = answer_json(rq);
	bool first = true;

	if (query_read(rq->target.query, NULL, 0, err))
		return -1;
	buf_str(b, "{\"items\":[");
	for (int c = ERR_NONE + 1; c < ERR_COUNT; c++) {
		if (!err_public((enum err_code)c))
			continue;
		if (!first)
			buf_char(b, ',');
		first = false;
		add(b, err_def((enum err_code)c));
	}
	buf_str(b, "]}");
	return 0;
}

int problems_get(struct request *rq, struct err *err)
{
	enum err_code code = err_by_name(rq->arg);

	if (query_read(rq->target.query, NULL, 0, err))
		return -1;
	if (code == ERR_NONE || !err_public(code))
		return err_set(err, ERR_NOT_FOUND,
			       "there is no problem of this name");
	add(answer_json(rq), err_def(code));
	return 0;
}
