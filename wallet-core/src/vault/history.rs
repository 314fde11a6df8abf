//! The history: appended, chained, never deleted.

use super::{
    Event, HistoryEntry, Misuse, Vault, VaultError,
    error::Fault,
    rows::{self, EventRow, HistoryRow},
    seal::Table,
    store::Batch,
};
use crate::{bytes::equal_in_constant_time, crypto::hash::sha256_of};

/// Longest name of a counterparty, bytes.
const MAX_NAME: usize = 512;

impl Vault {
    /// Appends to the history.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`Misuse::Size`] for a counterparty's name above 512 bytes; storage errors.
    pub fn record(&mut self, event: &Event) -> Result<(), VaultError> {
        self.commit(|batch| append(batch, event))
    }

    /// The newest `limit` entries, newest first, after checking the whole chain.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Corrupt`] when an entry is missing or altered; storage errors.
    pub fn history(&mut self, limit: usize) -> Result<Vec<HistoryEntry>, VaultError> {
        self.commit(|batch| {
            let ids = batch.ids(Table::History)?;
            let skip = ids.len().saturating_sub(limit);
            let mut chain = Vec::new();
            let mut entries = Vec::new();
            for (position, id) in ids.into_iter().enumerate() {
                let row: HistoryRow = rows::decode(&batch.read(Table::History, id)?)?;
                let number = u64::try_from(id).map_err(|_| Fault::Damaged)?;
                let expected = link(&chain, number, &row.event);
                if !equal_in_constant_time(&expected, &row.chain) {
                    return Err(Fault::Damaged);
                }
                chain = row.chain;
                if position >= skip {
                    let event = rows::decode::<EventRow>(&row.event)?.try_into()?;
                    entries.push(HistoryEntry { number, event });
                }
            }
            entries.reverse();
            Ok(entries)
        })
    }
}

/// Appends inside the caller's transaction.
pub(super) fn append(batch: &mut Batch<'_>, event: &Event) -> Result<(), Fault> {
    if event.counterparty.as_ref().is_some_and(|party| party.name.len() > MAX_NAME) {
        return Err(Misuse::Size.into());
    }
    let previous = match batch.last_id(Table::History)? {
        Some(last) => rows::decode::<HistoryRow>(&batch.read(Table::History, last)?)?.chain,
        None => Vec::new(),
    };
    let id = batch.next_id(Table::History)?;
    let event = rows::encode(&EventRow::from(event))?;
    let chain = link(&previous, u64::try_from(id).map_err(|_| Fault::Damaged)?, &event).to_vec();
    batch.write(Table::History, id, &rows::encode(&HistoryRow { event, chain })?)
}

/// SHA-256(label ‖ chain so far, empty at first ‖ number as 8 bytes ‖ event).
fn link(previous: &[u8], number: u64, event: &[u8]) -> [u8; 32] {
    sha256_of(&[b"kr-wallet history v1", previous, &number.to_be_bytes(), event])
}
