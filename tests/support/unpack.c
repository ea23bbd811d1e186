/* SPDX-License-Identifier: MIT */
/*
 * unpack.c - an extension for SQLite, with which tests look into packed
 * columns: SELECT unpack(spec) FROM numbers.
 */
#include <sqlite3ext.h>

#include "store/packed.h"

SQLITE_EXTENSION_INIT1

#define TEXT_MAX (1 << 24)

static void unpack_value(sqlite3_context *context, int count,
			 sqlite3_value **values)
{
	struct buf room = BUF_INIT(TEXT_MAX);
	struct text text = {sqlite3_value_blob(values[0]),
			    (size_t)sqlite3_value_bytes(values[0])};
	struct err err = ERR_INIT;

	if (!text.at) /* of NULL: NULL */
		return;
	if (unpack(&room, text, &text, &err) == 0)
		sqlite3_result_text(context, text.at, (int)text.len,
				    SQLITE_TRANSIENT);
	else
		sqlite3_result_error(context, err.detail, -1);
	buf_release(&room);
}

int sqlite3_unpack_init(sqlite3 *db, char **error,
			const sqlite3_api_routines *api);

int sqlite3_unpack_init(sqlite3 *db, char **error,
			const sqlite3_api_routines *api)
{
	SQLITE_EXTENSION_INIT2(api);
	return sqlite3_create_function(db, "unpack", 1,
				       SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
				       unpack_value, NULL, NULL);
}
