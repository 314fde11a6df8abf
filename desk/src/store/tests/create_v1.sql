CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    session BLOB,
    event TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
CREATE TABLE bindings (
    person BLOB PRIMARY KEY CHECK (length(person) = 32),
    instance BLOB NOT NULL UNIQUE REFERENCES instances (thumbprint),
    bound_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE copies (
    cti BLOB PRIMARY KEY CHECK (length(cti) = 8),
    status_index INTEGER NOT NULL UNIQUE CHECK (status_index BETWEEN 0 AND 67108863),
    level TEXT NOT NULL,
    person BLOB NOT NULL,
    issued_at INTEGER NOT NULL,
    -- Where the copy's staples begin, and how many hours they last; the secret itself is derived, never stored.
    first_hour INTEGER NOT NULL,
    staple_hours INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'replaced'))
) STRICT, WITHOUT ROWID;
CREATE INDEX copies_of_person ON copies (person, state);
CREATE TABLE instances (
    thumbprint BLOB PRIMARY KEY CHECK (length(thumbprint) = 32),
    attested_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    nonce BLOB NOT NULL CHECK (length(nonce) = 32),
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('begun', 'shown', 'granted', 'done'))
) STRICT, WITHOUT ROWID;
