-- On what grounds something is issued, and who may act on it.

-- What a clerk saw a person for, by the tag of the document: good for one issuance of it. A visit recorded before named no
-- document, so it grants nothing.
CREATE TABLE visits_v2 (
    person BLOB NOT NULL CHECK (length(person) = 32),
    document BLOB NOT NULL CHECK (length(document) = 4),
    seen_at INTEGER NOT NULL,
    spent_at INTEGER,
    PRIMARY KEY (person, document)
) STRICT, WITHOUT ROWID;
DROP TABLE visits;
ALTER TABLE visits_v2 RENAME TO visits;

-- Which operator has a line, and which one ordered a suspension: it is that one's alone. A line recorded before is no operator's
-- until it is recorded again.
ALTER TABLE lines ADD COLUMN operator TEXT NOT NULL DEFAULT '';
ALTER TABLE suspensions ADD COLUMN operator TEXT;

-- The last thing that became of a person's line, until one is recorded for them again.
CREATE TABLE line_events (
    person BLOB PRIMARY KEY CHECK (length(person) = 32),
    change TEXT NOT NULL CHECK (change IN ('number', 'sim', 'ended', 'taken')),
    operator TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Physical cards that were shown, by keyed hash of issuer and number.
CREATE TABLE cards (
    card BLOB PRIMARY KEY CHECK (length(card) = 32),
    person BLOB NOT NULL CHECK (length(person) = 32),
    shown_at INTEGER NOT NULL,
    lost_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX cards_of_person ON cards (person);

-- People who reported a card lost, and the day of the last report: a card issued before it is not the new one, shown here or not.
CREATE TABLE card_losses (
    person BLOB PRIMARY KEY CHECK (length(person) = 32),
    reported_on INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
