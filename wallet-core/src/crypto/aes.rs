//! AES as travel document chips use it: CBC, CMAC, the padding between them and the key derivation of ICAO
//! Doc 9303-11, 9.7. ring has none of these.

use aes::{
    Aes128, Aes192, Aes256, Block,
    cipher::{
        BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit,
    },
};
use cbc::{Decryptor, Encryptor};
use cmac::{Cmac, Mac};
use sha1::Digest;
use zeroize::Zeroize;

use crate::bytes::SecretBytes;

/// Bytes in one block of AES.
pub const BLOCK: usize = 16;

/// What makes CBC or the padding impossible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AesError {
    /// A key of another length than AES has.
    #[error("not the length of an AES key")]
    KeyLength,
    /// The text is not a whole number of blocks.
    #[error("not a whole number of blocks")]
    NotWholeBlocks,
    /// The padding is not `80 00 …`.
    #[error("the padding is damaged")]
    BadPadding,
}

/// The three lengths of an AES key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyLength {
    /// 16 bytes.
    Aes128,
    /// 24 bytes.
    Aes192,
    /// 32 bytes.
    Aes256,
}

impl KeyLength {
    /// The length in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }
}

/// What a derived key is for: the counter of ICAO Doc 9303-11, 9.7.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `KDF_Enc`, counter 1.
    Encryption,
    /// `KDF_MAC`, counter 2.
    Authentication,
    /// `KDF_π`, counter 3: the key that hides the nonce of PACE.
    Password,
}

impl Purpose {
    pub(super) const fn counter(self) -> u32 {
        match self {
            Self::Encryption => 1,
            Self::Authentication => 2,
            Self::Password => 3,
        }
    }
}

/// An AES key.
#[derive(Debug)]
pub struct AesKey {
    length: KeyLength,
    bytes: SecretBytes,
}

/// Calls `$body` with `$cipher` standing for the block cipher of the key's length.
macro_rules! by_length {
    ($length:expr, $cipher:ident => $body:expr) => {
        match $length {
            KeyLength::Aes128 => {
                type $cipher = Aes128;
                $body
            }
            KeyLength::Aes192 => {
                type $cipher = Aes192;
                $body
            }
            KeyLength::Aes256 => {
                type $cipher = Aes256;
                $body
            }
        }
    };
}

impl AesKey {
    /// A key whose bytes are known.
    ///
    /// # Errors
    /// [`AesError::KeyLength`] unless there are 16, 24 or 32.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, AesError> {
        let length = [KeyLength::Aes128, KeyLength::Aes192, KeyLength::Aes256]
            .into_iter()
            .find(|length| length.bytes() == bytes.len())
            .ok_or(AesError::KeyLength)?;
        Ok(Self { length, bytes: SecretBytes::new(bytes.to_vec()) })
    }

    /// Derives a key from a shared secret: a digest of secret ‖ counter, cut to length. SHA-1 for 128 bits, SHA-256
    /// for 192 and 256. ICAO Doc 9303-11, 9.7.1.2.
    #[must_use]
    pub fn derive(secret: &[u8], purpose: Purpose, length: KeyLength) -> Self {
        let counter = purpose.counter().to_be_bytes();
        let mut bytes = match length {
            KeyLength::Aes128 => {
                sha1::Sha1::new().chain_update(secret).chain_update(counter).finalize().to_vec()
            }
            KeyLength::Aes192 | KeyLength::Aes256 => {
                sha2::Sha256::new().chain_update(secret).chain_update(counter).finalize().to_vec()
            }
        };
        // Truncation alone would leave the tail of the digest behind in memory.
        bytes.iter_mut().skip(length.bytes()).for_each(Zeroize::zeroize);
        bytes.truncate(length.bytes());
        Self { length, bytes: SecretBytes::new(bytes) }
    }

    /// The length of the key.
    #[must_use]
    pub const fn length(&self) -> KeyLength {
        self.length
    }

    /// The key's bytes. Named so that a reviewer sees each place that looks.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.bytes.expose()
    }

    /// Encrypts one block.
    ///
    /// # Errors
    /// [`AesError::KeyLength`], which a constructed key never gives.
    pub fn encrypt_block(&self, block: &[u8; BLOCK]) -> Result<[u8; BLOCK], AesError> {
        let mut out = Block::from(*block);
        by_length!(self.length, Cipher => {
            Cipher::new_from_slice(self.expose()).map_err(|_| AesError::KeyLength)?.encrypt_block(&mut out);
        });
        Ok(out.into())
    }

    /// CBC without padding. NIST SP 800-38A, 6.2.
    ///
    /// # Errors
    /// [`AesError::NotWholeBlocks`].
    pub fn encrypt_cbc(&self, iv: &[u8; BLOCK], plain: &[u8]) -> Result<Vec<u8>, AesError> {
        by_length!(self.length, Cipher => encrypt::<Cipher>(self.expose(), iv, plain))
    }

    /// Reverses [`Self::encrypt_cbc`].
    ///
    /// # Errors
    /// [`AesError::NotWholeBlocks`].
    pub fn decrypt_cbc(&self, iv: &[u8; BLOCK], cipher: &[u8]) -> Result<Vec<u8>, AesError> {
        by_length!(self.length, Cipher => decrypt::<Cipher>(self.expose(), iv, cipher))
    }

    /// CMAC of the parts one after the other, 16 bytes. NIST SP 800-38B, RFC 4493.
    ///
    /// # Errors
    /// [`AesError::KeyLength`], which a constructed key never gives.
    pub fn cmac(&self, parts: &[&[u8]]) -> Result<[u8; BLOCK], AesError> {
        by_length!(self.length, Cipher => {
            let mut mac = <Cmac<Cipher> as KeyInit>::new_from_slice(self.expose()).map_err(|_| AesError::KeyLength)?;
            for part in parts {
                mac.update(part);
            }
            Ok(mac.finalize().into_bytes().into())
        })
    }
}

/// Appends `80` and as many `00` as fill the block; always at least one byte. ISO/IEC 9797-1, padding method 2.
#[must_use]
pub fn pad(plain: &[u8]) -> Vec<u8> {
    let whole = (plain.len() / BLOCK).saturating_add(1).saturating_mul(BLOCK);
    let mut out = plain.to_vec();
    out.push(0x80);
    out.resize(whole, 0);
    out
}

/// Removes what [`pad`] appended.
///
/// # Errors
/// [`AesError::NotWholeBlocks`], [`AesError::BadPadding`].
pub fn strip_padding(mut padded: Vec<u8>) -> Result<Vec<u8>, AesError> {
    if padded.is_empty() || !padded.len().is_multiple_of(BLOCK) {
        return Err(AesError::NotWholeBlocks);
    }
    let end = padded.iter().rposition(|byte| *byte != 0).ok_or(AesError::BadPadding)?;
    if padded.get(end) != Some(&0x80) || padded.len().saturating_sub(end) > BLOCK {
        return Err(AesError::BadPadding);
    }
    padded.truncate(end);
    Ok(padded)
}

fn encrypt<C>(key: &[u8], iv: &[u8], plain: &[u8]) -> Result<Vec<u8>, AesError>
where
    C: BlockCipherEncrypt + KeyInit + aes::cipher::BlockSizeUser<BlockSize = aes::cipher::consts::U16>,
{
    let mut mode = Encryptor::<C>::new_from_slices(key, iv).map_err(|_| AesError::KeyLength)?;
    let mut out = plain.to_vec();
    mode.encrypt_blocks(whole_blocks(&mut out)?);
    Ok(out)
}

fn decrypt<C>(key: &[u8], iv: &[u8], cipher: &[u8]) -> Result<Vec<u8>, AesError>
where
    C: BlockCipherDecrypt + KeyInit + aes::cipher::BlockSizeUser<BlockSize = aes::cipher::consts::U16>,
{
    let mut mode = Decryptor::<C>::new_from_slices(key, iv).map_err(|_| AesError::KeyLength)?;
    let mut out = cipher.to_vec();
    mode.decrypt_blocks(whole_blocks(&mut out)?);
    Ok(out)
}

fn whole_blocks(bytes: &mut [u8]) -> Result<&mut [Block], AesError> {
    let (blocks, rest) = Block::slice_as_chunks_mut(bytes);
    if rest.is_empty() { Ok(blocks) } else { Err(AesError::NotWholeBlocks) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text.replace(' ', "")).unwrap()
    }

    /// RFC 4493, 4; NIST SP 800-38B, D.2 and D.3.
    #[test]
    fn cmac_gives_the_published_values() {
        let message = bytes(
            "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51 30c81c46a35ce411e5fbc1191a0a52ef \
             f69f2445df4f9b17ad2b417be66c3710",
        );
        let cases = [
            ("2b7e151628aed2a6abf7158809cf4f3c", 0, "bb1d6929e95937287fa37d129b756746"),
            ("2b7e151628aed2a6abf7158809cf4f3c", 16, "070a16b46b4d4144f79bdd9dd04a287c"),
            ("2b7e151628aed2a6abf7158809cf4f3c", 40, "dfa66747de9ae63030ca32611497c827"),
            ("2b7e151628aed2a6abf7158809cf4f3c", 64, "51f0bebf7e3b9d92fc49741779363cfe"),
            ("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", 0, "d17ddf46adaacde531cac483de7a9367"),
            ("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", 16, "9e99a7bf31e710900662f65e617c5184"),
            (
                "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                40,
                "aaf3d8f1de5640c232f5b169b9c911e6",
            ),
        ];
        for (key, length, mac) in cases {
            let key = AesKey::from_slice(&bytes(key)).unwrap();
            let (head, tail) = message[..length].split_at(length / 3);
            assert_eq!(hex::encode(key.cmac(&[head, tail]).unwrap()), mac);
        }
    }

    /// NIST SP 800-38A, F.2.1, F.2.3 and F.2.5, first two blocks.
    #[test]
    fn cbc_gives_the_published_values_and_reverses() {
        let plain = bytes("6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51");
        let iv: [u8; 16] = bytes("000102030405060708090a0b0c0d0e0f").try_into().unwrap();
        let cases = [
            (
                "2b7e151628aed2a6abf7158809cf4f3c",
                "7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2",
            ),
            (
                "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
                "4f021db243bc633d7178183a9fa071e8 b4d9ada9ad7dedf4e5e738763f69145a",
            ),
            (
                "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                "f58c4c04d6e5f1ba779eabfb5f7bfbd6 9cfc4e967edb808d679f777bc6702c7d",
            ),
        ];
        for (key, cipher) in cases {
            let key = AesKey::from_slice(&bytes(key)).unwrap();
            assert_eq!(key.encrypt_cbc(&iv, &plain).unwrap(), bytes(cipher));
            assert_eq!(key.decrypt_cbc(&iv, &bytes(cipher)).unwrap(), plain);
            assert_eq!(key.decrypt_cbc(&iv, &plain[1..]), Err(AesError::NotWholeBlocks));
        }
        assert_eq!(AesKey::from_slice(&[0; 15]).unwrap_err(), AesError::KeyLength);
    }

    #[test]
    fn padding_is_reversed_and_damage_is_noticed() {
        for length in 0..40 {
            let plain = vec![0x80; length];
            assert_eq!(strip_padding(pad(&plain)).unwrap(), plain);
            assert_eq!(pad(&plain).len() % BLOCK, 0);
        }
        assert_eq!(strip_padding(vec![0; 16]), Err(AesError::BadPadding));
        assert_eq!(strip_padding(vec![1; 16]), Err(AesError::BadPadding));
        assert_eq!(strip_padding(vec![0x80; 15]), Err(AesError::NotWholeBlocks));
        assert_eq!(strip_padding(Vec::new()), Err(AesError::NotWholeBlocks));
        let mut a_block_of_zeros_too_many = vec![0x80];
        a_block_of_zeros_too_many.resize(32, 0);
        assert_eq!(strip_padding(a_block_of_zeros_too_many), Err(AesError::BadPadding));
    }

    /// ICAO Doc 9303-11, G.1.
    #[test]
    fn keys_are_derived_as_the_worked_example_derives_them() {
        let secret = bytes("28768d20701247dae81804c9e780ede582a9996db4a315020b2733197db84925");
        let derive = |purpose| hex::encode(AesKey::derive(&secret, purpose, KeyLength::Aes128).expose());
        assert_eq!(derive(Purpose::Encryption), "f5f0e35c0d7161ee6724ee513a0d9a7f");
        assert_eq!(derive(Purpose::Authentication), "fe251c7858b356b24514b3bd5f4297d1");
        let k = bytes("7e2d2a41c74ea0b38cd36f863939bfa8e9032aad");
        assert_eq!(
            hex::encode(AesKey::derive(&k, Purpose::Password, KeyLength::Aes128).expose()),
            "89ded1b26624ec1e634c1989302849dd"
        );
        assert_eq!(AesKey::derive(&k, Purpose::Password, KeyLength::Aes192).expose().len(), 24);
    }
}
