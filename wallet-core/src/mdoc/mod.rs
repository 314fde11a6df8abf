//! Documents of ISO/IEC 18013-5: what the issuer signed, parsed as received and believed only whole. Presenting them
//! to a reader nearby comes later.

mod error;
#[cfg(feature = "issuer")]
pub mod issue;
mod issuer_signed;
mod item;
mod security_object;

#[cfg(test)]
#[cfg(feature = "issuer")]
mod tests;

pub use error::{Feature, MdocError, Rule};
pub use issuer_signed::{Expected, IssuerSigned, VerifiedDocument, verify};
pub use item::Item;
pub use security_object::{SecurityObject, StatusEntry, Validity};

/// Document type of the photo ID. ISO/IEC TS 23220-4, annex C; all lower case.
pub const PHOTO_ID: &str = "org.iso.23220.photoid.1";
/// Name space of the elements that documents of people share. ISO/IEC 23220-2.
pub const NAMESPACE_23220: &str = "org.iso.23220.1";
/// Name space of the photo ID's own elements.
pub const NAMESPACE_PHOTO_ID: &str = "org.iso.23220.photoid.1";
/// Name space of this project's own, for what the Korean resident card adds (docs/formats/documents.md).
pub const NAMESPACE_RESIDENT_CARD: &str = "kr.example.walletcore.rrc.1";
