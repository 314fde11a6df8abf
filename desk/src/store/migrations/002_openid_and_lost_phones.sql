-- What is known of a person, sealed under a key that is not in this file.
CREATE TABLE people (
    person BLOB PRIMARY KEY CHECK (length(person) = 32),
    record BLOB NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Credential offers, by SHA-256 of their code. One is good once, and for so many wrong transaction codes.
CREATE TABLE offers (
    code BLOB PRIMARY KEY CHECK (length(code) = 32),
    person BLOB NOT NULL REFERENCES people (person),
    transaction_code BLOB CHECK (length(transaction_code) = 32),
    tries_left INTEGER NOT NULL CHECK (tries_left >= 0),
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;

-- Authorization codes, by SHA-256, with the PKCE challenge and the phone they were given to.
CREATE TABLE codes (
    code BLOB PRIMARY KEY CHECK (length(code) = 32),
    person BLOB NOT NULL REFERENCES people (person),
    instance BLOB NOT NULL CHECK (length(instance) = 32),
    challenge BLOB NOT NULL CHECK (length(challenge) = 32),
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;

-- Tokens, by SHA-256. `issue` names the batch that an access token fetches.
CREATE TABLE tokens (
    token BLOB PRIMARY KEY CHECK (length(token) = 32),
    kind TEXT NOT NULL CHECK (kind IN ('access', 'refresh')),
    person BLOB NOT NULL REFERENCES people (person),
    instance BLOB NOT NULL CHECK (length(instance) = 32),
    issue BLOB NOT NULL CHECK (length(issue) = 16),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_of_person ON tokens (person);

-- Nonces and challenges handed out and not used yet.
CREATE TABLE nonces (
    value BLOB PRIMARY KEY CHECK (length(value) = 32),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Proofs taken once already, until they would be too old anyway.
CREATE TABLE proofs (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The phone and the PKCE challenge a card session belongs to.
ALTER TABLE sessions ADD COLUMN instance BLOB;
ALTER TABLE sessions ADD COLUMN challenge BLOB;

-- The batch a copy came in.
ALTER TABLE copies ADD COLUMN issue BLOB;

-- A phone may be vouched for by another wallet provider than this desk's, so a binding does not lean on the list of its own.
CREATE TABLE bindings_v2 (
    person BLOB PRIMARY KEY CHECK (length(person) = 32),
    instance BLOB NOT NULL UNIQUE CHECK (length(instance) = 32),
    bound_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO bindings_v2 (person, instance, bound_at) SELECT person, instance, bound_at FROM bindings;
DROP TABLE bindings;
ALTER TABLE bindings_v2 RENAME TO bindings;

-- Which subscriber line is whose, by keyed hash, after the operator's own-name check.
CREATE TABLE lines (
    line BLOB PRIMARY KEY CHECK (length(line) = 32),
    person BLOB NOT NULL UNIQUE CHECK (length(person) = 32),
    bound_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- People whose phone was reported lost.
CREATE TABLE suspensions (
    person BLOB PRIMARY KEY CHECK (length(person) = 32),
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
