//! AES-GCM: with 256 bits the seal of the vault, with either length the content encryption of JOSE. NIST SP 800-38D.

use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::bytes::{Secret, SecretBytes};

/// The sealed bytes were altered, or the key or the associated data differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the seal is broken")]
pub struct SealBroken;

/// Seals `plain` under `key` and a `nonce` that must never repeat under that key. Output: ciphertext ‖ tag (16 bytes).
///
/// # Errors
/// [`SealBroken`] when the input is too long for the cipher.
pub fn seal(
    key: &Secret<32>,
    nonce: [u8; 12],
    associated: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, SealBroken> {
    seal_with(&cipher(key.expose())?, nonce, associated, plain)
}

/// Opens what [`seal`] made.
///
/// # Errors
/// [`SealBroken`] when anything differs.
pub fn open(
    key: &Secret<32>,
    nonce: [u8; 12],
    associated: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, SealBroken> {
    open_with(&cipher(key.expose())?, nonce, associated, sealed)
}

/// Seals as [`seal`] does, by the key's length: 16 or 32 bytes.
///
/// # Errors
/// [`SealBroken`] when the key has another length or the input is too long for the cipher.
pub(crate) fn seal_gcm(
    key: &SecretBytes,
    nonce: [u8; 12],
    associated: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, SealBroken> {
    seal_with(&cipher(key.expose())?, nonce, associated, plain)
}

/// Opens as [`open`] does, by the key's length: 16 or 32 bytes.
///
/// # Errors
/// [`SealBroken`] when anything differs.
pub fn open_gcm(
    key: &SecretBytes,
    nonce: [u8; 12],
    associated: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, SealBroken> {
    open_with(&cipher(key.expose())?, nonce, associated, sealed)
}

fn seal_with(
    cipher: &LessSafeKey,
    nonce: [u8; 12],
    associated: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, SealBroken> {
    let mut sealed = plain.to_vec();
    cipher
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(associated), &mut sealed)
        .map_err(|_| SealBroken)?;
    Ok(sealed)
}

fn open_with(
    cipher: &LessSafeKey,
    nonce: [u8; 12],
    associated: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, SealBroken> {
    let mut plain = sealed.to_vec();
    let length = cipher
        .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(associated), &mut plain)
        .map_err(|_| SealBroken)?
        .len();
    plain.truncate(length);
    Ok(plain)
}

fn cipher(key: &[u8]) -> Result<LessSafeKey, SealBroken> {
    let algorithm = if key.len() == 16 { &AES_128_GCM } else { &AES_256_GCM };
    UnboundKey::new(algorithm, key).map(LessSafeKey::new).map_err(|_| SealBroken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_opens_only_with_its_own_key_nonce_and_associated_data() {
        let (key, other) = (Secret::new([7; 32]), Secret::new([8; 32]));
        let sealed = seal(&key, [1; 12], b"row", b"secret").unwrap();
        assert_eq!(open(&key, [1; 12], b"row", &sealed).unwrap(), b"secret");
        assert_eq!(open(&other, [1; 12], b"row", &sealed), Err(SealBroken));
        assert_eq!(open(&key, [2; 12], b"row", &sealed), Err(SealBroken));
        assert_eq!(open(&key, [1; 12], b"raw", &sealed), Err(SealBroken));
        let mut altered = sealed;
        altered[0] ^= 1;
        assert_eq!(open(&key, [1; 12], b"row", &altered), Err(SealBroken));
    }
}
