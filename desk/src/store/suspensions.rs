//! Lost phones: which line is whose, and whose ID is suspended.

use super::{
    PersonId, Store, StoreError,
    engine::{Transaction, params},
};

/// A keyed hash of a subscriber number.
pub type LineId = [u8; 32];

impl Store {
    /// Remembers whose line this is; an earlier line of the person, and an earlier owner of the line, give way. Tells whether
    /// anything gave way: a change of number or of SIM is an event, and proves nobody's identity.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn bind_line(&self, line: &LineId, person: &PersonId, now: i64) -> Result<bool, StoreError> {
        self.write(|tx| {
            let before =
                tx.execute("DELETE FROM lines WHERE line = ?1 OR person = ?2", params![line, person])?;
            tx.execute(
                "INSERT INTO lines (line, person, bound_at) VALUES (?1, ?2, ?3)",
                params![line, person, now],
            )?;
            Ok(before > 0)
        })
    }

    /// Suspends the ID of whoever has this line. Tells whether somebody has; suspended already, it stays so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn suspend_line(&self, line: &LineId, now: i64) -> Result<bool, StoreError> {
        self.write(|tx| {
            let Some(person) = owner(tx, line)? else { return Ok(false) };
            tx.execute(
                "INSERT INTO suspensions (person, since) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                params![&person, now],
            )?;
            Ok(true)
        })
    }

    /// Lifts the suspension of whoever has this line. Tells whether somebody has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn resume_line(&self, line: &LineId) -> Result<bool, StoreError> {
        self.write(|tx| {
            let Some(person) = owner(tx, line)? else { return Ok(false) };
            tx.execute("DELETE FROM suspensions WHERE person = ?1", params![&person])?;
            Ok(true)
        })
    }

    /// Whether a person's ID is suspended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_suspended(&self, person: &PersonId) -> Result<bool, StoreError> {
        self.read(|tx| is_suspended(tx, person))
    }

    /// Status indices of copies that nobody may accept now: of suspended people, and those that were given up or replaced since
    /// `issued_after`, ascending. Older ones have ended by their own date.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn deactivated(&self, issued_after: i64) -> Result<Vec<u32>, StoreError> {
        self.read(|tx| deactivated(tx, issued_after))
    }
}

pub(super) fn deactivated(tx: &mut Transaction<'_>, issued_after: i64) -> Result<Vec<u32>, StoreError> {
    tx.all(
        "SELECT status_index FROM copies
         WHERE issued_at > ?1 AND (state <> 'active' OR person IN (SELECT person FROM suspensions))
         ORDER BY status_index",
        params![issued_after],
        |row| row.get(0),
    )
}

pub(super) fn is_suspended(tx: &mut Transaction<'_>, person: &PersonId) -> Result<bool, StoreError> {
    tx.value("SELECT EXISTS (SELECT 1 FROM suspensions WHERE person = ?1)", params![person])
}

fn owner(tx: &mut Transaction<'_>, line: &LineId) -> Result<Option<PersonId>, StoreError> {
    tx.first("SELECT person FROM lines WHERE line = ?1", params![line], |row| row.get(0))
}
