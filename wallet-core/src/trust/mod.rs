//! X.509 paths, anchors and what was signed under them; every check takes `now`; sole maker of [`Verified`].
//!
//! A machine that receives something signed builds an [`Unverified`] from it and can read nothing of it until a
//! [`Verified`] signer vouched for it: [`verify_chain`] makes the first signer, from bytes and [`Anchors`]; each further
//! one is a [`KeyHolder`] inside a `Verified`. For CMS, [`verify_signed_data`] does both.

mod anchors;
mod certificate;
mod chain;
mod name;
mod revocation;
mod signed_data;
#[cfg(test)]
#[cfg(feature = "issuer")]
pub(crate) mod test_pki;
mod usage;
mod verified;

pub use anchors::{Anchors, Validity};
pub use certificate::{BasicConstraints, Certificate, Country};
pub use chain::{MAX_PATH, verify_chain};
pub use revocation::{Revocation, RevocationList, RevocationPolicy};
pub use signed_data::{SignedDataError, VerifiedSignedData, verify_signed_data};
pub use usage::{Usage, eku};
pub use verified::{KeyHolder, Unverified, Verified};

/// Why something is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Not a certificate or a list of them, an empty chain, or an extension that breaks its own rules.
    #[error("malformed certificate")]
    Malformed,
    /// A certificate of the path is not valid any more.
    #[error("a certificate has expired")]
    Expired,
    /// A certificate of the path is not valid yet.
    #[error("a certificate is not valid yet")]
    NotYetValid,
    /// No anchor, and no certificate of the chain, is the issuer.
    #[error("no trusted issuer")]
    UntrustedIssuer,
    /// A signature does not verify under the key of its named issuer.
    #[error("the signature does not verify")]
    BadSignature,
    /// A certificate does not allow what it is used for here.
    #[error("a certificate is not meant for this use")]
    WrongUsage,
    /// A certificate of the path was taken back by its authority.
    #[error("a certificate was revoked")]
    Revoked,
    /// No current list says whether a certificate was taken back, and the policy demands one.
    #[error("it is not known whether a certificate was revoked")]
    RevocationUnknown,
    /// More certificates than [`MAX_PATH`], or than an issuer allows below itself.
    #[error("the certificate path is too long")]
    PathTooLong,
    /// An algorithm, a kind of key or a critical extension that this crate does not know.
    #[error("certificate of a kind not supported")]
    Unsupported,
}

#[cfg(test)]
#[cfg(feature = "issuer")]
mod tests;
