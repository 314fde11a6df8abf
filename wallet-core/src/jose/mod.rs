//! JSON Web Signature and Encryption in the compact forms our protocols use: ES256 and ECDH-ES with AES-GCM, nothing else.
//! What was signed is kept as received. RFC 7515, RFC 7516, RFC 7517, RFC 7518.

mod binary;
#[cfg(feature = "issuer")]
mod issue;
mod jwe;
mod jwk;
mod jws;

pub use binary::{Blob, Fixed};
#[cfg(feature = "issuer")]
pub use issue::encrypt;
pub use jwe::{ContentEncryption, DecryptionKey, JweError, encrypt_with};
pub use jwk::{Jwk, NotAKey};
pub use jws::{Jws, JwsError, SigningInput};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};

/// base64url without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of base64url without padding; unused bits must be zero, so that one value has one form. RFC 7515, 2.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

/// That a member is there, whatever it says.
fn is_there<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    <serde::de::IgnoredAny as serde::Deserialize>::deserialize(deserializer).map(|_| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_form() {
        assert_eq!(decode(&encode(&[0xfb, 0xff])).unwrap(), [0xfb, 0xff]);
        for other in ["-_9", "-_8=", "+/8", "-_8\n", "-_8A="] {
            assert_eq!(decode(other), None, "{other:?}");
        }
    }
}
