//! The protected channel to the chip: AES, encrypt then authenticate, with a counter. ICAO Doc 9303-11, 9.8.
//!
//! The two states are two types, so commands and responses cannot get out of step: [`SecureMessaging`] protects one
//! command and becomes [`AwaitingAnswer`], which opens one response and becomes [`SecureMessaging`] again. Any failure
//! consumes the session, which is what the standard demands (9.8.7).

use super::error::{ChipError, Misuse, Part, Rule, parse_response};
use crate::{
    apdu::{CommandApdu, LengthForm, ResponseApdu, StatusWord, encode_le},
    bytes::{Reader, equal_in_constant_time},
    crypto::aes::{AesError, AesKey, BLOCK, pad, strip_padding},
    tlv,
};

/// Most plain bytes a short protected response can carry: 223 data, one to pad, and the objects around them.
pub const SHORT_MAX: u32 = 0xDF;

/// The session, ready for a command.
#[derive(Debug)]
pub struct SecureMessaging {
    encryption: AesKey,
    authentication: AesKey,
    counter: u128,
}

/// The session, waiting for the response to the command it protected.
#[derive(Debug)]
pub struct AwaitingAnswer(SecureMessaging);

impl SecureMessaging {
    /// A fresh session with the counter at zero, as PACE leaves it. ICAO Doc 9303-11, 9.8.6.3.
    #[must_use]
    pub const fn new(encryption: AesKey, authentication: AesKey) -> Self {
        Self { encryption, authentication, counter: 0 }
    }

    /// Protects a command; gives its bytes and the session that waits for the answer. `form` also decides how the
    /// expected length stands in DO'97'.
    ///
    /// # Errors
    /// [`ChipError::Misuse`] when the command does not fit the form.
    pub fn protect(
        mut self,
        command: &CommandApdu,
        form: LengthForm,
    ) -> Result<(AwaitingAnswer, Vec<u8>), ChipError> {
        self.advance()?;
        let mut objects = Vec::new();
        if !command.data.is_empty() {
            let encrypted =
                self.encryption.encrypt_cbc(&self.iv()?, &pad(&command.data)).map_err(internal)?;
            // An odd instruction carries data objects, which travel in DO'85' without the padding indicator.
            objects.extend(if command.ins & 1 == 1 {
                tlv::write(ENCRYPTED_OBJECTS, &encrypted)
            } else {
                tlv::write_all(ENCRYPTED, &[&[PADDED], &encrypted])
            });
        }
        if let Some(le) = command.le {
            objects.extend(tlv::write(EXPECTED_LENGTH, &encode_le(le, form)?));
        }
        let cla = command.cla | PROTECTED;
        let header = pad(&[cla, command.ins, command.p1, command.p2]);
        // Without objects the header's own padding is the padding of the whole.
        let padded = if objects.is_empty() { Vec::new() } else { pad(&objects) };
        let mac = self.mac(&[&header, &padded])?;
        objects.extend(tlv::write(CHECKSUM, &mac));
        let le = match form {
            LengthForm::Short => 256,
            LengthForm::Extended => 65_536,
        };
        let protected = CommandApdu { cla, data: objects, le: Some(le), ..command.clone() };
        Ok((AwaitingAnswer(self), protected.encode_as(form)?))
    }

    fn advance(&mut self) -> Result<(), ChipError> {
        self.counter = self.counter.checked_add(1).ok_or(ChipError::Misuse(Misuse::CommandTooLong))?;
        Ok(())
    }

    /// IV = E(KS_Enc, SSC). ICAO Doc 9303-11, 9.8.6.3.
    fn iv(&self) -> Result<[u8; BLOCK], ChipError> {
        self.encryption.encrypt_block(&self.counter.to_be_bytes()).map_err(internal)
    }

    /// The first eight bytes of CMAC(KS_MAC, SSC ‖ parts).
    fn mac(&self, parts: &[&[u8]]) -> Result<[u8; 8], ChipError> {
        let counter = self.counter.to_be_bytes();
        let all: Vec<&[u8]> = core::iter::once(counter.as_slice()).chain(parts.iter().copied()).collect();
        let full = self.authentication.cmac(&all).map_err(internal)?;
        full.first_chunk::<8>().copied().ok_or(ChipError::Malformed(Part::SecureMessaging))
    }
}

impl AwaitingAnswer {
    /// Checks and decrypts the response. The status word is the protected one, which equals the outer.
    ///
    /// # Errors
    /// [`Rule::PlainAnswer`], [`Rule::WrongMac`], [`Rule::StatusMismatch`], [`Rule::MissingObject`],
    /// [`Rule::WrongPadding`], [`Part::Response`], or [`Part::SecureMessaging`] when the objects are malformed, repeated, out of order or
    /// unknown.
    pub fn open(self, response: &[u8]) -> Result<(SecureMessaging, ResponseApdu), ChipError> {
        let Self(mut session) = self;
        session.advance()?;
        let ResponseApdu { data, status } = parse_response(response)?;
        if data.is_empty() {
            return Err(ChipError::CardMisbehaved(Rule::PlainAnswer));
        }
        let objects = Objects::parse(&data)?;
        let expected = session.mac(&[&pad(objects.authenticated)])?;
        if !equal_in_constant_time(&expected, objects.checksum) {
            return Err(ChipError::CardMisbehaved(Rule::WrongMac));
        }
        if status != objects.status {
            return Err(ChipError::CardMisbehaved(Rule::StatusMismatch));
        }
        let data = match objects.encrypted {
            None => Vec::new(),
            Some(encrypted) => {
                let padded = session.encryption.decrypt_cbc(&session.iv()?, encrypted).map_err(internal)?;
                strip_padding(padded).map_err(|_| ChipError::CardMisbehaved(Rule::WrongPadding))?
            }
        };
        Ok((session, ResponseApdu { data, status }))
    }
}

/// The objects of a protected response.
struct Objects<'a> {
    encrypted: Option<&'a [u8]>,
    status: StatusWord,
    checksum: &'a [u8],
    /// Everything before the checksum, as received.
    authenticated: &'a [u8],
}

impl<'a> Objects<'a> {
    fn parse(data: &'a [u8]) -> Result<Self, ChipError> {
        let malformed = |_| ChipError::Malformed(Part::SecureMessaging);
        let start = Reader::new(data);
        let mut reader = start;
        let padded = tlv::optional(&mut reader, ENCRYPTED).map_err(malformed)?;
        let bare = tlv::optional(&mut reader, ENCRYPTED_OBJECTS).map_err(malformed)?;
        let encrypted = match (padded, bare) {
            (None, None) => None,
            (Some(object), None) => match object.value.split_first() {
                Some((&PADDED, encrypted)) if whole_blocks(encrypted) => Some(encrypted),
                _ => return Err(ChipError::Malformed(Part::SecureMessaging)),
            },
            (None, Some(object)) if whole_blocks(object.value) => Some(object.value),
            _ => return Err(ChipError::Malformed(Part::SecureMessaging)),
        };
        let missing = ChipError::CardMisbehaved(Rule::MissingObject);
        let status = tlv::optional(&mut reader, STATUS).map_err(malformed)?.ok_or(missing)?;
        let status: [u8; 2] =
            status.value.try_into().map_err(|_| ChipError::Malformed(Part::SecureMessaging))?;
        let authenticated = reader.since(&start);
        let checksum = tlv::optional(&mut reader, CHECKSUM).map_err(malformed)?.ok_or(missing)?.value;
        reader.finish().map_err(|_| ChipError::Malformed(Part::SecureMessaging))?;
        Ok(Self { encrypted, status: StatusWord(u16::from_be_bytes(status)), checksum, authenticated })
    }
}

const fn whole_blocks(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.len().is_multiple_of(BLOCK)
}

/// Lengths are checked before the cipher sees them, so its errors cannot be met.
const fn internal(_: AesError) -> ChipError {
    ChipError::Malformed(Part::SecureMessaging)
}

/// Class bits: secure messaging, header authenticated. ISO/IEC 7816-4:2020, 5.4.1.
const PROTECTED: u8 = 0x0C;
/// Padding-content indicator: padded by method 2. ISO/IEC 7816-4:2020, 10.4.
const PADDED: u8 = 0x01;
const ENCRYPTED: u32 = 0x87;
const ENCRYPTED_OBJECTS: u32 = 0x85;
const EXPECTED_LENGTH: u32 = 0x97;
const STATUS: u32 = 0x99;
const CHECKSUM: u32 = 0x8E;

#[cfg(test)]
mod tests;
