//! Physical cards: which were shown, and which were reported lost.

use super::{
    PersonId, StoreError,
    engine::{Transaction, params},
};

/// A keyed hash of who issued a card, and its number.
pub type CardId = [u8; 32];

/// A card as it was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardRow {
    /// Which.
    pub card: CardId,
    /// The beginning of the day it was issued on, seconds since 1970 UTC.
    pub issued_on: i64,
}

/// A card of this person was reported lost, on the day that begins at `day`: each that was shown here, and any issued before.
pub(super) fn report_lost(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    day: i64,
    now: i64,
) -> Result<(), StoreError> {
    tx.execute("UPDATE cards SET lost_at = ?2 WHERE person = ?1 AND lost_at IS NULL", params![person, now])?;
    tx.execute(
        "INSERT INTO card_losses (person, reported_on) VALUES (?1, ?2)
         ON CONFLICT (person) DO UPDATE SET reported_on = excluded.reported_on
         WHERE card_losses.reported_on < excluded.reported_on",
        params![person, day],
    )?;
    Ok(())
}

/// Whether this card of the person was reported lost. One issued on the day of the report may be the new one, unless it was shown
/// before.
pub(super) fn is_lost(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    row: &CardRow,
) -> Result<bool, StoreError> {
    let CardRow { card, issued_on } = row;
    tx.value(
        "SELECT EXISTS (SELECT 1 FROM cards WHERE card = ?1 AND lost_at IS NOT NULL)
             OR EXISTS (SELECT 1 FROM card_losses WHERE person = ?2 AND reported_on > ?3)",
        params![card, person, *issued_on],
    )
}

/// This card of the person was shown, and held.
pub(super) fn record_card(
    tx: &mut Transaction<'_>,
    person: &PersonId,
    card: &CardId,
    now: i64,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO cards (card, person, shown_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (card) DO UPDATE SET shown_at = excluded.shown_at",
        params![card, person, now],
    )?;
    Ok(())
}
