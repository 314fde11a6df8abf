//! The data groups the wallet reads, from raw file bytes. ICAO Doc 9303-10, 4.7.
//!
//! Parsing says nothing about trust: passive authentication verifies the same bytes.

pub mod com;
pub mod dg1;
pub mod dg11;
pub mod dg12;
pub mod dg13;
pub mod dg16;
pub mod dg2;
pub mod dg7;

use crate::tlv::TlvError;

/// Why a file is refused. No content is carried: it would be about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The data objects are malformed.
    #[error("malformed file: {0}")]
    Malformed(#[from] TlvError),
    /// An object that the standard demands is missing.
    #[error("the file lacks an object it must have")]
    Missing,
    /// A machine readable zone that is none of TD1, TD2, TD3, or has characters that no zone has.
    #[error("not a machine readable zone")]
    NotAZone,
    /// A check digit does not match.
    #[error("wrong check digit: {0:?}")]
    CheckDigit(dg1::CheckedField),
    /// Text that is not UTF-8, or has control characters, or is too long.
    #[error("malformed text")]
    BadText,
    /// Digits that are no date.
    #[error("malformed date")]
    BadDate,
    /// The record around the portrait does not follow ISO/IEC 19794-5 or 39794-5.
    #[error("malformed face record")]
    BadFaceRecord,
    /// A picture that is neither JPEG nor JPEG 2000.
    #[error("a picture of an unknown format")]
    UnknownImage,
    /// The face is encoded by a standard this reader does not have.
    #[error("unsupported encoding of the face")]
    UnsupportedEncoding,
}

/// Text of an issuer: UTF-8 without control characters, trimmed.
fn text(bytes: &[u8]) -> Result<String, FileError> {
    let text = core::str::from_utf8(bytes).map_err(|_| FileError::BadText)?.trim();
    if text.len() > LONGEST_TEXT || text.chars().any(char::is_control) {
        return Err(FileError::BadText);
    }
    Ok(text.to_owned())
}

/// Text in which `<` separates words.
fn line(bytes: &[u8]) -> Result<String, FileError> {
    let text = text(bytes)?;
    Ok(text.split('<').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
}

/// A full date: eight ASCII digits, or the same packed two to a byte, `YYYYMMDD`.
fn date(bytes: &[u8]) -> Result<crate::card::Date, FileError> {
    let mut digits = [0_u8; 8];
    match bytes.len() {
        8 => digits.copy_from_slice(bytes),
        4 => {
            for (pair, packed) in digits.chunks_exact_mut(2).zip(bytes) {
                pair.copy_from_slice(&[b'0' | packed >> 4, b'0' | packed & 0x0F]);
            }
        }
        _ => return Err(FileError::BadDate),
    }
    let number = |range: core::ops::Range<usize>| {
        digits.get(range).unwrap_or_default().iter().try_fold(0_i32, |sum, digit| {
            digit.is_ascii_digit().then(|| sum * 10 + i32::from(digit - b'0')).ok_or(FileError::BadDate)
        })
    };
    let narrow = |value: i32| u8::try_from(value).map_err(|_| FileError::BadDate);
    crate::card::Date::from_ymd(number(0..4)?, narrow(number(4..6)?)?, narrow(number(6..8)?)?)
        .map_err(|_| FileError::BadDate)
}

/// Far above any name or address.
const LONGEST_TEXT: usize = 512;
/// More objects than any group has.
const MAX_OBJECTS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Date;

    #[test]
    fn dates_are_read_as_digits_or_packed_and_nothing_else() {
        let day = Date::from_ymd(2001, 12, 31).unwrap();
        assert_eq!(date(b"20011231"), Ok(day));
        assert_eq!(date(&[0x20, 0x01, 0x12, 0x31]), Ok(day));
        for bad in [&b"2001123"[..], b"20011232", b"2001123a", b"20011331", &[0x20, 0x01, 0x1A, 0x01], b""] {
            assert_eq!(date(bad), Err(FileError::BadDate), "{bad:?}");
        }
    }

    #[test]
    fn text_is_clean_utf8() {
        assert_eq!(text(" 홍길동 ".as_bytes()).unwrap(), "홍길동");
        for bad in [&[0xFF, 0xFE][..], b"a\0b", b"a\nb", &[b'a'; 513]] {
            assert_eq!(text(bad), Err(FileError::BadText));
        }
    }
}
