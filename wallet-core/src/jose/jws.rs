//! Signed: `header.payload.signature`. RFC 7515, 7.1.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Jwk, decode, encode, is_there};
use crate::crypto::sign::{self, PublicKey, Signature};

/// Longest token, bytes.
const MAX_TOKEN: usize = 256 * 1024;
/// Most certificates in `x5c`.
const MAX_CHAIN: usize = 5;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// Too long, not three parts, or not base64url of JSON.
    #[error("not a signed token")]
    Malformed,
    /// An algorithm other than ES256; `none` above all. RFC 8725, 3.1.
    #[error("not signed with ES256")]
    Algorithm,
    /// Another `typ` than the protocol's. RFC 8725, 3.11.
    #[error("a token of another type")]
    Type,
    /// `crit` names what this reader does not know, and it knows nothing. RFC 7515, 4.1.11.
    #[error("a critical header")]
    Critical,
    /// The signature is not of that key over these bytes.
    #[error("the signature does not verify")]
    BadSignature,
}

/// A token as received, its signature not yet verified. What it says is read by [`Jws::verify`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jws {
    header: Header,
    signed: String,
    payload: Vec<u8>,
    signature: Signature,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    jwk: Option<Jwk>,
    x5c: Option<Vec<String>>,
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
}

/// What is to be signed: header and payload in their final form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningInput(String);

impl Jws {
    /// Reads a token whose `typ` has to be `typ`.
    ///
    /// # Errors
    /// Every [`JwsError`] but [`JwsError::BadSignature`].
    pub fn parse(token: &str, typ: &str) -> Result<Self, JwsError> {
        if token.len() > MAX_TOKEN {
            return Err(JwsError::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        let header = decode(header).ok_or(JwsError::Malformed)?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| JwsError::Malformed)?;
        if header.alg != "ES256" {
            return Err(JwsError::Algorithm);
        }
        // RFC 7515, 4.1.9: the prefix may be left out, case does not matter.
        let bare = |text: &str| text.to_ascii_lowercase().trim_start_matches("application/").to_owned();
        if header.typ.as_deref().map(bare) != Some(bare(typ)) {
            return Err(JwsError::Type);
        }
        if header.crit {
            return Err(JwsError::Critical);
        }
        let payload = decode(payload).ok_or(JwsError::Malformed)?;
        let signature =
            decode(signature).and_then(|bytes| bytes.try_into().ok()).ok_or(JwsError::Malformed)?;
        Ok(Self { header, signed: signed.to_owned(), payload, signature })
    }

    /// The key in the header. Whoever made the token chose it.
    #[must_use]
    pub fn key(&self) -> Option<&PublicKey> {
        self.header.jwk.as_ref().map(Jwk::key)
    }

    /// The name of the key.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// The chain in the header, leaf first, DER. RFC 7515, 4.1.6.
    ///
    /// # Errors
    /// [`JwsError::Malformed`]: none, more than five, or not base64.
    pub fn chain(&self) -> Result<Vec<Vec<u8>>, JwsError> {
        let chain = self.header.x5c.as_ref().filter(|chain| (1..=MAX_CHAIN).contains(&chain.len()));
        let chain = chain.ok_or(JwsError::Malformed)?;
        chain.iter().map(|der| BASE64_STANDARD.decode(der).map_err(|_| JwsError::Malformed)).collect()
    }

    /// What the token says, once `key` is seen to have signed it.
    ///
    /// # Errors
    /// [`JwsError::BadSignature`]; [`JwsError::Malformed`] when it says something else than a `T`.
    pub fn verify<T: DeserializeOwned>(&self, key: &PublicKey) -> Result<T, JwsError> {
        sign::verify(key, self.signed.as_bytes(), &self.signature).map_err(|_| JwsError::BadSignature)?;
        serde_json::from_slice(&self.payload).map_err(|_| JwsError::Malformed)
    }
}

impl SigningInput {
    /// Header and payload as JSON. `None` when one of them has no JSON form.
    #[must_use]
    pub fn new(header: &impl Serialize, payload: &impl Serialize) -> Option<Self> {
        let part = |json: Result<Vec<u8>, serde_json::Error>| json.ok().map(|json| encode(&json));
        Some(Self(format!("{}.{}", part(serde_json::to_vec(header))?, part(serde_json::to_vec(payload))?)))
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The token.
    #[must_use]
    pub fn signed(self, signature: &Signature) -> String {
        format!("{}.{}", self.0, encode(signature))
    }
}

#[cfg(test)]
#[path = "jws_tests.rs"]
mod tests;
