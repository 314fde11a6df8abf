//! Manual checks, and credential requests that wait for one.

use super::{
    PersonId, Store, StoreError,
    engine::{Row, Transaction, params},
    grants::{Digest, IssueId},
};

/// How far a manual check has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckState {
    /// A clerk has still to look.
    Asked,
    /// The person may have the document.
    Approved,
    /// The person may not.
    Denied,
}

/// A manual check of one person for one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRow {
    /// Whose.
    pub person: PersonId,
    /// The document's id.
    pub document: String,
    /// How far it has come.
    pub state: CheckState,
    /// Seconds since 1970 UTC.
    pub asked_at: i64,
}

/// A credential request that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeferredRow {
    /// The batch it belongs to.
    pub issue: IssueId,
    /// The configuration that was asked for.
    pub configuration: String,
    /// The keys, SEC1, 65 bytes each, one after the other.
    pub keys: Vec<u8>,
    /// Seconds since 1970 UTC.
    pub expires_at: i64,
}

impl CheckState {
    const ALL: [Self; 3] = [Self::Asked, Self::Approved, Self::Denied];

    const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Denied => "denied",
        }
    }

    fn parse(name: &str) -> Result<Self, StoreError> {
        Self::ALL.into_iter().find(|known| known.name() == name).ok_or(StoreError::Shape)
    }
}

impl Store {
    /// Asks for a manual check, once; gives how far it has come.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ask_check(&self, person: &PersonId, document: &str, now: i64) -> Result<CheckState, StoreError> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO checks (person, document, state, asked_at) VALUES (?1, ?2, 'asked', ?3)
                 ON CONFLICT DO NOTHING",
                params![person, document, now],
            )?;
            let state: String = tx.value(
                "SELECT state FROM checks WHERE person = ?1 AND document = ?2",
                params![person, document],
            )?;
            CheckState::parse(&state)
        })
    }

    /// The manual checks that nobody has decided, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waiting_checks(&self, limit: u32) -> Result<Vec<CheckRow>, StoreError> {
        self.read(|tx| {
            tx.all(
                "SELECT person, document, state, asked_at FROM checks
                 WHERE state = 'asked' ORDER BY asked_at, person, document LIMIT ?1",
                params![limit],
                check,
            )
        })
    }

    /// How many wait.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count_waiting_checks(&self) -> Result<i64, StoreError> {
        self.value("SELECT count(*) FROM checks WHERE state = 'asked'", params![])
    }

    /// Every manual check of a person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn checks_of(&self, person: &PersonId) -> Result<Vec<CheckRow>, StoreError> {
        self.read(|tx| {
            tx.all(
                "SELECT person, document, state, asked_at FROM checks WHERE person = ?1 ORDER BY document",
                params![person],
                check,
            )
        })
    }

    /// Remembers a credential request that waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_deferred(&self, transaction: &Digest, row: &DeferredRow, now: i64) -> Result<(), StoreError> {
        let DeferredRow { issue, configuration, keys, expires_at } = row;
        self.write(|tx| {
            tx.execute("DELETE FROM deferred WHERE expires_at <= ?1", params![now])?;
            tx.execute(
                "INSERT INTO deferred (transaction_id, issue, configuration, keys, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![transaction, issue, configuration.as_str(), keys.as_slice(), *expires_at],
            )?;
            Ok(())
        })
    }

    /// A credential request of this batch that waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn deferred(
        &self,
        transaction: &Digest,
        issue: &IssueId,
        now: i64,
    ) -> Result<Option<DeferredRow>, StoreError> {
        self.read(|tx| {
            tx.first(
                "SELECT issue, configuration, keys, expires_at FROM deferred
                 WHERE transaction_id = ?1 AND issue = ?2 AND expires_at > ?3",
                params![transaction, issue, now],
                |row| {
                    Ok(DeferredRow {
                        issue: row.get(0)?,
                        configuration: row.get(1)?,
                        keys: row.get(2)?,
                        expires_at: row.get(3)?,
                    })
                },
            )
        })
    }
}

/// Decides a manual check. Tells whether one was asked for.
pub(super) fn decide_check(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    document: &str,
    approved: bool,
) -> Result<bool, StoreError> {
    let state = if approved { CheckState::Approved } else { CheckState::Denied };
    let decided = tx.execute(
        "UPDATE checks SET state = ?3 WHERE person = ?1 AND document = ?2",
        params![person, document, state.name()],
    )?;
    Ok(decided == 1)
}

fn check(row: &Row<'_>) -> Result<CheckRow, StoreError> {
    let state: String = row.get(2)?;
    Ok(CheckRow {
        person: row.get(0)?,
        document: row.get(1)?,
        state: CheckState::parse(&state)?,
        asked_at: row.get(3)?,
    })
}
