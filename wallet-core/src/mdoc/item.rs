//! One element of a document, as the issuer encoded it. ISO/IEC 18013-5:2021, 8.3.2.1.2.2.

use super::{MdocError, Rule};
use crate::{
    card::Date,
    cbor::{CborError, Limits, Profile, Reader, check},
};

/// Largest digestID. ISO/IEC 18013-5:2021, 9.1.2.4.
pub(super) const MAX_DIGEST_ID: u32 = (1 << 31) - 1;
/// Shortest salt, bytes. ISO/IEC 18013-5:2021, 9.1.2.5.
const MIN_SALT: usize = 16;
const ENCODED_CBOR: u64 = 24;
const FULL_DATE: u64 = 1004;

/// One `IssuerSignedItemBytes`. What is hashed is what was received, never an encoding of our own.
#[derive(Clone, PartialEq, Eq)]
pub struct Item {
    raw: Vec<u8>,
    digest_id: u32,
    identifier: String,
    value: Vec<u8>,
}

impl Item {
    /// Parses `#6.24(bstr .cbor IssuerSignedItem)`, which must fill `raw`.
    pub(super) fn parse(raw: &[u8]) -> Result<Self, MdocError> {
        let content = untag(raw)?;
        check(content, Profile::Definite, Limits::DOCUMENT)?;
        let mut reader = Reader::new(content);
        let (mut digest_id, mut salt, mut identifier, mut value) = (None, None, None, None);
        for _ in 0..reader.map()? {
            match reader.text()? {
                "digestID" => digest_id = Some(reader.uint()?),
                "random" => salt = Some(reader.bytes()?),
                "elementIdentifier" => identifier = Some(reader.text()?),
                "elementValue" => value = Some(reader.raw()?),
                _ => return Err(CborError::UnexpectedType.into()),
            }
        }
        reader.finish()?;
        let missing = CborError::UnexpectedType;
        if salt.ok_or(missing)?.len() < MIN_SALT {
            return Err(Rule::ShortSalt.into());
        }
        let digest_id = u32::try_from(digest_id.ok_or(missing)?)
            .ok()
            .filter(|id| *id <= MAX_DIGEST_ID)
            .ok_or(Rule::DigestIdTooLarge)?;
        Ok(Self {
            raw: raw.to_vec(),
            digest_id,
            identifier: identifier.ok_or(missing)?.to_owned(),
            value: value.ok_or(missing)?.to_vec(),
        })
    }

    /// The item as received, tag 24 included: what is hashed, stored and presented.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Which digest of the security object is this item's.
    #[must_use]
    pub const fn digest_id(&self) -> u32 {
        self.digest_id
    }

    /// `elementIdentifier`.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// `elementValue` as CBOR, as received.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// The value when it is text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.whole(|reader| reader.text())
    }

    /// The value when it is a byte string.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        self.whole(|reader| reader.bytes())
    }

    /// The value when it is a boolean.
    #[must_use]
    pub fn bool(&self) -> Option<bool> {
        self.whole(|reader| reader.bool())
    }

    /// The value when it is an unsigned integer.
    #[must_use]
    pub fn uint(&self) -> Option<u64> {
        self.whole(|reader| reader.uint())
    }

    /// The value when it is a full-date (tag 1004). RFC 8943.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        let text = self.whole(|reader| {
            reader.tag(FULL_DATE)?;
            reader.text()
        });
        Date::parse(text?).ok()
    }

    /// The value when it is a map with nothing but a full-date `birth_date` in it. ISO/IEC 23220-2.
    #[must_use]
    pub fn birth_date(&self) -> Option<Date> {
        let text = self.whole(|reader| {
            if reader.map()? != 1 || reader.text()? != "birth_date" {
                return Err(CborError::UnexpectedType);
            }
            reader.tag(FULL_DATE)?;
            reader.text()
        });
        Date::parse(text?).ok()
    }

    fn whole<'a, T>(&'a self, read: impl FnOnce(&mut Reader<'a>) -> Result<T, CborError>) -> Option<T> {
        let mut reader = Reader::new(&self.value);
        let value = read(&mut reader).ok()?;
        reader.is_empty().then_some(value)
    }
}

impl core::fmt::Debug for Item {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Item({})", self.digest_id)
    }
}

/// The content of `#6.24(bstr)`, which must fill `raw`.
pub(super) fn untag(raw: &[u8]) -> Result<&[u8], CborError> {
    let mut reader = Reader::new(raw);
    reader.tag(ENCODED_CBOR)?;
    let content = reader.bytes()?;
    reader.finish()?;
    Ok(content)
}
