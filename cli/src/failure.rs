//! Why a command did not do what it was asked, and the exit code that says so.

use std::path::PathBuf;

use wallet_core::{
    chip::MrzPart,
    wallet::{Distrust, WalletError},
};

use crate::card_report::Check;

/// Every way a command ends without success.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line, or a file it names, cannot be used.
    Usage(UsageFault),
    /// The wallet said no.
    Wallet(WalletError),
    /// A card was read to its end and is not believed. Its checks were printed already, but for machines.
    Unbelieved {
        /// Why not.
        error: WalletError,
        /// What each check came to.
        checks: Vec<Check>,
    },
    /// The reader, before any card was spoken to.
    Reader(ReaderFault),
    /// The checks refused what was shown. The verdict was printed already.
    Refused,
    /// The demo did not come out as it must. Its steps were printed already.
    DemoFailed,
    /// No passphrase was given, or not twice the same.
    Passphrase(PassphraseFault),
    /// The wallet's folder or an output file: which, and the system's reason.
    Storage {
        /// Which file or folder.
        path: PathBuf,
        /// The system's reason.
        reason: std::io::ErrorKind,
    },
    /// Ctrl-C, or a question answered with no.
    Cancelled,
    /// Standard output is gone.
    Output,
    /// Something this program did not foresee.
    Internal(&'static str),
}

/// What is wrong with the command line.
#[derive(Debug)]
pub(crate) enum UsageFault {
    /// What is wrong with it, in the citizen's language.
    CommandLine(String),
    /// Nothing was asked for: the help.
    Nothing(String),
    /// This argument's value cannot be used.
    Value {
        /// The argument as typed: `--reader`.
        argument: &'static str,
        /// The value.
        value: String,
    },
    /// A part of the card's lines for machines is none, or was mistyped: its check digit does not fit.
    Mrz(MrzPart),
    /// This argument takes a number of the card, and what was given is none. It is a secret and not repeated.
    NotANumber(&'static str),
    /// The command needs this argument here.
    Missing(&'static str),
    /// This file cannot be read.
    File(PathBuf),
    /// This file is not what the argument asks for.
    FileContent {
        /// The argument as typed: `--csca`.
        argument: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// This counter pack is older than one the counter has used.
    OlderPack(PathBuf),
    /// There is no QR code in the picture.
    NoCode,
    /// Built without the feature `pcsc`.
    #[cfg(not(feature = "pcsc"))]
    NoPcsc,
}

/// What is wrong with the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(feature = "pcsc"), expect(dead_code, reason = "most of these are of PC/SC readers"))]
pub(crate) enum ReaderFault {
    /// No PC/SC service, or no reader.
    NoReader,
    /// No reader with that name; these there are.
    UnknownReader(Vec<String>),
    /// Another program holds the card.
    Busy,
    /// No card came in time.
    NoCard,
    /// The port cannot be listened on, or the chip broke the connection.
    Port,
    /// Anything else, with the system's number.
    Failed(u32),
}

/// What is wrong with the passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PassphraseFault {
    /// None in the environment, and no terminal to ask on.
    Missing,
    /// The two entries differ.
    Differ,
    /// It does not open the keys.
    Wrong,
}

/// A command's outcome.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// The exit code: one for each family, as docs/cli.md lists them.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Output | Self::Internal(_) | Self::DemoFailed => 1,
            Self::Refused | Self::Usage(UsageFault::OlderPack(_)) => 3,
            Self::Usage(_) => 2,
            Self::Reader(_) => 4,
            Self::Passphrase(_) => 6,
            Self::Storage { .. } => 7,
            Self::Cancelled => 8,
            Self::Wallet(error) | Self::Unbelieved { error, .. } => match error {
                WalletError::NotTrusted { why: Distrust::IssuerAnswer } => 5,
                WalletError::NotTrusted { .. }
                | WalletError::FaceMismatch
                | WalletError::AnotherHolder
                | WalletError::NotForThisWallet => 3,
                WalletError::WrongPassword { .. }
                | WalletError::CardLost
                | WalletError::CardUnreadable { .. } => 4,
                WalletError::Offline
                | WalletError::IssuerRefused { .. }
                | WalletError::NoCopiesLeft { .. } => 5,
                WalletError::Locked
                | WalletError::NotUsable { .. }
                | WalletError::LockedOut
                | WalletError::NoBiometrics
                | WalletError::KeyInvalidated => 6,
                WalletError::CardNotFound | WalletError::StorageFull | WalletError::StorageCorrupt { .. } => {
                    7
                }
                WalletError::UserCancelled => 8,
                WalletError::ShowEnded | WalletError::Unavailable { .. } => 1,
            },
        }
    }

    /// The stable machine name, for `--json`.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Usage(_) => "usage",
            Self::Refused => "refused",
            Self::DemoFailed => "demo_failed",
            Self::Reader(_) => "reader",
            Self::Passphrase(_) => "passphrase",
            Self::Storage { .. } => "storage",
            Self::Cancelled => "cancelled",
            Self::Output => "output",
            Self::Internal(_) => "internal",
            Self::Wallet(error) | Self::Unbelieved { error, .. } => match error {
                WalletError::UserCancelled => "cancelled",
                WalletError::WrongPassword { .. } => "wrong_password",
                WalletError::CardLost => "card_lost",
                WalletError::CardUnreadable { .. } => "card_unreadable",
                WalletError::NotTrusted { .. } => "not_trusted",
                WalletError::Locked => "locked",
                WalletError::LockedOut => "locked_out",
                WalletError::NoBiometrics => "no_biometrics",
                WalletError::KeyInvalidated => "key_invalidated",
                WalletError::FaceMismatch => "face_mismatch",
                WalletError::Offline => "offline",
                WalletError::IssuerRefused { .. } => "issuer_refused",
                WalletError::AnotherHolder => "another_holder",
                WalletError::CardNotFound => "card_not_found",
                WalletError::NoCopiesLeft { .. } => "no_copies_left",
                WalletError::NotUsable { .. } => "not_usable",
                WalletError::ShowEnded => "show_ended",
                WalletError::NotForThisWallet => "not_for_this_wallet",
                WalletError::StorageFull => "storage_full",
                WalletError::StorageCorrupt { .. } => "storage_corrupt",
                WalletError::Unavailable { .. } => "unavailable",
            },
        }
    }
}

impl From<WalletError> for Failure {
    fn from(error: WalletError) -> Self {
        Self::Wallet(error)
    }
}

/// A file of this program's own that could not be read or written.
pub(crate) fn storage(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Failure {
    let path = path.into();
    move |error| Failure::Storage { path, reason: error.kind() }
}
