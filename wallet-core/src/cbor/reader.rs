//! A typed reader. It takes definite lengths in any form: what must be minimal, sorted or free of duplicates goes
//! through [`super::check`] first.

use super::CborError;
use crate::bytes;

/// The major type of an item. RFC 8949, 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Major type 0.
    Unsigned,
    /// Major type 1.
    Negative,
    /// Major type 2.
    Bytes,
    /// Major type 3.
    Text,
    /// Major type 4.
    Array,
    /// Major type 5.
    Map,
    /// Major type 6.
    Tag,
    /// Major type 7 with a value up to 255: `false`, `true`, `null`, `simple(59)`.
    Simple,
    /// Major type 7, a floating-point number.
    Float,
}

/// The first part of an item: what it is and its argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: Kind,
    pub(super) argument: u64,
    /// Whether the argument is in its shortest form.
    pub(super) shortest: bool,
}

/// Reads the head of the next item.
pub(super) fn read_head(reader: &mut bytes::Reader<'_>) -> Result<Head, CborError> {
    let first = reader.u8()?;
    let (argument, shortest) = match first & 0x1F {
        direct @ 0..=23 => (u64::from(direct), true),
        24 => {
            let value = reader.u8()?;
            (u64::from(value), value >= 24)
        }
        25 => {
            let value = reader.u16()?;
            (u64::from(value), value > 0xFF)
        }
        26 => {
            let value = reader.u32()?;
            (u64::from(value), value > 0xFFFF)
        }
        27 => {
            let value = reader.u64()?;
            (value, value > 0xFFFF_FFFF)
        }
        31 if (2..=5).contains(&(first >> 5)) => return Err(CborError::IndefiniteLength),
        _ => return Err(CborError::Reserved),
    };
    let kind = match first >> 5 {
        0 => Kind::Unsigned,
        1 => Kind::Negative,
        2 => Kind::Bytes,
        3 => Kind::Text,
        4 => Kind::Array,
        5 => Kind::Map,
        6 => Kind::Tag,
        _ => match first & 0x1F {
            25..=27 => return Ok(Head { kind: Kind::Float, argument, shortest: true }),
            // Simple values below 32 have the one-byte form only. RFC 8949, 3.3.
            24 if argument < 32 => return Err(CborError::Reserved),
            _ => Kind::Simple,
        },
    };
    Ok(Head { kind, argument, shortest })
}

/// A cursor over one or more CBOR items. Strings are borrowed from the input.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(bytes::Reader<'a>);

impl<'a> Reader<'a> {
    /// A reader over all of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes::Reader::new(bytes))
    }

    /// What the next item is, without moving.
    ///
    /// # Errors
    /// [`CborError`] when the head is malformed or missing.
    pub fn peek(&self) -> Result<Kind, CborError> {
        let mut ahead = self.0;
        read_head(&mut ahead).map(|head| head.kind)
    }

    /// An unsigned integer.
    ///
    /// # Errors
    /// [`CborError::UnexpectedType`] and what the head can be.
    pub fn uint(&mut self) -> Result<u64, CborError> {
        self.expect(Kind::Unsigned)
    }

    /// An unsigned integer that fits 32 bits.
    ///
    /// # Errors
    /// [`CborError::OutOfRange`] and those of [`Self::uint`].
    pub fn uint32(&mut self) -> Result<u32, CborError> {
        u32::try_from(self.uint()?).map_err(|_| CborError::OutOfRange)
    }

    /// An integer of either sign.
    ///
    /// # Errors
    /// [`CborError::OutOfRange`] outside 64 bits, [`CborError::UnexpectedType`].
    pub fn int(&mut self) -> Result<i64, CborError> {
        let mut ahead = self.0;
        let head = read_head(&mut ahead)?;
        let argument = i64::try_from(head.argument).map_err(|_| CborError::OutOfRange);
        let value = match head.kind {
            Kind::Unsigned => argument?,
            Kind::Negative => -1 - argument?,
            _ => return Err(CborError::UnexpectedType),
        };
        self.0 = ahead;
        Ok(value)
    }

    /// A byte string.
    ///
    /// # Errors
    /// [`CborError::UnexpectedType`], [`CborError::Truncated`].
    pub fn bytes(&mut self) -> Result<&'a [u8], CborError> {
        self.string(Kind::Bytes)
    }

    /// A byte string of exactly `N` bytes.
    ///
    /// # Errors
    /// [`CborError::OutOfRange`] for another length, and those of [`Self::bytes`].
    pub fn array_of<const N: usize>(&mut self) -> Result<[u8; N], CborError> {
        self.bytes()?.try_into().map_err(|_| CborError::OutOfRange)
    }

    /// A text string.
    ///
    /// # Errors
    /// [`CborError::NotUtf8`] and those of [`Self::bytes`].
    pub fn text(&mut self) -> Result<&'a str, CborError> {
        core::str::from_utf8(self.string(Kind::Text)?).map_err(|_| CborError::NotUtf8)
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// [`CborError::UnexpectedType`].
    pub fn bool(&mut self) -> Result<bool, CborError> {
        let mut ahead = self.0;
        let head = read_head(&mut ahead)?;
        let value = match (head.kind, head.argument) {
            (Kind::Simple, 20) => false,
            (Kind::Simple, 21) => true,
            _ => return Err(CborError::UnexpectedType),
        };
        self.0 = ahead;
        Ok(value)
    }

    /// Moves past `null` when it is next; tells whether it was.
    ///
    /// # Errors
    /// [`CborError`] when the head is malformed or missing.
    pub fn null(&mut self) -> Result<bool, CborError> {
        let mut ahead = self.0;
        let head = read_head(&mut ahead)?;
        let is_null = head.kind == Kind::Simple && head.argument == 22;
        if is_null {
            self.0 = ahead;
        }
        Ok(is_null)
    }

    /// The head of an array: how many items follow.
    ///
    /// # Errors
    /// [`CborError::UnexpectedType`].
    pub fn array(&mut self) -> Result<u64, CborError> {
        self.expect(Kind::Array)
    }

    /// The head of an array that must have `count` items.
    ///
    /// # Errors
    /// [`CborError::OutOfRange`] for another count, [`CborError::UnexpectedType`].
    pub fn array_exactly(&mut self, count: u64) -> Result<(), CborError> {
        if self.array()? == count { Ok(()) } else { Err(CborError::OutOfRange) }
    }

    /// The head of a map: how many pairs follow.
    ///
    /// # Errors
    /// [`CborError::UnexpectedType`].
    pub fn map(&mut self) -> Result<u64, CborError> {
        self.expect(Kind::Map)
    }

    /// A tag that must be `number`.
    ///
    /// # Errors
    /// [`CborError::UnexpectedType`].
    pub fn tag(&mut self, number: u64) -> Result<(), CborError> {
        let mut ahead = *self;
        if ahead.expect(Kind::Tag)? != number {
            return Err(CborError::UnexpectedType);
        }
        *self = ahead;
        Ok(())
    }

    /// The next item whole, as received.
    ///
    /// # Errors
    /// [`CborError`] of the walk; form is not checked beyond definite lengths and UTF-8.
    pub fn raw(&mut self) -> Result<&'a [u8], CborError> {
        let mark = self.0;
        super::check::skip(&mut self.0)?;
        Ok(self.0.since(&mark))
    }

    /// Whether everything was read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`CborError::TrailingData`] when bytes are left over.
    pub fn finish(self) -> Result<(), CborError> {
        Ok(self.0.finish()?)
    }

    fn expect(&mut self, kind: Kind) -> Result<u64, CborError> {
        let mut ahead = self.0;
        let head = read_head(&mut ahead)?;
        if head.kind != kind {
            return Err(CborError::UnexpectedType);
        }
        self.0 = ahead;
        Ok(head.argument)
    }

    fn string(&mut self, kind: Kind) -> Result<&'a [u8], CborError> {
        let mut ahead = *self;
        let length = usize::try_from(ahead.expect(kind)?).map_err(|_| CborError::Truncated)?;
        let content = ahead.0.take(length)?;
        *self = ahead;
        Ok(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_by_type_and_a_wrong_type_does_not_move_the_reader() {
        // [1, -2, h'0102', "가", true, null, 18({})]
        let bytes = hex::decode("87012142010263eab080f5f6d2a0").unwrap();
        let mut reader = Reader::new(&bytes);
        reader.array_exactly(7).unwrap();
        assert_eq!(reader.text(), Err(CborError::UnexpectedType));
        assert_eq!(reader.uint(), Ok(1));
        assert_eq!(reader.int(), Ok(-2));
        assert_eq!(reader.bytes(), Ok(&[1, 2][..]));
        assert_eq!(reader.text(), Ok("가"));
        assert_eq!(reader.null(), Ok(false));
        assert_eq!(reader.bool(), Ok(true));
        assert_eq!(reader.null(), Ok(true));
        assert_eq!(reader.tag(61), Err(CborError::UnexpectedType));
        let mut raw = reader;
        assert_eq!(raw.raw(), Ok(&[0xD2, 0xA0][..]));
        reader.tag(18).unwrap();
        assert_eq!(reader.map(), Ok(0));
        reader.finish().unwrap();
    }

    #[test]
    fn a_length_beyond_the_input_is_truncated_not_a_crash() {
        for wrong in ["5bffffffffffffffff", "5a00000002aa", "9b", "1b00"] {
            let bytes = hex::decode(wrong).unwrap();
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.raw(), Err(CborError::Truncated), "{wrong}");
        }
    }
}
