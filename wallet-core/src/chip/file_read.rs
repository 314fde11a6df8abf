//! Reading one file of the application: by its short identifier, a full chunk first, then by offset until the length the
//! file itself states. What the card pads behind it is cut. ICAO Doc 9303-10, 3.6.

use super::{
    chunks::{Chunks, ShortIdentifiers},
    error::{ChipError, Part, Rule},
};
use crate::{
    apdu::{CommandApdu, ResponseApdu, StatusWord},
    bytes::Reader,
    tlv::{self, TlvError},
};

/// A file of the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileId {
    /// EF.CardAccess, what the chip offers at the door.
    CardAccess,
    /// EF.CardSecurity, the signed form of EF.CardAccess.
    CardSecurity,
    /// EF.COM, the chip's own list of what it has. Nobody signed it.
    Common,
    /// EF.SOD, the issuer's signature over the digests of all groups.
    SecurityObject,
    /// A data group, 1 to 16.
    Group(u8),
}

impl FileId {
    /// The identifier to select it by. ICAO Doc 9303-10, table 34 ff.
    const fn identifier(self) -> [u8; 2] {
        match self {
            Self::CardAccess => [0x01, 0x1C],
            Self::Common => [0x01, 0x1E],
            // In the master file and in the application.
            Self::CardSecurity | Self::SecurityObject => [0x01, 0x1D],
            Self::Group(number) => [0x01, number],
        }
    }

    /// The short one: the low five bits of the identifier.
    const fn short_identifier(self) -> u8 {
        let [_, low] = self.identifier();
        low & 0x1F
    }

    /// What one has, and a little more: for an estimate, until its header was read.
    pub(super) const fn expected_length(self) -> usize {
        match self {
            Self::CardAccess | Self::Common | Self::Group(1 | 12) => 100,
            Self::CardSecurity | Self::SecurityObject => 3000,
            Self::Group(2) => 40_000,
            Self::Group(_) => 400,
        }
    }

    /// The outer tag of its content. ICAO Doc 9303-10, 4.7.
    const fn tag(self) -> u32 {
        match self {
            Self::CardAccess => 0x31,
            Self::CardSecurity => 0x30,
            Self::Common => 0x60,
            Self::SecurityObject => 0x77,
            Self::Group(number) => match number {
                1 => 0x61,
                2 => 0x75,
                3 => 0x63,
                4 => 0x76,
                5 => 0x65,
                6 => 0x66,
                7 => 0x67,
                8 => 0x68,
                9 => 0x69,
                10 => 0x6A,
                11 => 0x6B,
                12 => 0x6C,
                13 => 0x6D,
                14 => 0x6E,
                15 => 0x6F,
                _ => 0x70,
            },
        }
    }
}

/// A file being read.
#[derive(Clone)]
pub(super) struct FileRead {
    pub(super) id: FileId,
    pub(super) bytes: Vec<u8>,
    /// Known once the header was read.
    pub(super) total: Option<usize>,
    mode: Mode,
    /// What the last command asked for.
    pub(super) asked: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    ShortIdentifier,
    Selecting,
    Selected,
}

/// What a response brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Ask for the next part.
    More,
    /// The file is complete.
    Complete,
    /// The card does not have it or does not give it.
    Missing(StatusWord),
}

impl core::fmt::Debug for FileRead {
    /// The content is the person; only its length is shown.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("FileRead")
            .field("id", &self.id)
            .field("read", &self.bytes.len())
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

impl FileRead {
    pub(super) const fn begin(id: FileId) -> Self {
        Self { id, bytes: Vec::new(), total: None, mode: Mode::ShortIdentifier, asked: 0 }
    }

    /// After the application was selected anew: goes on where it stopped.
    pub(super) fn reopen(self) -> Self {
        let mode = if self.bytes.is_empty() { Mode::ShortIdentifier } else { Mode::Selecting };
        Self { mode, ..self }
    }

    /// The next command, unprotected.
    pub(super) fn next(&mut self, chunks: &Chunks) -> Result<CommandApdu, ChipError> {
        if self.mode == Mode::ShortIdentifier && chunks.short_identifiers == ShortIdentifiers::Refused {
            self.mode = Mode::Selecting;
        }
        if self.mode == Mode::Selecting {
            self.asked = 0;
            return Ok(select(self.id));
        }
        let missing = self.total.map(|total| total.saturating_sub(self.bytes.len()));
        self.asked = chunks.next(missing.map(|missing| u32::try_from(missing).unwrap_or(u32::MAX)));
        let offset = match u16::try_from(self.bytes.len()) {
            Ok(offset) if offset <= LAST_OFFSET => offset,
            _ => return self.next_far(chunks.longest()),
        };
        let [p1, p2] = match self.mode {
            Mode::ShortIdentifier if offset == 0 => [0x80 | self.id.short_identifier(), 0],
            _ => offset.to_be_bytes(),
        };
        Ok(CommandApdu::new(0x00, READ_BINARY, p1, p2).expecting(self.asked))
    }

    /// READ BINARY with the offset in a data object, and the answer in another, whose header takes of what is asked for. ISO/IEC
    /// 7816-4:2020, 11.3.3.
    fn next_far(&mut self, longest: u32) -> Result<CommandApdu, ChipError> {
        let too_long = ChipError::CardMisbehaved(Rule::FileTooLong);
        let offset = u32::try_from(self.bytes.len()).map_err(|_| too_long)?.to_be_bytes();
        let shortest = offset.iter().position(|byte| *byte != 0).unwrap_or(3);
        let offset = tlv::write(OFFSET, offset.get(shortest..).ok_or(too_long)?);
        let header: u32 = match self.asked {
            0..=0x7F => 2,
            0x80..=0xFF => 3,
            _ => 4,
        };
        let room = self.asked.saturating_add(header).min(longest.max(self.asked));
        self.asked = room;
        Ok(CommandApdu::new(0x00, READ_BINARY_FAR, 0, 0).with_data(offset).expecting(room))
    }

    /// The part of the file in a response: all of it, or what stands in the data object.
    fn content<'a>(&self, data: &'a [u8]) -> Result<&'a [u8], ChipError> {
        if self.bytes.len() <= usize::from(LAST_OFFSET) {
            return Ok(data);
        }
        let malformed = ChipError::Malformed(Part::FileHeader);
        tlv::exactly(data, CONTENT).map(|object| object.value).map_err(|_| malformed)
    }

    /// Takes the response to the last command, and what it teaches about the card.
    pub(super) fn absorb(
        &mut self,
        response: &ResponseApdu,
        chunks: &mut Chunks,
    ) -> Result<Outcome, ChipError> {
        if self.mode == Mode::Selecting {
            if !response.status.is_ok() {
                // A file that was there a moment ago is not missing.
                return if self.bytes.is_empty() {
                    Ok(Outcome::Missing(response.status))
                } else {
                    Err(ChipError::CardRefused(response.status))
                };
            }
            self.mode = Mode::Selected;
            if chunks.short_identifiers == ShortIdentifiers::Untried {
                chunks.short_identifiers = ShortIdentifiers::Refused;
            }
            return Ok(Outcome::More);
        }
        if response.data.is_empty() {
            return self.refused(response.status, chunks);
        }
        // A warning about the end of the file comes with data that is good: some cards give it for any full read.
        if !response.status.is_ok() && response.status != StatusWord::END_OF_FILE {
            return Err(ChipError::CardRefused(response.status));
        }
        if u32::try_from(response.data.len()).map_or(true, |length| length > self.asked) {
            return Err(ChipError::CardMisbehaved(Rule::TooMuchData));
        }
        if self.mode == Mode::ShortIdentifier {
            chunks.short_identifiers = ShortIdentifiers::Work;
        }
        let content = self.content(&response.data)?;
        if content.is_empty() {
            return Err(ChipError::CardMisbehaved(Rule::EmptyAnswer));
        }
        self.bytes.extend_from_slice(content);
        if self.total.is_none() {
            self.total = self.stated_length()?;
        }
        match self.total {
            Some(total) if self.bytes.len() >= total => {
                self.bytes.truncate(total);
                Ok(Outcome::Complete)
            }
            _ => Ok(Outcome::More),
        }
    }

    /// Header and content, from the header; `None` when the header itself is not complete yet.
    fn stated_length(&self) -> Result<Option<usize>, ChipError> {
        let mut reader = Reader::new(&self.bytes);
        let malformed = ChipError::Malformed(Part::FileHeader);
        let header = tlv::read_tag(&mut reader).and_then(|tag| Ok((tag, tlv::read_length(&mut reader)?)));
        match header {
            Ok((tag, length)) if tag == self.id.tag() => {
                let total = reader.position().saturating_add(length);
                if total > MAX_FILE {
                    return Err(ChipError::CardMisbehaved(Rule::FileTooLong));
                }
                Ok(Some(total))
            }
            Err(TlvError::Truncated) => Ok(None),
            Ok(_) | Err(_) => Err(malformed),
        }
    }

    fn refused(&mut self, status: StatusWord, chunks: &mut Chunks) -> Result<Outcome, ChipError> {
        let at_start = self.bytes.is_empty();
        let untried =
            self.mode == Mode::ShortIdentifier && chunks.short_identifiers == ShortIdentifiers::Untried;
        match status {
            StatusWord::OK => Err(ChipError::CardMisbehaved(Rule::EmptyAnswer)),
            StatusWord::END_OF_FILE | StatusWord::WRONG_OFFSET if !at_start => {
                Err(ChipError::CardMisbehaved(Rule::FileTooShort))
            }
            _ if is_about_length(status) => {
                if chunks.refuse(self.asked, self.total.is_some()) {
                    Ok(Outcome::More)
                } else {
                    Err(ChipError::CardRefused(status))
                }
            }
            // Not every card reads by short identifier: select it by name before believing that it is not there.
            _ if at_start && untried => {
                self.mode = Mode::Selecting;
                Ok(Outcome::More)
            }
            StatusWord::NOT_FOUND
            | StatusWord::RECORD_NOT_FOUND
            | StatusWord::REFERENCE_NOT_FOUND
            | StatusWord::ACCESS_DENIED
                if at_start =>
            {
                Ok(Outcome::Missing(status))
            }
            _ => Err(ChipError::CardRefused(status)),
        }
    }
}

/// SELECT of a file by its name. ICAO Doc 9303-10, 3.6.2.
pub(super) fn select(id: FileId) -> CommandApdu {
    CommandApdu::new(0x00, SELECT, 0x02, 0x0C).with_data(id.identifier().to_vec())
}

/// Whether a refusal may be about how much was asked for. Cards differ in how they say it.
pub(super) const fn is_about_length(status: StatusWord) -> bool {
    matches!(
        status,
        StatusWord::WRONG_LENGTH | StatusWord::INTERNAL | StatusWord::WRONG_OFFSET | StatusWord::END_OF_FILE
    ) || status.class() == 0x6C
}

const SELECT: u8 = 0xA4;
const READ_BINARY: u8 = 0xB0;
const READ_BINARY_FAR: u8 = 0xB1;
/// DO'54'.
const OFFSET: u32 = 0x54;
/// DO'53'.
const CONTENT: u32 = 0x53;
/// The highest offset that P1 and P2 carry. ISO/IEC 7816-4:2020, 11.3.3.
const LAST_OFFSET: u16 = 0x7FFF;
const MAX_FILE: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(data: &[u8], status: StatusWord) -> Result<Outcome, ChipError> {
        let mut chunks = Chunks::for_link(258, false).unwrap();
        let mut file = FileRead::begin(FileId::Group(1));
        file.next(&chunks).unwrap();
        file.absorb(&ResponseApdu { data: data.to_vec(), status }, &mut chunks)
    }

    #[test]
    fn answers_beside_the_question_are_refused() {
        let misbehaved = |rule| Err(ChipError::CardMisbehaved(rule));
        assert_eq!(answer(&[0x61; 224], StatusWord::OK), misbehaved(Rule::TooMuchData));
        assert_eq!(answer(&[], StatusWord::OK), misbehaved(Rule::EmptyAnswer));
        assert_eq!(
            answer(&[0x61, 1, 0], StatusWord::INTERNAL),
            Err(ChipError::CardRefused(StatusWord::INTERNAL))
        );
        assert_eq!(answer(&[0x61, 0x80], StatusWord::OK), Err(ChipError::Malformed(Part::FileHeader)));
        assert_eq!(answer(&[0x61], StatusWord::OK), Ok(Outcome::More));
        assert_eq!(answer(&[0x61, 1, 0], StatusWord::END_OF_FILE), Ok(Outcome::Complete));
    }

    #[test]
    fn a_file_half_read_is_not_missing_when_the_card_refuses_it_the_second_time() {
        let chunks = &mut Chunks::for_link(261, false).unwrap();
        let refusal = ResponseApdu { data: Vec::new(), status: StatusWord::NOT_FOUND };
        let mut file = FileRead::begin(FileId::Group(12));
        file.bytes = vec![0x6C, 0x20];
        let mut file = file.reopen();
        assert_eq!(file.absorb(&refusal, chunks), Err(ChipError::CardRefused(StatusWord::NOT_FOUND)));
    }
}
