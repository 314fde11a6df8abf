//! COSE_Sign1. RFC 9052, 4.2.

use super::CoseError;
use crate::cbor::{CborError, Reader, Writer};

/// The tag of COSE_Sign1. RFC 9052, table 1.
const SIGN1_TAG: u64 = 18;

/// The four parts of a tagged COSE_Sign1, each as received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sign1<'a> {
    /// The content of the protected byte string: a map, or nothing.
    pub protected: &'a [u8],
    /// The unprotected map, whole. A checker that knows what may stand there compares it with `A0` or reads it.
    pub unprotected: &'a [u8],
    /// The content of the payload byte string.
    pub payload: &'a [u8],
    /// The signature.
    pub signature: &'a [u8],
}

impl<'a> Sign1<'a> {
    /// Splits `18([protected, unprotected, payload, signature])`. Form (definite, sorted, minimal) is the business of
    /// [`crate::cbor::check`].
    ///
    /// # Errors
    /// [`CoseError::Malformed`], [`CoseError::DetachedPayload`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CoseError> {
        let mut reader = Reader::new(bytes);
        let parsed = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(parsed)
    }

    /// Reads one tagged COSE_Sign1 from a longer run of items.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, CoseError> {
        reader.tag(SIGN1_TAG)?;
        reader.array_exactly(4)?;
        let protected = reader.bytes()?;
        if reader.peek()? != crate::cbor::Kind::Map {
            return Err(CborError::UnexpectedType.into());
        }
        let unprotected = reader.raw()?;
        if reader.null()? {
            return Err(CoseError::DetachedPayload);
        }
        let (payload, signature) = (reader.bytes()?, reader.bytes()?);
        Ok(Self { protected, unprotected, payload, signature })
    }

    /// What the signature is over. RFC 9052, 4.4.
    #[must_use]
    pub fn sig_structure(&self) -> Vec<u8> {
        sig_structure(self.protected, self.payload)
    }

    /// The signature as `r ‖ s` of a 256-bit curve.
    ///
    /// # Errors
    /// [`CoseError::SignatureLength`].
    pub fn signature_64(&self) -> Result<[u8; 64], CoseError> {
        self.signature.try_into().map_err(|_| CoseError::SignatureLength)
    }

    /// Whether the unprotected map is empty.
    #[must_use]
    pub fn has_no_unprotected_label(&self) -> bool {
        self.unprotected == [0xA0]
    }
}

/// `["Signature1", protected, h'', payload]`. RFC 9052, 4.4; none of our formats has external data.
#[must_use]
pub fn sig_structure(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.array(4).text("Signature1").bytes(protected).bytes(&[]).bytes(payload);
    writer.finish()
}

/// `18([protected, {}, payload, signature])`.
#[must_use]
pub fn encode_sign1(protected: &[u8], payload: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.tag(SIGN1_TAG).array(4).bytes(protected);
    writer.map(crate::cbor::MapWriter::new()).bytes(payload).bytes(signature);
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_split_as_received_and_its_unprotected_labels_are_visible() {
        let message = encode_sign1(&[0xA1, 1, 0x28], &[1, 2], &[9; 64]);
        let parsed = Sign1::parse(&message).unwrap();
        assert_eq!(parsed.protected, [0xA1, 1, 0x28]);
        assert_eq!(parsed.payload, [1, 2]);
        assert_eq!(parsed.signature_64(), Ok([9; 64]));
        assert!(parsed.has_no_unprotected_label());
        let extra = hex::decode("d28443a10128a1182a0141004100").unwrap();
        let extra = Sign1::parse(&extra).unwrap();
        assert!(!extra.has_no_unprotected_label());
        assert_eq!(extra.signature_64(), Err(CoseError::SignatureLength));
    }

    #[test]
    fn the_signed_structure_is_the_one_of_the_standard() {
        // RFC 9052, 4.4: context, protected, external data, payload.
        assert_eq!(
            hex::encode(sig_structure(&[0xA1, 1, 0x26], b"This is the content.")),
            "846a5369676e61747572653143a101264054546869732069732074686520636f6e74656e742e"
        );
    }

    #[test]
    fn untagged_detached_or_longer_messages_are_refused() {
        let cases = [
            ("8440a04040", CoseError::Malformed(CborError::UnexpectedType)),
            ("d28440a0f640", CoseError::DetachedPayload),
            ("d28340a040", CoseError::Malformed(CborError::OutOfRange)),
            ("d28440804040", CoseError::Malformed(CborError::UnexpectedType)),
            ("d28440a0404000", CoseError::Malformed(CborError::TrailingData)),
            ("d28440a040", CoseError::Malformed(CborError::Truncated)),
        ];
        for (text, expected) in cases {
            let bytes = hex::decode(text).unwrap();
            assert_eq!(Sign1::parse(&bytes), Err(expected), "{text}");
        }
    }
}
