//! The walk over raw bytes that comes before any parser.

use super::{CborError, Kind, reader::read_head};
use crate::bytes::Reader;

/// How strict the form must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Definite lengths, no duplicate keys, text in UTF-8. What SD-CWT and mdoc ask of any peer.
    Definite,
    /// The above in core deterministic form (RFC 8949, 4.2.1): shortest heads, keys in bytewise order. Floating-point
    /// numbers are refused, since no format of ours has one.
    Deterministic,
}

/// How much may be walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest input, bytes.
    pub bytes: usize,
    /// Deepest nesting of arrays, maps and tags.
    pub depth: u8,
    /// Most items in all, heads of arrays and maps included.
    pub items: u32,
}

impl Limits {
    /// For a message of ours: 4 KiB, 8 levels, 256 items.
    pub const SMALL: Self = Self { bytes: 4096, depth: 8, items: 256 };
    /// For a document: 1 MiB, 16 levels, 65,536 items.
    pub const DOCUMENT: Self = Self { bytes: 1 << 20, depth: 16, items: 1 << 16 };
    /// For a pack, whose one long string grows with the copies that are not to be accepted: 8 MiB, eight million of them.
    pub const PACK: Self = Self { bytes: 1 << 23, ..Self::DOCUMENT };
}

/// Walks exactly one item that fills `bytes`.
///
/// # Errors
/// [`CborError`], the first fault from the front.
pub fn check(bytes: &[u8], profile: Profile, limits: Limits) -> Result<(), CborError> {
    if bytes.len() > limits.bytes {
        return Err(CborError::TooLong);
    }
    let mut reader = Reader::new(bytes);
    Walk { profile: Some(profile), items_left: limits.items }.item(&mut reader, limits.depth)?;
    Ok(reader.finish()?)
}

/// Moves past one item without looking at the form of its map keys.
pub(super) fn skip(reader: &mut Reader<'_>) -> Result<(), CborError> {
    Walk { profile: None, items_left: Limits::DOCUMENT.items }.item(reader, Limits::DOCUMENT.depth)
}

struct Walk {
    /// `None` only skips.
    profile: Option<Profile>,
    items_left: u32,
}

impl Walk {
    fn item(&mut self, reader: &mut Reader<'_>, depth_left: u8) -> Result<(), CborError> {
        self.items_left = self.items_left.checked_sub(1).ok_or(CborError::TooManyItems)?;
        let head = read_head(reader)?;
        if self.profile == Some(Profile::Deterministic) {
            if !head.shortest {
                return Err(CborError::NotShortest);
            }
            if head.kind == Kind::Float {
                return Err(CborError::Float);
            }
        }
        match head.kind {
            Kind::Unsigned | Kind::Negative | Kind::Simple | Kind::Float => Ok(()),
            Kind::Bytes => take(reader, head.argument).map(drop),
            Kind::Text => {
                let text = take(reader, head.argument)?;
                core::str::from_utf8(text).map(drop).map_err(|_| CborError::NotUtf8)
            }
            Kind::Array => {
                let below = depth_left.checked_sub(1).ok_or(CborError::TooDeep)?;
                for _ in 0..head.argument {
                    self.item(reader, below)?;
                }
                Ok(())
            }
            Kind::Tag => self.item(reader, depth_left.checked_sub(1).ok_or(CborError::TooDeep)?),
            Kind::Map => {
                self.map(reader, head.argument, depth_left.checked_sub(1).ok_or(CborError::TooDeep)?)
            }
        }
    }

    fn map(&mut self, reader: &mut Reader<'_>, pairs: u64, depth_left: u8) -> Result<(), CborError> {
        let mut previous: Option<&[u8]> = None;
        // Only the looser profile keeps the keys; the number of items bounds it.
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..pairs {
            let mark = *reader;
            self.item(reader, depth_left)?;
            let key = reader.since(&mark);
            match self.profile {
                Some(Profile::Deterministic) => {
                    if let Some(previous) = previous {
                        match previous.cmp(key) {
                            core::cmp::Ordering::Less => {}
                            core::cmp::Ordering::Equal => return Err(CborError::DuplicateKey),
                            core::cmp::Ordering::Greater => return Err(CborError::UnsortedKeys),
                        }
                    }
                }
                Some(Profile::Definite) if !seen.insert(KeyForm::of(key)?) => {
                    return Err(CborError::DuplicateKey);
                }
                Some(Profile::Definite) | None => {}
            }
            previous = Some(key);
            self.item(reader, depth_left)?;
        }
        Ok(())
    }
}

/// A key as its value rather than its bytes, so that `01` and `1801` are one key (RFC 8949, 5.6). Keys of compound
/// types are compared as received.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum KeyForm<'a> {
    Number(u8, u64),
    String(u8, &'a [u8]),
    Compound(&'a [u8]),
}

impl<'a> KeyForm<'a> {
    fn of(key: &'a [u8]) -> Result<Self, CborError> {
        let mut reader = Reader::new(key);
        let head = read_head(&mut reader)?;
        Ok(match head.kind {
            Kind::Unsigned => Self::Number(0, head.argument),
            Kind::Negative => Self::Number(1, head.argument),
            Kind::Simple => Self::Number(7, head.argument),
            Kind::Bytes => Self::String(2, reader.rest()),
            Kind::Text => Self::String(3, reader.rest()),
            Kind::Array | Kind::Map | Kind::Tag | Kind::Float => Self::Compound(key),
        })
    }
}

fn take<'a>(reader: &mut Reader<'a>, length: u64) -> Result<&'a [u8], CborError> {
    Ok(reader.take(usize::try_from(length).map_err(|_| CborError::Truncated)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(profile: Profile, text: &str) -> Result<(), CborError> {
        check(&hex::decode(text).unwrap(), profile, Limits { bytes: 64, depth: 3, items: 12 })
    }

    #[test]
    fn each_fault_of_form_has_its_own_name() {
        use CborError::*;
        use Profile::*;
        let cases = [
            (Definite, "a201020304", Ok(())),
            (Deterministic, "a201020304", Ok(())),
            (Deterministic, "a203040102", Err(UnsortedKeys)),
            (Definite, "a203040102", Ok(())),
            (Deterministic, "a201020102", Err(DuplicateKey)),
            (Definite, "a20102180102", Err(DuplicateKey)),
            (Definite, "a261610178016102", Err(DuplicateKey)),
            (Definite, "1801", Ok(())),
            (Deterministic, "1801", Err(NotShortest)),
            (Deterministic, "1900ff", Err(NotShortest)),
            (Deterministic, "1a0000ffff", Err(NotShortest)),
            (Deterministic, "1b00000000ffffffff", Err(NotShortest)),
            (Deterministic, "5801aa", Err(NotShortest)),
            (Definite, "9f01ff", Err(IndefiniteLength)),
            (Definite, "5f4101ff", Err(IndefiniteLength)),
            (Definite, "bf0102ff", Err(IndefiniteLength)),
            (Definite, "7f6161ff", Err(IndefiniteLength)),
            (Definite, "ff", Err(Reserved)),
            (Definite, "1c", Err(Reserved)),
            (Definite, "f814", Err(Reserved)),
            (Definite, "f83b", Ok(())),
            (Definite, "f93c00", Ok(())),
            (Deterministic, "f93c00", Err(Float)),
            (Definite, "61ff", Err(NotUtf8)),
            (Definite, "81818180", Err(TooDeep)),
            (Definite, "8181c100", Ok(())),
            (Definite, "8c000000000000000000000000", Err(TooManyItems)),
            (Definite, "8b0000000000000000000000", Ok(())),
            (Definite, "8d00000000000000000000000000", Err(TooManyItems)),
            (Definite, "0000", Err(TrailingData)),
            (Definite, "", Err(Truncated)),
            (Definite, "4201", Err(Truncated)),
        ];
        for (profile, text, expected) in cases {
            assert_eq!(outcome(profile, text), expected, "{profile:?} {text}");
        }
        assert_eq!(outcome(Definite, &"00".repeat(65)), Err(TooLong));
    }
}
