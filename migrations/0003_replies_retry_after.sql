-- SPDX-License-Identifier: MIT
-- 0003_replies_retry_after.sql: a kept answer has the Retry-After it was given
-- with, so that its copy has it too.
ALTER TABLE replies ADD COLUMN retry_after_s INTEGER NOT NULL DEFAULT 0;

UPDATE replies SET retry_after_s = 10 WHERE status IN (503, 504);
