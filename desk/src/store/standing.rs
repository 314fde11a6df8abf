//! How things stand, for the people at the pages: a person, a line, a code that was handed out.

use super::{
    LineChange, LineId, PersonId, Reported, Store, StoreError, SuspendedBy,
    engine::{Transaction, params},
    lines::{line_event, owner},
    suspensions::suspended_by,
};

/// How a person stands with this desk. Times are seconds since 1970 UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Since when their ID lives on a phone.
    pub phone_since: Option<i64>,
    /// Since when it is suspended.
    pub suspended_since: Option<i64>,
    /// At whose word.
    pub suspended_by: Option<SuspendedBy>,
    /// Since when the line of their phone is recorded.
    pub line_since: Option<i64>,
    /// Since when nothing is issued to them any more.
    pub closed_since: Option<i64>,
    /// Whether the phone they had last was told to lock itself, and has no successor yet.
    pub former_phone_locked: bool,
    /// What became of their line since, and when.
    pub line_event: Option<(LineChange, i64)>,
}

/// What became of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferFate {
    /// It waits to be scanned, with so many tries of the transaction code left.
    Open {
        /// Tries left.
        tries_left: u32,
    },
    /// A phone took it and fetches the ID.
    Taken,
    /// The ID is on the phone.
    Issued,
    /// The transaction code was wrong too often.
    OutOfTries,
    /// Its time is over.
    Expired,
    /// Another took its place, or it was never there.
    Gone,
}

impl Store {
    /// How a person stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn standing(&self, person: &PersonId) -> Result<Standing, StoreError> {
        self.read(|tx| standing(tx, person))
    }

    /// How whoever has this line with this operator stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn standing_of_line(
        &self,
        line: &LineId,
        operator: &str,
    ) -> Result<Result<Standing, Reported>, StoreError> {
        self.read(|tx| match owner(tx, line, operator)? {
            Ok(person) => standing(tx, &person).map(Ok),
            Err(otherwise) => Ok(Err(otherwise)),
        })
    }

    /// What became of the offer with this code's digest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn offer_fate(&self, code: &[u8; 32], now: i64) -> Result<OfferFate, StoreError> {
        let found: Option<(Option<i64>, u32, i64, bool)> = self.read(|tx| {
            tx.first(
                "SELECT used_at, tries_left, expires_at, EXISTS (
                     SELECT 1 FROM copies WHERE copies.person = offers.person AND issued_at >= used_at)
                 FROM offers WHERE code = ?1",
                params![code],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
        })?;
        Ok(match found {
            None => OfferFate::Gone,
            Some((Some(_), _, _, true)) => OfferFate::Issued,
            Some((Some(_), _, _, false)) => OfferFate::Taken,
            Some((None, 0, _, _)) => OfferFate::OutOfTries,
            Some((None, _, expires_at, _)) if expires_at <= now => OfferFate::Expired,
            Some((None, tries_left, _, _)) => OfferFate::Open { tries_left },
        })
    }
}

fn standing(tx: &mut Transaction<'_>, person: &PersonId) -> Result<Standing, StoreError> {
    let since = |tx: &mut Transaction<'_>, sql| tx.first(sql, params![person], |row| row.get(0));
    Ok(Standing {
        phone_since: since(tx, "SELECT bound_at FROM bindings WHERE person = ?1")?,
        suspended_since: since(tx, "SELECT since FROM suspensions WHERE person = ?1")?,
        suspended_by: suspended_by(tx, person)?,
        line_since: since(tx, "SELECT bound_at FROM lines WHERE person = ?1")?,
        former_phone_locked: tx.value(
            "SELECT EXISTS (SELECT 1 FROM former_phones JOIN commands USING (instance)
             WHERE person = ?1 AND op = 'lock' AND why <> 'other_phone'
             AND seq = (SELECT MAX(seq) FROM commands last WHERE last.instance = former_phones.instance))",
            params![person],
        )?,
        closed_since: since(tx, "SELECT since FROM closed WHERE person = ?1")?,
        line_event: line_event(tx, person)?,
    })
}
