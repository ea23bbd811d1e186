/* SPDX-License-Identifier: MIT */
/* replies.c - the table of idempotency records. */
#include "store/replies.h"

#include "table.h"

static const struct column columns[] = {
	COLUMN_SAME(struct reply_row, principal),
	COLUMN_SAME(struct reply_row, key),
	COLUMN(struct reply_row, fingerprint),
	COLUMN(struct reply_row, operation_id),
	COLUMN(struct reply_row, created_ms),
	COLUMN(struct reply_row, finished_ms),
	COLUMN(struct reply_row, status),
	COLUMN(struct reply_row, retry_after_s),
	COLUMN(struct reply_row, content_type),
	COLUMN(struct reply_row, location),
	COLUMN(struct reply_row, etag),
	COLUMN_BLOB(struct reply_row, body, body_size),
};

static const struct table table = {
	.id = TABLE_REPLIES,
	.name = "replies",
	.key = "principal, key",
	TABLE_COLUMNS(struct reply_row, columns),
};

int reply_put(struct store *s, const struct reply_row *row, struct err *err)
{
	return table_put(s, &table, row, err);
}

int reply_find(struct store *s, const char *principal, const char *key,
	       struct reply_row *row, struct err *err)
{
	return table_find(s, &table, row, err,
			  "FROM replies WHERE principal = $1 AND key = $2",
			  "tt", principal, key);
}

int reply_of_operation(struct store *s, const char *operation_id,
		       struct reply_row *row, struct err *err)
{
	return table_find(s, &table, row, err,
			  "FROM replies WHERE operation_id = $1", "t",
			  operation_id);
}

int reply_expire(struct store *s, int64_t finished_before_ms, struct err *err)
{
	return db_run(s->db, err,
		      "DELETE FROM replies WHERE (principal, key) IN"
		      " (SELECT principal, key FROM replies"
		      "  WHERE finished_ms > 0 AND finished_ms < $1"
		      "  ORDER BY finished_ms LIMIT 500)",
		      "i", finished_before_ms);
}
