//! Why an issuer-signed document is not believed.

use crate::{cbor::CborError, trust::TrustError};

/// Why an issuer-signed document is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MdocError {
    /// Not CBOR of the document's shape.
    #[error("malformed document: {0}")]
    Malformed(CborError),
    /// The issuer's bytes are well formed and break a rule.
    #[error("the issuer broke a rule: {0:?}")]
    IssuerMisbehaved(Rule),
    /// No anchor vouches for who signed.
    #[error("the signer is not trusted: {0}")]
    UntrustedSigner(TrustError),
    /// Something the standard allows and this reader does not know.
    #[error("unsupported: {0:?}")]
    Unsupported(Feature),
}

/// The rule a document breaks. Clauses are of ISO/IEC 18013-5:2021.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// An item's digest is not the one that was signed. 9.3.1.
    AlteredItem,
    /// An item, or its whole name space, has no digest in the security object. 9.3.1.
    UnsignedItem,
    /// Two items of one name space carry one digestID. 9.1.2.4.
    RepeatedDigestId,
    /// Two items of one name space carry one identifier, or a name space comes twice.
    RepeatedElement,
    /// A salt of less than 16 bytes. 9.1.2.5.
    ShortSalt,
    /// A digestID of 2^31 or more. 9.1.2.4.
    DigestIdTooLarge,
    /// The security object is for another document type. 9.3.1.
    OtherDocType,
    /// The security object is for another device key.
    OtherDeviceKey,
    /// The device key is not a point on P-256.
    BadDeviceKey,
    /// The signature does not verify. 9.3.1.
    BadSignature,
    /// No certificate, or the header is not where the standard wants it. 9.1.2.4.
    MisplacedHeader,
    /// validFrom lies ahead. 9.3.1.
    NotYetValid,
    /// validUntil has passed. 9.3.1.
    Expired,
    /// Not signed ≤ validFrom < validUntil. 9.1.2.4.
    ValidityOutOfOrder,
    /// Signed outside the signer certificate's window. 9.3.1.
    SignedOutsideCertificate,
    /// A date that is not `YYYY-MM-DDThh:mm:ssZ`. 9.1.2.4.
    BadDate,
}

/// What the standard allows and this reader does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Feature {
    /// A version of the security object other than 1.x.
    Version,
    /// A digest other than SHA-256, SHA-384, SHA-512.
    DigestAlgorithm,
    /// A signature algorithm, or a signer's key of a kind it does not go with.
    SignatureAlgorithm,
    /// A device key that is not EC2 on P-256.
    DeviceKeyType,
}

impl From<CborError> for MdocError {
    fn from(error: CborError) -> Self {
        Self::Malformed(error)
    }
}

impl From<Rule> for MdocError {
    fn from(rule: Rule) -> Self {
        Self::IssuerMisbehaved(rule)
    }
}

impl From<Feature> for MdocError {
    fn from(feature: Feature) -> Self {
        Self::Unsupported(feature)
    }
}

impl From<TrustError> for MdocError {
    fn from(error: TrustError) -> Self {
        Self::UntrustedSigner(error)
    }
}
