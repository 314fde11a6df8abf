//! EF.ATR/INFO: what a card says of the lengths it takes. Nobody signs it, so it shortens what is asked for and decides
//! nothing else. ISO/IEC 7816-4:2020, 12.7.1 and 12.1.1.9; ICAO Doc 9303-10, 3.11.

use crate::{
    apdu::{CommandApdu, ResponseApdu},
    tlv,
};

/// What a card announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Announced {
    /// Whether it takes extended length.
    pub(super) extended: bool,
    /// The longest response it gives, bytes, status word included.
    pub(super) max_response: u32,
}

/// Reads the file of the master file by its short identifier, without a session.
pub(super) fn ask() -> CommandApdu {
    CommandApdu::new(0x00, 0xB0, 0x80 | SHORT_IDENTIFIER, 0).expecting(256)
}

/// What stands in the answer; `None` where the card has no such file, or none that says anything about lengths.
pub(super) fn announced(response: &ResponseApdu) -> Option<Announced> {
    let objects = tlv::all(padding_cut(&response.data), MOST_OBJECTS).ok()?;
    let value = |tag| objects.iter().find(|object| object.tag == tag).map(|object| object.value);
    let capabilities = value(CAPABILITIES).and_then(|value| value.get(2)).map(|third| third & EXTENDED != 0);
    let lengths = value(LENGTHS).and_then(|value| match tlv::all(value, 2).ok()?.as_slice() {
        [_, response] if response.tag == INTEGER => number(response.value),
        _ => None,
    });
    match (capabilities, lengths) {
        (None, None) => None,
        (extended, length) => {
            Some(Announced { extended: extended.unwrap_or(true), max_response: length.unwrap_or(u32::MAX) })
        }
    }
}

/// A number of four bytes at most.
fn number(bytes: &[u8]) -> Option<u32> {
    let significant = bytes.iter().skip_while(|byte| **byte == 0);
    if significant.clone().count() > 4 {
        return None;
    }
    Some(significant.fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

/// Without the zeros behind the last object.
fn padding_cut(bytes: &[u8]) -> &[u8] {
    let mut reader = crate::bytes::Reader::new(bytes);
    let mut end = 0;
    while bytes.get(end).is_some_and(|tag| *tag != 0) && tlv::read(&mut reader).is_ok() {
        end = reader.position();
    }
    bytes.get(..end).unwrap_or(bytes)
}

const SHORT_IDENTIFIER: u8 = 0x01;
const MOST_OBJECTS: usize = 32;
/// Card capabilities: the highest bits of the third byte speak of chaining and extended length.
const CAPABILITIES: u32 = 0x47;
const EXTENDED: u8 = 0x40;
/// Extended length information: the longest command and the longest response.
const LENGTHS: u32 = 0x7F66;
const INTEGER: u32 = 0x02;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apdu::StatusWord;

    fn said(content: &str) -> Option<Announced> {
        announced(&ResponseApdu { data: hex::decode(content).unwrap(), status: StatusWord::OK })
    }

    #[test]
    fn lengths_and_capabilities_are_read_and_all_else_is_passed_over() {
        let is = |extended, max_response| Some(Announced { extended, max_response });
        // Issuer data, capabilities and lengths, as a German identity card has them.
        assert_eq!(
            said("4303010203 4703 94 01 40 7f66 08 0202 03e8 0202 0400".replace(' ', "").as_str()),
            is(true, 1024)
        );
        assert_eq!(said("4703940100"), is(false, u32::MAX));
        assert_eq!(said("7f6608020203e8020203e80000"), is(true, 1000));
        assert_eq!(said("7f660a020203e802040001 0000".replace(' ', "").as_str()), is(true, 65_536));
        for nothing in ["", "43020102", "47029401", "7f66020201", "ff", "7f660602020102", "00ffffff"] {
            assert_eq!(said(nothing), None, "{nothing}");
        }
        assert_eq!(said("7f660b020203e802050100000000"), None, "no number of this century");
    }
}
