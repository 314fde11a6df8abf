//! What can be wrong, by whose fault.

use crate::{cbor::CborError, cose::CoseError, qr::base45::NotBase45, trust::TrustError};

/// Why a code, a copy, a sign or a pack is refused, or why the maker cannot go on. Carries nothing a person could be
/// known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error), uniffi(flat_error))]
#[non_exhaustive]
pub enum CounterError {
    /// The bytes are not of the format.
    #[error("malformed: {0}")]
    Malformed(#[from] Malformed),
    /// The bytes are of the format, their maker broke a rule of it.
    #[error("rule broken: {0}")]
    PeerMisbehaved(#[from] Rule),
    /// A certificate in it does not lead to an anchor.
    #[error("not trusted: {0}")]
    Untrusted(#[from] TrustError),
    /// The caller asked for something impossible.
    #[error("misuse: {0}")]
    Misuse(#[from] Misuse),
}

/// How bytes can fail to be of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The text does not begin with the format's name.
    #[error("another kind of code")]
    Prefix,
    /// The rest is not base45.
    #[error("not base45")]
    Base45,
    /// Not deterministic CBOR, or of another shape.
    #[error("{0}")]
    Cbor(CborError),
    /// Not the COSE structure expected.
    #[error("{0}")]
    Cose(CoseError),
    /// A member missing, unknown, or more than the disclosure level has.
    #[error("other members than the format has")]
    Members,
    /// A text that is not in the compact form, not NFC, or has control characters.
    #[error("a text is malformed")]
    Text,
    /// A day that is none.
    #[error("a date is malformed")]
    Date,
}

/// The rules a maker can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rule {
    /// An unprotected header where the format has none.
    #[error("unprotected header")]
    UnprotectedHeader,
    /// `typ` says the structure is something else.
    #[error("another type of token")]
    WrongType,
    /// Another signature algorithm than ESP256.
    #[error("another signature algorithm")]
    WrongAlgorithm,
    /// The issuer's signature does not verify.
    #[error("the issuer's signature does not verify")]
    IssuerSignature,
    /// The issuer's signature verifies in its high-S form only.
    #[error("the issuer's signature is the high twin")]
    IssuerSignatureHighS,
    /// The holder's signature does not verify.
    #[error("the holder's signature does not verify")]
    HolderSignature,
    /// The holder's signature verifies in its high-S form only.
    #[error("the holder's signature is the high twin")]
    HolderSignatureHighS,
    /// A desk sign's or a pack's signature does not verify, or only its high-S twin does.
    #[error("the signature does not verify")]
    Signature,
    /// The copy's times are not ordered or not whole days in Korea.
    #[error("times out of order or not whole days")]
    CopyTimes,
    /// The copy's type is not known.
    #[error("unknown document type")]
    UnknownDocument,
    /// The copy is bound to another key.
    #[error("bound to another key")]
    WrongHolder,
    /// The staple chain is longer than the checker walks.
    #[error("staple chain out of bounds")]
    StapleBounds,
    /// A key-binding token that names an issuer or a subject.
    #[error("the token names an issuer or a subject")]
    TokenNamesParty,
    /// A frame period other than 15 seconds.
    #[error("another frame period")]
    Period,
    /// A number of frames outside 1 to 12.
    #[error("number of frames out of bounds")]
    FrameCount,
    /// `exp` is not `iat + n · period`.
    #[error("the token's life is not that of its frames")]
    TokenLife,
    /// The token lives outside the copy's life.
    #[error("the token outlives its copy")]
    TokenOutsideCopy,
    /// A step that is not below the number of frames.
    #[error("step out of bounds")]
    Step,
    /// The preimage shown does not lead to the anchor.
    #[error("the preimage does not lead to the anchor")]
    Preimage,
    /// The staple shown does not lead to its anchor, or its hour is outside the chain.
    #[error("the staple does not lead to its anchor")]
    Staple,
    /// The desk sign is past its time.
    #[error("past its time")]
    OutsideItsTime,
    /// The desk sign names a desk of another registration.
    #[error("a desk of another registration")]
    ForeignDeskId,
    /// The pack has a lower sequence than one seen before.
    #[error("an older pack")]
    OlderPack,
}

/// What a caller can do wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// A desk id is 1 to 12 of `A–Z a–z 0–9 . _ -`.
    #[error("not a desk id")]
    DeskId,
    /// The copy is not in its time, or ends before the show would.
    #[error("the copy is not valid now")]
    CopyNotValidNow,
    /// The staple is not one of this copy's chain.
    #[error("the staple is of another copy")]
    ForeignStaple,
    /// The key store returned a signature that does not verify under the copy's key.
    #[error("signed by another key")]
    WrongKey,
    /// Days or hours in an impossible order, or a chain out of bounds.
    #[error("times out of order")]
    Times,
    /// A text longer than the format carries.
    #[error("a text is too long")]
    TextTooLong,
    /// The signing key refused.
    #[error("not signed")]
    NotSigned,
}

impl From<CborError> for CounterError {
    fn from(error: CborError) -> Self {
        Self::Malformed(Malformed::Cbor(error))
    }
}

impl From<CoseError> for CounterError {
    fn from(error: CoseError) -> Self {
        Self::Malformed(Malformed::Cose(error))
    }
}

impl From<NotBase45> for CounterError {
    fn from(_: NotBase45) -> Self {
        Self::Malformed(Malformed::Base45)
    }
}
