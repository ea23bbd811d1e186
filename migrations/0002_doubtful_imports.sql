-- SPDX-License-Identifier: MIT
-- 0002_doubtful_imports.sql: numbers that may yet turn up at Retell.
--
-- An import whose answer was lost can take effect after its number is gone. On
-- a trunk of ours the number bears our mark, the termination URI; on a client's
-- own trunk nothing does, so what was sent is kept here until a sweep, later
-- than it could have landed, has read Retell's list.
CREATE TABLE doubtful_imports (
	number_id       TEXT NOT NULL PRIMARY KEY,
	phone_number    TEXT NOT NULL,
	termination_uri TEXT NOT NULL,
	noted_ms        BIGINT NOT NULL
);

CREATE INDEX doubtful_imports_by_phone
	ON doubtful_imports (phone_number, termination_uri, noted_ms);
