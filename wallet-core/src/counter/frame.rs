//! The text in the QR code: `KR1:` and base45 of `[token, step, preimage, staple]`.

use super::{
    error::{CounterError, Malformed, Rule},
    labels::KR1,
    staple::{Staple, StapleAnchor},
};
use crate::{
    cbor::{CborError, Limits, Profile, Reader, Writer, check},
    crypto::chain::Link,
    qr::base45,
};

/// Longest text taken, characters: version 25 at level M.
pub(super) const MAX_TEXT: usize = 1451;

/// A scanned frame: deterministic CBOR, nothing verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedFrame(Vec<u8>);

/// What stands in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameParts<'a> {
    /// The key-binding token, as received.
    pub token: &'a [u8],
    /// Which frame.
    pub step: u32,
    /// `H^(n-step)(x)`.
    pub preimage: Link,
    /// The staple, when there is one.
    pub staple: Option<ShownStaple>,
}

/// A staple as a frame carries it: the hour counted from the anchor's first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownStaple {
    step: u32,
    preimage: Link,
}

impl ShownStaple {
    /// The staple with its hour in full, if it leads to `anchor`.
    ///
    /// # Errors
    /// [`Rule::Staple`].
    pub fn check(&self, anchor: &StapleAnchor) -> Result<Staple, Rule> {
        let hour = anchor.first_hour.checked_add(self.step).ok_or(Rule::Staple)?;
        let staple = Staple { hour, preimage: self.preimage };
        if anchor.proves(&staple) { Ok(staple) } else { Err(Rule::Staple) }
    }
}

impl ReceivedFrame {
    /// Whether a scanned text is meant as a counter frame.
    #[must_use]
    pub fn recognises(text: &str) -> bool {
        text.starts_with(KR1)
    }

    /// Decodes the text and checks the form of the CBOR.
    ///
    /// # Errors
    /// [`CounterError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, CounterError> {
        if text.len() > MAX_TEXT {
            return Err(CborError::TooLong.into());
        }
        Self::from_cbor(base45::decode(text.strip_prefix(KR1).ok_or(Malformed::Prefix)?)?)
    }

    /// The same from the bytes.
    ///
    /// # Errors
    /// [`CounterError::Malformed`].
    pub fn from_cbor(bytes: Vec<u8>) -> Result<Self, CounterError> {
        check(&bytes, Profile::Deterministic, Limits::SMALL)?;
        Ok(Self(bytes))
    }

    /// The four members.
    ///
    /// # Errors
    /// [`CounterError::Malformed`].
    pub fn parts(&self) -> Result<FrameParts<'_>, CounterError> {
        let mut reader = Reader::new(&self.0);
        reader.array_exactly(4)?;
        let (token, step, preimage) = (reader.raw()?, reader.uint32()?, reader.array_of()?);
        let staple = if reader.null()? {
            None
        } else {
            reader.array_exactly(2)?;
            Some(ShownStaple { step: reader.uint32()?, preimage: reader.array_of()? })
        };
        reader.finish()?;
        Ok(FrameParts { token, step, preimage, staple })
    }
}

/// The text of one frame. `hour_step` counts from the anchor's first hour.
pub(super) fn encode(token: &[u8], step: u32, preimage: &Link, hour_step: u32, staple: &Link) -> String {
    let mut writer = Writer::new();
    writer.array(4).raw(token).uint(u64::from(step)).bytes(preimage);
    writer.array(2).uint(u64::from(hour_step)).bytes(staple);
    format!("{KR1}{}", base45::encode(&writer.finish()))
}
