//! CMS SignedData as ICAO chips carry it. RFC 5652.

#[cfg(feature = "issuer")]
pub mod issue;
pub mod oid;
