/* SPDX-License-Identifier: MIT */
/*
 * oracles.c - what the database must hold when nothing is under way, read by a
 * connection and with SQL of its own.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "store/packed.h"

/* --- reading ------------------------------------------------------------- */

static const char *text(sqlite3_stmt *st, int col)
{
	const char *s = (const char *)sqlite3_column_text(st, col);

	return s ? s : "";
}

#define TAKE(to, st, col) snprintf((to), sizeof(to), "%s", text(st, col))

/* NULL if it is no JSON; the rules tell then. */
static json_t *unpacked(sqlite3_stmt *st, int col)
{
	struct buf room = BUF_INIT(1 << 20);
	struct text packed = {sqlite3_column_blob(st, col),
			      (size_t)sqlite3_column_bytes(st, col)};
	struct err err = ERR_INIT;
	struct text text;
	json_t *json = NULL;

	if (packed.at && unpack(&room, packed, &text, &err) == 0)
		json = json_loadb(text.at, text.len, 0, NULL);
	buf_release(&room);
	return json;
}

static void take_record(struct facts *f, sqlite3_stmt *st)
{
	struct record *r;

	f->records = realloc(f->records, (size_t)(f->record_count + 1) *
						 sizeof(*f->records));
	r = &f->records[f->record_count++];
	TAKE(r->id, st, 0);
	TAKE(r->phone, st, 1);
	TAKE(r->status, st, 2);
	TAKE(r->operation_id, st, 3);
	r->spec = unpacked(st, 4);
	r->built = unpacked(st, 5);
}

static void take_operation(struct facts *f, sqlite3_stmt *st)
{
	struct ended *o;

	f->operations =
		realloc(f->operations, (size_t)(f->operation_count + 1) *
					       sizeof(*f->operations));
	o = &f->operations[f->operation_count++];
	TAKE(o->id, st, 0);
	TAKE(o->kind, st, 1);
	TAKE(o->state, st, 2);
	TAKE(o->number_id, st, 3);
	TAKE(o->phone, st, 4);
	TAKE(o->request_id, st, 5);
	o->result = json_loads(text(st, 6), 0, NULL);
}

static int each(struct world *w, sqlite3 *db, struct facts *f, const char *sql,
		void (*take)(struct facts *f, sqlite3_stmt *st))
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		take(f, st);
		rc = SQLITE_OK;
	}
	if (rc != SQLITE_DONE)
		broken(w, "I10", "cannot read: %s", sqlite3_errmsg(db));
	(void)sqlite3_finalize(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

static sqlite3 *open_database(struct world *w)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(DATABASE, &db, SQLITE_OPEN_READWRITE, NULL) ==
	    SQLITE_OK)
		return db;
	broken(w, "I10", "the oracle cannot open the database");
	(void)sqlite3_close(db);
	return NULL;
}

int facts_load(struct world *w, struct facts *f)
{
	sqlite3 *db = open_database(w);
	int rc;

	*f = (struct facts){.records = NULL};
	if (!db)
		return -1;
	rc = each(w, db, f,
		  "SELECT id, phone_number, status, operation_id, spec, built "
		  "FROM numbers ORDER BY seq",
		  take_record) ||
	     each(w, db, f,
		  "SELECT id, kind, state, number_id, phone_number, request_id,"
		  " result FROM operations ORDER BY seq",
		  take_operation);
	(void)sqlite3_close(db);
	return rc ? -1 : 0;
}

void facts_release(struct facts *f)
{
	for (int i = 0; i < f->record_count; i++) {
		json_decref(f->records[i].spec);
		json_decref(f->records[i].built);
	}
	for (int i = 0; i < f->operation_count; i++)
		json_decref(f->operations[i].result);
	free(f->records);
	free(f->operations);
	*f = (struct facts){.records = NULL};
}

const struct record *facts_by_id(const struct facts *f, const char *id)
{
	for (int i = 0; i < f->record_count; i++)
		if (strcmp(f->records[i].id, id) == 0)
			return &f->records[i];
	return NULL;
}

const struct record *facts_by_phone(const struct facts *f, const char *phone)
{
	for (int i = 0; i < f->record_count; i++)
		if (strcmp(f->records[i].phone, phone) == 0)
			return &f->records[i];
	return NULL;
}

const struct ended *facts_operation(const struct facts *f, const char *id)
{
	for (int i = 0; i < f->operation_count; i++)
		if (strcmp(f->operations[i].id, id) == 0)
			return &f->operations[i];
	return NULL;
}

/* --- rules --------------------------------------------------------------- */

/* Each answers one row with a text if the rule is broken, none if it holds. */
static const struct {
	const char *rule, *what, *sql;
} rules[] = {
	{"I5", "an operation has not ended",
	 "SELECT id FROM operations WHERE ended_ms = 0"},
	{"I5", "a number is still being deleted",
	 "SELECT phone_number FROM numbers WHERE status = 'deleting'"},
	{"I3", "two records of one number",
	 "SELECT phone_number FROM numbers GROUP BY phone_number "
	 "HAVING count(*) > 1"},
	{"I10", "an ended operation keeps its secrets",
	 "SELECT id FROM operations WHERE ended_ms > 0 AND secrets NOT NULL"},
	{"I10", "journal of nobody",
	 "SELECT owner || ' ' || step FROM journal WHERE owner NOT IN "
	 "(SELECT id FROM numbers UNION ALL SELECT trunk_id FROM numbers "
	 "WHERE trunk_id NOT NULL)"},
	{"I10", "a trunk of nobody",
	 "SELECT id FROM trunks WHERE id NOT IN "
	 "(SELECT trunk_id FROM numbers WHERE trunk_id NOT NULL)"},
	{"I10", "an active number with a step that is not present",
	 "SELECT n.phone_number || ' ' || j.step || ' ' || j.state "
	 "FROM numbers n JOIN journal j ON j.owner IN (n.id, n.trunk_id) "
	 "WHERE n.status = 'active' AND j.state <> 'present' "
	 "AND j.step NOT IN ('agent_check', 'retell_settings')"},
	{"I10", "a corrupted number without anything left",
	 "SELECT n.phone_number FROM numbers n WHERE n.status = 'corrupted' "
	 "AND NOT EXISTS (SELECT 1 FROM journal j WHERE "
	 "j.owner IN (n.id, n.trunk_id) AND j.state = 'stuck')"},
	{"I4", "a key is unfinished and its operation has ended",
	 "SELECT key FROM replies WHERE finished_ms = 0"},
	{"I4", "a key without an operation",
	 "SELECT key FROM replies WHERE operation_id NOT NULL AND "
	 "operation_id NOT IN (SELECT id FROM operations)"},
	{"I10", "an ended operation without its event",
	 "SELECT id FROM operations WHERE id NOT IN "
	 "(SELECT operation_id FROM events WHERE operation_id NOT NULL)"},
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

static void check_rules(struct world *w, sqlite3 *db)
{
	for (size_t i = 0; i < RULES; i++) {
		sqlite3_stmt *st = NULL;
		int rc = sqlite3_prepare_v2(db, rules[i].sql, -1, &st, NULL);

		if (rc == SQLITE_OK)
			rc = sqlite3_step(st);
		if (rc == SQLITE_ROW)
			broken(w, rules[i].rule, "%s: %s", rules[i].what,
			       text(st, 0));
		else if (rc != SQLITE_DONE)
			broken(w, "I10", "cannot read: %s", sqlite3_errmsg(db));
		(void)sqlite3_finalize(st);
	}
}

static void check_file(struct world *w, sqlite3 *db)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &st,
			       NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW && strcmp(text(st, 0), "ok") != 0)
		broken(w, "I10", "the file is damaged: %s", text(st, 0));
	(void)sqlite3_finalize(st);
}

void oracles_check(struct world *w, const struct facts *f, bool deep)
{
	sqlite3 *db = open_database(w);

	if (!db)
		return;
	check_rules(w, db);
	if (deep)
		check_file(w, db);
	(void)sqlite3_close(db);
	answers_check(w, f);
	providers_check(w, f);
}
