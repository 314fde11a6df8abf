//! The sealed vault: rows under AES-256-GCM in SQLite.
//!
//! Two data keys, each wrapped by the phone's hardware and kept so in the unsealed header: `device` for settings, public
//! data and staples, `person` for cards, credential copies, mdocs and history. A row is sealed to its schema version,
//! table, id and row version. A digest per domain, under a key derived from the data key, covers every row's id, version
//! and tag; the device digest covers the person's digest too. So whatever was deleted, swapped or replayed is noticed
//! when the domain opens, before any content is read, and a whole older file by its version against the caller's anchor.
//!
//! The vault is sync and blocks on the disk. It must lie in the app's private container, not in a folder shared between
//! apps: it holds its file lock as long as it lives.

mod cards;
mod copies;
mod erase;
mod error;
mod file;
mod history;
mod records;
mod rows;
mod schema;
mod seal;
mod settings;
mod store;
#[cfg(test)]
mod tests;

pub use error::{Misuse, VaultError};
pub use records::{
    Card, CopyId, Counterparty, Enrolled, Event, EventKind, Header, HistoryEntry, InstanceKey, MAX_RECORD,
    Mdoc, NewCopy, NewMdoc, NewSdJwt, PoolCount, Reservation, ReservedCopy, Settings, Staple, StapleEntry,
    Stored, StoredSdJwt, WrappedKey,
};
pub use store::Vault;
