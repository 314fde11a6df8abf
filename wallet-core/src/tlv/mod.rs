//! BER-TLV and DER: definite lengths, minimal forms, limits on size.

use crate::bytes::{Reader, TrailingData, Truncated};

/// What is wrong with the bytes. ISO/IEC 8825-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlvError {
    /// The input ended before the value did.
    #[error("TLV ended early")]
    Truncated,
    /// Bytes left over after the value.
    #[error("bytes left over after the TLV")]
    TrailingData,
    /// A tag of more than three bytes, or not in its shortest form.
    #[error("malformed tag")]
    BadTag,
    /// Indefinite, longer than four bytes, or not in its shortest form where DER asks for it.
    #[error("malformed length")]
    BadLength,
    /// Another tag stood where this one was required.
    #[error("unexpected tag")]
    UnexpectedTag,
    /// The value does not follow the type's rules.
    #[error("malformed value")]
    BadValue,
}

impl From<Truncated> for TlvError {
    fn from(_: Truncated) -> Self {
        Self::Truncated
    }
}

impl From<TrailingData> for TlvError {
    fn from(_: TrailingData) -> Self {
        Self::TrailingData
    }
}

/// One element. `raw` is the whole of it as received: tag, length and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The tag's bytes as a number: `0x30`, `0x7F49`, `0x5F1F`.
    pub tag: u32,
    /// The content octets.
    pub value: &'a [u8],
    /// Tag, length and value, as received.
    pub raw: &'a [u8],
}

/// Reads a tag of up to three bytes.
///
/// # Errors
/// [`TlvError::BadTag`] or [`TlvError::Truncated`].
pub fn read_tag(reader: &mut Reader<'_>) -> Result<u32, TlvError> {
    let first = reader.u8()?;
    let mut tag = u32::from(first);
    if first & 0x1F != 0x1F {
        return Ok(tag);
    }
    for position in 0..2 {
        let next = reader.u8()?;
        if position == 0 && next & 0x7F == 0 {
            return Err(TlvError::BadTag);
        }
        tag = tag << 8 | u32::from(next);
        if next & 0x80 == 0 {
            return Ok(tag);
        }
    }
    Err(TlvError::BadTag)
}

/// Reads a definite length of up to four bytes; chips do write non-minimal ones, so the short form is not demanded.
///
/// # Errors
/// [`TlvError::BadLength`] or [`TlvError::Truncated`].
pub fn read_length(reader: &mut Reader<'_>) -> Result<usize, TlvError> {
    let first = reader.u8()?;
    if first < 0x80 {
        return Ok(usize::from(first));
    }
    let count = usize::from(first & 0x7F);
    if count == 0 || count > 4 {
        return Err(TlvError::BadLength);
    }
    reader
        .take(count)?
        .iter()
        .try_fold(0_usize, |length, byte| length.checked_mul(256)?.checked_add(usize::from(*byte)))
        .ok_or(TlvError::BadLength)
}

/// Reads the next element.
///
/// # Errors
/// Any [`TlvError`] but `UnexpectedTag` and `TrailingData`.
pub fn read<'a>(reader: &mut Reader<'a>) -> Result<Tlv<'a>, TlvError> {
    let start = *reader;
    let tag = read_tag(reader)?;
    let length = read_length(reader)?;
    let value = reader.take(length)?;
    Ok(Tlv { tag, value, raw: reader.since(&start) })
}

/// Reads the next element, which must carry `tag`.
///
/// # Errors
/// [`TlvError::UnexpectedTag`] for any other; else as [`read`].
pub fn expect<'a>(reader: &mut Reader<'a>, tag: u32) -> Result<Tlv<'a>, TlvError> {
    let found = read(reader)?;
    if found.tag == tag { Ok(found) } else { Err(TlvError::UnexpectedTag) }
}

/// Reads the next element when it carries `tag`; leaves the reader where it is otherwise.
///
/// # Errors
/// As [`read`], only when the tag matches.
pub fn optional<'a>(reader: &mut Reader<'a>, tag: u32) -> Result<Option<Tlv<'a>>, TlvError> {
    let mut ahead = *reader;
    if ahead.is_empty() || read_tag(&mut ahead)? != tag {
        return Ok(None);
    }
    read(reader).map(Some)
}

/// Reads `bytes` as exactly one element with `tag`.
///
/// # Errors
/// As [`expect`], and [`TlvError::TrailingData`].
pub fn exactly(bytes: &[u8], tag: u32) -> Result<Tlv<'_>, TlvError> {
    let mut reader = Reader::new(bytes);
    let found = expect(&mut reader, tag)?;
    reader.finish()?;
    Ok(found)
}

/// Splits `bytes` into at most `limit` elements.
///
/// # Errors
/// As [`read`], and [`TlvError::BadValue`] past the limit.
pub fn all(bytes: &[u8], limit: usize) -> Result<Vec<Tlv<'_>>, TlvError> {
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

/// Writes one element: tag, shortest length, value.
#[must_use]
pub fn write(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = tag.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    if out.is_empty() {
        // Tag 00 is one byte too; chips pad with it.
        out.push(0);
    }
    write_length(&mut out, value.len());
    out.extend_from_slice(value);
    out
}

/// Writes one constructed element around the parts one after the other.
#[must_use]
pub fn write_all(tag: u32, parts: &[&[u8]]) -> Vec<u8> {
    write(tag, &parts.concat())
}

fn write_length(out: &mut Vec<u8>, length: usize) {
    if let Ok(short @ 0..0x80) = u8::try_from(length) {
        out.push(short);
        return;
    }
    let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    out.push(0x80 | u8::try_from(bytes.len()).unwrap_or(8));
    out.extend_from_slice(&bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for (tag, length) in
            [(0x30, 0), (0x04, 127), (0x7F49, 128), (0x5F1F, 255), (0x7F61, 256), (0x02, 70_000)]
        {
            let value = vec![0xA5; length];
            let written = write(tag, &value);
            let element = exactly(&written, tag).unwrap();
            assert_eq!((element.value, element.raw), (value.as_slice(), written.as_slice()));
        }
    }

    /// Found by the fuzz target: `6E 00 00 00 18 …`, whose second element has tag 00.
    #[test]
    fn padding_is_an_element_with_tag_00_and_written_as_it_was_read() {
        let elements = all(&[0x6E, 0x00, 0x00, 0x00, 0x18, 0x01, 0xAA], 64).unwrap();
        let [_, padding, _] = elements.as_slice() else { panic!("{elements:?}") };
        assert_eq!((padding.tag, padding.raw), (0, &[0x00, 0x00][..]));
        assert_eq!(write(padding.tag, padding.value), padding.raw);
    }

    #[test]
    fn malformed_elements_are_told_apart() {
        assert_eq!(exactly(&[0x30, 0x80, 0, 0], 0x30), Err(TlvError::BadLength));
        assert_eq!(exactly(&[0x30, 0x85, 1, 1, 1, 1, 1], 0x30), Err(TlvError::BadLength));
        assert_eq!(exactly(&[0x30, 0x02, 0], 0x30), Err(TlvError::Truncated));
        assert_eq!(exactly(&[0x30, 0x00, 0], 0x30), Err(TlvError::TrailingData));
        assert_eq!(exactly(&[0x31, 0x00], 0x30), Err(TlvError::UnexpectedTag));
        assert_eq!(exactly(&[0x1F, 0x80, 0x00, 0x00], 0x1F), Err(TlvError::BadTag));
        assert_eq!(exactly(&[0x1F, 0x81, 0x81, 0x00], 0x1F), Err(TlvError::BadTag));
        assert_eq!(all(&[4, 0, 4, 0, 4, 0], 2), Err(TlvError::BadValue));
    }
}
