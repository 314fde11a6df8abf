//! Why an SD-JWT is not believed.

use crate::{jose::JwsError, trust::TrustError};

/// Why an SD-JWT is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdJwtError {
    /// Not a token, tildes and disclosures.
    #[error("not an SD-JWT")]
    Malformed,
    /// Longer than 512 KiB, or with more than 256 disclosures.
    #[error("the SD-JWT is too large")]
    TooLarge,
    /// The signed token itself.
    #[error("the signed token: {0}")]
    Envelope(#[from] JwsError),
    /// No anchor vouches for its signer.
    #[error("untrusted signer: {0}")]
    Untrusted(#[from] TrustError),
    /// The issuer broke a rule.
    #[error("the issuer broke a rule: {0:?}")]
    IssuerMisbehaved(#[from] SdRule),
}

/// The rule an issuer broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{self:?}")]
#[non_exhaustive]
pub enum SdRule {
    /// A key-binding token where none belongs: nobody has shown this yet.
    KeyBindingAttached,
    /// A disclosure is not base64url of `[salt, name, value]` or `[salt, value]`, or stands where the other kind belongs.
    /// RFC 9901, 4.2 and 7.1.
    DisclosureShape,
    /// A claim called `_sd`, `_sd_alg` or `...` where the format has none. RFC 9901, 4.2.1 and 7.1.
    ReservedName,
    /// `_sd` is no array of digests, or `...` is not alone with one. RFC 9901, 4.2.4.
    DigestShape,
    /// A hash other than SHA-256. RFC 9901, 4.1.1.
    HashAlgorithm,
    /// The same digest in two places. RFC 9901, 7.1.
    RepeatedDigest,
    /// A disclosure that no digest stands for. RFC 9901, 7.1.
    UnusedDisclosure,
    /// A disclosure for a claim that its object has already. RFC 9901, 7.1.
    RepeatedClaim,
    /// Deeper than 16 levels.
    TooDeep,
    /// A claim that decides whether the rest is believed is hidden behind a digest. draft-ietf-oauth-sd-jwt-vc, 2.2.2.3.
    MustBeOpen,
    /// `vct` is missing or another. draft-ietf-oauth-sd-jwt-vc, 2.2.2.2.
    OtherType,
    /// Bound to no key, or to a key in another form than a JWK on P-256. RFC 7800.
    NotBound,
    /// Bound to another key.
    OtherHolder,
    /// `iat`, `nbf` or `exp` is no whole number of seconds.
    BadTime,
    /// It would end before it begins.
    TimesOutOfOrder,
    /// Not yet valid, by `nbf` or by `iat`.
    NotYetValid,
    /// Ended.
    Expired,
    /// `status` is there and is no entry of a status list: whether it was revoked could not be told.
    Status,
}
