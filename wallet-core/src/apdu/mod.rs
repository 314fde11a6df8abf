//! Command and response APDUs, status words. ISO/IEC 7816-4.

mod status;

use core::fmt;

pub use status::StatusWord;

use crate::bytes::Reader;

/// Why bytes are no APDU, or an APDU has no bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApduError {
    /// Shorter than a header, or a response shorter than its status word.
    #[error("APDU ended early")]
    Truncated,
    /// The length bytes do not match the bytes that follow.
    #[error("APDU with wrong length bytes")]
    BadLength,
    /// More than 65,535 data bytes, or more than 65,536 expected.
    #[error("too long for an APDU")]
    TooLong,
}

/// The form of the length bytes. ISO/IEC 7816-4:2020, 5.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LengthForm {
    /// One byte each: up to 255 data bytes, up to 256 expected.
    Short,
    /// Up to 65,535 data bytes, up to 65,536 expected.
    Extended,
}

/// A command. ISO/IEC 7816-4:2020, 5.1.
#[derive(Clone, PartialEq, Eq)]
pub struct CommandApdu {
    /// Class byte.
    pub cla: u8,
    /// Instruction byte.
    pub ins: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
    /// Command data, up to 65,535 bytes.
    pub data: Vec<u8>,
    /// Response bytes expected at most, 1 to 65,536; `None` when no data is expected.
    pub le: Option<u32>,
}

impl fmt::Debug for CommandApdu {
    /// Data may be keys or a person; only its length is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cla, ins, p1, p2, data, le } = self;
        write!(f, "CommandApdu({cla:02X}{ins:02X}{p1:02X}{p2:02X}, {} bytes, le {le:?})", data.len())
    }
}

impl CommandApdu {
    /// A command without data that expects none.
    #[must_use]
    pub const fn new(cla: u8, ins: u8, p1: u8, p2: u8) -> Self {
        Self { cla, ins, p1, p2, data: Vec::new(), le: None }
    }

    /// The same with command data.
    #[must_use]
    pub fn with_data(self, data: Vec<u8>) -> Self {
        Self { data, ..self }
    }

    /// The same, expecting at most `le` bytes of response data.
    #[must_use]
    pub fn expecting(self, le: u32) -> Self {
        Self { le: Some(le), ..self }
    }

    /// The shortest form that can carry the lengths.
    #[must_use]
    pub fn form(&self) -> LengthForm {
        if self.data.len() <= 255 && self.le.is_none_or(|le| le <= 256) {
            LengthForm::Short
        } else {
            LengthForm::Extended
        }
    }

    /// The bytes on the wire, in the shortest form that can carry them.
    ///
    /// # Errors
    /// [`ApduError::TooLong`]; also for an `le` of zero, which no form can carry.
    pub fn encode(&self) -> Result<Vec<u8>, ApduError> {
        self.encode_as(self.form())
    }

    /// The bytes on the wire in a given form.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_as(&self, form: LengthForm) -> Result<Vec<u8>, ApduError> {
        let mut out = vec![self.cla, self.ins, self.p1, self.p2];
        let le = self.le.map(|le| encode_le(le, form)).transpose()?;
        match form {
            LengthForm::Short => {
                if !self.data.is_empty() {
                    out.push(u8::try_from(self.data.len()).map_err(|_| ApduError::TooLong)?);
                }
            }
            LengthForm::Extended => {
                if !self.data.is_empty() || le.is_some() {
                    out.push(0);
                }
                if !self.data.is_empty() {
                    let length = u16::try_from(self.data.len()).map_err(|_| ApduError::TooLong)?;
                    out.extend_from_slice(&length.to_be_bytes());
                }
            }
        }
        out.extend_from_slice(&self.data);
        out.extend(le.into_iter().flatten());
        Ok(out)
    }

    /// Reads a command in any of the seven forms. ISO/IEC 7816-4:2020, table 1.
    ///
    /// # Errors
    /// [`ApduError::Truncated`], [`ApduError::BadLength`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ApduError> {
        let mut reader = Reader::new(bytes);
        let [cla, ins, p1, p2] = reader.array().map_err(|_| ApduError::Truncated)?;
        let header = Self::new(cla, ins, p1, p2);
        let body = reader.peek();
        match (body, body.len()) {
            ([], _) => Ok(header),
            ([le], 1) => Ok(header.expecting(decode_le(u32::from(*le), 256))),
            ([0, high, low], 3) => {
                Ok(header.expecting(decode_le(u32::from(u16::from_be_bytes([*high, *low])), 65_536)))
            }
            ([0, high, low, rest @ ..], _) => {
                let (data, le) = split_data(rest, usize::from(u16::from_be_bytes([*high, *low])))?;
                let le = match le {
                    [] => None,
                    [high, low] => Some(decode_le(u32::from(u16::from_be_bytes([*high, *low])), 65_536)),
                    _ => return Err(ApduError::BadLength),
                };
                Ok(Self { le, ..header.with_data(data.to_vec()) })
            }
            ([length, rest @ ..], _) => {
                let (data, le) = split_data(rest, usize::from(*length))?;
                let le = match le {
                    [] => None,
                    [le] => Some(decode_le(u32::from(*le), 256)),
                    _ => return Err(ApduError::BadLength),
                };
                Ok(Self { le, ..header.with_data(data.to_vec()) })
            }
        }
    }
}

/// A response. ISO/IEC 7816-4:2020, 5.1.
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseApdu {
    /// Response data.
    pub data: Vec<u8>,
    /// How it ended.
    pub status: StatusWord,
}

impl fmt::Debug for ResponseApdu {
    /// Data may be keys or a person; only its length is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { data, status } = self;
        write!(f, "ResponseApdu({} bytes, {status})", data.len())
    }
}

impl ResponseApdu {
    /// Splits data and status word.
    ///
    /// # Errors
    /// [`ApduError::Truncated`] below two bytes, [`ApduError::TooLong`] above 65,536 data bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, ApduError> {
        let (data, status) = bytes.split_last_chunk::<2>().ok_or(ApduError::Truncated)?;
        if data.len() > 65_536 {
            return Err(ApduError::TooLong);
        }
        Ok(Self { data: data.to_vec(), status: StatusWord(u16::from_be_bytes(*status)) })
    }

    /// Data and status word.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        [self.data.as_slice(), &self.status.0.to_be_bytes()].concat()
    }
}

/// The bytes of an expected length, as they stand at the end of a command or in a secure messaging object: one or two,
/// zero standing for the maximum.
///
/// # Errors
/// [`ApduError::TooLong`] when the form cannot carry it.
pub fn encode_le(le: u32, form: LengthForm) -> Result<Vec<u8>, ApduError> {
    match (form, le) {
        (_, 0) => Err(ApduError::TooLong),
        (LengthForm::Short, 256) => Ok(vec![0]),
        (LengthForm::Short, _) => u8::try_from(le).map(|le| vec![le]).map_err(|_| ApduError::TooLong),
        (LengthForm::Extended, 65_536) => Ok(vec![0, 0]),
        (LengthForm::Extended, _) => {
            u16::try_from(le).map(|le| le.to_be_bytes().to_vec()).map_err(|_| ApduError::TooLong)
        }
    }
}

const fn decode_le(le: u32, maximum: u32) -> u32 {
    if le == 0 { maximum } else { le }
}

fn split_data(rest: &[u8], length: usize) -> Result<(&[u8], &[u8]), ApduError> {
    if length == 0 {
        return Err(ApduError::BadLength);
    }
    rest.split_at_checked(length).ok_or(ApduError::BadLength)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(data: usize, le: Option<u32>) -> CommandApdu {
        CommandApdu { le, ..CommandApdu::new(0, 0xB0, 1, 2).with_data(vec![0xAA; data]) }
    }

    #[test]
    fn a_command_survives_its_seven_forms() {
        for data in [0, 1, 255, 256, 65_535] {
            for le in [None, Some(1), Some(255), Some(256), Some(257), Some(65_535), Some(65_536)] {
                let command = command(data, le);
                let encoded = command.encode().unwrap();
                assert_eq!(CommandApdu::parse(&encoded).unwrap(), command, "{data} {le:?}");
            }
        }
    }

    #[test]
    fn the_forms_are_those_of_the_standard() {
        assert_eq!(command(0, None).encode().unwrap(), [0, 0xB0, 1, 2]);
        assert_eq!(command(0, Some(256)).encode().unwrap(), [0, 0xB0, 1, 2, 0]);
        assert_eq!(command(1, None).encode().unwrap(), [0, 0xB0, 1, 2, 1, 0xAA]);
        assert_eq!(command(1, Some(8)).encode().unwrap(), [0, 0xB0, 1, 2, 1, 0xAA, 8]);
        assert_eq!(command(0, Some(257)).encode().unwrap(), [0, 0xB0, 1, 2, 0, 1, 1]);
        assert_eq!(command(1, Some(65_536)).encode().unwrap(), [0, 0xB0, 1, 2, 0, 0, 1, 0xAA, 0, 0]);
        let forced = command(1, Some(16)).encode_as(LengthForm::Extended).unwrap();
        assert_eq!(forced, [0, 0xB0, 1, 2, 0, 0, 1, 0xAA, 0, 16]);
    }

    #[test]
    fn what_no_form_can_carry_is_refused() {
        assert_eq!(command(65_536, None).encode(), Err(ApduError::TooLong));
        assert_eq!(command(0, Some(65_537)).encode(), Err(ApduError::TooLong));
        assert_eq!(command(0, Some(0)).encode(), Err(ApduError::TooLong));
        assert_eq!(command(256, None).encode_as(LengthForm::Short), Err(ApduError::TooLong));
    }

    #[test]
    fn malformed_apdus_are_told_apart() {
        assert_eq!(CommandApdu::parse(&[0, 0xB0, 1]), Err(ApduError::Truncated));
        for bad in [&[0, 0xB0, 0, 0, 2, 1][..], &[0, 0xB0, 0, 0, 1, 1, 0, 0], &[0, 0xB0, 0, 0, 0, 0, 0, 1]] {
            assert_eq!(CommandApdu::parse(bad), Err(ApduError::BadLength), "{bad:?}");
        }
        assert_eq!(ResponseApdu::parse(&[0x90]), Err(ApduError::Truncated));
        assert_eq!(ResponseApdu::parse(&vec![0; 65_539]), Err(ApduError::TooLong));
        let response = ResponseApdu::parse(&[1, 2, 0x62, 0x82]).unwrap();
        assert_eq!((response.data.as_slice(), response.status), (&[1, 2][..], StatusWord::END_OF_FILE));
        assert_eq!(response.encode(), [1, 2, 0x62, 0x82]);
    }
}
