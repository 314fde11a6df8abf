//! The protected channel to the chip: AES or 3DES, encrypt then authenticate, with a counter. ICAO Doc 9303-11, 9.8.
//!
//! The two states are two types, so commands and responses cannot get out of step: [`SecureMessaging`] protects one
//! command and becomes [`AwaitingAnswer`], which opens one response and becomes [`SecureMessaging`] again. Any failure
//! consumes the session, which is what the standard demands (9.8.7).

use super::error::{ChipError, Part, Rule, parse_response};
use crate::{
    apdu::{CommandApdu, LengthForm, ResponseApdu, StatusWord, encode_le},
    bytes::{Reader, equal_in_constant_time},
    crypto::{
        aes::AesError,
        channel::{ChannelKey, Cipher},
    },
    tlv,
};

/// The session, ready for a command.
#[derive(Debug)]
pub struct SecureMessaging {
    encryption: ChannelKey,
    authentication: ChannelKey,
    counter: Counter,
}

/// The send sequence counter: as long as a block.
#[derive(Debug, Clone, Copy)]
enum Counter {
    Short(u64),
    Long(u128),
}

impl Counter {
    /// Eight bytes run over where basic access let them begin high; sixteen never do.
    const fn next(self) -> Self {
        match self {
            Self::Short(counter) => Self::Short(counter.wrapping_add(1)),
            Self::Long(counter) => Self::Long(counter.wrapping_add(1)),
        }
    }

    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Short(counter) => counter.to_be_bytes().to_vec(),
            Self::Long(counter) => counter.to_be_bytes().to_vec(),
        }
    }
}

/// The session, waiting for the response to the command it protected.
#[derive(Debug)]
pub struct AwaitingAnswer(SecureMessaging);

impl SecureMessaging {
    /// A fresh session with the counter at zero, as PACE and chip authentication leave it. Both keys are of one cipher.
    /// ICAO Doc 9303-11, 9.8.6.3.
    #[must_use]
    pub fn new(encryption: impl Into<ChannelKey>, authentication: impl Into<ChannelKey>) -> Self {
        let (encryption, authentication) = (encryption.into(), authentication.into());
        let counter = match encryption.cipher() {
            Cipher::TripleDes => Counter::Short(0),
            Cipher::Aes(_) => Counter::Long(0),
        };
        Self { encryption, authentication, counter }
    }

    /// A session of 3DES whose counter begins where basic access left it. ICAO Doc 9303-11, 9.8.6.3.
    #[must_use]
    pub const fn counting_from(encryption: ChannelKey, authentication: ChannelKey, counter: u64) -> Self {
        Self { encryption, authentication, counter: Counter::Short(counter) }
    }

    /// What protects it.
    #[must_use]
    pub const fn cipher(&self) -> Cipher {
        self.encryption.cipher()
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
        self.counter = self.counter.next();
        let cipher = self.cipher();
        let mut objects = Vec::new();
        if !command.data.is_empty() {
            let encrypted =
                self.encryption.encrypt_cbc(&self.iv()?, &cipher.pad(&command.data)).map_err(internal)?;
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
        let header = cipher.pad(&[cla, command.ins, command.p1, command.p2]);
        // Without objects the header's own padding is the padding of the whole.
        let padded = if objects.is_empty() { Vec::new() } else { cipher.pad(&objects) };
        let mac = self.mac(&[&header, &padded])?;
        objects.extend(tlv::write(CHECKSUM, &mac));
        let le = match form {
            LengthForm::Short => 256,
            LengthForm::Extended => 65_536,
        };
        let protected = CommandApdu { cla, data: objects, le: Some(le), ..command.clone() };
        Ok((AwaitingAnswer(self), protected.encode_as(form)?))
    }

    /// IV = E(KS_Enc, SSC) for AES, zeros for 3DES. ICAO Doc 9303-11, 9.8.6.1.
    fn iv(&self) -> Result<Vec<u8>, ChipError> {
        match self.cipher() {
            Cipher::TripleDes => Ok(self.encryption.zero_iv()),
            Cipher::Aes(_) => self.encryption.encrypt_block(&self.counter.bytes()).map_err(internal),
        }
    }

    /// The MAC over SSC ‖ parts.
    fn mac(&self, parts: &[&[u8]]) -> Result<[u8; 8], ChipError> {
        let counter = self.counter.bytes();
        let all: Vec<&[u8]> = core::iter::once(counter.as_slice()).chain(parts.iter().copied()).collect();
        self.authentication.mac(&all).map_err(internal)
    }
}

impl AwaitingAnswer {
    /// Goes on as if the answer had come: for who speaks to the chip through somebody else, and looks at its answers later.
    #[cfg(any(test, feature = "issuer"))]
    pub(super) fn unheard(self) -> SecureMessaging {
        let Self(session) = self;
        SecureMessaging { counter: session.counter.next(), ..session }
    }

    /// Checks and decrypts the response. The status word is the protected one, which equals the outer.
    ///
    /// # Errors
    /// [`ChipError::SessionEnded`], [`Rule::PlainAnswer`], [`Rule::WrongMac`], [`Rule::StatusMismatch`], [`Rule::MissingObject`],
    /// [`Rule::WrongPadding`], [`Part::Response`], or [`Part::SecureMessaging`] when the objects are malformed, repeated, out of order or
    /// unknown.
    pub fn open(self, response: &[u8]) -> Result<(SecureMessaging, ResponseApdu), ChipError> {
        let Self(mut session) = self;
        session.counter = session.counter.next();
        let cipher = session.cipher();
        let ResponseApdu { data, status } = parse_response(response)?;
        if data.is_empty() {
            // A bare error is how a card says that it has ended the session; anyone else can say it too.
            return Err(match status {
                StatusWord::OK => ChipError::CardMisbehaved(Rule::PlainAnswer),
                _ => ChipError::SessionEnded(status),
            });
        }
        let objects = Objects::parse(&data, cipher)?;
        let expected = session.mac(&[&cipher.pad(objects.authenticated)])?;
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
                cipher.strip_padding(padded).map_err(|_| ChipError::CardMisbehaved(Rule::WrongPadding))?
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
    fn parse(data: &'a [u8], cipher: Cipher) -> Result<Self, ChipError> {
        let whole_blocks =
            |bytes: &[u8]| !bytes.is_empty() && bytes.len().is_multiple_of(cipher.block_length());
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
