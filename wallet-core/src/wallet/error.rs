//! What the app is told, named for what it does next.

use crate::{
    card::{Disclosure, LifeCycle, Refusal},
    status::commands::CommandReason,
};

/// Which secret was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum PasswordKind {
    /// The six digits printed on the card.
    Can,
    /// The lines for machines: document number, date of birth, date of expiry.
    Mrz,
    /// The holder's own number.
    Pin,
    /// The number that unblocks the holder's own.
    Puk,
    /// The digits that the citizen was told for an offer.
    TransactionCode,
}

/// Why something is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Distrust {
    /// The chip's security object is not signed by an authority this wallet knows.
    ChipSigner,
    /// A file on the chip is not the one that was signed.
    ChipDataAltered,
    /// The chip could not prove that it is the original.
    ChipCloned,
    /// The issuer's answer breaks the protocol.
    IssuerAnswer,
    /// A credential the issuer sent does not verify, or says something else than the card.
    IssuedCredential,
    /// The offer is from an issuer this wallet does not know.
    ForeignIssuer,
    /// The desk's sign is not signed by a registered desk, or has expired.
    DeskSign,
}

/// Why the card could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CardTrouble {
    /// The card broke the protocol.
    Misbehaved,
    /// The card refused: the wrong kind of card.
    Refused,
    /// The card takes this password no more.
    Blocked,
    /// The card takes this password again only after the number printed on it.
    Suspended,
    /// The card speaks of an access it then refuses. It was not opened by a weaker one.
    WeakerAccess,
    /// Another card than the one whose reading was interrupted.
    AnotherCard,
    /// The card speaks a protocol this wallet does not know.
    Unsupported,
    /// The card said nothing in time.
    Silent,
}

/// Why the ID, or the whole wallet, cannot be used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Unusable {
    /// A command of the issuer locked the wallet.
    LockedByCommand {
        /// Why.
        why: CommandReason,
    },
    /// The wallet was wiped.
    Wiped,
    /// The card is not active.
    Card {
        /// Where it stands, and why.
        standing: LifeCycle,
    },
    /// The issuer's last word for this copy is so old that a counter would refuse it.
    StapleTooOld {
        /// How old, hours.
        hours: u32,
    },
}

/// Every way a call into the wallet can fail. `Display` is safe to log: no claim, name, number, key or peer text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error))]
pub enum WalletError {
    /// The citizen, or the app through `cancel()`, stopped it, or began another issuance while this one ran. Nothing changed.
    #[error("cancelled")]
    UserCancelled,
    /// The secret for the card was wrong: ask again.
    #[error("the password for the card is wrong")]
    WrongPassword {
        /// Which secret.
        kind: PasswordKind,
        /// Tries before the card blocks, where it tells.
        tries_left: Option<u8>,
    },
    /// The card left the field: hold it still and tap again.
    #[error("the card left the field")]
    CardLost,
    /// The card cannot be read.
    #[error("the card cannot be read: {why:?}")]
    CardUnreadable {
        /// What happened.
        why: CardTrouble,
    },
    /// Something is not trusted; nothing of it was kept.
    #[error("not trusted: {why:?}")]
    NotTrusted {
        /// What.
        why: Distrust,
    },
    /// Unlock the wallet first.
    #[error("the wallet is locked")]
    Locked,
    /// The system locked biometrics after failed attempts: unlock the phone by its screen lock first.
    #[error("biometrics are locked out")]
    LockedOut,
    /// No strong biometrics on this phone: set them up in the system settings.
    #[error("no biometrics are set up")]
    NoBiometrics,
    /// The keys died because biometrics changed: `start_over` where `unlock` said so, then enrol again.
    #[error("the keys were invalidated")]
    KeyInvalidated,
    /// The face before the camera is not the one on the card.
    #[error("the face does not match")]
    FaceMismatch,
    /// No network.
    #[error("no network")]
    Offline,
    /// The issuer said no.
    #[error("the issuer refused: {}", why.code())]
    IssuerRefused {
        /// Why.
        why: Refusal,
    },
    /// This wallet already holds another person's ID.
    #[error("the wallet holds another person's ID")]
    AnotherHolder,
    /// No such card in the wallet.
    #[error("no such card")]
    CardNotFound,
    /// No one-time copy of this level is left: connect to the network to get new ones.
    #[error("no copies left: {disclosure:?}")]
    NoCopiesLeft {
        /// Which level.
        disclosure: Disclosure,
    },
    /// The ID cannot be used now: show the citizen why.
    #[error("not usable now: {why:?}")]
    NotUsable {
        /// Why.
        why: Unusable,
    },
    /// The show is over: start another one.
    #[error("the show is over")]
    ShowEnded,
    /// The code is not one this wallet understands.
    #[error("not a code for this wallet")]
    NotForThisWallet,
    /// The phone's storage is full.
    #[error("the storage is full")]
    StorageFull,
    /// The vault cannot be trusted. A damaged file was moved aside; an older one put back in its place was left where it is.
    /// Nothing was deleted.
    #[error("the vault is unreadable")]
    StorageCorrupt {
        /// Where the damaged file was moved; none when the file is whole but older than the one this phone wrote last.
        kept_at: Option<String>,
    },
    /// The platform failed, or the call came at the wrong time.
    #[error("not possible now (code {code})")]
    Unavailable {
        /// The system's code, or one of this library's below -1000.
        code: i32,
    },
}

/// Codes of [`WalletError::Unavailable`] that are this library's own.
pub(super) mod code {
    /// The session was used up already.
    pub(crate) const SPENT_SESSION: i32 = -1001;
    /// The platform gave something no platform may give: a short signature, too few keys.
    pub(crate) const PLATFORM_MISBEHAVED: i32 = -1003;
    /// The vault is in use by another process, or the library was misused inside.
    pub(crate) const INTERNAL: i32 = -1004;
    /// The configuration is not usable: a URL in it is none.
    pub(crate) const CONFIGURATION: i32 = -1008;
    /// The key store cannot be reached now.
    pub(crate) const KEY_STORE: i32 = -1005;
    /// The anchor cannot be reached now.
    pub(crate) const ANCHOR: i32 = -1006;
    /// The face check cannot be done now.
    pub(crate) const FACE_CHECK: i32 = -1007;
}
