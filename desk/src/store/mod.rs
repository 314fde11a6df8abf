//! What the desk remembers: in one SQLite file, or in a PostgreSQL that several desks share. Each method is one transaction.

mod accounts;
mod acting;
mod app_keys;
mod cards;
mod deferred;
mod desks;
mod engine;
mod grants;
mod lines;
mod own_names;
mod page_sessions;
mod phones;
mod portal;
mod standing;
mod suspensions;
#[cfg(test)]
mod tests;

use std::path::Path;

use rusqlite::ErrorCode;
use wallet_core::card::{Nonce, SessionId};

use engine::{Column, Mode, Postgres, Row, Sqlite, Transaction, Value, params};

/// A session is forgotten a day after it ended; until then its reuse is told apart from an unknown one.
const KEEP_SESSIONS: i64 = 86_400;

/// The database failed, or is not one for this desk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// SQLite's own failure.
    #[error("the database failed")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL's own failure. What was under way may have been done when the connection was lost.
    #[error("the database failed")]
    Postgres(#[from] postgres::Error),
    /// PostgreSQL did not let a transaction begin.
    #[error("the database does not answer")]
    NotBegun(#[source] postgres::Error),
    /// No connection became free in time, or others got in the way of every try.
    #[error("the database is busy")]
    Busy,
    /// An answer is not of the kind that the schema promises.
    #[error("the database does not hold what its schema says")]
    Shape,
    /// The database was written by a newer program.
    #[error("the database has schema version {found}, which is newer than this program")]
    NewerSchema {
        /// The version found.
        found: u32,
    },
    /// Desks of an older version still use the database, so that its schema cannot be changed.
    #[error("desks of an older version still use the database: stop them first")]
    OlderDesks,
    /// What is kept of a person cannot be opened or sealed with this desk's keys.
    #[error("a person's record cannot be opened or sealed")]
    Record,
    /// Not `postgres://user:password@host:port/database`.
    #[error("not the URL of a PostgreSQL database")]
    Url,
    /// PostgreSQL needs a runtime with several threads, or none.
    #[error("PostgreSQL needs a runtime with several threads")]
    SingleThreaded,
}

/// How far a session has come. It only moves forward; each step can be taken once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// Opened; evidence may come.
    Begun,
    /// Evidence came. Whether good or bad, none will be taken again.
    Shown,
}

pub use accounts::AccountRow;
pub(crate) use acting::Acting;
pub use acting::Trail;
pub use cards::{CardId, CardRow};
pub use deferred::{CheckRow, CheckState, DeferredRow};
pub use engine::DatabaseUrl;
pub use grants::{Access, Bound, CodeRow, DocumentTag, Exchanged, Grant, OfferRow, TokenKind};
pub use lines::LineChange;
pub use own_names::{OwnName, OwnNameRow};
pub use page_sessions::{ActRow, Rate, SessionRow};
pub(crate) use phones::{Ending, Recovered, TapRow, Tapped};
pub use phones::{Inactive, QueuedCommand};
pub use portal::{PushedRow, Seen, Visit};
pub use standing::{OfferFate, Standing};
pub use suspensions::{LineId, PackWindow, Reported, Said, SuspendedBy};

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

/// How an Instance key was attested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRow {
    /// What was said of it.
    pub attestation: Vec<u8>,
    /// For which challenge.
    pub challenge: [u8; 32],
    /// When, seconds since 1970 UTC.
    pub attested_at: i64,
}

/// Which hours a copy's staples cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StapleSpan {
    /// Hours since 1970 UTC.
    pub first_hour: u32,
    /// How many hours.
    pub hours: u16,
}

/// The memory of the desk. It serves many calls at once.
pub struct Store(Engine);

enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl core::fmt::Debug for Store {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self.0 {
            Engine::Sqlite(_) => "Store(SQLite)",
            Engine::Postgres(_) => "Store(PostgreSQL)",
        })
    }
}

impl Store {
    /// Opens or creates the SQLite file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self(Engine::Sqlite(Sqlite::open(path)?)))
    }

    /// Connects to a PostgreSQL database and makes its tables if there are none. In a runtime of one thread it cannot be used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn connect(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Ok(Self(Engine::Postgres(Postgres::open(url)?)))
    }

    /// A store that is gone with the process, for tests.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self(Engine::Sqlite(Sqlite::in_memory()?)))
    }

    /// Runs one transaction that changes something: whole or not at all, as if it were alone. PostgreSQL may run `work` more
    /// than once, so it changes nothing but the database.
    fn write<T>(
        &self,
        work: impl Fn(&mut Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.transact(Mode::Write, work)
    }

    /// Runs one transaction that only looks.
    fn read<T>(&self, work: impl Fn(&mut Transaction<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.transact(Mode::Read, work)
    }

    /// One statement that changes something; gives how many rows.
    fn execute(&self, sql: &'static str, params: &[Value<'_>]) -> Result<u64, StoreError> {
        self.alone(Mode::Write, |tx| tx.execute(sql, params))
    }

    /// The first row of one query, if there is one.
    fn first<T>(
        &self,
        sql: &'static str,
        params: &[Value<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.alone(Mode::Read, |tx| tx.first(sql, params, &read))
    }

    /// The one value of one query.
    fn value<T: Column>(&self, sql: &'static str, params: &[Value<'_>]) -> Result<T, StoreError> {
        self.alone(Mode::Read, |tx| tx.value(sql, params))
    }

    fn alone<T>(
        &self,
        mode: Mode,
        work: impl Fn(&mut Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &self.0 {
            Engine::Sqlite(sqlite) => sqlite.transact(mode, work),
            Engine::Postgres(postgres) => postgres.alone(work),
        }
    }

    fn transact<T>(
        &self,
        mode: Mode,
        work: impl Fn(&mut Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &self.0 {
            Engine::Sqlite(sqlite) => sqlite.transact(mode, work),
            Engine::Postgres(postgres) => postgres.transact(mode, work),
        }
    }

    /// Opens a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_session(&self, id: &SessionId, nonce: &Nonce, expires_at: i64) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO sessions (id, nonce, expires_at, state) VALUES (?1, ?2, ?3, 'begun')",
            params![&id.0, &nonce.0, expires_at],
        )?;
        Ok(())
    }

    /// Forgets what is over. Nothing depends on it but room: what is over is not taken, forgotten or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget(&self, now: i64) -> Result<(), StoreError> {
        self.execute(
            "DELETE FROM sessions WHERE expires_at < ?1",
            params![now.saturating_sub(KEEP_SESSIONS)],
        )?;
        for table in [
            "DELETE FROM offers WHERE expires_at <= ?1",
            "DELETE FROM codes WHERE expires_at <= ?1",
            "DELETE FROM tokens WHERE expires_at <= ?1",
            "DELETE FROM nonces WHERE expires_at <= ?1",
            "DELETE FROM proofs WHERE expires_at <= ?1",
        ] {
            self.execute(table, params![now])?;
        }
        Ok(())
    }

    /// Moves a session from one state to the next, once. Gives back its nonce and expiry; `Err` of the inner result is
    /// the state it was in instead, `None` when there is no such session.
    ///
    /// # Errors
    /// [`StoreError`].
    #[expect(clippy::type_complexity, reason = "two outcomes that the caller names at once")]
    pub fn advance_session(
        &self,
        id: &SessionId,
        from: SessionState,
        to: SessionState,
    ) -> Result<Option<Result<(Nonce, i64), SessionState>>, StoreError> {
        self.write(|tx| {
            let found: Option<([u8; 32], i64, String)> = tx.first(
                "SELECT nonce, expires_at, state FROM sessions WHERE id = ?1",
                params![&id.0],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )?;
            let Some((nonce, expires_at, state)) = found else { return Ok(None) };
            let state = SessionState::from_name(&state);
            if state != from {
                return Ok(Some(Err(state)));
            }
            tx.execute("UPDATE sessions SET state = ?2 WHERE id = ?1", params![&id.0, to.name()])?;
            Ok(Some(Ok((Nonce(nonce), expires_at))))
        })
    }

    /// Remembers an Instance key whose attestation was checked: what was said of it, and for which challenge.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_instance(
        &self,
        thumbprint: &Thumbprint,
        attestation: &[u8],
        challenge: &[u8; 32],
        now: i64,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO instances (thumbprint, attested_at, attestation, challenge) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (thumbprint) DO UPDATE SET attested_at = excluded.attested_at,
             attestation = excluded.attestation, challenge = excluded.challenge",
            params![thumbprint, now, attestation, challenge],
        )?;
        Ok(())
    }

    /// How this Instance key was attested here before: what was said, for which challenge, and when. `None` too for one of a version
    /// that did not keep it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn instance(&self, thumbprint: &Thumbprint) -> Result<Option<InstanceRow>, StoreError> {
        self.first(
            "SELECT attestation, challenge, attested_at FROM instances
             WHERE thumbprint = ?1 AND attestation IS NOT NULL",
            params![thumbprint],
            |row| {
                Ok(InstanceRow { attestation: row.get(0)?, challenge: row.get(1)?, attested_at: row.get(2)? })
            },
        )
    }

    /// How person and phone are bound now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn binding(&self, person: &PersonId, instance: &Thumbprint) -> Result<BindingState, StoreError> {
        self.read(|tx| binding(tx, person, instance))
    }

    /// Whether a status index is still free.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_free(&self, status_index: u32) -> Result<bool, StoreError> {
        self.value("SELECT NOT EXISTS (SELECT 1 FROM copies WHERE status_index = ?1)", params![status_index])
    }

    /// The hours of these copies' staples: of each that is an active one of the person bound to `instance`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn active_copies(
        &self,
        copies: &[&[u8]],
        instance: &Thumbprint,
    ) -> Result<Vec<Option<StapleSpan>>, StoreError> {
        self.read(|tx| copies.iter().map(|cti| active_copy(tx, cti, instance)).collect())
    }

    /// Writes a line of the audit log. `event` and `outcome` are machine names, never claims.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn log(
        &self,
        now: i64,
        session: Option<&SessionId>,
        event: &str,
        outcome: &str,
    ) -> Result<(), StoreError> {
        self.alone(Mode::Write, |tx| audit(tx, now, session, event, outcome))
    }

    /// Asks the database for something that it has to read, and that costs the same however much there is.
    ///
    /// # Errors
    /// [`StoreError`] when it does not answer.
    pub fn answers(&self) -> Result<(), StoreError> {
        self.value::<bool>("SELECT EXISTS (SELECT 1 FROM keys)", params![]).map(drop)
    }

    /// The audit log, oldest first: event and outcome.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn audit(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.read(|tx| {
            tx.all("SELECT event, outcome FROM audit ORDER BY id", params![], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
        })
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
        match self {
            Self::Sqlite(error) => error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation),
            Self::Postgres(error) => error.code() == Some(&postgres::error::SqlState::UNIQUE_VIOLATION),
            _ => false,
        }
    }
}

fn audit(
    tx: &mut Transaction<'_>,
    now: i64,
    session: Option<&SessionId>,
    event: &str,
    outcome: &str,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO audit (at, session, event, outcome) VALUES (?1, ?2, ?3, ?4)",
        params![now, session.map(|id| &id.0), event, outcome],
    )?;
    Ok(())
}

fn insert_copy(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    issue: Option<&[u8; 16]>,
    copy: &CopyRow<'_>,
    now: i64,
) -> Result<(), StoreError> {
    let CopyRow { cti, status_index, level, staples: StapleSpan { first_hour, hours } } = *copy;
    tx.execute(
        "INSERT INTO copies (cti, status_index, level, person, issued_at, first_hour, staple_hours, state, issue)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'active', ?8)",
        params![cti, status_index, level, person, now, first_hour, hours, issue],
    )?;
    Ok(())
}

fn active_copy(
    tx: &mut Transaction<'_>,
    cti: &[u8],
    instance: &Thumbprint,
) -> Result<Option<StapleSpan>, StoreError> {
    tx.first(
        "SELECT first_hour, staple_hours FROM copies JOIN bindings USING (person)
         WHERE cti = ?1 AND instance = ?2 AND state = 'active'
         AND NOT EXISTS (SELECT 1 FROM suspensions WHERE suspensions.person = copies.person)",
        params![cti, instance],
        |row| Ok(StapleSpan { first_hour: row.get(0)?, hours: row.get(1)? }),
    )
}

fn binding(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    instance: &Thumbprint,
) -> Result<BindingState, StoreError> {
    let phone: Option<Thumbprint> =
        tx.first("SELECT instance FROM bindings WHERE person = ?1", params![person], |row| row.get(0))?;
    let holder: Option<PersonId> =
        tx.first("SELECT person FROM bindings WHERE instance = ?1", params![instance], |row| row.get(0))?;
    Ok(match (phone, holder) {
        (_, Some(other)) if other != *person => BindingState::AnotherHolder,
        (Some(other), _) if other != *instance => BindingState::AnotherPhone,
        (Some(_), _) => BindingState::Same,
        (None, _) => BindingState::Free,
    })
}
