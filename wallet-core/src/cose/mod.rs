//! COSE_Sign1 with the signed bytes kept as received, and COSE_Key on P-256. RFC 9052, RFC 9053.
//!
//! A message is split, never decoded and encoded again: what is verified is what came.

#[cfg(feature = "issuer")]
pub mod issue;
mod key;
mod sign1;

pub use key::{decode_key, write_key};
pub use sign1::{Sign1, encode_sign1, sig_structure};

use crate::cbor::CborError;

/// COSE algorithm ESP256: ECDSA on P-256 with SHA-256, fully specified. RFC 9864, 2.1.
pub const ESP256: i64 = -9;
/// COSE algorithm ES256. RFC 9053, 2.1.
pub const ES256: i64 = -7;

/// What is wrong with a COSE structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CoseError {
    /// The bytes are no such structure.
    #[error("malformed COSE: {0}")]
    Malformed(#[from] CborError),
    /// The payload is detached.
    #[error("detached COSE payload")]
    DetachedPayload,
    /// A signature that is not 64 bytes.
    #[error("the COSE signature has the wrong length")]
    SignatureLength,
    /// Another key type or curve than EC2 on P-256, or more members than a public key has.
    #[error("not a P-256 COSE_Key")]
    UnsupportedKey,
    /// The key is not a point on the curve.
    #[error("the COSE_Key is not on its curve")]
    NotOnCurve,
}
