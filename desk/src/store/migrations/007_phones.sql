-- Who ordered a suspension: what an operator may lift is what an operator ordered.
ALTER TABLE suspensions ADD COLUMN reason TEXT NOT NULL DEFAULT 'phone_lost';

-- Commands to phones, by Instance key, numbered from 1. One is kept until the phone says that it obeyed, and after.
CREATE TABLE commands (
    instance BLOB NOT NULL CHECK (length(instance) = 32),
    seq INTEGER NOT NULL CHECK (seq > 0),
    op TEXT NOT NULL CHECK (op IN ('lock', 'resume', 'wipe')),
    why TEXT NOT NULL,
    queued_at INTEGER NOT NULL,
    obeyed_at INTEGER,
    PRIMARY KEY (instance, seq)
) STRICT, WITHOUT ROWID;

-- What a phone is told of its card, where that is not simply good.
CREATE TABLE standings (
    instance BLOB PRIMARY KEY CHECK (length(instance) = 32),
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The phone a person had last: it hears when another takes its place.
CREATE TABLE former_phones (
    person BLOB PRIMARY KEY CHECK (length(person) = 32),
    instance BLOB NOT NULL CHECK (length(instance) = 32),
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- People to whom nothing is issued any more.
CREATE TABLE closed (
    person BLOB PRIMARY KEY CHECK (length(person) = 32),
    reason TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
