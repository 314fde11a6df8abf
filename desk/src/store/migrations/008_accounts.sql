-- Accounts of staff that an administrator made; those of the configuration are not here. A name is given once and never again.
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

-- What waits for a clerk, oldest first.
CREATE INDEX checks_by_state ON checks (state, asked_at);
