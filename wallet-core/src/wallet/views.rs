//! What crosses to the app where a domain type cannot.

use super::Language;
use crate::{
    card::{Disclosure, LifeCycle},
    vault::EventKind,
};

/// The state of the wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum WalletState {
    /// No card yet, or none known without unlocking.
    Empty,
    /// Holds a card; the citizen must unlock it to see or show it.
    Locked,
    /// Unlocked.
    Ready,
    /// A command of the issuer locked it: nothing is shown or renewed until the issuer says otherwise.
    /// [`super::Wallet::locked_for`] says why, [`super::locked_text`] the way out.
    LockedByCommand,
    /// Wiped: nothing is left. `start_over` makes an empty wallet.
    Wiped,
}

/// How to unlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum UnlockWith {
    /// One prompt for fingerprint or face.
    Biometrics,
}

/// The state of a card in the wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CardState {
    /// Offered by the issuer, not accepted yet.
    Offered,
    /// Good.
    Active,
    /// Suspended by the issuer; may become active again.
    Suspended,
    /// Good, but not for long, or nothing of it can be shown before new copies are fetched: `standing` says which.
    NeedsRenewal,
    /// Past its last day.
    Expired,
    /// Revoked for good.
    Revoked,
    /// A newer card took its place.
    Replaced,
}

impl CardState {
    /// The state in a word.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Offered, Language::Korean) => "발급 대기",
            (Self::Offered, Language::English) => "offered",
            (Self::Active, Language::Korean) => "정상",
            (Self::Active, Language::English) => "active",
            (Self::Suspended, Language::Korean) => "정지",
            (Self::Suspended, Language::English) => "suspended",
            (Self::NeedsRenewal, Language::Korean) => "갱신 필요",
            (Self::NeedsRenewal, Language::English) => "needs renewal",
            (Self::Expired, Language::Korean) => "기간 만료",
            (Self::Expired, Language::English) => "expired",
            (Self::Revoked, Language::Korean) => "폐기",
            (Self::Revoked, Language::English) => "revoked",
            (Self::Replaced, Language::Korean) => "교체됨",
            (Self::Replaced, Language::English) => "replaced",
        }
    }
}

/// Copies of one level that are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CopiesLeft {
    /// The level.
    pub disclosure: Disclosure,
    /// How many shows are left before new ones must be fetched.
    pub left: u32,
}

/// A card as the app shows it to its holder. The registration number is masked after its seventh digit.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CardView {
    /// Names the card in calls.
    pub id: String,
    /// The document's type.
    pub document: String,
    /// Its state.
    pub state: CardState,
    /// The same with its reason; `standing_text` has the words.
    pub standing: LifeCycle,
    /// Name in hangul, family name first.
    pub name: String,
    /// Name in Latin letters.
    pub name_latin: String,
    /// `YYYY-MM-DD`.
    pub birth_date: String,
    /// `YYMMDD-N******`.
    pub masked_registration_number: String,
    /// Address in full.
    pub address: String,
    /// The day the physical card was issued, `YYYY-MM-DD`.
    pub issue_date: String,
    /// Who issued it.
    pub issuing_authority: String,
    /// The portrait, JPEG or JPEG 2000.
    pub portrait: Vec<u8>,
    /// When it came into the wallet, seconds since 1970 UTC.
    pub enrolled_at: i64,
    /// The last day of the mobile ID, `YYYY-MM-DD`.
    pub valid_until: String,
    /// The last day on which what was fetched can be shown, `YYYY-MM-DD`; `refresh` fetches anew before.
    pub copies_until: Option<String>,
    /// Shows left per level.
    pub copies: Vec<CopiesLeft>,
}

impl core::fmt::Debug for CardView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "CardView({:?}, ..)", self.state)
    }
}

/// One line of the history.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct HistoryEntryView {
    /// When, seconds since 1970 UTC.
    pub at: i64,
    /// What.
    pub kind: EventKind,
    /// How much was shown.
    pub disclosure: Option<Disclosure>,
    /// To whom, where the desk's sign was verified.
    pub counterparty: Option<String>,
    /// Whether the counterparty was verified.
    pub verified: bool,
}

impl core::fmt::Debug for HistoryEntryView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "HistoryEntryView({}, {:?}, ..)", self.at, self.kind)
    }
}
