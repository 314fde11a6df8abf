//! The schema: one source for both engines.

use super::super::StoreError;

/// What makes each version out of the one before. A shipped one is never edited.
pub(in crate::store) const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/001_issuing.sql"),
    include_str!("../migrations/002_openid_and_lost_phones.sql"),
    include_str!("../migrations/003_several_desks.sql"),
    include_str!("../migrations/004_pages.sql"),
    include_str!("../migrations/005_app_attest.sql"),
    include_str!("../migrations/006_portal.sql"),
    include_str!("../migrations/007_phones.sql"),
    include_str!("../migrations/008_accounts.sql"),
    include_str!("../migrations/009_grounds.sql"),
    include_str!("../migrations/010_acts_in_one.sql"),
    include_str!("../migrations/011_what_was_ordered_since.sql"),
    include_str!("../migrations/012_inactive_copies.sql"),
];
/// The version this program knows.
pub(in crate::store) const VERSION: u32 = {
    let (mut version, mut left) = (0, MIGRATIONS);
    while let Some((_, rest)) = left.split_first() {
        version += 1;
        left = rest;
    }
    version
};

/// What is left to do from a version on; none for one of a newer program.
pub(super) fn after(found: u32) -> Result<&'static [&'static str], StoreError> {
    let done = usize::try_from(found).ok();
    done.and_then(|done| MIGRATIONS.get(done..)).ok_or(StoreError::NewerSchema { found })
}

/// A migration in the words of PostgreSQL: other names for the types, no options behind a table.
pub(in crate::store) fn in_postgres(migration: &str) -> String {
    const WORDS: [(&str, &str); 5] = [
        (" STRICT, WITHOUT ROWID", ""),
        (" STRICT", ""),
        ("INTEGER PRIMARY KEY", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
        ("INTEGER", "BIGINT"),
        ("BLOB", "BYTEA"),
    ];
    WORDS.iter().fold(migration.to_owned(), |sql, (ours, theirs)| sql.replace(ours, theirs))
}
