-- When a copy was given up or replaced: a counter that heard nothing refuses it for its staple a day later, and need not be told. Of
-- those before nobody knows when, so they count as retired when their own days are over.
ALTER TABLE copies ADD COLUMN retired_at INTEGER;
UPDATE copies SET retired_at = issued_at + 5529600 WHERE state = 'replaced';
CREATE INDEX copies_retired ON copies (retired_at);

-- Documents of a person whose copies say what is no longer true, by tag, until the phone has kept others. While there is one, the phone
-- is told that its copies were replaced, and not that they are revoked.
CREATE TABLE outdated (
    person BLOB NOT NULL CHECK (length(person) = 32),
    document BLOB NOT NULL CHECK (length(document) = 4),
    PRIMARY KEY (person, document)
) STRICT, WITHOUT ROWID;
INSERT INTO outdated (person, document)
    SELECT DISTINCT tokens.person, substr(tokens.issue, 1, 4) FROM tokens
    JOIN standings ON standings.instance = tokens.instance
    WHERE tokens.kind = 'refresh' AND standings.state = 'replaced';

-- How a key was attested, as it was said then, to be judged by what is demanded now. Keys of before have to be attested anew.
ALTER TABLE instances ADD COLUMN attestation BLOB;
ALTER TABLE instances ADD COLUMN challenge BLOB;
ALTER TABLE app_keys ADD COLUMN object BLOB;
ALTER TABLE app_keys ADD COLUMN client_data_hash BLOB;

-- Lines that citizens named as theirs, until their operator has said so: number sealed under a key that is not in this file.
CREATE TABLE own_names (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    person BLOB NOT NULL UNIQUE CHECK (length(person) = 32),
    line BLOB NOT NULL CHECK (length(line) = 32),
    operator TEXT NOT NULL,
    sealed BLOB NOT NULL,
    asked_at INTEGER NOT NULL,
    denied_at INTEGER
) STRICT, WITHOUT ROWID;
