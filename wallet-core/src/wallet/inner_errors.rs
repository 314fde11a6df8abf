//! From the floors below to what the app is told. One `match` without `_` each, so that a new inner error must be
//! placed.

use super::{CardTrouble, Distrust, PasswordKind, WalletError, code};
use crate::{
    chip::{ChipError, Reference, files::FileError, person::PersonError},
    counter::CounterError,
    platform::{AnchorError, ClockError, FaceCheckError, HttpError, KeyStoreError, LinkError},
    vault::VaultError,
};

impl From<KeyStoreError> for WalletError {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::UserCancelled => Self::UserCancelled,
            KeyStoreError::LockedOut => Self::LockedOut,
            KeyStoreError::NoBiometrics => Self::NoBiometrics,
            KeyStoreError::KeyInvalidated | KeyStoreError::KeyNotFound => Self::KeyInvalidated,
            KeyStoreError::Unavailable => Self::Unavailable { code: code::KEY_STORE },
            KeyStoreError::Failed { os_code } => Self::Unavailable { code: os_code },
        }
    }
}

impl From<AnchorError> for WalletError {
    fn from(error: AnchorError) -> Self {
        match error {
            AnchorError::Unavailable => Self::Unavailable { code: code::ANCHOR },
            AnchorError::Failed { os_code } => Self::Unavailable { code: os_code },
        }
    }
}

impl From<LinkError> for WalletError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::TagLost => Self::CardLost,
            LinkError::Timeout => Self::CardUnreadable { why: CardTrouble::Silent },
            LinkError::TooLong => Self::CardUnreadable { why: CardTrouble::Unsupported },
            LinkError::Cancelled => Self::UserCancelled,
            LinkError::Failed { os_code } => Self::Unavailable { code: os_code },
        }
    }
}

impl From<HttpError> for WalletError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Offline | HttpError::Timeout => Self::Offline,
            // Somebody else answered in the issuer's place.
            HttpError::Tls => Self::NotTrusted { why: Distrust::IssuerAnswer },
            HttpError::Failed { os_code } => Self::Unavailable { code: os_code },
        }
    }
}

impl From<ClockError> for WalletError {
    fn from(error: ClockError) -> Self {
        match error {
            ClockError::Failed { os_code } => Self::Unavailable { code: os_code },
        }
    }
}

impl From<FaceCheckError> for WalletError {
    fn from(error: FaceCheckError) -> Self {
        match error {
            FaceCheckError::UserCancelled => Self::UserCancelled,
            FaceCheckError::NoMatch => Self::FaceMismatch,
            FaceCheckError::Unavailable => Self::Unavailable { code: code::FACE_CHECK },
        }
    }
}

impl From<VaultError> for WalletError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Locked => Self::Locked,
            VaultError::Corrupt { kept_at } => {
                Self::StorageCorrupt { kept_at: Some(kept_at.to_string_lossy().into_owned()) }
            }
            VaultError::RolledBack { .. } => Self::StorageCorrupt { kept_at: None },
            VaultError::StorageFull => Self::StorageFull,
            VaultError::NotFound => Self::CardNotFound,
            VaultError::AnotherHolder => Self::AnotherHolder,
            VaultError::Busy | VaultError::SchemaTooNew { .. } | VaultError::Misuse(_) => {
                Self::Unavailable { code: code::INTERNAL }
            }
            VaultError::Failed { code } => Self::Unavailable { code },
        }
    }
}

pub(super) const fn chip_error(error: ChipError) -> WalletError {
    let why = match error {
        ChipError::WrongPassword { which, tries_left } => {
            let kind = match which {
                Reference::Can => PasswordKind::Can,
                Reference::Mrz => PasswordKind::Mrz,
                Reference::Pin => PasswordKind::Pin,
                Reference::Puk => PasswordKind::Puk,
            };
            return WalletError::WrongPassword { kind, tries_left };
        }
        ChipError::NotGenuine => return WalletError::NotTrusted { why: Distrust::ChipCloned },
        ChipError::Misuse(_) => return WalletError::Unavailable { code: code::INTERNAL },
        ChipError::Blocked => CardTrouble::Blocked,
        ChipError::Suspended => CardTrouble::Suspended,
        ChipError::PaceRefused(_) => CardTrouble::WeakerAccess,
        ChipError::AnotherCard => CardTrouble::AnotherCard,
        ChipError::CardRefused(_) => CardTrouble::Refused,
        ChipError::Malformed(_) | ChipError::CardMisbehaved(_) | ChipError::SessionEnded(_) => {
            CardTrouble::Misbehaved
        }
        ChipError::Unsupported(_) => CardTrouble::Unsupported,
    };
    WalletError::CardUnreadable { why }
}

impl From<FileError> for WalletError {
    /// The file was signed as it is, so the card is not one this wallet knows.
    fn from(_: FileError) -> Self {
        Self::CardUnreadable { why: CardTrouble::Unsupported }
    }
}

impl From<PersonError> for WalletError {
    fn from(_: PersonError) -> Self {
        Self::CardUnreadable { why: CardTrouble::Unsupported }
    }
}

impl From<CounterError> for WalletError {
    fn from(error: CounterError) -> Self {
        match error {
            CounterError::Malformed(_)
            | CounterError::PeerMisbehaved(_)
            | CounterError::Untrusted(_)
            | CounterError::Misuse(_) => Self::Unavailable { code: code::INTERNAL },
        }
    }
}
