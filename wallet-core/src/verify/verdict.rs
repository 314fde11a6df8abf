//! What a counter is told about a code.

use super::{Claims, Document, Language, Reason};
use crate::card::Disclosure;

/// The checks, in the order they are made and listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Check {
    /// The pack is in its time.
    Pack,
    /// The text is a counter code: base45, deterministic CBOR, the right shape, no unprotected header.
    Format,
    /// The pack knows the issuer.
    Issuer,
    /// The issuer's certificate is in its time.
    IssuerCertificate,
    /// The issuer signed the copy, in low-S form.
    IssuerSignature,
    /// The copy's type is known, its times are whole and ordered, and today is among them.
    Copy,
    /// The phone's key signed the token, in low-S form.
    HolderSignature,
    /// This token was not accepted before.
    FirstUse,
    /// The token's numbers: period, frames, life, inside the copy's life; it names nobody.
    Token,
    /// The step and its preimage lead to the signed anchor.
    Frame,
    /// The token is for this desk, or for the general audience where that will do.
    Audience,
    /// The desk's nonce: issued here, unused, fresh.
    Nonce,
    /// The frame is in its window.
    Window,
    /// The issuer vouched recently.
    Staple,
    /// The copy is not among the deactivated.
    Status,
}

impl Check {
    /// All of them, in order.
    pub const ALL: [Self; 15] = [
        Self::Pack,
        Self::Format,
        Self::Issuer,
        Self::IssuerCertificate,
        Self::IssuerSignature,
        Self::Copy,
        Self::HolderSignature,
        Self::FirstUse,
        Self::Token,
        Self::Frame,
        Self::Audience,
        Self::Nonce,
        Self::Window,
        Self::Staple,
        Self::Status,
    ];

    /// The stable machine name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pack => "pack",
            Self::Format => "format",
            Self::Issuer => "issuer",
            Self::IssuerCertificate => "issuer_certificate",
            Self::IssuerSignature => "issuer_signature",
            Self::Copy => "copy",
            Self::HolderSignature => "holder_signature",
            Self::FirstUse => "first_use",
            Self::Token => "token",
            Self::Frame => "frame",
            Self::Audience => "audience",
            Self::Nonce => "nonce",
            Self::Window => "window",
            Self::Staple => "staple",
            Self::Status => "status",
        }
    }

    /// What is checked, for a clerk.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Pack, Language::Korean) => "확인 자료의 유효기간",
            (Self::Pack, Language::English) => "verification pack in its time",
            (Self::Format, Language::Korean) => "코드 형식",
            (Self::Format, Language::English) => "form of the code",
            (Self::Issuer, Language::Korean) => "발급기관",
            (Self::Issuer, Language::English) => "known issuer",
            (Self::IssuerCertificate, Language::Korean) => "발급기관 인증서의 유효기간",
            (Self::IssuerCertificate, Language::English) => "issuer's certificate in its time",
            (Self::IssuerSignature, Language::Korean) => "발급기관 서명",
            (Self::IssuerSignature, Language::English) => "issuer's signature",
            (Self::Copy, Language::Korean) => "신분증의 종류와 유효기간",
            (Self::Copy, Language::English) => "kind and validity of the ID",
            (Self::HolderSignature, Language::Korean) => "휴대전화 서명",
            (Self::HolderSignature, Language::English) => "phone's signature",
            (Self::FirstUse, Language::Korean) => "처음 제시된 코드",
            (Self::FirstUse, Language::English) => "not shown before",
            (Self::Token, Language::Korean) => "제시 규칙",
            (Self::Token, Language::English) => "rules of the show",
            (Self::Frame, Language::Korean) => "화면 순번",
            (Self::Frame, Language::English) => "frame of the show",
            (Self::Audience, Language::Korean) => "제시 대상",
            (Self::Audience, Language::English) => "meant for this desk",
            (Self::Nonce, Language::Korean) => "창구 일회용 번호",
            (Self::Nonce, Language::English) => "desk's nonce",
            (Self::Window, Language::Korean) => "화면 시각",
            (Self::Window, Language::English) => "time of the frame",
            (Self::Staple, Language::Korean) => "발급기관의 최근 확인",
            (Self::Staple, Language::English) => "issuer vouched recently",
            (Self::Status, Language::Korean) => "정지·폐기 여부",
            (Self::Status, Language::English) => "not suspended or revoked",
        }
    }
}

/// What became of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It holds by a named relaxation.
    PassedBy {
        /// Which.
        relaxation: Relaxation,
    },
    /// It does not hold.
    Failed {
        /// Why.
        reason: Reason,
    },
    /// It was not made.
    Skipped {
        /// Why.
        because: SkipReason,
    },
}

/// What made a check pass that would not have by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Relaxation {
    /// The policy accepts this level from a code for the general audience.
    AcceptGeneralAudience,
    /// The policy suspends the age of staples during an outage.
    OutageUntil,
    /// A fresh nonce of this counter stands in for the phone's clock.
    FreshNonce,
}

/// Why a check was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum SkipReason {
    /// An earlier check failed that this one builds on.
    NotReached,
    /// There is nothing to check: no nonce asked for, no status set in the pack.
    NothingToCheck,
}

/// A check and its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CheckOutcome {
    /// Which check.
    pub check: Check,
    /// What became of it.
    pub outcome: Outcome,
}

/// For whom the code was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum AudienceKind {
    /// For this desk by name.
    ThisDesk,
    /// For another desk.
    OtherDesk,
    /// For whoever scans it.
    General,
}

/// What the code shows. There is one only in a verdict that accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Shown {
    /// Which card.
    pub document: Document,
    /// How much of it.
    pub disclosure: Disclosure,
    /// The claims.
    pub claims: Claims,
    /// SHA-256(salt ‖ image), first 16 bytes, to compare a photo with.
    pub portrait_digest: Vec<u8>,
    /// First second after the copy's validity, seconds since 1970 UTC.
    pub valid_until: i64,
    /// The hour at which the issuer last vouched, seconds since 1970 UTC.
    pub vouched_at: i64,
}

/// The answer to a scanned text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Verdict {
    /// Whether every check passed or had nothing to check.
    pub accepted: bool,
    /// Every check, in order.
    pub checks: Vec<CheckOutcome>,
    /// What is shown: only when accepted.
    pub shown: Option<Shown>,
    /// For whom the code was made, once its signatures are verified.
    pub audience: Option<AudienceKind>,
    /// The pack's sequence.
    pub pack_sequence: u64,
    /// Seconds since the pack was made.
    pub pack_age: i64,
}

impl Verdict {
    /// Why it is refused: the first check that failed.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.checks.iter().find_map(|made| match made.outcome {
            Outcome::Failed { reason } => Some(reason),
            _ => None,
        })
    }

    /// The outcome of one check.
    #[must_use]
    pub fn outcome(&self, check: Check) -> Option<Outcome> {
        self.checks.iter().find(|made| made.check == check).map(|made| made.outcome)
    }
}
