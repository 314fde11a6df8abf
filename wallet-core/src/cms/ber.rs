//! Elements of indefinite length: some states sign their EF.SOD in BER. Nothing is re-encoded; an element is found with
//! its bytes as received.

use crate::bytes::Reader;
use crate::tlv::{self, Tlv, TlvError};

/// Reads the next element, of definite or indefinite length. `value` leaves the end-of-contents octets out.
///
/// # Errors
/// As [`tlv::read`]; `BadLength` past the depth limit or for a primitive of indefinite length.
pub(super) fn read<'a>(reader: &mut Reader<'a>) -> Result<Tlv<'a>, TlvError> {
    read_within(reader, MAX_DEPTH)
}

/// Reads the next element, which must carry `tag`.
///
/// # Errors
/// As [`read`], and [`TlvError::UnexpectedTag`].
pub(super) fn expect<'a>(reader: &mut Reader<'a>, tag: u32) -> Result<Tlv<'a>, TlvError> {
    let found = read(reader)?;
    if found.tag == tag { Ok(found) } else { Err(TlvError::UnexpectedTag) }
}

/// Reads the next element when it carries `tag`.
///
/// # Errors
/// As [`read`], only when the tag matches.
pub(super) fn optional<'a>(reader: &mut Reader<'a>, tag: u32) -> Result<Option<Tlv<'a>>, TlvError> {
    let mut ahead = *reader;
    if ahead.is_empty() || tlv::read_tag(&mut ahead)? != tag {
        return Ok(None);
    }
    read(reader).map(Some)
}

/// Splits `bytes` into at most `limit` elements.
///
/// # Errors
/// As [`read`], and [`TlvError::BadValue`] past the limit.
pub(super) fn all(bytes: &[u8], limit: usize) -> Result<Vec<Tlv<'_>>, TlvError> {
    let mut reader = Reader::new(bytes);
    let mut elements = Vec::new();
    while !reader.is_empty() {
        if elements.len() == limit {
            return Err(TlvError::BadValue);
        }
        elements.push(read(&mut reader)?);
    }
    Ok(elements)
}

/// The octets of an OCTET STRING, primitive or in segments (X.690, 8.7.3).
///
/// # Errors
/// As [`read`], and `UnexpectedTag` for anything else.
pub(super) fn octets(reader: &mut Reader<'_>) -> Result<Vec<u8>, TlvError> {
    let string = read(reader)?;
    match string.tag {
        0x04 => Ok(string.value.to_vec()),
        0x24 => all(string.value, MAX_SEGMENTS)?
            .into_iter()
            .map(|segment| if segment.tag == 0x04 { Ok(segment.value) } else { Err(TlvError::UnexpectedTag) })
            .collect::<Result<Vec<_>, _>>()
            .map(|segments| segments.concat()),
        _ => Err(TlvError::UnexpectedTag),
    }
}

fn read_within<'a>(reader: &mut Reader<'a>, depth: u8) -> Result<Tlv<'a>, TlvError> {
    let start = *reader;
    let tag = tlv::read_tag(reader)?;
    if reader.peek().first() != Some(&INDEFINITE) {
        *reader = start;
        return tlv::read(reader);
    }
    let constructed = start.peek().first().is_some_and(|byte| byte & 0x20 != 0);
    let depth = depth.checked_sub(1).filter(|_| constructed).ok_or(TlvError::BadLength)?;
    reader.take(1)?;
    let contents = *reader;
    loop {
        let value = reader.since(&contents);
        if reader.peek().starts_with(&END_OF_CONTENTS) {
            reader.take(END_OF_CONTENTS.len())?;
            return Ok(Tlv { tag, value, raw: reader.since(&start) });
        }
        read_within(reader, depth)?;
    }
}

const INDEFINITE: u8 = 0x80;
const END_OF_CONTENTS: [u8; 2] = [0, 0];
/// Each level is walked once per level above it, so the work is at most this many times the input.
const MAX_DEPTH: u8 = 8;
const MAX_SEGMENTS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_either_form_are_read_as_received() {
        let bytes = [0x30, 0x80, 0x04, 1, 0xAA, 0x30, 0x80, 0x05, 0, 0, 0, 0, 0, 0x02, 1, 7];
        let mut reader = Reader::new(&bytes);
        let outer = expect(&mut reader, 0x30).unwrap();
        assert_eq!((outer.value, outer.raw), (&bytes[2..11], &bytes[..13]));
        assert_eq!(all(outer.value, 2).unwrap().len(), 2);
        assert_eq!(all(outer.value, 1), Err(TlvError::BadValue));
        assert_eq!(optional(&mut reader, 0x04), Ok(None));
        assert_eq!(optional(&mut reader, 0x02).unwrap().unwrap().value, [7]);
        assert_eq!(optional(&mut reader, 0x02), Ok(None));
    }

    #[test]
    fn a_string_in_segments_is_joined_and_holds_only_segments() {
        let octets = |bytes: &[u8]| octets(&mut Reader::new(bytes));
        assert_eq!(octets(&[0x24, 0x80, 0x04, 1, 1, 0x04, 2, 2, 3, 0, 0]), Ok(vec![1, 2, 3]));
        assert_eq!(octets(&[0x24, 3, 0x04, 1, 1]), Ok(vec![1]));
        assert_eq!(octets(&[0x04, 1, 1]), Ok(vec![1]));
        assert_eq!(octets(&[0x24, 0x80, 0x02, 1, 1, 0, 0]), Err(TlvError::UnexpectedTag));
        assert_eq!(octets(&[0x30, 0]), Err(TlvError::UnexpectedTag));
    }

    #[test]
    fn unending_deep_and_primitive_indefinite_elements_are_refused() {
        let read = |bytes: &[u8]| read(&mut Reader::new(bytes)).unwrap_err();
        assert_eq!(read(&[0x30, 0x80, 0x05, 0]), TlvError::Truncated);
        assert_eq!(read(&[0x30, 0x80, 0x05, 0, 0]), TlvError::Truncated);
        assert_eq!(read(&[0x04, 0x80, 0, 0]), TlvError::BadLength);
        assert_eq!(read(&[[0x30, 0x80].repeat(9), vec![0; 18]].concat()), TlvError::BadLength);
        assert!(super::read(&mut Reader::new(&[[0x30, 0x80].repeat(8), vec![0; 16]].concat())).is_ok());
    }
}
