//! EF.COM: the chip's own list of what it has. Nobody signed it, so it is only compared with what was. ICAO Doc 9303-10,
//! 4.6.1.

use std::collections::BTreeSet;

use super::FileError;
use crate::{bytes::Reader, tlv};

/// What EF.COM says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Common {
    /// Version of the logical data structure, such as `0107`.
    pub lds_version: [u8; 4],
    /// Version of Unicode, such as `040000`.
    pub unicode_version: [u8; 6],
    /// Numbers of the data groups it names.
    pub groups: BTreeSet<u8>,
}

/// Parses EF.COM as read from the chip.
///
/// # Errors
/// [`FileError::Malformed`], also for a tag that is no data group's; [`FileError::BadText`] for a version that is no
/// digits.
pub fn parse(file: &[u8]) -> Result<Common, FileError> {
    let mut fields = Reader::new(tlv::exactly(file, 0x60)?.value);
    let lds_version = digits(tlv::expect(&mut fields, 0x5F01)?.value)?;
    let unicode_version = digits(tlv::expect(&mut fields, 0x5F36)?.value)?;
    let tags = tlv::expect(&mut fields, 0x5C)?.value;
    fields.finish().map_err(tlv::TlvError::from)?;
    let number = |tag: &u8| {
        let place = GROUP_TAGS.iter().position(|known| known == tag);
        let number = place.and_then(|place| u8::try_from(place.saturating_add(1)).ok());
        number.ok_or(FileError::Malformed(tlv::TlvError::UnexpectedTag))
    };
    Ok(Common { lds_version, unicode_version, groups: tags.iter().map(number).collect::<Result<_, _>>()? })
}

fn digits<const N: usize>(bytes: &[u8]) -> Result<[u8; N], FileError> {
    let digits: [u8; N] = bytes.try_into().map_err(|_| FileError::BadText)?;
    if digits.iter().all(u8::is_ascii_digit) { Ok(digits) } else { Err(FileError::BadText) }
}

/// The outer tags of data groups 1 to 16. ICAO Doc 9303-10, table 38.
const GROUP_TAGS: [u8; 16] =
    [0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70];

#[cfg(test)]
mod tests {
    use super::*;

    fn file(lds: &[u8], unicode: &[u8], tags: &[u8]) -> Vec<u8> {
        let fields = [tlv::write(0x5F01, lds), tlv::write(0x5F36, unicode), tlv::write(0x5C, tags)];
        tlv::write(0x60, &fields.concat())
    }

    #[test]
    fn versions_and_groups_are_read() {
        for version in [b"0107", b"0108"] {
            let common = parse(&file(version, b"040000", &[0x61, 0x75, 0x6E, 0x70])).unwrap();
            assert_eq!((&common.lds_version, &common.unicode_version), (version, b"040000"));
            assert_eq!(common.groups, [1, 2, 14, 16].into());
        }
        assert_eq!(parse(&file(b"0107", b"040000", &GROUP_TAGS)).unwrap().groups, (1..=16).collect());
    }

    #[test]
    fn malformed_lists_are_refused() {
        assert_eq!(parse(&file(b"01.7", b"040000", &[0x61])), Err(FileError::BadText));
        assert_eq!(parse(&file(b"107", b"040000", &[0x61])), Err(FileError::BadText));
        assert_eq!(parse(&file(b"0107", b"0400", &[0x61])), Err(FileError::BadText));
        assert!(matches!(parse(&file(b"0107", b"040000", &[0x77])), Err(FileError::Malformed(_))));
        let good = file(b"0107", b"040000", &[0x61]);
        for cut in 0..good.len() {
            assert!(parse(&good[..cut]).is_err(), "{cut}");
        }
        assert!(matches!(
            parse(&tlv::write(0x60, &[good, vec![4, 0]].concat())),
            Err(FileError::Malformed(_))
        ));
    }
}
