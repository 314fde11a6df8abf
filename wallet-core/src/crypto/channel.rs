//! The ciphers of the channel to a chip behind one type: AES with CMAC, and 3DES with the retail MAC for documents that
//! are still carried. ICAO Doc 9303-11, 9.7 and 9.8.

use cbc::{Decryptor, Encryptor};
use des::TdesEde2;
use des::cipher::{Block, BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit};
use retail_mac::{Mac, RetailMac};
use sha1::Digest;
use zeroize::Zeroize;

use super::aes::{AesError, AesKey, KeyLength, Purpose};
use crate::bytes::SecretBytes;

/// What a channel encrypts and authenticates with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cipher {
    /// 3DES with two keys in CBC mode, and the retail MAC. ISO/IEC 9797-1, algorithm 3.
    TripleDes,
    /// AES in CBC mode, and CMAC.
    Aes(KeyLength),
}

impl Cipher {
    /// Bytes of a block.
    #[must_use]
    pub const fn block_length(self) -> usize {
        match self {
            Self::TripleDes => 8,
            Self::Aes(_) => super::aes::BLOCK,
        }
    }

    /// Bytes of a key.
    #[must_use]
    pub const fn key_length(self) -> usize {
        match self {
            Self::TripleDes => 16,
            Self::Aes(length) => length.bytes(),
        }
    }

    /// Appends `80` and as many `00` as fill the block. ISO/IEC 9797-1, padding method 2.
    #[must_use]
    pub fn pad(self, plain: &[u8]) -> Vec<u8> {
        let block = self.block_length();
        let whole = plain.len().checked_div(block).unwrap_or(0).saturating_add(1).saturating_mul(block);
        let mut out = plain.to_vec();
        out.push(0x80);
        out.resize(whole, 0);
        out
    }

    /// Removes what [`Self::pad`] appended.
    ///
    /// # Errors
    /// [`AesError::NotWholeBlocks`], [`AesError::BadPadding`].
    pub fn strip_padding(self, mut padded: Vec<u8>) -> Result<Vec<u8>, AesError> {
        if padded.is_empty() || !padded.len().is_multiple_of(self.block_length()) {
            return Err(AesError::NotWholeBlocks);
        }
        let end = padded.iter().rposition(|byte| *byte != 0).ok_or(AesError::BadPadding)?;
        if padded.get(end) != Some(&0x80) || padded.len().saturating_sub(end) > self.block_length() {
            return Err(AesError::BadPadding);
        }
        padded.truncate(end);
        Ok(padded)
    }
}

/// A key of a channel.
#[derive(Debug)]
pub struct ChannelKey(Kind);

#[derive(Debug)]
enum Kind {
    TripleDes(SecretBytes),
    Aes(AesKey),
}

impl ChannelKey {
    /// A key whose bytes are known.
    ///
    /// # Errors
    /// [`AesError::KeyLength`] unless there are [`Cipher::key_length`].
    pub fn from_slice(cipher: Cipher, bytes: &[u8]) -> Result<Self, AesError> {
        if bytes.len() != cipher.key_length() {
            return Err(AesError::KeyLength);
        }
        Ok(Self(match cipher {
            Cipher::TripleDes => Kind::TripleDes(SecretBytes::new(bytes.to_vec())),
            Cipher::Aes(_) => Kind::Aes(AesKey::from_slice(bytes)?),
        }))
    }

    /// Derives a key from a shared secret. 3DES takes 16 bytes of SHA-1 with the parity of DES. ICAO Doc 9303-11, 9.7.1.
    #[must_use]
    pub fn derive(secret: &[u8], purpose: Purpose, cipher: Cipher) -> Self {
        Self(match cipher {
            Cipher::Aes(length) => Kind::Aes(AesKey::derive(secret, purpose, length)),
            Cipher::TripleDes => {
                let counter = purpose.counter().to_be_bytes();
                let mut digest = sha1::Sha1::new().chain_update(secret).chain_update(counter).finalize();
                let adjusted = digest.iter().take(16).map(|byte| {
                    let odd = byte & 0xFE;
                    odd | u8::from(odd.count_ones().is_multiple_of(2))
                });
                let key = SecretBytes::new(adjusted.collect());
                digest.as_mut_slice().zeroize();
                Kind::TripleDes(key)
            }
        })
    }

    /// What it is a key of.
    #[must_use]
    pub const fn cipher(&self) -> Cipher {
        match &self.0 {
            Kind::TripleDes(_) => Cipher::TripleDes,
            Kind::Aes(key) => Cipher::Aes(key.length()),
        }
    }

    /// The key's bytes. Named so that a reviewer sees each place that looks.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        match &self.0 {
            Kind::TripleDes(key) => key.expose(),
            Kind::Aes(key) => key.expose(),
        }
    }

    /// An initialisation vector of zeros.
    #[must_use]
    pub fn zero_iv(&self) -> Vec<u8> {
        vec![0; self.cipher().block_length()]
    }

    /// Encrypts one block.
    ///
    /// # Errors
    /// [`AesError::NotWholeBlocks`] for another length.
    pub fn encrypt_block(&self, block: &[u8]) -> Result<Vec<u8>, AesError> {
        if block.len() != self.cipher().block_length() {
            return Err(AesError::NotWholeBlocks);
        }
        self.encrypt_cbc(&self.zero_iv(), block)
    }

    /// CBC without padding. NIST SP 800-38A, 6.2.
    ///
    /// # Errors
    /// [`AesError::NotWholeBlocks`], also for an initialisation vector of another length than a block.
    pub fn encrypt_cbc(&self, iv: &[u8], plain: &[u8]) -> Result<Vec<u8>, AesError> {
        match &self.0 {
            Kind::Aes(key) => key.encrypt_cbc(iv.try_into().map_err(|_| AesError::NotWholeBlocks)?, plain),
            Kind::TripleDes(key) => {
                let mut mode = Encryptor::<TdesEde2>::new_from_slices(key.expose(), iv)
                    .map_err(|_| AesError::KeyLength)?;
                let mut out = plain.to_vec();
                mode.encrypt_blocks(whole_blocks(&mut out)?);
                Ok(out)
            }
        }
    }

    /// Reverses [`Self::encrypt_cbc`].
    ///
    /// # Errors
    /// As there.
    pub fn decrypt_cbc(&self, iv: &[u8], cipher: &[u8]) -> Result<Vec<u8>, AesError> {
        match &self.0 {
            Kind::Aes(key) => key.decrypt_cbc(iv.try_into().map_err(|_| AesError::NotWholeBlocks)?, cipher),
            Kind::TripleDes(key) => {
                let mut mode = Decryptor::<TdesEde2>::new_from_slices(key.expose(), iv)
                    .map_err(|_| AesError::KeyLength)?;
                let mut out = cipher.to_vec();
                mode.decrypt_blocks(whole_blocks(&mut out)?);
                Ok(out)
            }
        }
    }

    /// The eight bytes that authenticate the parts one after the other: the first of CMAC, or the retail MAC. The retail
    /// MAC is for whole blocks: what is not padded has to be, by [`Cipher::pad`].
    ///
    /// # Errors
    /// [`AesError::KeyLength`], which a constructed key never gives.
    pub fn mac(&self, parts: &[&[u8]]) -> Result<[u8; 8], AesError> {
        match &self.0 {
            Kind::Aes(key) => key.cmac(parts)?.first_chunk::<8>().copied().ok_or(AesError::KeyLength),
            Kind::TripleDes(key) => {
                let mut mac = <RetailMac<des::Des> as KeyInit>::new_from_slice(key.expose())
                    .map_err(|_| AesError::KeyLength)?;
                for part in parts {
                    mac.update(part);
                }
                Ok(mac.finalize().into_bytes().into())
            }
        }
    }
}

impl From<AesKey> for ChannelKey {
    fn from(key: AesKey) -> Self {
        Self(Kind::Aes(key))
    }
}

fn whole_blocks(bytes: &mut [u8]) -> Result<&mut [Block<TdesEde2>], AesError> {
    let (blocks, rest) = Block::<TdesEde2>::slice_as_chunks_mut(bytes);
    if rest.is_empty() { Ok(blocks) } else { Err(AesError::NotWholeBlocks) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    fn key(text: &str) -> ChannelKey {
        ChannelKey::from_slice(Cipher::TripleDes, &bytes(text)).unwrap()
    }

    /// ICAO Doc 9303-11, D.1.
    #[test]
    fn keys_of_3des_are_derived_with_their_parity() {
        let seed = bytes("239ab9cb282daf66231dc5a4df6bfbae");
        let derive = |purpose| ChannelKey::derive(&seed, purpose, Cipher::TripleDes);
        assert_eq!(hex::encode(derive(Purpose::Encryption).expose()), "ab94fdecf2674fdfb9b391f85d7f76f2");
        assert_eq!(hex::encode(derive(Purpose::Authentication).expose()), "7962d9ece03d1acd4c76089dce131543");
    }

    /// ICAO Doc 9303-11, D.3.
    #[test]
    fn encryption_and_retail_mac_are_those_of_the_worked_example() {
        let encryption = key("ab94fdecf2674fdfb9b391f85d7f76f2");
        let plain = bytes("781723860c06c2264608f919887022120b795240cb7049b01c19b33e32804f0b");
        let cipher = encryption.encrypt_cbc(&[0; 8], &plain).unwrap();
        assert_eq!(hex::encode(&cipher), "72c29c2371cc9bdb65b779b8e8d37b29ecc154aa56a8799fae2f498f76ed92f2");
        assert_eq!(encryption.decrypt_cbc(&[0; 8], &cipher).unwrap(), plain);
        let mac = key("7962d9ece03d1acd4c76089dce131543").mac(&[&Cipher::TripleDes.pad(&cipher)]).unwrap();
        assert_eq!(hex::encode(mac), "5f1448eea8ad90a7");
        assert_eq!(encryption.decrypt_cbc(&[0; 8], &cipher[1..]), Err(AesError::NotWholeBlocks));
        assert_eq!(encryption.encrypt_block(&[0; 16]), Err(AesError::NotWholeBlocks));
    }

    #[test]
    fn padding_fills_the_block_of_its_cipher() {
        for cipher in [Cipher::TripleDes, Cipher::Aes(KeyLength::Aes256)] {
            for length in 0..40 {
                let padded = cipher.pad(&vec![0x80; length]);
                assert!(padded.len().is_multiple_of(cipher.block_length()) && padded.len() > length);
                assert_eq!(cipher.strip_padding(padded).unwrap(), vec![0x80; length]);
            }
        }
        let two_blocks = [&[0x80][..], &[0; 15]].concat();
        assert_eq!(Cipher::TripleDes.strip_padding(two_blocks.clone()), Err(AesError::BadPadding));
        assert_eq!(Cipher::Aes(KeyLength::Aes128).strip_padding(two_blocks).unwrap(), Vec::<u8>::new());
        assert_eq!(ChannelKey::from_slice(Cipher::TripleDes, &[0; 24]).unwrap_err(), AesError::KeyLength);
    }
}
