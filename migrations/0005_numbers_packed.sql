-- SPDX-License-Identifier: MIT
-- 0005_numbers_packed.sql: what is kept of a number takes a third of the room.
--
-- spec and built are packed (include/store/packed.h) when a row is written;
-- rows from before stay as they are until then, and both are read. So only the
-- type changes, by its text in the schema as in 0004, and with it the version,
-- which keeps out a program that does not know how to unpack.
PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = replace(replace(sql,
'spec         TEXT NOT NULL,', 'spec         BLOB NOT NULL,'),
'built        TEXT,', 'built        BLOB,')
WHERE type = 'table' AND name = 'numbers';

PRAGMA writable_schema = RESET;
