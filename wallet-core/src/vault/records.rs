//! What goes into the vault and comes out of it.

use core::fmt;

use crate::{
    card::{Date, Disclosure, Language, LifeCycle, Person},
    crypto::chain::Link,
    platform::{HolderKeyId, InstanceKeyId, WrapKeyId},
};

/// Longest single value the vault takes, bytes.
pub const MAX_RECORD: usize = 1 << 20;

/// A data key as the phone's hardware wrapped it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The hardware key that unwraps it.
    pub alias: WrapKeyId,
    /// What the key store's `wrap` gave.
    pub wrapped: Vec<u8>,
}

/// The wrapped data keys, the only content outside a seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Opens settings, public data and staples; without a prompt.
    pub device: WrappedKey,
    /// Opens everything of the person; by biometrics.
    pub person: WrappedKey,
}

/// The wallet's own key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceKey {
    /// Its name in the key store.
    pub id: InstanceKeyId,
    /// Uncompressed SEC1 point, 65 bytes.
    pub public_key: Vec<u8>,
}

/// The wallet's settings, readable before unlock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The wallet's own key, once made.
    pub instance_key: Option<InstanceKey>,
    /// Base URL of the issuer this wallet enrolled with.
    pub issuer: Option<String>,
    /// Whether a command locked the wallet.
    pub locked_by_command: bool,
}

/// A document on this phone.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    /// The issuer's id of the document.
    pub id: String,
    /// The document's type.
    pub document: String,
    /// Where it stands.
    pub state: LifeCycle,
    /// Whose it is and what it says.
    pub person: Person,
    /// The disclosure levels it was issued with, least first.
    pub levels: Vec<Disclosure>,
    /// When it came into the wallet, seconds since 1970 UTC.
    pub enrolled_at: i64,
    /// Its last day in Korea.
    pub valid_until: Date,
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card")
            .field("state", &self.state)
            .field("levels", &self.levels)
            .finish_non_exhaustive()
    }
}

/// The issuer's freshness proof for one copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Staple {
    /// The hour as the frame carries it.
    pub hour: u32,
    /// The chain value of that hour.
    pub preimage: Link,
}

/// A credential copy as issued.
#[derive(Clone, PartialEq, Eq)]
pub struct NewCopy {
    /// What it shows.
    pub disclosure: Disclosure,
    /// The hardware key it is bound to.
    pub holder_key: HolderKeyId,
    /// The issuer's id of the copy (`cti`), by which staples are fetched without unlocking.
    pub cti: Vec<u8>,
    /// The SD-CWT as received.
    pub sd_cwt: Vec<u8>,
    /// Salt of its portrait digest; travels only with the photo.
    pub portrait_salt: [u8; 16],
    /// Its first staple.
    pub staple: Option<Staple>,
}

impl fmt::Debug for NewCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCopy").field("disclosure", &self.disclosure).finish_non_exhaustive()
    }
}

/// Names a copy of the pool. Only the vault makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CopyId(pub(super) i64);

/// A copy taken out of the pool: to be spent, or released when no signature came to be.
#[derive(Clone, PartialEq, Eq)]
pub struct ReservedCopy {
    /// Its name in the pool.
    pub id: CopyId,
    /// What it shows.
    pub disclosure: Disclosure,
    /// The hardware key that signs for it.
    pub holder_key: HolderKeyId,
    /// The SD-CWT as received.
    pub sd_cwt: Vec<u8>,
    /// The newest staple.
    pub staple: Option<Staple>,
}

impl fmt::Debug for ReservedCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReservedCopy")
            .field("id", &self.id)
            .field("disclosure", &self.disclosure)
            .finish_non_exhaustive()
    }
}

/// What reserving gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reservation {
    /// A copy, never handed out before.
    Copy(Box<ReservedCopy>),
    /// None is left at this level: refill.
    PoolEmpty,
}

/// How many copies of one level there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolCount {
    /// Ready to be shown.
    pub fresh: u32,
    /// In a show right now.
    pub reserved: u32,
    /// Used up, their hardware keys not deleted yet.
    pub spent: u32,
}

/// A copy's staple, as the background refresh sees it while the wallet is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StapleEntry {
    /// Its name in the pool.
    pub copy: CopyId,
    /// The issuer's id of the copy.
    pub cti: Vec<u8>,
    /// The newest staple.
    pub staple: Option<Staple>,
}

/// An mdoc as issued.
#[derive(Clone, PartialEq, Eq)]
pub struct NewMdoc {
    /// Its document type.
    pub doc_type: String,
    /// The hardware key it is bound to.
    pub holder_key: HolderKeyId,
    /// The IssuerSigned structure as received.
    pub issuer_signed: Vec<u8>,
}

impl fmt::Debug for NewMdoc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewMdoc").field("doc_type", &self.doc_type).finish_non_exhaustive()
    }
}

/// An mdoc of a card.
pub type Mdoc = NewMdoc;

/// An SD-JWT VC as issued.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSdJwt {
    /// Its type.
    pub vct: String,
    /// The hardware key it is bound to.
    pub holder_key: HolderKeyId,
    /// The text as received, with every disclosure.
    pub text: String,
}

impl fmt::Debug for NewSdJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSdJwt").field("vct", &self.vct).finish_non_exhaustive()
    }
}

/// An SD-JWT VC of a card.
pub type StoredSdJwt = NewSdJwt;

/// A card with all that was issued for it, and what the wallet keeps beside it.
#[derive(Debug, Clone, Copy)]
pub struct Enrolled<'a> {
    /// The card.
    pub card: &'a Card,
    /// Its one-time copies.
    pub copies: &'a [NewCopy],
    /// Its mdocs.
    pub mdocs: &'a [NewMdoc],
    /// Its SD-JWT VCs.
    pub sd_jwts: &'a [NewSdJwt],
    /// The settings from now on.
    pub settings: &'a Settings,
    /// The line for the history.
    pub event: &'a Event,
    /// Device data to be stored with it: name and value.
    pub device_data: &'a [(&'a str, &'a [u8])],
}

/// What storing a card left over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// Holder keys of copies, mdocs and SD-JWT VCs that gave way: for the key store to delete.
    pub orphaned_keys: Vec<HolderKeyId>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum EventKind {
    /// A card was stored.
    CardAdded,
    /// A card took another's place.
    CardReplaced,
    /// A card's state changed.
    CardStateChanged,
    /// The pool was filled up.
    CopiesRefilled,
    /// The card was shown at a counter.
    ShownAtCounter,
    /// The citizen refused or cancelled a show.
    ShowCancelled,
    /// The wallet was locked by a command.
    WalletLocked,
    /// The lock was lifted.
    WalletResumed,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::CardAdded,
        Self::CardReplaced,
        Self::CardStateChanged,
        Self::CopiesRefilled,
        Self::ShownAtCounter,
        Self::ShowCancelled,
        Self::WalletLocked,
        Self::WalletResumed,
    ];

    /// The stable machine name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CardAdded => "card_added",
            Self::CardReplaced => "card_replaced",
            Self::CardStateChanged => "card_state_changed",
            Self::CopiesRefilled => "copies_refilled",
            Self::ShownAtCounter => "shown_at_counter",
            Self::ShowCancelled => "show_cancelled",
            Self::WalletLocked => "wallet_locked",
            Self::WalletResumed => "wallet_resumed",
        }
    }

    /// A line's heading in the history.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::CardAdded, Language::Korean) => "지갑에 들어옴",
            (Self::CardAdded, Language::English) => "came into the wallet",
            (Self::CardReplaced, Language::Korean) => "새 카드로 교체",
            (Self::CardReplaced, Language::English) => "replaced by a newer one",
            (Self::CardStateChanged, Language::Korean) => "상태 변경",
            (Self::CardStateChanged, Language::English) => "state changed",
            (Self::CopiesRefilled, Language::Korean) => "새 사본을 받음",
            (Self::CopiesRefilled, Language::English) => "new copies fetched",
            (Self::ShownAtCounter, Language::Korean) => "창구에 제시",
            (Self::ShownAtCounter, Language::English) => "shown at a counter",
            (Self::ShowCancelled, Language::Korean) => "제시 취소",
            (Self::ShowCancelled, Language::English) => "show cancelled",
            (Self::WalletLocked, Language::Korean) => "지갑 잠김",
            (Self::WalletLocked, Language::English) => "wallet locked",
            (Self::WalletResumed, Language::Korean) => "지갑 잠금 해제",
            (Self::WalletResumed, Language::English) => "wallet resumed",
        }
    }
}

/// Who stood on the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counterparty {
    /// The name it gave.
    pub name: String,
    /// Whether a registration certificate proved that name.
    pub verified: bool,
}

/// Something to be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Seconds since 1970 UTC.
    pub at: i64,
    /// What.
    pub kind: EventKind,
    /// How much was shown, where something was.
    pub level: Option<Disclosure>,
    /// To whom, where known.
    pub counterparty: Option<Counterparty>,
}

/// A line of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its number, from 1, without gaps.
    pub number: u64,
    /// What happened.
    pub event: Event,
}
