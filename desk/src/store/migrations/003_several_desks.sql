-- Which keys the desks over this memory have, as one digest: others would take everybody in it for a stranger.
CREATE TABLE keys (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32)
) STRICT, WITHOUT ROWID;

-- Numbers that never go back, whichever desk asks.
CREATE TABLE sequences (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is over is looked for by its time.
CREATE INDEX offers_by_end ON offers (expires_at);
CREATE INDEX codes_by_end ON codes (expires_at);
CREATE INDEX tokens_by_end ON tokens (expires_at);
CREATE INDEX nonces_by_end ON nonces (expires_at);
CREATE INDEX proofs_by_end ON proofs (expires_at);
CREATE INDEX sessions_by_end ON sessions (expires_at);
-- By batch, to count its copies; by time, for the counter pack.
CREATE INDEX copies_of_issue ON copies (issue);
CREATE INDEX copies_by_time ON copies (issued_at);
CREATE INDEX tokens_of_issue ON tokens (issue);
CREATE INDEX offers_of_person ON offers (person);
