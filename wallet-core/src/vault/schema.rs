//! The schema and its upgrades.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::error::{Fault, VaultError};

/// The migrations, in order; the n-th makes schema version n. A shipped one is never edited.
pub(super) const MIGRATIONS: &[&str] = &[include_str!("migrations/001_sealed_rows.sql")];

/// Marks the file as ours: "KRWV".
const APPLICATION_ID: i64 = 0x4B52_5756;

/// The newest schema this release writes.
pub(super) fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The schema version of an open file; zero for an empty one.
pub(super) fn version_of(db: &Connection) -> Result<i64, Fault> {
    let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let ours: i64 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let objects: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (found, ours, objects) {
        (0, 0, 0) => Ok(0),
        (found, APPLICATION_ID, _) if found > newest() => {
            Err(VaultError::SchemaTooNew { found, known: newest() }.into())
        }
        (found, APPLICATION_ID, 1..) if found > 0 => Ok(found),
        _ => Err(Fault::Damaged),
    }
}

/// Brings the schema from `found` to the last of `migrations`, inside the caller's transaction. Rows stay sealed as they
/// are: each names the schema that wrote it.
pub(super) fn migrate(tx: &Transaction<'_>, found: i64, migrations: &[&str]) -> Result<i64, Fault> {
    let mut reached = 0_i64;
    for sql in migrations {
        reached = reached.saturating_add(1);
        if reached > found {
            tx.execute_batch(sql)?;
        }
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", reached)?;
    Ok(reached)
}

/// Refuses a file whose tables are not exactly those of its version: no trigger or view of a stranger runs here.
pub(super) fn expect_exactly(db: &Connection, version: i64) -> Result<(), Fault> {
    let mut model = Connection::open_in_memory()?;
    let tx = model.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known = usize::try_from(version).ok().and_then(|version| MIGRATIONS.get(..version));
    migrate(&tx, 0, known.ok_or(Fault::Damaged)?)?;
    if describe(&tx)? == describe(db)? { Ok(()) } else { Err(Fault::Damaged) }
}

/// Every statement that made the schema, sorted by name.
pub(super) fn describe(db: &Connection) -> Result<Vec<(String, String, Option<String>)>, Fault> {
    let mut query = db.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY name")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.map(|row| row.map_err(Fault::from)).collect()
}
