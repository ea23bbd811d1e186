/* SPDX-License-Identifier: MIT */
/* table_sql.h - the texts of a table's statements, made when first needed and
 * kept with the store; NULL if there was no memory. */
#ifndef STORE_TABLE_SQL_H
#define STORE_TABLE_SQL_H

#include "table.h"

/* "SELECT columns ", for a FROM to follow. */
const char *table_select_sql(struct store *s, const struct table *t);
/* INSERT, or UPDATE where the key is there. $n are the columns that are
 * written, in their order. */
const char *table_put_sql(struct store *s, const struct table *t);
/* The UPDATE of a row whose COLUMN_SAMEs are as they were; the same $n. */
const char *table_update_sql(struct store *s, const struct table *t);

#endif
