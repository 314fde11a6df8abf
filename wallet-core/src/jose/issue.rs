//! Encrypting to a wallet: the issuer's side.

use super::{ContentEncryption, DecryptionKey, Jwk, encrypt_with};
use crate::crypto::random::make_random;

/// Encrypts a message to a key by ECDH-ES with a fresh key of our own, in the compact form. `None` when no randomness is there.
/// RFC 7516, 7.1; RFC 7518, 4.6 and 5.3.
#[must_use]
pub fn encrypt(to: &Jwk, content: ContentEncryption, message: &[u8]) -> Option<String> {
    let mut random = make_random::<64>().ok()?;
    let ephemeral = DecryptionKey::derive(&random);
    zeroize::Zeroize::zeroize(&mut random);
    encrypt_with(&ephemeral?, make_random::<12>().ok()?, to, content, message)
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
