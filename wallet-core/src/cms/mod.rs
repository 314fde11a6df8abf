//! CMS SignedData as ICAO chips carry it, and the keys and algorithms named in it. RFC 5652.

pub mod algorithm;
mod ber;
#[cfg(feature = "issuer")]
pub mod issue;
mod lds;
pub mod oid;
mod signed_data;
pub mod spki;

pub use lds::LdsSecurityObject;
pub use signed_data::{CmsError, Rule, SignedData, SignerId};
