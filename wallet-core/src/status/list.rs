//! The list itself: a few bits for each credential. Section 4.

use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::StatusError;

/// Longest list, bytes once decompressed: 2^24 entries of two bits.
pub(super) const MAX_LIST: usize = 4 * 1024 * 1024;

/// What an issuer says of one credential. 7.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 0: it holds.
    Valid,
    /// 1: revoked, for good.
    Invalid,
    /// 2: does not hold for now.
    Suspended,
    /// 3 and above: what only the issuer's own rules know. To anybody else it does not hold.
    Other(u8),
}

impl Status {
    /// The status of a value.
    #[must_use]
    pub const fn from_value(value: u8) -> Self {
        match value {
            0 => Self::Valid,
            1 => Self::Invalid,
            2 => Self::Suspended,
            other => Self::Other(other),
        }
    }

    /// The value in the list.
    #[must_use]
    pub const fn value(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Invalid => 1,
            Self::Suspended => 2,
            Self::Other(value) => value,
        }
    }
}

/// The statuses of many credentials by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusList {
    pub(super) bits: u8,
    pub(super) bytes: Vec<u8>,
}

impl StatusList {
    /// Decompresses a list of `bits` bits for each entry.
    ///
    /// # Errors
    /// [`StatusError::Bits`], [`StatusError::Compression`].
    pub fn from_zlib(bits: u8, zlib: &[u8]) -> Result<Self, StatusError> {
        if !matches!(bits, 1 | 2 | 4 | 8) {
            return Err(StatusError::Bits);
        }
        let bytes =
            decompress_to_vec_zlib_with_limit(zlib, MAX_LIST).map_err(|_| StatusError::Compression)?;
        Ok(Self { bits, bytes })
    }

    /// How many entries the list has, those included that stand for nobody.
    #[must_use]
    pub fn entries(&self) -> u64 {
        let bits = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX).saturating_mul(8);
        bits.checked_div(u64::from(self.bits)).unwrap_or(0)
    }

    /// The status at `index`, from zero. 4.1: entries fill each byte from its least significant bit.
    ///
    /// # Errors
    /// [`StatusError::NoSuchEntry`].
    pub fn status(&self, index: u64) -> Result<Status, StatusError> {
        let (byte, shift, mask) = self.place(index)?;
        let byte = self.bytes.get(byte).ok_or(StatusError::NoSuchEntry)?;
        Ok(Status::from_value((byte >> shift) & mask))
    }

    /// Byte, shift and mask of an entry.
    pub(super) fn place(&self, index: u64) -> Result<(usize, u32, u8), StatusError> {
        if index >= self.entries() {
            return Err(StatusError::NoSuchEntry);
        }
        let bit = index.saturating_mul(u64::from(self.bits));
        let byte = usize::try_from(bit / 8).map_err(|_| StatusError::NoSuchEntry)?;
        let shift = u32::try_from(bit % 8).map_err(|_| StatusError::NoSuchEntry)?;
        Ok((byte, shift, 0xff >> (8_u32.saturating_sub(u32::from(self.bits)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crypto::hash::sha256, jose::decode, oracles};

    /// Section 4.1.
    #[test]
    fn the_short_lists_of_the_draft_are_read() {
        let one = StatusList::from_zlib(1, &decode("eNrbuRgAAhcBXQ").unwrap()).unwrap();
        let expected = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1];
        for (index, value) in (0..).zip(expected) {
            assert_eq!(one.status(index).unwrap().value(), value, "{index}");
        }
        assert_eq!((one.entries(), one.status(16)), (16, Err(StatusError::NoSuchEntry)));
        assert_eq!(one.status(u64::MAX), Err(StatusError::NoSuchEntry));
        let two = StatusList::from_zlib(2, &decode("eNo76fITAAPfAgc").unwrap()).unwrap();
        for (index, value) in (0..).zip([1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]) {
            assert_eq!(two.status(index).unwrap().value(), value, "{index}");
        }
    }

    #[test]
    fn the_long_lists_of_the_draft_are_read() {
        for bits in [1, 2, 4, 8] {
            let Some(example) =
                oracles::json(&format!("vectors/status-list/list-{bits}-bit-2pow20-entries.json"))
            else {
                return;
            };
            let zlib = decode(example["json"]["lst"].as_str().unwrap()).unwrap();
            let list = StatusList::from_zlib(bits, &zlib).unwrap();
            assert_eq!(list.entries(), 1 << 20);
            for (index, value) in example["expect"]["non_zero"].as_object().unwrap() {
                let found = list.status(index.parse().unwrap()).unwrap();
                assert_eq!(u64::from(found.value()), value.as_u64().unwrap(), "{bits} bits, {index}");
            }
            assert_eq!(
                hex::encode(sha256(&list.bytes)),
                example["expect"]["raw_sha256"],
                "{bits} bits: all the others"
            );
        }
    }

    #[test]
    fn bombs_and_broken_streams_are_refused() {
        assert_eq!(StatusList::from_zlib(3, &[]), Err(StatusError::Bits));
        assert_eq!(StatusList::from_zlib(0, &[]), Err(StatusError::Bits));
        assert_eq!(StatusList::from_zlib(1, &[]), Err(StatusError::Compression));
        let mut altered = decode("eNrbuRgAAhcBXQ").unwrap();
        *altered.last_mut().unwrap() ^= 1;
        assert_eq!(StatusList::from_zlib(1, &altered), Err(StatusError::Compression), "checksum");
        let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; MAX_LIST + 1], 9);
        assert!(bomb.len() < 8192);
        assert_eq!(StatusList::from_zlib(1, &bomb), Err(StatusError::Compression));
        let most = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; MAX_LIST], 9);
        assert_eq!(StatusList::from_zlib(2, &most).unwrap().entries(), 1 << 24);
    }
}
