//! Encrypting to a wallet: the issuer's side.

use serde_json::json;

use super::{
    ContentEncryption, DecryptionKey, Jwk, encode,
    jwe::{agree, derive_key},
};
use crate::crypto::{aead, random::make_random};

/// Encrypts a message to a key by ECDH-ES with a fresh key of our own, in the compact form. `None` when no randomness is there.
/// RFC 7516, 7.1; RFC 7518, 4.6 and 5.3.
#[must_use]
pub fn encrypt(to: &Jwk, content: ContentEncryption, message: &[u8]) -> Option<String> {
    let mut random = make_random::<64>().ok()?;
    let ephemeral = DecryptionKey::derive(&random);
    zeroize::Zeroize::zeroize(&mut random);
    let ephemeral = ephemeral?;
    let mut header = json!({ "alg": "ECDH-ES", "enc": content.name(), "epk": Jwk::new(*ephemeral.public()) });
    if let Some(kid) = to.kid() {
        header.as_object_mut()?.insert("kid".to_owned(), kid.into());
    }
    let protected = encode(&serde_json::to_vec(&header).ok()?);
    let shared = agree(&ephemeral, to.key())?;
    let key = derive_key(&shared, content, b"", b"")?;
    let nonce = make_random::<12>().ok()?;
    let sealed = aead::seal_gcm(&key, nonce, protected.as_bytes(), message).ok()?;
    let (text, tag) = sealed.split_at_checked(sealed.len().checked_sub(16)?)?;
    Some(format!("{protected}..{}.{}.{}", encode(&nonce), encode(text), encode(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::JweError;

    #[test]
    fn what_is_encrypted_opens_under_its_key_alone_and_never_looks_the_same() {
        let (ours, other) =
            (DecryptionKey::derive(&[7; 64]).unwrap(), DecryptionKey::derive(&[8; 64]).unwrap());
        for content in ContentEncryption::ALL {
            let to = Jwk::new(*ours.public());
            let (one, two) =
                (encrypt(&to, content, b"message").unwrap(), encrypt(&to, content, b"message").unwrap());
            assert_ne!(one, two);
            assert_eq!(ours.open(&one, content).unwrap(), b"message");
            assert_eq!(ours.open(&two, content).unwrap(), b"message");
            assert_eq!(other.open(&one, content), Err(JweError::DoesNotOpen));
        }
    }
}
