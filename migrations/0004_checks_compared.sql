-- SPDX-License-Identifier: MIT
-- 0004_checks_compared.sql: closed sets of words, checked by comparing.
--
-- A CHECK with IN and three words or more costs SQLite a table in memory that
-- it builds anew for each row it writes: a fifth of all that a create cost.
-- The same words compared one by one are the same check.
--
-- SQLite changes a CHECK by making the table anew, or, where nothing that is
-- stored changes, by its text in the schema (sqlite.org/lang_altertable.html,
-- section 7). This is the second: the first would copy all of the journal.
PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = replace(sql,
'CHECK (state IN (''intended'', ''present'', ''undoing'',
	                                 ''gone'', ''absent'', ''stuck''))',
'CHECK (state = ''intended'' OR state = ''present'' OR
	                       state = ''undoing'' OR state = ''gone'' OR
	                       state = ''absent'' OR state = ''stuck'')')
WHERE type = 'table' AND name = 'journal';

UPDATE sqlite_schema SET sql = replace(replace(sql,
'CHECK (kind IN (''create'', ''update'', ''delete'', ''force''))',
'CHECK (kind = ''create'' OR kind = ''update'' OR
	                    kind = ''delete'' OR kind = ''force'')'),
'CHECK (state IN (''running'', ''undoing'', ''succeeded'',
	                              ''failed'', ''stuck''))',
'CHECK (state = ''running'' OR state = ''undoing'' OR
	                    state = ''succeeded'' OR state = ''failed'' OR
	                    state = ''stuck'')')
WHERE type = 'table' AND name = 'operations';

UPDATE sqlite_schema SET sql = replace(sql,
'CHECK (status IN (''active'', ''deleting'', ''corrupted''))',
'CHECK (status = ''active'' OR status = ''deleting'' OR
	                    status = ''corrupted'')')
WHERE type = 'table' AND name = 'numbers';

PRAGMA writable_schema = RESET;
