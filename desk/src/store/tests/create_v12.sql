CREATE TABLE accounts (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    office TEXT NOT NULL,
    -- An Argon2id hash.
    password TEXT NOT NULL,
    -- Until when a password that was handed out is good; none for one that its owner chose.
    handed_until INTEGER,
    disabled_at INTEGER,
    made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX accounts_of_office ON accounts (office, name);
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
CREATE TABLE app_keys (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    public_key BLOB NOT NULL CHECK (length(public_key) = 65),
    app BLOB NOT NULL CHECK (length(app) = 32),
    counter INTEGER NOT NULL CHECK (counter >= 0),
    instance BLOB NOT NULL CHECK (length(instance) = 32),
    attested_at INTEGER NOT NULL
, object BLOB, client_data_hash BLOB) STRICT, WITHOUT ROWID;
CREATE TABLE applications (
    application BLOB PRIMARY KEY CHECK (length(application) = 32),
    person BLOB NOT NULL CHECK (length(person) = 32),
    document TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    session BLOB,
    event TEXT NOT NULL,
    outcome TEXT NOT NULL
) STRICT;
CREATE TABLE "bindings" (
    person BLOB PRIMARY KEY CHECK (length(person) = 32),
    instance BLOB NOT NULL UNIQUE CHECK (length(instance) = 32),
    bound_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE card_losses (
    person BLOB PRIMARY KEY CHECK (length(person) = 32),
    reported_on INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE cards (
    card BLOB PRIMARY KEY CHECK (length(card) = 32),
    person BLOB NOT NULL CHECK (length(person) = 32),
    shown_at INTEGER NOT NULL,
    lost_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX cards_of_person ON cards (person);
CREATE TABLE checks (
    person BLOB NOT NULL CHECK (length(person) = 32),
    document TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'approved', 'denied')),
    asked_at INTEGER NOT NULL,
    PRIMARY KEY (person, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX checks_by_state ON checks (state, asked_at);
CREATE TABLE closed (
    person BLOB PRIMARY KEY CHECK (length(person) = 32),
    reason TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE codes (
    code BLOB PRIMARY KEY CHECK (length(code) = 32),
    person BLOB NOT NULL REFERENCES people (person),
    instance BLOB NOT NULL CHECK (length(instance) = 32),
    challenge BLOB NOT NULL CHECK (length(challenge) = 32),
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX codes_by_end ON codes (expires_at);
CREATE TABLE commands (
    instance BLOB NOT NULL CHECK (length(instance) = 32),
    seq INTEGER NOT NULL CHECK (seq > 0),
    op TEXT NOT NULL CHECK (op IN ('lock', 'resume', 'wipe')),
    why TEXT NOT NULL,
    queued_at INTEGER NOT NULL,
    obeyed_at INTEGER,
    PRIMARY KEY (instance, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX commands_by_time ON commands (queued_at);
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
, issue BLOB, retired_at INTEGER) STRICT, WITHOUT ROWID;
CREATE INDEX copies_by_time ON copies (issued_at);
CREATE INDEX copies_inactive ON copies (status_index) WHERE state <> 'active';
CREATE INDEX copies_of_issue ON copies (issue);
CREATE INDEX copies_of_person ON copies (person, state);
CREATE INDEX copies_retired ON copies (retired_at);
CREATE TABLE deferred (
    transaction_id BLOB PRIMARY KEY CHECK (length(transaction_id) = 32),
    issue BLOB NOT NULL CHECK (length(issue) = 16),
    configuration TEXT NOT NULL,
    keys BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE former_phones (
    person BLOB PRIMARY KEY CHECK (length(person) = 32),
    instance BLOB NOT NULL CHECK (length(instance) = 32),
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE instances (
    thumbprint BLOB PRIMARY KEY CHECK (length(thumbprint) = 32),
    attested_at INTEGER NOT NULL
, attestation BLOB, challenge BLOB) STRICT, WITHOUT ROWID;
CREATE TABLE keys (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32)
) STRICT, WITHOUT ROWID;
CREATE TABLE line_events (
    person BLOB PRIMARY KEY CHECK (length(person) = 32),
    change TEXT NOT NULL CHECK (change IN ('number', 'sim', 'ended', 'taken')),
    operator TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE lines (
    line BLOB PRIMARY KEY CHECK (length(line) = 32),
    person BLOB NOT NULL UNIQUE CHECK (length(person) = 32),
    bound_at INTEGER NOT NULL
, operator TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;
CREATE TABLE nonces (
    value BLOB PRIMARY KEY CHECK (length(value) = 32),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX nonces_by_end ON nonces (expires_at);
CREATE TABLE offers (
    code BLOB PRIMARY KEY CHECK (length(code) = 32),
    person BLOB NOT NULL REFERENCES people (person),
    transaction_code BLOB CHECK (length(transaction_code) = 32),
    tries_left INTEGER NOT NULL CHECK (tries_left >= 0),
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX offers_by_end ON offers (expires_at);
CREATE INDEX offers_of_person ON offers (person);
CREATE TABLE outdated (
    person BLOB NOT NULL CHECK (length(person) = 32),
    document BLOB NOT NULL CHECK (length(document) = 4),
    PRIMARY KEY (person, document)
) STRICT, WITHOUT ROWID;
CREATE TABLE own_names (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    person BLOB NOT NULL UNIQUE CHECK (length(person) = 32),
    line BLOB NOT NULL CHECK (length(line) = 32),
    operator TEXT NOT NULL,
    sealed BLOB NOT NULL,
    asked_at INTEGER NOT NULL,
    denied_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE page_limits (
    name BLOB PRIMARY KEY CHECK (length(name) = 32),
    due_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE page_sessions (
    token BLOB PRIMARY KEY CHECK (length(token) = 32),
    role TEXT NOT NULL,
    who TEXT NOT NULL,
    stamp BLOB NOT NULL CHECK (length(stamp) = 32),
    seen_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE people (
    person BLOB PRIMARY KEY CHECK (length(person) = 32),
    record BLOB NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE proofs (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX proofs_by_end ON proofs (expires_at);
CREATE TABLE pushed (
    request BLOB PRIMARY KEY CHECK (length(request) = 32),
    application BLOB NOT NULL CHECK (length(application) = 32),
    instance BLOB NOT NULL CHECK (length(instance) = 32),
    challenge BLOB NOT NULL CHECK (length(challenge) = 32),
    redirect_uri TEXT NOT NULL,
    state TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sequences (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    nonce BLOB NOT NULL CHECK (length(nonce) = 32),
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('begun', 'shown', 'granted', 'done'))
, instance BLOB, challenge BLOB) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE TABLE standings (
    instance BLOB PRIMARY KEY CHECK (length(instance) = 32),
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE suspensions (
    person BLOB PRIMARY KEY CHECK (length(person) = 32),
    since INTEGER NOT NULL
, reason TEXT NOT NULL DEFAULT 'phone_lost', operator TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE taps (
    person BLOB NOT NULL CHECK (length(person) = 32),
    instance BLOB NOT NULL CHECK (length(instance) = 32),
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (person, instance)
) STRICT, WITHOUT ROWID;
CREATE TABLE tokens (
    token BLOB PRIMARY KEY CHECK (length(token) = 32),
    kind TEXT NOT NULL CHECK (kind IN ('access', 'refresh')),
    person BLOB NOT NULL REFERENCES people (person),
    instance BLOB NOT NULL CHECK (length(instance) = 32),
    issue BLOB NOT NULL CHECK (length(issue) = 16),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_end ON tokens (expires_at);
CREATE INDEX tokens_of_issue ON tokens (issue);
CREATE INDEX tokens_of_person ON tokens (person);
CREATE TABLE "visits" (
    person BLOB NOT NULL CHECK (length(person) = 32),
    document BLOB NOT NULL CHECK (length(document) = 4),
    seen_at INTEGER NOT NULL,
    spent_at INTEGER,
    PRIMARY KEY (person, document)
) STRICT, WITHOUT ROWID;
