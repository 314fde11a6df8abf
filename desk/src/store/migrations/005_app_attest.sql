-- Keys that Apple's App Attest vouched for: the public key (SEC1), SHA-256 of the app's id, the counter of the last assertion, and
-- the wallet it belongs to.
CREATE TABLE app_keys (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    public_key BLOB NOT NULL CHECK (length(public_key) = 65),
    app BLOB NOT NULL CHECK (length(app) = 32),
    counter INTEGER NOT NULL CHECK (counter >= 0),
    instance BLOB NOT NULL CHECK (length(instance) = 32),
    attested_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
