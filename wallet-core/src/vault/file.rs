//! The file: opened with one owner, read as a whole, moved aside when it cannot be trusted.
//!
//! Rollback journal, truncated at the end of each commit, `synchronous = FULL`: the journal is synced before the database
//! is touched, the database before the journal is emptied, and the emptying itself is synced, so a commit that returned
//! survives a power cut, which write-ahead logging gives only with two more files to keep together and plain `DELETE`
//! not at all (the directory entry of the deleted journal may come back and undo the commit).

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, config::DbConfig, params};

use super::{
    Header, WrappedKey,
    error::{Fault, VaultError},
    schema,
    seal::{Digest, Domain, Entry, Index, Table},
};
use crate::platform::WrapKeyId;

/// Bytes in a page: SQLite's default since 2016, which a new file takes.
const PAGE: u64 = 4096;

/// What the file holds besides sealed contents, read in one go without touching a blob.
pub(super) struct Contents {
    pub(super) schema: i64,
    pub(super) header: Header,
    pub(super) device: Digest,
    pub(super) person: Digest,
    pub(super) index: Index,
}

/// Opens the file for this process alone, until the connection is dropped.
pub(super) fn connect(path: &Path) -> Result<Connection, Fault> {
    let db = Connection::open(path)?;
    db.busy_timeout(std::time::Duration::ZERO)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    for (name, value) in [
        ("locking_mode", "EXCLUSIVE"),
        ("synchronous", "FULL"),
        // On Apple systems only F_FULLFSYNC empties the drive's own cache.
        ("fullfsync", "ON"),
        ("temp_store", "MEMORY"),
        ("secure_delete", "ON"),
        ("cell_size_check", "ON"),
    ] {
        db.pragma_update(None, name, value)?;
    }
    let mode: String = db.query_row("PRAGMA journal_mode = TRUNCATE", [], |row| row.get(0))?;
    if mode != "truncate" {
        return Err(VaultError::Failed { code: rusqlite::ffi::SQLITE_MISUSE }.into());
    }
    // Takes the lock now; exclusive mode never lets go of it.
    db.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
    Ok(db)
}

/// Connects to an existing vault. An empty file, or one without a table, is what a creation cut short leaves behind.
pub(super) fn connect_existing(path: &Path) -> Result<Connection, Fault> {
    match std::fs::metadata(path)?.len() {
        0 => return Err(VaultError::NotFound.into()),
        // SQLite takes a file shorter than a page for an empty one and would write over it.
        1..PAGE => return Err(Fault::Damaged),
        _ => {}
    }
    let db = connect(path)?;
    if schema::version_of(&db)? == 0 { Err(VaultError::NotFound.into()) } else { Ok(db) }
}

/// Connects to a file in which there is no vault yet; makes one that only its owner may read.
pub(super) fn connect_new(path: &Path) -> Result<Connection, Fault> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // A folder that is not there is no vault that is not there.
    options.open(path).map_err(|error| match VaultError::from(error) {
        VaultError::NotFound => VaultError::Failed { code: rusqlite::ffi::SQLITE_CANTOPEN },
        other => other,
    })?;
    match connect_existing(path) {
        Err(Fault::Error(VaultError::NotFound)) => connect(path),
        Ok(_) | Err(Fault::Damaged | Fault::Error(VaultError::SchemaTooNew { .. })) => {
            Err(super::Misuse::AlreadyExists.into())
        }
        Err(error) => Err(error),
    }
}

/// Reads everything the digests are over.
pub(super) fn read(db: &Connection) -> Result<Contents, Fault> {
    let schema = schema::version_of(db)?;
    schema::expect_exactly(db, schema)?;
    let mut index = Index::new();
    for table in Table::ALL {
        let mut query = db.prepare(&format!("SELECT id, schema, version, tag FROM {}", table.name()))?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let entry = Entry { schema: row.get(1)?, version: row.get(2)?, tag: row.get(3)? };
            index.insert((table, row.get(0)?), entry);
        }
    }
    let (device, person) = (read_digest(db, Domain::Device)?, read_digest(db, Domain::Person)?);
    Ok(Contents { schema, header: read_header(db)?, device, person, index })
}

pub(super) fn read_header(db: &Connection) -> Result<Header, Fault> {
    let key = |domain: Domain| {
        db.query_row("SELECT alias, wrapped FROM header WHERE name = ?1", [domain.name()], |row| {
            Ok(WrappedKey { alias: WrapKeyId::new(row.get::<_, String>(0)?), wrapped: row.get(1)? })
        })
        .optional()?
        .ok_or(Fault::Damaged)
    };
    Ok(Header { device: key(Domain::Device)?, person: key(Domain::Person)? })
}

pub(super) fn write_header(db: &Connection, header: &Header) -> Result<(), Fault> {
    for (domain, key) in [(Domain::Device, &header.device), (Domain::Person, &header.person)] {
        db.execute(
            "INSERT OR REPLACE INTO header (name, alias, wrapped) VALUES (?1, ?2, ?3)",
            params![domain.name(), key.alias.as_str(), key.wrapped],
        )?;
    }
    Ok(())
}

pub(super) fn write_digest(db: &Connection, domain: Domain, digest: &Digest) -> Result<(), Fault> {
    db.execute(
        "INSERT OR REPLACE INTO digest (domain, version, mac, key_check) VALUES (?1, ?2, ?3, ?4)",
        params![domain.name(), digest.version, digest.mac, digest.key_check],
    )?;
    Ok(())
}

/// Runs `work` in one transaction of a file that has no digests in memory yet.
pub(super) fn in_transaction<T>(
    db: &mut Connection,
    work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&tx)?;
    tx.commit()?;
    Ok(done)
}

/// Turns a fault into the caller's error; a damaged file is moved aside first. No connection may be open.
pub(super) fn settle(path: &Path, fault: Fault) -> VaultError {
    match fault {
        Fault::Error(error) => error,
        Fault::Damaged => match set_aside(path) {
            Ok(kept_at) => VaultError::Corrupt { kept_at },
            Err(error) => error.into(),
        },
    }
}

/// Renames file and journal to the first free `….kept-N`. The journal goes first: left behind alone it would be played
/// into the next vault of this name.
fn set_aside(path: &Path) -> std::io::Result<PathBuf> {
    let mut number = 1_u32;
    let (kept, kept_journal) = loop {
        let kept = with_suffix(path, &format!(".kept-{number}"));
        let journal = with_suffix(&kept, "-journal");
        if !kept.try_exists()? && !journal.try_exists()? {
            break (kept, journal);
        }
        number = number.checked_add(1).ok_or(std::io::ErrorKind::AlreadyExists)?;
    };
    let journal = with_suffix(path, "-journal");
    if journal.try_exists()? {
        std::fs::rename(&journal, kept_journal)?;
    }
    std::fs::rename(path, &kept)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(kept)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn read_digest(db: &Connection, domain: Domain) -> Result<Digest, Fault> {
    db.query_row("SELECT version, mac, key_check FROM digest WHERE domain = ?1", [domain.name()], |row| {
        Ok(Digest { version: row.get(0)?, mac: row.get(1)?, key_check: row.get(2)? })
    })
    .optional()?
    .ok_or(Fault::Damaged)
}
