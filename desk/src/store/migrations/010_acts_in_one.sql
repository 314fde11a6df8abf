-- When a copy was given up or replaced: a counter that heard nothing refuses it for its staple a day later, and need not be told. Of
-- those before nobody knows when, so they count as retired when their own days are over.
ALTER TABLE copies ADD COLUMN retired_at INTEGER;
UPDATE copies SET retired_at = issued_at + 5529600 WHERE state = 'replaced';
CREATE INDEX copies_retired ON copies (retired_at);
