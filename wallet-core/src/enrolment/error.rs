//! Why an enrolment stopped.

use crate::card::Refusal;

/// Why an enrolment stopped. A stopped machine is gone; the wallet begins a new session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolmentError {
    /// The issuer's answer breaks a rule.
    #[error("the issuer broke a rule: {0:?}")]
    IssuerMisbehaved(Rule),
    /// The issuer said no.
    #[error("the issuer refused: {}", .0.code())]
    IssuerRefused(Refusal),
    /// The caller did what the machine does not allow.
    #[error("misuse: {0:?}")]
    Misuse(Misuse),
}

/// The rule an issuer's answer breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// The body is longer than 1 MiB.
    BodyTooLong,
    /// The body is not the JSON message asked for: unknown or missing field, wrong length, not base64url.
    NotTheMessage,
    /// A status other than 200, below 500, without a refusal the wallet knows.
    UnknownFailure,
    /// The session lasts no time, or longer than 120 seconds.
    SessionLifetime,
    /// A disclosure level nobody knows.
    UnknownLevel,
    /// A level twice.
    RepeatedLevel,
    /// Nothing was granted.
    NothingGranted,
    /// More copies than a wallet takes: 50 per level, 10 mdocs.
    TooManyCopies,
    /// A level of no copies.
    EmptyLevel,
    /// Levels other than those granted.
    OtherLevels,
    /// A number of copies other than the number of keys sent.
    OtherCount,
    /// No certificate of the copies' signer, or more than three.
    IssuerChain,
    /// The same credential twice.
    RepeatedCredential,
    /// A staple for a copy nobody asked about, or the same one twice.
    OtherCopy,
}

/// What a caller of the machine did wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// The input is not what the last step asked for.
    UnexpectedInput,
    /// Not an `https` URL, nor `http` on loopback, or with a query, fragment or credentials in it.
    BadUrl,
    /// A public key is not a point on P-256.
    BadKey,
    /// Other than the number of keys asked for, or one key twice.
    WrongKeyCount,
    /// Something handed in is empty, or longer than the format carries.
    WrongLength,
    /// Not 64 bytes `r ‖ s`.
    BadSignature,
}

impl From<Rule> for EnrolmentError {
    fn from(rule: Rule) -> Self {
        Self::IssuerMisbehaved(rule)
    }
}

impl From<Misuse> for EnrolmentError {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}
