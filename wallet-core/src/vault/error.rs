//! What can go wrong with the vault, named for what the caller does next.

use std::path::PathBuf;

use rusqlite::ErrorCode;

/// Why the vault did not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The `person` key has not been given: unlock first.
    #[error("the vault is locked")]
    Locked,
    /// The file cannot be trusted or read. It was moved aside as it is; the wallet starts anew.
    #[error("the vault is damaged and was set aside")]
    Corrupt {
        /// Where the file is kept now.
        kept_at: PathBuf,
    },
    /// The file is a faithful but older one: somebody restored a copy.
    #[error("the vault is at version {found}, at least {expected} was expected")]
    RolledBack {
        /// The file's version.
        found: u64,
        /// The version it must have reached.
        expected: u64,
    },
    /// The disk is full; nothing of the attempted change was kept.
    #[error("no space left")]
    StorageFull,
    /// Another process has the vault open.
    #[error("the vault is in use")]
    Busy,
    /// There is no such file, card, copy or entry.
    #[error("not found")]
    NotFound,
    /// A newer release wrote this file.
    #[error("the vault has schema {found}, this release knows {known}")]
    SchemaTooNew {
        /// The file's schema version.
        found: i64,
        /// The newest this release knows.
        known: i64,
    },
    /// The card belongs to somebody else than the wallet's holder.
    #[error("the card belongs to another person")]
    AnotherHolder,
    /// The caller broke a rule.
    #[error("misuse: {0}")]
    Misuse(Misuse),
    /// The system failed; trying again later may help.
    #[error("storage failed with code {code}")]
    Failed {
        /// SQLite's extended result code, or the system's own number below zero.
        code: i32,
    },
}

/// Rules of the vault's interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// A vault exists there already.
    #[error("a vault exists there already")]
    AlreadyExists,
    /// The data key is not this vault's. The file was left alone.
    #[error("the data key is not this vault's")]
    WrongKey,
    /// Only a reserved copy is spent or released.
    #[error("the copy is not reserved")]
    NotReserved,
    /// A card that is not active has nothing to reserve.
    #[error("the card is not active")]
    NotActive,
    /// A document does not go from its state to that one.
    #[error("the document cannot enter that state")]
    NoSuchTransition,
    /// Every level a card names needs a copy, and every copy a level the card names.
    #[error("copies and levels do not match")]
    LevelsDiffer,
    /// Two copies share a key or an identifier: they would be linkable.
    #[error("two copies share a key or an identifier")]
    SharedCopy,
    /// Empty where a value is needed, or longer than [`super::MAX_RECORD`].
    #[error("too long or empty")]
    Size,
}

/// What goes wrong inside, before a damaged file has been set aside.
#[derive(Debug)]
pub(super) enum Fault {
    /// The file is not what was last committed.
    Damaged,
    /// Everything else.
    Error(VaultError),
}

impl From<VaultError> for Fault {
    fn from(error: VaultError) -> Self {
        Self::Error(error)
    }
}

impl From<Misuse> for Fault {
    fn from(misuse: Misuse) -> Self {
        Self::Error(VaultError::Misuse(misuse))
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(failure, _) = error else {
            // A value of the wrong type, a missing row, a missing table: not what this code wrote.
            return Self::Damaged;
        };
        match failure.code {
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation => {
                Self::Damaged
            }
            ErrorCode::DiskFull => Self::Error(VaultError::StorageFull),
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Error(VaultError::Busy),
            _ => Self::Error(VaultError::Failed { code: failure.extended_code }),
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Error(error.into())
    }
}

impl From<std::io::Error> for VaultError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::NotFound => Self::NotFound,
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::StorageFull,
            std::io::ErrorKind::AlreadyExists => Self::Misuse(Misuse::AlreadyExists),
            _ => Self::Failed { code: error.raw_os_error().map_or(i32::MIN, i32::saturating_neg) },
        }
    }
}
