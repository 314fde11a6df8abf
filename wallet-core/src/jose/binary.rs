//! Bytes in JSON: base64url without padding (RFC 4648, section 5), with their lengths checked while they are read.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{decode, encode};

/// Exactly `N` bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fixed<const N: usize>(pub [u8; N]);

/// At most `MAX` bytes, and at least one.
#[derive(Clone, PartialEq, Eq)]
pub struct Blob<const MAX: usize>(pub Vec<u8>);

impl<const MAX: usize> fmt::Debug for Blob<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob[{}]", self.0.len())
    }
}

impl<const N: usize> Serialize for Fixed<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Fixed<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = deserializer.deserialize_str(Base64 { max: N })?;
        bytes.try_into().map(Self).map_err(|_| de::Error::custom("wrong length"))
    }
}

impl<const MAX: usize> Serialize for Blob<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(&self.0))
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Blob<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = deserializer.deserialize_str(Base64 { max: MAX })?;
        if bytes.is_empty() { Err(de::Error::custom("empty")) } else { Ok(Self(bytes)) }
    }
}

struct Base64 {
    max: usize,
}

impl de::Visitor<'_> for Base64 {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64url without padding")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<u8>, E> {
        if text.len() > self.max.saturating_mul(4).div_ceil(3) {
            return Err(E::custom("too long"));
        }
        decode(text).ok_or_else(|| E::custom("not base64url"))
    }
}
