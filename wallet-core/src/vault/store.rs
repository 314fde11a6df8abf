//! Opening, locking, and commits that keep the digests current.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{
    Header, Misuse, VaultError, WrappedKey,
    error::Fault,
    file, schema,
    seal::{Address, Digest, Domain, Entry, Index, SealedRow, Sealer, Table},
};
use crate::bytes::Secret;

/// The sealed vault. Everything of the `device` domain is open; everything of the person waits for [`Vault::unlock`].
pub struct Vault {
    path: PathBuf,
    db: Connection,
    device: Sealer,
    person: Option<Sealer>,
    schema: i64,
    version: i64,
    header: Header,
    person_digest: Digest,
    index: Index,
    /// Copies reserved since this vault was opened; any other reservation was left by a crash.
    pub(super) reserved_here: BTreeSet<i64>,
    /// A commit failed: what is in memory may not be what is in the file.
    stale: bool,
    /// The file was found damaged and set aside.
    lost: Option<PathBuf>,
}

impl Vault {
    /// Makes a vault at `path` and leaves it unlocked. Both data keys are random and exist elsewhere only as wrapped in
    /// `header`.
    ///
    /// # Errors
    /// [`Misuse::AlreadyExists`](super::Misuse::AlreadyExists) when a file with content is there; storage errors.
    pub fn create(
        path: &Path,
        header: Header,
        device_key: &Secret<32>,
        person_key: &Secret<32>,
    ) -> Result<Self, VaultError> {
        Self::create_after(path, header, device_key, person_key, 0)
    }

    /// [`Vault::create`] in the place of a vault that is gone and had reached `former_version`: counting goes on from there,
    /// so that no file of the former vault is ever taken for the newest again.
    ///
    /// # Errors
    /// As [`Vault::create`].
    pub fn create_after(
        path: &Path,
        header: Header,
        device_key: &Secret<32>,
        person_key: &Secret<32>,
        former_version: u64,
    ) -> Result<Self, VaultError> {
        let device = Sealer::derive(Domain::Device, device_key);
        let person = Sealer::derive(Domain::Person, person_key);
        let index = Index::new();
        let version = i64::try_from(former_version).ok().and_then(|former| former.checked_add(1));
        let version = version.ok_or(VaultError::Misuse(Misuse::Size))?;
        let person_digest = person.person_digest(version, &index);
        let made = (|| {
            let mut db = file::connect_new(path)?;
            let schema = file::in_transaction(&mut db, |tx| {
                let schema = schema::migrate(tx, schema::version_of(tx)?, schema::MIGRATIONS)?;
                file::write_header(tx, &header)?;
                file::write_digest(tx, Domain::Person, &person_digest)?;
                let digest = device.device_digest(version, schema, &header, &person_digest, &index);
                file::write_digest(tx, Domain::Device, &digest)?;
                Ok(schema)
            })?;
            Ok((db, schema))
        })();
        let (db, schema) = made.map_err(|fault| file::settle(path, fault))?;
        Ok(Self {
            path: path.to_owned(),
            db,
            device,
            person: Some(person),
            schema,
            version,
            header,
            person_digest,
            index,
            reserved_here: BTreeSet::new(),
            stale: false,
            lost: None,
        })
    }

    /// The wrapped data keys, to be unwrapped by the key store before [`Vault::open`]. They are not verified yet:
    /// unwrapping authenticates each, opening binds both to the rest.
    ///
    /// # Errors
    /// [`VaultError::NotFound`] when there is no vault; [`VaultError::Corrupt`], [`VaultError::SchemaTooNew`],
    /// [`VaultError::Busy`].
    pub fn header(path: &Path) -> Result<Header, VaultError> {
        let found = file::connect_existing(path).and_then(|db| file::read_header(&db));
        found.map_err(|fault| file::settle(path, fault))
    }

    /// Opens the vault, locked, and verifies that the device's rows, the wrapped keys and the person's digest are those of
    /// the last commit. `minimal_version` is what [`Vault::version`] gave when the caller last wrote its anchor; zero
    /// where there is none.
    ///
    /// # Errors
    /// [`VaultError::RolledBack`] when a faithful but older file is there (it is left alone);
    /// [`VaultError::Corrupt`] when anything was deleted, swapped, altered or replayed; [`Misuse::WrongKey`](super::Misuse::WrongKey);
    /// [`VaultError::NotFound`], [`VaultError::SchemaTooNew`], [`VaultError::Busy`], storage errors.
    pub fn open(path: &Path, device_key: &Secret<32>, minimal_version: u64) -> Result<Self, VaultError> {
        let device = Sealer::derive(Domain::Device, device_key);
        let opened = (|| {
            let mut db = file::connect_existing(path)?;
            let contents = file::read(&db)?;
            device.compare(&contents.device, &digest_of(&device, &contents))?;
            let file::Contents { schema, header, device: digest, person: person_digest, index } = contents;
            let found = u64::try_from(digest.version).map_err(|_| Fault::Damaged)?;
            if found < minimal_version {
                return Err(VaultError::RolledBack { found, expected: minimal_version }.into());
            }
            let upgraded =
                upgrade(&mut db, &device, schema, digest.version, &header, &person_digest, &index)?;
            let (schema, version) = upgraded.unwrap_or((schema, digest.version));
            Ok(Self {
                path: path.to_owned(),
                db,
                device,
                person: None,
                schema,
                version,
                header,
                person_digest,
                index,
                reserved_here: BTreeSet::new(),
                stale: false,
                lost: None,
            })
        })();
        opened.map_err(|fault| file::settle(path, fault))
    }

    /// Moves a file aside that will never open again because its hardware key is gone. Gives back [`VaultError::Corrupt`] with the new place. No [`Vault`] may have it open.
    #[must_use]
    pub fn set_aside(path: &Path) -> VaultError {
        file::settle(path, Fault::Damaged)
    }

    /// Opens the person's half and verifies its rows. Copies whose reservation a crash left behind become spent: a
    /// signature over them may exist.
    ///
    /// # Errors
    /// [`Misuse::WrongKey`](super::Misuse::WrongKey), [`VaultError::Corrupt`], storage errors.
    pub fn unlock(&mut self, person_key: &Secret<32>) -> Result<(), VaultError> {
        self.guarded(|vault| {
            let sealer = Sealer::derive(Domain::Person, person_key);
            let found = vault.person_digest;
            sealer.compare(&found, &sealer.person_digest(found.version, &vault.index))?;
            vault.person = Some(sealer);
            let settled = vault.spend_what_a_crash_left();
            if settled.is_err() {
                vault.person = None;
            }
            settled
        })
    }

    /// Starts the person's half anew under another data key and leaves it open: the hardware key of the old one died, so
    /// that nobody will ever read what was sealed under it. Cards, copies with their staples, mdocs and history go;
    /// settings and public data stay.
    ///
    /// # Errors
    /// Storage errors; the old half is there then.
    pub fn restart_person(&mut self, wrapped: WrappedKey, person_key: &Secret<32>) -> Result<(), VaultError> {
        self.guarded(|vault| {
            let former = vault.person.replace(Sealer::derive(Domain::Person, person_key));
            let restarted = vault.run(|batch| {
                for table in [Table::Staple, Table::Card, Table::Copy, Table::Mdoc, Table::History] {
                    for id in batch.ids(table)? {
                        batch.remove(table, id)?;
                    }
                }
                batch.person_changed = true;
                let device = batch.header.device.clone();
                batch.set_header(Header { device, person: wrapped })
            });
            match restarted {
                Ok(()) => vault.reserved_here.clear(),
                Err(_) => vault.person = former,
            }
            restarted
        })
    }

    /// Forgets the person's key.
    pub fn lock(&mut self) {
        self.person = None;
    }

    /// Whether the person's half is open.
    #[must_use]
    pub const fn is_unlocked(&self) -> bool {
        self.person.is_some()
    }

    /// Counts commits. The caller keeps it in its anchor after a commit that must not be undone by restoring a file, and
    /// hands it to [`Vault::open`].
    #[must_use]
    pub fn version(&self) -> u64 {
        u64::try_from(self.version).unwrap_or_default()
    }

    /// The schema version of the file.
    #[must_use]
    pub const fn schema(&self) -> i64 {
        self.schema
    }

    /// The data keys as wrapped, now that they are verified.
    #[must_use]
    pub const fn wrapped_keys(&self) -> &Header {
        &self.header
    }

    /// Replaces the wrapped data keys: the same keys under other hardware keys.
    ///
    /// # Errors
    /// Storage errors.
    pub fn rewrap(&mut self, header: Header) -> Result<(), VaultError> {
        self.commit(|batch| batch.set_header(header))
    }

    /// Runs `work` in one transaction; everything it wrote is there afterwards, with digests and version, or nothing is.
    pub(super) fn commit<T>(
        &mut self,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T, Fault>,
    ) -> Result<T, VaultError> {
        self.guarded(|vault| vault.run(work))
    }

    /// [`Vault::commit`] for callers inside.
    pub(super) fn run<T>(
        &mut self,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let next = self.version.checked_add(1).ok_or(Fault::Damaged)?;
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut batch = Batch {
            tx,
            device: &self.device,
            person: self.person.as_ref(),
            schema: self.schema,
            next,
            header: &mut self.header,
            person_digest: &mut self.person_digest,
            index: &mut self.index,
            changed: false,
            person_changed: false,
        };
        let done = work(&mut batch);
        if !batch.changed {
            return done;
        }
        // Until the commit has returned, memory is ahead of the file.
        self.stale = true;
        let done = done?;
        batch.finish()?;
        self.version = next;
        self.stale = false;
        Ok(done)
    }

    /// Every public method goes through here: a damaged file is set aside, and stays so.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, VaultError> {
        if let Some(kept_at) = &self.lost {
            return Err(VaultError::Corrupt { kept_at: kept_at.clone() });
        }
        let done = if self.stale { self.reload().and_then(|()| work(self)) } else { work(self) };
        done.map_err(|fault| match fault {
            Fault::Error(error) => error,
            Fault::Damaged => {
                // The connection must be closed before the file moves.
                if let Ok(empty) = Connection::open_in_memory() {
                    self.db = empty;
                }
                self.person = None;
                let error = file::settle(&self.path, Fault::Damaged);
                if let VaultError::Corrupt { kept_at } = &error {
                    self.lost = Some(kept_at.clone());
                }
                error
            }
        })
    }

    /// Reads the file again after a failed commit, as suspiciously as at opening.
    fn reload(&mut self) -> Result<(), Fault> {
        let contents = file::read(&self.db)?;
        self.device.compare(&contents.device, &digest_of(&self.device, &contents))?;
        if let Some(person) = &self.person {
            person
                .compare(&contents.person, &person.person_digest(contents.person.version, &contents.index))?;
        }
        if contents.device.version < self.version {
            return Err(Fault::Damaged);
        }
        let file::Contents { schema, header, device, person, index } = contents;
        self.schema = schema;
        self.version = device.version;
        self.header = header;
        self.person_digest = person;
        self.index = index;
        self.stale = false;
        Ok(())
    }

    #[cfg(test)]
    pub(super) const fn connection(&self) -> &Connection {
        &self.db
    }
}

impl core::fmt::Debug for Vault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Vault")
            .field("version", &self.version)
            .field("unlocked", &self.is_unlocked())
            .finish_non_exhaustive()
    }
}

/// One transaction over sealed rows.
pub(super) struct Batch<'v> {
    tx: Transaction<'v>,
    device: &'v Sealer,
    person: Option<&'v Sealer>,
    schema: i64,
    /// The vault version this commit makes.
    next: i64,
    header: &'v mut Header,
    person_digest: &'v mut Digest,
    index: &'v mut Index,
    changed: bool,
    person_changed: bool,
}

impl Batch<'_> {
    /// The row's content. Locked, absent, or not the row that was last committed: an error.
    pub(super) fn read(&self, table: Table, id: i64) -> Result<Vec<u8>, Fault> {
        let sealer = self.sealer(table)?;
        let known = *self.index.get(&(table, id)).ok_or(VaultError::NotFound)?;
        let sql = format!("SELECT schema, version, tag, nonce, sealed FROM {} WHERE id = ?1", table.name());
        let (entry, row) = self
            .tx
            .prepare_cached(&sql)?
            .query_row([id], |row| {
                let entry = Entry { schema: row.get(0)?, version: row.get(1)?, tag: row.get(2)? };
                Ok((entry, SealedRow { tag: entry.tag, nonce: row.get(3)?, sealed: row.get(4)? }))
            })
            .optional()?
            .ok_or(Fault::Damaged)?;
        if entry != known {
            return Err(Fault::Damaged);
        }
        sealer.open(&Address { table, id, schema: entry.schema, version: entry.version }, row)
    }

    /// Whether the row is there.
    pub(super) fn has(&self, table: Table, id: i64) -> bool {
        self.index.contains_key(&(table, id))
    }

    /// Ids of all rows, oldest first.
    pub(super) fn ids(&self, table: Table) -> Result<Vec<i64>, Fault> {
        self.sealer(table)?;
        Ok(self.index.range((table, i64::MIN)..=(table, i64::MAX)).map(|((_, id), _)| *id).collect())
    }

    /// The newest row's id.
    pub(super) fn last_id(&self, table: Table) -> Result<Option<i64>, Fault> {
        self.sealer(table)?;
        Ok(self.index.range((table, i64::MIN)..=(table, i64::MAX)).next_back().map(|((_, id), _)| *id))
    }

    /// An id above all that are there.
    pub(super) fn next_id(&self, table: Table) -> Result<i64, Fault> {
        self.last_id(table)?.map_or(Some(1), |last| last.checked_add(1)).ok_or(Fault::Damaged)
    }

    /// Writes or overwrites a row.
    pub(super) fn write(&mut self, table: Table, id: i64, plain: &[u8]) -> Result<(), Fault> {
        let address = Address { table, id, schema: self.schema, version: self.next };
        let SealedRow { tag, nonce, sealed } = self.sealer(table)?.seal(&address, plain)?;
        self.touch(table);
        let sql = format!(
            "INSERT OR REPLACE INTO {} (id, schema, version, tag, nonce, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            table.name()
        );
        self.tx.prepare_cached(&sql)?.execute(params![
            id,
            address.schema,
            address.version,
            tag,
            nonce,
            sealed
        ])?;
        self.index.insert((table, id), Entry { schema: address.schema, version: address.version, tag });
        Ok(())
    }

    /// Removes a row that is there.
    pub(super) fn remove(&mut self, table: Table, id: i64) -> Result<(), Fault> {
        self.sealer(table)?;
        if !self.has(table, id) {
            return Err(VaultError::NotFound.into());
        }
        self.touch(table);
        let removed =
            self.tx.prepare_cached(&format!("DELETE FROM {} WHERE id = ?1", table.name()))?.execute([id])?;
        self.index.remove(&(table, id));
        if removed == 1 { Ok(()) } else { Err(Fault::Damaged) }
    }

    fn set_header(&mut self, header: Header) -> Result<(), Fault> {
        self.changed = true;
        file::write_header(&self.tx, &header)?;
        *self.header = header;
        Ok(())
    }

    fn sealer(&self, table: Table) -> Result<&Sealer, Fault> {
        match table.domain() {
            Domain::Device => Ok(self.device),
            Domain::Person => self.person.ok_or(Fault::Error(VaultError::Locked)),
        }
    }

    fn touch(&mut self, table: Table) {
        self.changed = true;
        self.person_changed |= table.domain() == Domain::Person;
    }

    fn finish(self) -> Result<(), Fault> {
        if let (true, Some(person)) = (self.person_changed, self.person) {
            *self.person_digest = person.person_digest(self.next, self.index);
            file::write_digest(&self.tx, Domain::Person, self.person_digest)?;
        }
        let digest =
            self.device.device_digest(self.next, self.schema, self.header, self.person_digest, self.index);
        file::write_digest(&self.tx, Domain::Device, &digest)?;
        Ok(self.tx.commit()?)
    }
}

/// The device digest that the contents of a file should have.
fn digest_of(device: &Sealer, contents: &file::Contents) -> Digest {
    let file::Contents { schema, header, device: found, person, index } = contents;
    device.device_digest(found.version, *schema, header, person, index)
}

/// Brings an older schema up to date in one transaction of its own; gives the new schema and vault version.
fn upgrade(
    db: &mut Connection,
    device: &Sealer,
    found: i64,
    version: i64,
    header: &Header,
    person_digest: &Digest,
    index: &Index,
) -> Result<Option<(i64, i64)>, Fault> {
    if found == schema::newest() {
        return Ok(None);
    }
    let version = version.checked_add(1).ok_or(Fault::Damaged)?;
    file::in_transaction(db, |tx| {
        let schema = schema::migrate(tx, found, schema::MIGRATIONS)?;
        let digest = device.device_digest(version, schema, header, person_digest, index);
        file::write_digest(tx, Domain::Device, &digest)?;
        Ok(Some((schema, version)))
    })
}
