-- Version 1: two key domains of sealed rows, a digest for each, and the wrapped keys outside any seal.

-- The data keys as the phone's hardware wrapped them; bound by the device digest once that key is there.
CREATE TABLE header (
    name    TEXT NOT NULL PRIMARY KEY,
    alias   TEXT NOT NULL,
    wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per key domain. version: the vault version of the last commit that touched the domain.
CREATE TABLE digest (
    domain    TEXT NOT NULL PRIMARY KEY,
    version   INTEGER NOT NULL,
    mac       BLOB NOT NULL,
    key_check BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- All sealed tables have one form. The blob comes last, so that reading the rest touches no overflow page.
-- Domain device.
CREATE TABLE setting (id INTEGER NOT NULL PRIMARY KEY, schema INTEGER NOT NULL, version INTEGER NOT NULL, tag BLOB NOT NULL, nonce BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;
CREATE TABLE public_data (id INTEGER NOT NULL PRIMARY KEY, schema INTEGER NOT NULL, version INTEGER NOT NULL, tag BLOB NOT NULL, nonce BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;
CREATE TABLE staple (id INTEGER NOT NULL PRIMARY KEY, schema INTEGER NOT NULL, version INTEGER NOT NULL, tag BLOB NOT NULL, nonce BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;

-- Domain person.
CREATE TABLE card (id INTEGER NOT NULL PRIMARY KEY, schema INTEGER NOT NULL, version INTEGER NOT NULL, tag BLOB NOT NULL, nonce BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;
CREATE TABLE copy (id INTEGER NOT NULL PRIMARY KEY, schema INTEGER NOT NULL, version INTEGER NOT NULL, tag BLOB NOT NULL, nonce BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;
CREATE TABLE mdoc (id INTEGER NOT NULL PRIMARY KEY, schema INTEGER NOT NULL, version INTEGER NOT NULL, tag BLOB NOT NULL, nonce BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;
CREATE TABLE history (id INTEGER NOT NULL PRIMARY KEY, schema INTEGER NOT NULL, version INTEGER NOT NULL, tag BLOB NOT NULL, nonce BLOB NOT NULL, sealed BLOB NOT NULL) STRICT;
