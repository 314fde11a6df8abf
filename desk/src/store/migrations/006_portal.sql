-- What the portal leads to: applications, authorization requests that wallets pushed, and who was seen.

-- Applications, by SHA-256 of the `issuer_state` that their link carries.
CREATE TABLE applications (
    application BLOB PRIMARY KEY CHECK (length(application) = 32),
    person BLOB NOT NULL CHECK (length(person) = 32),
    document TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Pushed authorization requests, by SHA-256 of their `request_uri`. One is answered once.
CREATE TABLE pushed (
    request BLOB PRIMARY KEY CHECK (length(request) = 32),
    application BLOB NOT NULL CHECK (length(application) = 32),
    instance BLOB NOT NULL CHECK (length(instance) = 32),
    challenge BLOB NOT NULL CHECK (length(challenge) = 32),
    redirect_uri TEXT NOT NULL,
    state TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- When a clerk last saw a person.
CREATE TABLE visits (
    person BLOB PRIMARY KEY CHECK (length(person) = 32),
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- When a person's card and face were last shown to a phone.
CREATE TABLE taps (
    person BLOB NOT NULL CHECK (length(person) = 32),
    instance BLOB NOT NULL CHECK (length(instance) = 32),
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (person, instance)
) STRICT, WITHOUT ROWID;

-- Manual checks: whether a clerk found a person may have a document.
CREATE TABLE checks (
    person BLOB NOT NULL CHECK (length(person) = 32),
    document TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'approved', 'denied')),
    asked_at INTEGER NOT NULL,
    PRIMARY KEY (person, document)
) STRICT, WITHOUT ROWID;

-- Credential requests that wait for a manual check, by SHA-256 of their transaction: what was asked for, and the keys (SEC1, one
-- after the other).
CREATE TABLE deferred (
    transaction_id BLOB PRIMARY KEY CHECK (length(transaction_id) = 32),
    issue BLOB NOT NULL CHECK (length(issue) = 16),
    configuration TEXT NOT NULL,
    keys BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
