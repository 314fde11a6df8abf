-- Who is signed in at the pages, by SHA-256 of the cookie. `stamp` is what the account was when the session began.
CREATE TABLE page_sessions (
    token BLOB PRIMARY KEY CHECK (length(token) = 32),
    role TEXT NOT NULL,
    who TEXT NOT NULL,
    stamp BLOB NOT NULL CHECK (length(stamp) = 32),
    seen_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is limited in its rate, by keyed hash, and when the next one would be on time.
CREATE TABLE page_limits (
    name BLOB PRIMARY KEY CHECK (length(name) = 32),
    due_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who did what. No name or number of a citizen: a subject is the keyed hash of a person or of a line.
CREATE TABLE acts (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    who TEXT NOT NULL,
    office TEXT NOT NULL,
    act TEXT NOT NULL,
    subject BLOB CHECK (length(subject) = 32),
    outcome TEXT NOT NULL
) STRICT;
CREATE INDEX acts_of_office ON acts (office, id);
CREATE INDEX acts_on_subject ON acts (subject, id);
