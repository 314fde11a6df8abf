//! JSON Web Signature and Encryption in the compact forms our protocols use: ES256 and ECDH-ES with AES-GCM, nothing else.
//! What was signed is kept as received. RFC 7515, RFC 7516, RFC 7517, RFC 7518.

mod jwe;
mod jwk;
mod jws;

pub use jwe::{ContentEncryption, DecryptionKey, JweError};
pub use jwk::{Jwk, NotAKey};
pub use jws::{Jws, JwsError, SigningInput};

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// base64url without padding; unused bits must be zero, so that one value has one form. RFC 7515, 2.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(false),
);

/// base64url without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    BASE64URL.encode(bytes)
}

/// The bytes of base64url without padding.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64URL.decode(text).ok()
}
