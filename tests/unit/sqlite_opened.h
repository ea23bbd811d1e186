/* SPDX-License-Identifier: MIT */
/*
 * sqlite_opened.h - SQLite's own handle of the connection that was opened last,
 * to look at what the store does not show.
 */
#ifndef SQLITE_OPENED_H
#define SQLITE_OPENED_H

#include <sqlite3.h>

static sqlite3 *opened;

static inline int note_opened(sqlite3 *db, char **message,
			      const struct sqlite3_api_routines *api)
{
	opened = db;
	return SQLITE_OK;
}

/* The set-up of a group of tests. */
static inline int watch_opened(void **state)
{
	return sqlite3_auto_extension((void (*)(void))note_opened);
}

#endif
