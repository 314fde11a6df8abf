//! Encrypted to one key: ECDH-ES on P-256, direct key agreement, AES-GCM. RFC 7516, 7.1; RFC 7518, 4.6 and 5.3.

use serde::{Deserialize, Serialize};

use super::{Jwk, decode, encode, is_there};
use crate::{
    bytes::SecretBytes,
    crypto::{
        aead,
        agreement::{Element, Group, PrivateKey},
        domain::Curve,
        hash::sha256_of,
        sign::PublicKey,
    },
};

/// Longest token, bytes.
const MAX_TOKEN: usize = 1024 * 1024;

/// Why a token cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JweError {
    /// Too long, not five parts, or not base64url of JSON.
    #[error("not an encrypted token")]
    Malformed,
    /// Other algorithms than those asked for.
    #[error("another algorithm")]
    Algorithm,
    /// `crit`, or compression, which lets lengths speak.
    #[error("an unsupported header")]
    Unsupported,
    /// Not for this key, or altered.
    #[error("the token does not open")]
    DoesNotOpen,
}

/// How the content is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentEncryption {
    /// AES-256 in GCM.
    A256Gcm,
    /// AES-128 in GCM.
    A128Gcm,
}

impl ContentEncryption {
    /// All of them, the preferred one first.
    pub const ALL: [Self; 2] = [Self::A256Gcm, Self::A128Gcm];

    /// The `enc` value.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A256Gcm => "A256GCM",
            Self::A128Gcm => "A128GCM",
        }
    }

    const fn key_length(self) -> usize {
        match self {
            Self::A256Gcm => 32,
            Self::A128Gcm => 16,
        }
    }
}

/// A key that messages are encrypted to, or from, where it is fresh for one.
#[derive(Debug)]
pub struct DecryptionKey {
    private: PrivateKey,
    public: PublicKey,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    enc: String,
    epk: Jwk,
    apu: Option<String>,
    apv: Option<String>,
    zip: Option<String>,
    #[serde(default, deserialize_with = "is_there")]
    crit: bool,
}

/// The only curve of the profile.
const P256: Group = Group::Curve(Curve::P256);

impl DecryptionKey {
    /// A key from 64 random bytes. `None` once in 2^256.
    #[must_use]
    pub fn derive(random: &[u8; 64]) -> Option<Self> {
        let private = PrivateKey::derive(P256, random).ok()?;
        let public = private.multiply(&Element::generator(P256)).ok()?;
        let public = PublicKey::from_sec1(public.as_bytes()).ok()?;
        Some(Self { private, public })
    }

    /// What the other side encrypts to.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Opens a token encrypted with `content` and nothing else.
    ///
    /// # Errors
    /// [`JweError`].
    pub fn open(&self, token: &str, content: ContentEncryption) -> Result<Vec<u8>, JweError> {
        if token.len() > MAX_TOKEN {
            return Err(JweError::Malformed);
        }
        let parts: Vec<&str> = token.split('.').collect();
        let [protected, "", nonce, text, tag] = parts[..] else { return Err(JweError::Malformed) };
        let bytes = |part: &str| decode(part).ok_or(JweError::Malformed);
        let header: Header = serde_json::from_slice(&bytes(protected)?).map_err(|_| JweError::Malformed)?;
        if header.alg != "ECDH-ES" || header.enc != content.name() {
            return Err(JweError::Algorithm);
        }
        if header.crit || header.zip.is_some() {
            return Err(JweError::Unsupported);
        }
        let party = |info: Option<String>| info.map_or(Ok(Vec::new()), |info| bytes(&info));
        let (apu, apv) = (party(header.apu)?, party(header.apv)?);
        let peer = Element::parse(P256, header.epk.key().as_sec1()).map_err(|_| JweError::Malformed)?;
        let shared = self.private.multiply(&peer).map_err(|_| JweError::Malformed)?;
        let key = derive_key(&shared.secret(), content, &apu, &apv).ok_or(JweError::Malformed)?;
        let nonce = bytes(nonce)?.try_into().map_err(|_| JweError::Malformed)?;
        let (mut sealed, tag) = (bytes(text)?, bytes(tag)?);
        if tag.len() != 16 {
            return Err(JweError::Malformed);
        }
        sealed.extend_from_slice(&tag);
        aead::open_gcm(&key, nonce, protected.as_bytes(), &sealed).map_err(|_| JweError::DoesNotOpen)
    }
}

/// Encrypts a message to a key by ECDH-ES, in the compact form. `ephemeral` and `nonce` are good for this message alone; the header
/// names the key where it has a name. `None` when the message is too long for the cipher.
#[must_use]
pub fn encrypt_with(
    ephemeral: &DecryptionKey,
    nonce: [u8; 12],
    to: &Jwk,
    content: ContentEncryption,
    message: &[u8],
) -> Option<String> {
    #[derive(Serialize)]
    struct Protected<'a> {
        alg: &'static str,
        enc: &'static str,
        epk: Jwk,
        #[serde(skip_serializing_if = "Option::is_none")]
        kid: Option<&'a str>,
    }
    let header =
        Protected { alg: "ECDH-ES", enc: content.name(), epk: Jwk::new(ephemeral.public), kid: to.kid() };
    let protected = encode(&serde_json::to_vec(&header).ok()?);
    let peer = Element::parse(P256, to.key().as_sec1()).ok()?;
    let shared = ephemeral.private.multiply(&peer).ok()?;
    let key = derive_key(&shared.secret(), content, b"", b"")?;
    let sealed = aead::seal_gcm(&key, nonce, protected.as_bytes(), message).ok()?;
    let (text, tag) = sealed.split_at_checked(sealed.len().checked_sub(16)?)?;
    Some(format!("{protected}..{}.{}.{}", encode(&nonce), encode(text), encode(tag)))
}

/// Concat KDF, one round: both key lengths fit SHA-256. RFC 7518, 4.6.2.
fn derive_key(
    shared: &SecretBytes,
    content: ContentEncryption,
    apu: &[u8],
    apv: &[u8],
) -> Option<SecretBytes> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).ok().map(u32::to_be_bytes);
    let name = content.name().as_bytes();
    let bits = u32::try_from(content.key_length().checked_mul(8)?).ok()?;
    let digest = sha256_of(&[
        &1_u32.to_be_bytes(),
        shared.expose(),
        &length(name)?,
        name,
        &length(apu)?,
        apu,
        &length(apv)?,
        apv,
        &bits.to_be_bytes(),
    ]);
    Some(SecretBytes::new(digest.get(..content.key_length())?.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(scalar: &str) -> PrivateKey {
        PrivateKey::from_scalar(P256, &decode(scalar).unwrap()).unwrap()
    }

    /// RFC 7518, Appendix C: the key Alice and Bob derive.
    #[test]
    fn the_key_of_the_worked_example_is_derived() {
        let bob = key("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw");
        let alice: Jwk = serde_json::from_str(
            r#"{"kty":"EC","crv":"P-256","x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
                "y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"}"#,
        )
        .unwrap();
        let shared = bob.multiply(&Element::parse(P256, alice.key().as_sec1()).unwrap()).unwrap();
        let key = derive_key(&shared.secret(), ContentEncryption::A128Gcm, b"Alice", b"Bob").unwrap();
        assert_eq!(encode(key.expose()), "VqqN6vgjbSBcIijNcacQGg");
    }

    /// Encrypts as an issuer would.
    fn token(to: &PublicKey, header: &str, content: ContentEncryption, alter: usize) -> String {
        let ephemeral = DecryptionKey::derive(&[9; 64]).unwrap();
        let epk = serde_json::to_string(&Jwk::new(*ephemeral.public())).unwrap();
        let protected = encode(header.replace("EPK", &epk).as_bytes());
        let peer = Element::parse(P256, to.as_sec1()).unwrap();
        let shared = ephemeral.private.multiply(&peer).unwrap();
        let key = derive_key(&shared.secret(), content, b"", b"").unwrap();
        let mut sealed = aead::seal_gcm(&key, [3; 12], protected.as_bytes(), b"{}").unwrap();
        if let Some(byte) = sealed.get_mut(alter) {
            *byte ^= 1;
        }
        let (text, tag) = sealed.split_at(sealed.len() - 16);
        format!("{protected}..{}.{}.{}", encode(&[3; 12]), encode(text), encode(tag))
    }

    #[test]
    fn what_was_encrypted_to_us_opens_and_nothing_else() {
        let ours = DecryptionKey::derive(&[7; 64]).unwrap();
        let other = DecryptionKey::derive(&[8; 64]).unwrap();
        for content in ContentEncryption::ALL {
            let header = format!(r#"{{"alg":"ECDH-ES","enc":"{}","epk":EPK}}"#, content.name());
            let good = token(ours.public(), &header, content, usize::MAX);
            assert_eq!(ours.open(&good, content).unwrap(), b"{}");
            assert_eq!(other.open(&good, content), Err(JweError::DoesNotOpen));
            for at in 0..18 {
                let altered = token(ours.public(), &header, content, at);
                assert_eq!(ours.open(&altered, content), Err(JweError::DoesNotOpen));
            }
        }
    }

    #[test]
    fn other_algorithms_and_compression_are_refused() {
        let ours = DecryptionKey::derive(&[7; 64]).unwrap();
        let content = ContentEncryption::A128Gcm;
        let refused = |header: &str| ours.open(&token(ours.public(), header, content, usize::MAX), content);
        assert_eq!(refused(r#"{"alg":"ECDH-ES","enc":"A256GCM","epk":EPK}"#), Err(JweError::Algorithm));
        assert_eq!(
            refused(r#"{"alg":"ECDH-ES+A128KW","enc":"A128GCM","epk":EPK}"#),
            Err(JweError::Algorithm)
        );
        assert_eq!(
            refused(r#"{"alg":"ECDH-ES","enc":"A128GCM","epk":EPK,"zip":"DEF"}"#),
            Err(JweError::Unsupported)
        );
        assert_eq!(
            refused(r#"{"alg":"ECDH-ES","enc":"A128GCM","epk":EPK,"crit":["x"]}"#),
            Err(JweError::Unsupported)
        );
        assert_eq!(refused(r#"{"alg":"ECDH-ES","enc":"A128GCM"}"#), Err(JweError::Malformed));
        for text in ["", "....", "a.b.c.d.e", "e30.e30.e30.e30.e30"] {
            assert_eq!(ours.open(text, content), Err(JweError::Malformed));
        }
    }
}
