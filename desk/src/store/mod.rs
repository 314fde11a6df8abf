//! What the desk remembers, in one SQLite file. Each method is one transaction.

mod grants;
mod suspensions;

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior, params};
use wallet_core::card::{Nonce, SessionId};

const SCHEMA_VERSION: u32 = 2;
/// What makes each version out of the one before.
const MIGRATIONS: [&str; 2] = [include_str!("create_v1.sql"), include_str!("create_v2.sql")];
/// A session is forgotten a day after it ended; until then its reuse is told apart from an unknown one.
const KEEP_SESSIONS: i64 = 86_400;

/// The file failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// SQLite's own failure.
    #[error("the database failed")]
    Sqlite(#[from] rusqlite::Error),
    /// The file was written by a newer program.
    #[error("the database has schema version {found}, this program knows {SCHEMA_VERSION}")]
    NewerSchema {
        /// The version found.
        found: u32,
    },
}

/// How far a session has come. It only moves forward; each step can be taken once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// Opened; evidence may come.
    Begun,
    /// Evidence came. Whether good or bad, none will be taken again.
    Shown,
}

pub use grants::{Access, CodeRow, OfferState, TokenKind};
pub use suspensions::LineId;

/// A keyed hash of a registration number.
pub type PersonId = [u8; 32];
/// The RFC 7638 thumbprint of an Instance key.
pub type Thumbprint = [u8; 32];

/// Who holds what already, seen from one person and one phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindingState {
    /// Neither is bound.
    Free,
    /// They are bound to each other.
    Same,
    /// The person's ID lives on another phone.
    AnotherPhone,
    /// The phone holds another person's ID.
    AnotherHolder,
}

/// One copy to be remembered.
#[derive(Debug, Clone, Copy)]
pub struct CopyRow<'a> {
    /// The copy's id.
    pub cti: &'a [u8],
    /// Its place in the status list, 26 bits.
    pub status_index: u32,
    /// Machine name of its level.
    pub level: &'a str,
    /// Where its staples begin.
    pub staples: StapleSpan,
}

/// Which hours a copy's staples cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StapleSpan {
    /// Hours since 1970 UTC.
    pub first_hour: u32,
    /// How many hours.
    pub hours: u16,
}

/// The file.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
}

impl Store {
    /// Opens or creates the file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::prepare(Connection::open(path)?)
    }

    /// A store that is gone with the process, for tests.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::prepare(Connection::open_in_memory()?)
    }

    fn prepare(mut connection: Connection) -> Result<Self, StoreError> {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if found > SCHEMA_VERSION {
            return Err(StoreError::NewerSchema { found });
        }
        for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        transaction.commit()?;
        Ok(Self { connection })
    }

    fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = work(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }

    /// Opens a session and forgets those long over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_session(&mut self, id: &SessionId, nonce: &Nonce, expires_at: i64) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute(
                "DELETE FROM sessions WHERE expires_at < ?1",
                params![expires_at.saturating_sub(KEEP_SESSIONS)],
            )?;
            tx.execute(
                "INSERT INTO sessions (id, nonce, expires_at, state) VALUES (?1, ?2, ?3, 'begun')",
                params![id.0, nonce.0, expires_at],
            )?;
            Ok(())
        })
    }

    /// Moves a session from one state to the next, once. Gives back its nonce and expiry; `Err` of the inner result is
    /// the state it was in instead, `None` when there is no such session.
    ///
    /// # Errors
    /// [`StoreError`].
    #[expect(clippy::type_complexity, reason = "two outcomes that the caller names at once")]
    pub fn advance_session(
        &mut self,
        id: &SessionId,
        from: SessionState,
        to: SessionState,
    ) -> Result<Option<Result<(Nonce, i64), SessionState>>, StoreError> {
        self.write(|tx| {
            let found: Option<([u8; 32], i64, String)> = tx
                .query_row("SELECT nonce, expires_at, state FROM sessions WHERE id = ?1", [id.0], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?;
            let Some((nonce, expires_at, state)) = found else { return Ok(None) };
            let state = SessionState::from_name(&state);
            if state != from {
                return Ok(Some(Err(state)));
            }
            tx.execute("UPDATE sessions SET state = ?2 WHERE id = ?1", params![id.0, to.name()])?;
            Ok(Some(Ok((Nonce(nonce), expires_at))))
        })
    }

    /// Remembers an Instance key whose attestation was checked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_instance(&mut self, thumbprint: &Thumbprint, now: i64) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO instances (thumbprint, attested_at) VALUES (?1, ?2)
                 ON CONFLICT (thumbprint) DO UPDATE SET attested_at = excluded.attested_at",
                params![thumbprint, now],
            )?;
            Ok(())
        })
    }

    /// Whether this Instance key was attested here before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn knows_instance(&self, thumbprint: &Thumbprint) -> Result<bool, StoreError> {
        Ok(self.connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM instances WHERE thumbprint = ?1)",
            [thumbprint],
            |row| row.get(0),
        )?)
    }

    /// How person and phone are bound now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn binding(&self, person: &PersonId, instance: &Thumbprint) -> Result<BindingState, StoreError> {
        Ok(binding(&self.connection, person, instance)?)
    }

    /// Whether a status index is still free.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_free(&self, status_index: u32) -> Result<bool, StoreError> {
        Ok(self.connection.query_row(
            "SELECT NOT EXISTS (SELECT 1 FROM copies WHERE status_index = ?1)",
            [status_index],
            |row| row.get(0),
        )?)
    }

    /// The hours of this copy's staples, if it is an active one of the person bound to `instance`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn active_copy(&self, cti: &[u8], instance: &Thumbprint) -> Result<Option<StapleSpan>, StoreError> {
        Ok(self
            .connection
            .query_row(
                "SELECT first_hour, staple_hours FROM copies JOIN bindings USING (person)
                 WHERE cti = ?1 AND instance = ?2 AND state = 'active'
                 AND person NOT IN (SELECT person FROM suspensions)",
                params![cti, instance],
                |row| Ok(StapleSpan { first_hour: row.get(0)?, hours: row.get(1)? }),
            )
            .optional()?)
    }

    /// Gives the person's phone up: the binding goes, its copies are vouched for no longer. Tells whether there was
    /// one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn release(&mut self, person: &PersonId) -> Result<bool, StoreError> {
        self.write(|tx| {
            tx.execute("UPDATE copies SET state = 'replaced' WHERE person = ?1", [person])?;
            // Whoever gives a phone up was seen: what was lost with it is settled.
            tx.execute("DELETE FROM suspensions WHERE person = ?1", [person])?;
            tx.execute("DELETE FROM tokens WHERE person = ?1", [person])?;
            Ok(tx.execute("DELETE FROM bindings WHERE person = ?1", [person])? > 0)
        })
    }

    /// Writes a line of the audit log. `event` and `outcome` are machine names, never claims.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn log(
        &mut self,
        now: i64,
        session: Option<&SessionId>,
        event: &str,
        outcome: &str,
    ) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO audit (at, session, event, outcome) VALUES (?1, ?2, ?3, ?4)",
                params![now, session.map(|id| id.0), event, outcome],
            )?;
            Ok(())
        })
    }

    /// Lines in the audit log; asking tells whether the file answers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit_length(&self) -> Result<i64, StoreError> {
        Ok(self.connection.query_row("SELECT count(*) FROM audit", [], |row| row.get(0))?)
    }

    /// The audit log, oldest first: event and outcome.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit(&self) -> Result<Vec<(String, String)>, StoreError> {
        let mut statement = self.connection.prepare("SELECT event, outcome FROM audit ORDER BY id")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl SessionState {
    const fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Shown => "shown",
        }
    }

    /// The schema allows no other name; the last state is the one nothing follows.
    fn from_name(name: &str) -> Self {
        if name == Self::Begun.name() { Self::Begun } else { Self::Shown }
    }
}

impl StoreError {
    /// Whether a random value collided with one already taken.
    #[must_use]
    pub fn is_collision(&self) -> bool {
        matches!(self, Self::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation))
    }
}

fn insert_copy(
    tx: &Transaction<'_>,
    person: &PersonId,
    issue: Option<&[u8; 16]>,
    copy: &CopyRow<'_>,
    now: i64,
) -> Result<(), rusqlite::Error> {
    tx.execute(
        "INSERT INTO copies (cti, status_index, level, person, issued_at, first_hour, staple_hours, state, issue)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'active', ?8)",
        params![
            copy.cti,
            copy.status_index,
            copy.level,
            person,
            now,
            copy.staples.first_hour,
            copy.staples.hours,
            issue
        ],
    )?;
    Ok(())
}

fn binding(
    connection: &Connection,
    person: &PersonId,
    instance: &Thumbprint,
) -> Result<BindingState, rusqlite::Error> {
    let phone: Option<[u8; 32]> = connection
        .query_row("SELECT instance FROM bindings WHERE person = ?1", [person], |row| row.get(0))
        .optional()?;
    let holder: Option<[u8; 32]> = connection
        .query_row("SELECT person FROM bindings WHERE instance = ?1", [instance], |row| row.get(0))
        .optional()?;
    Ok(match (phone, holder) {
        (_, Some(other)) if other != *person => BindingState::AnotherHolder,
        (Some(other), _) if other != *instance => BindingState::AnotherPhone,
        (Some(_), _) => BindingState::Same,
        (None, _) => BindingState::Free,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;
    const SPAN: StapleSpan = StapleSpan { first_hour: 500_000, hours: 1440 };

    fn store() -> Store {
        let mut store = Store::in_memory().unwrap();
        for instance in [[1; 32], [2; 32]] {
            store.add_instance(&instance, NOW).unwrap();
        }
        store
    }

    fn copy(cti: &[u8], status_index: u32) -> CopyRow<'_> {
        CopyRow { cti, status_index, level: "adult", staples: SPAN }
    }

    /// A batch of a person onto a phone.
    fn access(person: u8, instance: u8, issue: u8) -> Access {
        Access { person: [person; 32], instance: [instance; 32], issue: [issue; 16] }
    }

    fn bind(store: &mut Store, access: Access, copies: &[CopyRow<'_>]) -> Option<BindingState> {
        store.bind_batch(&access, copies, 3, NOW).unwrap()
    }

    #[test]
    fn a_session_takes_each_step_once() {
        use SessionState::*;
        let mut store = store();
        let id = SessionId([7; 16]);
        assert_eq!(store.advance_session(&id, Begun, Shown).unwrap(), None);
        store.add_session(&id, &Nonce([8; 32]), NOW).unwrap();
        assert_eq!(store.advance_session(&id, Begun, Shown).unwrap(), Some(Ok((Nonce([8; 32]), NOW))));
        assert_eq!(store.advance_session(&id, Begun, Shown).unwrap(), Some(Err(Shown)));
        store.add_session(&SessionId([9; 16]), &Nonce([8; 32]), NOW + KEEP_SESSIONS + 1).unwrap();
        assert_eq!(store.advance_session(&id, Begun, Shown).unwrap(), None);
    }

    #[test]
    fn one_person_has_one_phone_and_one_phone_one_person() {
        use BindingState::*;
        let mut store = store();
        let me = [10; 32];
        assert_eq!(store.binding(&me, &[1; 32]).unwrap(), Free);
        assert_eq!(bind(&mut store, access(10, 1, 1), &[copy(b"copy---a", 1)]), Some(Same));
        assert_eq!(bind(&mut store, access(10, 2, 2), &[copy(b"copy---b", 2)]), Some(AnotherPhone));
        assert_eq!(bind(&mut store, access(11, 1, 3), &[copy(b"copy---b", 2)]), Some(AnotherHolder));
        assert!(store.is_free(2).unwrap());
        assert!(store.release(&me).unwrap());
        assert!(!store.release(&me).unwrap());
        assert_eq!(bind(&mut store, access(10, 2, 4), &[copy(b"copy---b", 2)]), Some(Same));
        assert_eq!(store.active_copy(b"copy---a", &[2; 32]).unwrap(), None);
        assert_eq!(store.active_copy(b"copy---b", &[2; 32]).unwrap(), Some(SPAN));
    }

    #[test]
    fn a_batch_that_was_kept_retires_the_ones_before() {
        let mut store = store();
        let (old, new) = (access(10, 1, 1), access(10, 1, 2));
        bind(&mut store, old, &[copy(b"copy---a", 1)]);
        bind(&mut store, new, &[copy(b"copy---b", 2)]);
        // Until the wallet says that it has the new ones, the old ones are all it can show.
        assert_eq!(store.active_copy(b"copy---a", &[1; 32]).unwrap(), Some(SPAN));
        store.retire_other_batches(&new).unwrap();
        assert_eq!(store.active_copy(b"copy---a", &[1; 32]).unwrap(), None);
        assert_eq!(store.active_copy(b"copy---b", &[1; 32]).unwrap(), Some(SPAN));
        assert_eq!(store.active_copy(b"copy---b", &[2; 32]).unwrap(), None);
    }

    #[test]
    fn a_batch_has_no_more_copies_than_it_may_and_a_refused_one_changes_nothing() {
        let mut store = store();
        let batch = access(10, 1, 1);
        bind(&mut store, batch, &[copy(b"copy---a", 1), copy(b"copy---b", 2)]);
        assert_eq!(bind(&mut store, batch, &[copy(b"copy---c", 3), copy(b"copy---d", 4)]), None);
        assert!(store.is_free(3).unwrap());
        assert_eq!(bind(&mut store, batch, &[copy(b"copy---c", 3)]), Some(BindingState::Same));
    }

    #[test]
    fn a_status_index_taken_twice_changes_nothing() {
        let mut store = store();
        let twice = [copy(b"copy---a", 1), copy(b"copy---b", 1)];
        let error = store.bind_batch(&access(10, 1, 1), &twice, 3, NOW).unwrap_err();
        assert!(error.is_collision());
        assert_eq!(store.binding(&[10; 32], &[1; 32]).unwrap(), BindingState::Free);
    }

    #[test]
    fn a_file_of_a_newer_program_is_left_alone() {
        let connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", SCHEMA_VERSION + 1).unwrap();
        assert!(matches!(Store::prepare(connection), Err(StoreError::NewerSchema { found: 3 })));
    }
}
