//! EF.CardAccess: what the chip offers at the door. ICAO Doc 9303-11, 9.2.

use super::super::error::{ChipError, Part};
use crate::{
    bytes::Reader,
    crypto::{aes::KeyLength, agreement::Group},
    tlv::{self, Tlv},
};

/// One offer of PACE that this reader can take: ECDH, generic mapping, AES. ICAO Doc 9303-11, 9.2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceInfo {
    /// The curve.
    pub group: Group,
    /// The length of the session's AES keys.
    pub key_length: KeyLength,
}

impl PaceInfo {
    /// The content octets of the protocol's object identifier.
    #[must_use]
    pub const fn oid(self) -> [u8; 10] {
        let cipher = match self.key_length {
            KeyLength::Aes128 => 2,
            KeyLength::Aes192 => 3,
            KeyLength::Aes256 => 4,
        };
        [0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04, ECDH_GENERIC, cipher]
    }

    /// The id of the standardized domain parameters. ICAO Doc 9303-11, 9.5.1.
    #[must_use]
    pub const fn parameter_id(self) -> u8 {
        match self.group {
            Group::P256 => 12,
            Group::BrainpoolP256r1 => 13,
            Group::P384 => 15,
            Group::BrainpoolP384r1 => 16,
        }
    }
}

/// Reads SecurityInfos and keeps the offers this reader can take, in the card's order. What is unknown is skipped, as
/// the standard asks; bytes after the SET are skipped too, because chips pad their files.
///
/// # Errors
/// [`Part::CardAccess`] when the outer structure is malformed.
pub fn parse_card_access(bytes: &[u8]) -> Result<Vec<PaceInfo>, ChipError> {
    let malformed = |_| ChipError::Malformed(Part::CardAccess);
    let set = tlv::expect(&mut Reader::new(bytes), SET).map_err(malformed)?;
    let infos = tlv::all(set.value, MAX_INFOS).map_err(malformed)?;
    Ok(infos.iter().filter_map(pace_info).collect())
}

fn pace_info(info: &Tlv<'_>) -> Option<PaceInfo> {
    if info.tag != SEQUENCE {
        return None;
    }
    let mut reader = Reader::new(info.value);
    let oid = tlv::expect(&mut reader, OBJECT_IDENTIFIER).ok()?;
    let version = tlv::expect(&mut reader, INTEGER).ok()?;
    let parameter = tlv::expect(&mut reader, INTEGER).ok()?;
    let group = match parameter.value {
        [12] => Group::P256,
        [13] => Group::BrainpoolP256r1,
        [15] => Group::P384,
        [16] => Group::BrainpoolP384r1,
        _ => return None,
    };
    let key_length = match oid.value.strip_prefix(&PACE)? {
        [ECDH_GENERIC, 2] => KeyLength::Aes128,
        [ECDH_GENERIC, 3] => KeyLength::Aes192,
        [ECDH_GENERIC, 4] => KeyLength::Aes256,
        _ => return None,
    };
    (version.value == [2]).then_some(PaceInfo { group, key_length })
}

/// id-PACE, 0.4.0.127.0.7.2.2.4.
const PACE: [u8; 8] = [0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04];
/// id-PACE-ECDH-GM.
const ECDH_GENERIC: u8 = 2;
const MAX_INFOS: usize = 64;
const SET: u32 = 0x31;
const SEQUENCE: u32 = 0x30;
const OBJECT_IDENTIFIER: u32 = 0x06;
const INTEGER: u32 = 0x02;

#[cfg(test)]
mod tests {
    use super::*;

    fn info(oid_tail: &[u8], parameter: &[u8]) -> Vec<u8> {
        let oid = [&PACE[..], oid_tail].concat();
        tlv::write_all(
            SEQUENCE,
            &[
                &tlv::write(OBJECT_IDENTIFIER, &oid),
                &tlv::write(INTEGER, &[2]),
                &tlv::write(INTEGER, parameter),
            ],
        )
    }

    #[test]
    fn offers_are_kept_in_the_cards_order_and_the_unknown_is_skipped() {
        let file = tlv::write_all(
            SET,
            &[
                &info(&[2, 1], &[13]),    // 3DES
                &info(&[4, 2], &[13]),    // integrated mapping
                &info(&[2, 4], &[0, 16]), // a parameter id not in its shortest form
                &info(&[2, 3], &[16]),
                &info(&[2, 2], &[18]), // P-521
                &tlv::write(SEQUENCE, b"not an object identifier"),
                &tlv::write(INTEGER, &[1]),
                &info(&[2, 2], &[13]),
            ],
        );
        let padded = [file.as_slice(), &[0; 9]].concat();
        let found = parse_card_access(&padded).unwrap();
        assert_eq!(
            found,
            [
                PaceInfo { group: Group::BrainpoolP384r1, key_length: KeyLength::Aes192 },
                PaceInfo { group: Group::BrainpoolP256r1, key_length: KeyLength::Aes128 },
            ]
        );
        assert_eq!(found[1].oid(), [4, 0, 0x7F, 0, 7, 2, 2, 4, 2, 2]);
        assert_eq!((found[0].parameter_id(), found[1].parameter_id()), (16, 13));
    }

    #[test]
    fn a_malformed_file_is_refused() {
        let malformed = Err(ChipError::Malformed(Part::CardAccess));
        assert_eq!(parse_card_access(&[]), malformed);
        assert_eq!(parse_card_access(&[0x30, 0]), malformed);
        assert_eq!(parse_card_access(&[0x31, 5, 0x30, 1]), malformed);
        assert_eq!(parse_card_access(&[0x31, 2, 0x30, 0x80]), malformed);
        assert_eq!(parse_card_access(&tlv::write(SET, &[2, 0].repeat(65))), malformed);
        assert_eq!(parse_card_access(&[0x31, 0]), Ok(vec![]));
    }
}
