//! Finding EF.CardAccess: by its short identifier without any SELECT where the card lets us, else by name. Cards differ
//! in which form of SELECT for the master file they take.

use super::super::error::{ChipError, Part, Rule};
use crate::{
    apdu::{CommandApdu, ResponseApdu},
    bytes::Reader,
    tlv,
};

/// The search, waiting for a response.
#[derive(Debug)]
pub(in super::super) struct Discovery {
    expect: Expect,
    file: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    ShortIdentifier,
    ImplicitMaster,
    NamedMaster,
    Selected,
    Content,
}

/// What the search wants next.
#[derive(Debug)]
pub(in super::super) enum DiscoveryStep {
    Transmit(Discovery, CommandApdu),
    /// The file, or `None` when the card has none.
    Found(Option<Vec<u8>>),
}

impl Discovery {
    /// On a card just met.
    pub(in super::super) fn begin() -> (Self, CommandApdu) {
        let read = CommandApdu::new(0x00, READ_BINARY, 0x80 | SHORT_IDENTIFIER, 0).expecting(256);
        (Self { expect: Expect::ShortIdentifier, file: Vec::new() }, read)
    }

    /// On a card whose application is selected already: back to the master file first.
    pub(in super::super) fn begin_again() -> (Self, CommandApdu) {
        let select = CommandApdu::new(0x00, SELECT, 0x00, 0x0C);
        (Self { expect: Expect::ImplicitMaster, file: Vec::new() }, select)
    }

    pub(in super::super) fn handle(self, response: &ResponseApdu) -> Result<DiscoveryStep, ChipError> {
        let select_file = CommandApdu::new(0x00, SELECT, 0x02, 0x0C).with_data(IDENTIFIER.to_vec());
        match self.expect {
            Expect::ShortIdentifier | Expect::Content => self.read(response),
            Expect::ImplicitMaster if !response.status.is_ok() => Ok(self.then(
                Expect::NamedMaster,
                CommandApdu::new(0x00, SELECT, 0x00, 0x0C).with_data(MASTER_FILE.to_vec()),
            )),
            // Where both forms are refused the card may still be at its master file: the next answer tells.
            Expect::ImplicitMaster | Expect::NamedMaster => Ok(self.then(Expect::Selected, select_file)),
            Expect::Selected if response.status.is_ok() => Ok(self.then(Expect::Content, content(0, 256))),
            Expect::Selected => Ok(DiscoveryStep::Found(None)),
        }
    }

    fn read(mut self, response: &ResponseApdu) -> Result<DiscoveryStep, ChipError> {
        if response.data.is_empty() {
            return match (self.expect, response.status) {
                (_, status) if status.is_ok() => Err(ChipError::CardMisbehaved(Rule::EmptyAnswer)),
                (Expect::ShortIdentifier, _) => {
                    let (again, command) = Self::begin_again();
                    Ok(DiscoveryStep::Transmit(again, command))
                }
                (Expect::Content, status) if status.class() == 0x6C && self.file.is_empty() => {
                    let command = content(0, u32::from(status.detail()).max(1));
                    Ok(DiscoveryStep::Transmit(self, command))
                }
                (_, status) => Err(ChipError::CardRefused(status)),
            };
        }
        self.file.extend_from_slice(&response.data);
        let mut reader = Reader::new(&self.file);
        let malformed = |_| ChipError::Malformed(Part::CardAccess);
        let length =
            tlv::read_tag(&mut reader).and_then(|_| tlv::read_length(&mut reader)).map_err(malformed)?;
        let total = reader.position().saturating_add(length);
        if total > LONGEST {
            return Err(ChipError::CardMisbehaved(Rule::FileTooLong));
        }
        if self.file.len() >= total {
            self.file.truncate(total);
            return Ok(DiscoveryStep::Found(Some(self.file)));
        }
        let offset = u16::try_from(self.file.len()).map_err(|_| ChipError::Malformed(Part::CardAccess))?;
        let missing = u32::try_from(total.saturating_sub(self.file.len())).unwrap_or(256);
        Ok(self.then(Expect::Content, content(offset, missing.min(256))))
    }

    fn then(self, expect: Expect, command: CommandApdu) -> DiscoveryStep {
        DiscoveryStep::Transmit(Self { expect, ..self }, command)
    }
}

fn content(offset: u16, length: u32) -> CommandApdu {
    let [p1, p2] = offset.to_be_bytes();
    CommandApdu::new(0x00, READ_BINARY, p1, p2).expecting(length)
}

const SELECT: u8 = 0xA4;
const READ_BINARY: u8 = 0xB0;
const SHORT_IDENTIFIER: u8 = 0x1C;
const IDENTIFIER: [u8; 2] = [0x01, 0x1C];
const MASTER_FILE: [u8; 2] = [0x3F, 0x00];
/// No card's offers come near this.
const LONGEST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{apdu::StatusWord, chip::error::parse_response};

    /// Plays the card: gives each answer to the command that must precede it.
    fn play(script: &[(&str, &str)]) -> Result<Option<Vec<u8>>, ChipError> {
        let (mut search, mut command) = Discovery::begin();
        for (index, (expected, answer)) in script.iter().enumerate() {
            assert_eq!(hex::encode(command.encode().unwrap()), *expected, "command {index}");
            match search.handle(&parse_response(&hex::decode(answer).unwrap())?)? {
                DiscoveryStep::Transmit(next, wanted) => (search, command) = (next, wanted),
                DiscoveryStep::Found(file) => {
                    assert_eq!(index, script.len() - 1);
                    return Ok(file);
                }
            }
        }
        panic!("the search wants more: {command:?}");
    }

    #[test]
    fn one_command_is_enough_where_the_card_takes_the_short_identifier() {
        let found = play(&[("00b09c0000", "3102aabb000000009000")]).unwrap();
        assert_eq!(found.unwrap(), [0x31, 2, 0xAA, 0xBB]);
        let found = play(&[("00b09c0000", "3102aabb6282")]).unwrap();
        assert_eq!(found.unwrap(), [0x31, 2, 0xAA, 0xBB]);
    }

    #[test]
    fn both_forms_of_selecting_the_master_file_are_tried() {
        let found = play(&[
            ("00b09c0000", "6a86"),
            ("00a4000c", "6a86"),
            ("00a4000c023f00", "9000"),
            ("00a4020c02011c", "9000"),
            ("00b0000000", "6c03"),
            ("00b0000003", "3102aa9000"),
            ("00b0000301", "bb9000"),
        ]);
        assert_eq!(found.unwrap().unwrap(), [0x31, 2, 0xAA, 0xBB]);
        let none = play(&[("00b09c0000", "6982"), ("00a4000c", "9000"), ("00a4020c02011c", "6a82")]);
        assert_eq!(none, Ok(None));
    }

    #[test]
    fn answers_that_lead_nowhere_are_errors() {
        let start = "00b09c0000";
        assert_eq!(play(&[(start, "9000")]), Err(ChipError::CardMisbehaved(Rule::EmptyAnswer)));
        assert_eq!(play(&[(start, "90")]), Err(ChipError::Malformed(Part::Response)));
        assert_eq!(play(&[(start, &"00".repeat(65_539))]), Err(ChipError::Malformed(Part::Response)));
        assert_eq!(play(&[(start, "319000")]), Err(ChipError::Malformed(Part::CardAccess)));
        assert_eq!(play(&[(start, "3183ffffff9000")]), Err(ChipError::CardMisbehaved(Rule::FileTooLong)));
        assert_eq!(
            play(&[(start, "3102aa9000"), ("00b0000301", "6f00")]),
            Err(ChipError::CardRefused(StatusWord::INTERNAL))
        );
    }
}
