-- SPDX-License-Identifier: MIT
-- 0001_initial.sql: everything Trunkline remembers.
--
-- Applied in one transaction, and never edited once it has landed: a change of
-- the schema is a new file with the next number.
--
-- Times are Unix milliseconds, 0 where there is none yet. Text that holds JSON
-- is kept as the API answers it, and is never searched: what is looked for has
-- a column. `seq` is the order of insertion and the cursor of the lists; every
-- list goes through an index that ends in it, so that a page is read in order
-- without a sort. SQLite's own here are only INTEGER PRIMARY KEY, which hands
-- out seq, and the type BLOB.

-- Small facts about this database by name: the mark of our resources at the
-- providers ("instance"), the canary of the master key.
CREATE TABLE meta (
	name  TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
);

-- Agent phone numbers: those that are provisioned, are being removed, or could
-- not be removed. A number that is being created has an operation but no row.
CREATE TABLE numbers (
	seq          INTEGER PRIMARY KEY,
	id           TEXT NOT NULL UNIQUE,
	phone_number TEXT NOT NULL UNIQUE,
	status       TEXT NOT NULL
	             CHECK (status IN ('active', 'deleting', 'corrupted')),
	label        TEXT,
	provider     TEXT NOT NULL,
	trunk_id     TEXT,
	operation_id TEXT,
	version      BIGINT NOT NULL,
	created_ms   BIGINT NOT NULL,
	updated_ms   BIGINT NOT NULL,
	assigned     INTEGER NOT NULL CHECK (assigned IN (0, 1)),
	spec         TEXT NOT NULL,
	built        TEXT,
	secrets      BLOB
);

-- One index for each filter of the list. SQLite takes the one made last where
-- two would do, so that the most telling filter stands last.
CREATE INDEX numbers_by_provider ON numbers (provider, seq);
CREATE INDEX numbers_by_assigned ON numbers (assigned, seq);
CREATE INDEX numbers_by_status ON numbers (status, seq);
CREATE INDEX numbers_by_label ON numbers (label, seq);

-- Which agents a number is bound to, for the list's filter agent_id: the key
-- gives one agent's numbers in the order of the list.
CREATE TABLE number_agents (
	agent_id   TEXT NOT NULL,
	number_seq BIGINT NOT NULL REFERENCES numbers (seq) ON DELETE CASCADE,
	PRIMARY KEY (agent_id, number_seq)
);

CREATE INDEX number_agents_by_number ON number_agents (number_seq);

-- Trunks at Twilio that we made. A dedicated one lives and dies with its
-- number; numbers point here by trunk_id.
CREATE TABLE trunks (
	seq         INTEGER PRIMARY KEY,
	id          TEXT NOT NULL UNIQUE,
	kind        TEXT NOT NULL CHECK (kind IN ('dedicated', 'shared')),
	account_sid TEXT NOT NULL,
	created_ms  BIGINT NOT NULL
);

-- How far each change in the outside world has come: one row for each owner (a
-- number or a trunk), step and instance. What is built, and what an undo has
-- to take back, is read from here alone.
CREATE TABLE journal (
	seq             INTEGER PRIMARY KEY,
	owner           TEXT NOT NULL,
	step            TEXT NOT NULL,
	instance        INTEGER NOT NULL,
	operation_id    TEXT NOT NULL,
	state           TEXT NOT NULL
	                CHECK (state IN ('intended', 'present', 'undoing',
	                                 'gone', 'absent', 'stuck')),
	external_id     TEXT NOT NULL,
	phase           INTEGER NOT NULL,
	attempts        INTEGER NOT NULL,
	data            TEXT,
	error           TEXT,
	provider_status INTEGER NOT NULL,
	provider_code   INTEGER NOT NULL,
	started_ms      BIGINT NOT NULL,
	updated_ms      BIGINT NOT NULL,
	UNIQUE (owner, step, instance)
);

CREATE INDEX journal_by_operation ON journal (operation_id, seq);

-- What was asked of us and how it ended. Kept after the number is gone.
CREATE TABLE operations (
	seq          INTEGER PRIMARY KEY,
	id           TEXT NOT NULL UNIQUE,
	kind         TEXT NOT NULL
	             CHECK (kind IN ('create', 'update', 'delete', 'force')),
	state        TEXT NOT NULL
	             CHECK (state IN ('running', 'undoing', 'succeeded',
	                              'failed', 'stuck')),
	number_id    TEXT NOT NULL,
	trunk_id     TEXT,
	phone_number TEXT NOT NULL,
	request_id   TEXT,
	principal    TEXT,
	spec         TEXT,
	secrets      BLOB,
	cancelled    INTEGER NOT NULL CHECK (cancelled IN (0, 1)),
	recoveries   BIGINT NOT NULL,
	done         BIGINT NOT NULL,
	total        BIGINT NOT NULL,
	created_ms   BIGINT NOT NULL,
	updated_ms   BIGINT NOT NULL,
	ended_ms     BIGINT NOT NULL,
	error        TEXT,
	result       TEXT,
	steps        TEXT
);

-- Two operations never work on one phone number at a time, whatever the code
-- believes.
CREATE UNIQUE INDEX operations_one_at_a_time ON operations (phone_number)
	WHERE ended_ms = 0;
-- What a start has to take up again.
CREATE INDEX operations_unended ON operations (ended_ms, seq)
	WHERE ended_ms = 0;
CREATE INDEX operations_by_kind ON operations (kind, seq);
CREATE INDEX operations_by_state ON operations (state, seq);
CREATE INDEX operations_by_phone_number ON operations (phone_number, seq);
CREATE INDEX operations_by_number ON operations (number_id, seq);

-- Idempotency records: the request that a key belongs to, and the answer to
-- give again. Unfinished (finished_ms = 0) as long as an operation works on it.
CREATE TABLE replies (
	principal    TEXT NOT NULL,
	key          TEXT NOT NULL,
	fingerprint  BLOB NOT NULL,
	operation_id TEXT,
	created_ms   BIGINT NOT NULL,
	finished_ms  BIGINT NOT NULL,
	status       INTEGER NOT NULL,
	content_type TEXT,
	location     TEXT,
	etag         TEXT,
	body         BLOB,
	PRIMARY KEY (principal, key)
);

CREATE INDEX replies_by_operation ON replies (operation_id);
CREATE INDEX replies_by_finished ON replies (finished_ms);

-- The audit trail. Only ever appended.
CREATE TABLE events (
	seq          INTEGER PRIMARY KEY,
	id           TEXT NOT NULL UNIQUE,
	at_ms        BIGINT NOT NULL,
	principal    TEXT,
	action       TEXT NOT NULL,
	number_id    TEXT,
	phone_number TEXT,
	operation_id TEXT,
	request_id   TEXT,
	detail       TEXT
);

CREATE INDEX events_by_action ON events (action, seq);
CREATE INDEX events_by_phone_number ON events (phone_number, seq);
CREATE INDEX events_by_number ON events (number_id, seq);
CREATE INDEX events_by_operation ON events (operation_id, seq);

-- API keys, by the keyed hash of the key; a key itself is nowhere.
CREATE TABLE keys (
	seq          INTEGER PRIMARY KEY,
	id           TEXT NOT NULL UNIQUE,
	name         TEXT NOT NULL,
	scope        TEXT NOT NULL CHECK (scope IN ('read', 'write', 'admin')),
	hash         BLOB NOT NULL UNIQUE,
	created_ms   BIGINT NOT NULL,
	expires_ms   BIGINT NOT NULL,
	revoked_ms   BIGINT NOT NULL,
	last_used_ms BIGINT NOT NULL
);

-- Twilio accounts of clients where a call's outcome was unknown and something
-- of ours may yet turn up: the sweep looks there too, until it has found
-- nothing. The service's own account is always looked at.
CREATE TABLE sweep_accounts (
	account_sid  TEXT NOT NULL PRIMARY KEY,
	user         TEXT NOT NULL,
	secret       BLOB NOT NULL,
	noted_ms     BIGINT NOT NULL
);
