//! Public P-256 keys as JSON. RFC 7517; RFC 7518, 6.2.1.

use serde::{Deserialize, Serialize};

use super::{decode, encode};
use crate::crypto::sign::PublicKey;

/// Not a public key on P-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a public key on P-256")]
pub struct NotAKey;

/// A public key on P-256. Members other than these four are ignored, but a private one (`d`) is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Members", into = "Members")]
pub struct Jwk {
    key: PublicKey,
    kid: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Members {
    kty: String,
    crv: String,
    x: String,
    y: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(default, skip_serializing)]
    d: Option<serde::de::IgnoredAny>,
}

impl Jwk {
    /// The JSON form of a key.
    #[must_use]
    pub const fn new(key: PublicKey) -> Self {
        Self { key, kid: None }
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Its name, when it has one.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

impl From<Jwk> for Members {
    fn from(Jwk { key, kid }: Jwk) -> Self {
        Self { kty: "EC".into(), crv: "P-256".into(), x: encode(&key.x()), y: encode(&key.y()), kid, d: None }
    }
}

impl TryFrom<Members> for Jwk {
    type Error = NotAKey;

    fn try_from(Members { kty, crv, x, y, kid, d }: Members) -> Result<Self, NotAKey> {
        if kty != "EC" || crv != "P-256" || d.is_some() {
            return Err(NotAKey);
        }
        let coordinate = |text: &str| -> Result<[u8; 32], NotAKey> {
            decode(text).and_then(|bytes| bytes.try_into().ok()).ok_or(NotAKey)
        };
        let sec1 = [&[4][..], &coordinate(&x)?, &coordinate(&y)?].concat();
        Ok(Self { key: PublicKey::from_sec1(&sec1).map_err(|_| NotAKey)?, kid })
    }
}
