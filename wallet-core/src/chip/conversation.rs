//! One command and its answer, over whatever the link and the card need for it: protection, chaining, GET RESPONSE, a length
//! the card knows better. ISO/IEC 7816-4:2020, 5.3.

use std::collections::VecDeque;

use super::{
    error::{ChipError, Rule, parse_response},
    secure_messaging::{AwaitingAnswer, SecureMessaging},
};
use crate::{
    apdu::{CommandApdu, LengthForm, ResponseApdu, StatusWord},
    crypto::channel::Cipher,
};

/// The channel to the card, ready for a command: plain until a door is open.
#[derive(Debug)]
pub(super) struct Conversation {
    session: Option<SecureMessaging>,
    /// Whether the link carries extended length.
    extended: bool,
    /// The longest command that the link carries, in bytes.
    max_command: usize,
    /// The session's keys hang on a key that the chip has yet to prove.
    unproven: bool,
}

/// A command under way.
pub(super) struct Waiting {
    sent: Sent,
    extended: bool,
    max_command: usize,
    unproven: bool,
    form: LengthForm,
    /// The parts of a long command that are still to go.
    left: VecDeque<CommandApdu>,
    /// What is on the wire, to be said again with the length the card asks for.
    wire: Vec<u8>,
    /// The card named another length already.
    corrected: bool,
    /// What came before a GET RESPONSE.
    collected: Vec<u8>,
}

impl core::fmt::Debug for Waiting {
    /// What was said and collected may be the person.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Waiting")
            .field("form", &self.form)
            .field("left", &self.left.len())
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
enum Sent {
    Plain,
    Protected(AwaitingAnswer),
}

/// What an answer led to.
#[derive(Debug)]
pub(super) enum Heard {
    /// Send this too.
    Again(Waiting, Vec<u8>),
    /// The whole answer.
    Answer(Conversation, ResponseApdu),
}

impl Conversation {
    /// With a card whose door is shut.
    pub(super) const fn plain(extended: bool, max_command: usize) -> Self {
        Self { session: None, extended, max_command, unproven: false }
    }

    /// The same, with a card that takes no extended length.
    pub(super) fn by_short_commands(self) -> Self {
        Self { extended: false, ..self }
    }

    /// The same card, from now on within this session.
    pub(super) fn within(self, session: SecureMessaging) -> Self {
        Self { session: Some(session), unproven: false, ..self }
    }

    /// Within a session whose first answer must prove the chip's key.
    pub(super) fn proving(self, session: SecureMessaging) -> Self {
        Self { session: Some(session), unproven: true, ..self }
    }

    /// Sends a command in the shortest form that carries it.
    pub(super) fn ask(self, command: &CommandApdu) -> Result<(Waiting, Vec<u8>), ChipError> {
        let most = self.most_data();
        let form = if command.data.len() <= most && command.le.is_none_or(|le| le <= 256) {
            LengthForm::Short
        } else {
            LengthForm::Extended
        };
        self.ask_as(command, form)
    }

    /// Sends a command in a form; what the link does not carry is cut into a chain of short ones.
    pub(super) fn ask_as(
        self,
        command: &CommandApdu,
        form: LengthForm,
    ) -> Result<(Waiting, Vec<u8>), ChipError> {
        let mut left = VecDeque::new();
        let fits = self.longest_data(LengthForm::Extended) >= command.data.len();
        let form = if self.extended && fits { form } else { LengthForm::Short };
        if form == LengthForm::Short {
            // What does not fit comes by GET RESPONSE.
            let le = command.le.map(|le| le.min(256));
            let mut parts = command.data.chunks(self.most_data()).peekable();
            if parts.peek().is_none() {
                left.push_back(CommandApdu { le, ..command.clone() });
            }
            while let Some(part) = parts.next() {
                let head = CommandApdu::new(command.cla, command.ins, command.p1, command.p2);
                let part = head.with_data(part.to_vec());
                left.push_back(if parts.peek().is_some() {
                    CommandApdu { cla: part.cla | CHAINED, ..part }
                } else {
                    CommandApdu { le, ..part }
                });
            }
        } else {
            left.push_back(command.clone());
        }
        self.send(form, left)
    }

    fn send(
        self,
        form: LengthForm,
        mut left: VecDeque<CommandApdu>,
    ) -> Result<(Waiting, Vec<u8>), ChipError> {
        let Self { session, extended, max_command, unproven } = self;
        let command = left.pop_front().ok_or(ChipError::CardMisbehaved(Rule::TooManyCommands))?;
        let (sent, wire) = match session {
            None => (Sent::Plain, command.encode_as(form)?),
            Some(session) => {
                let (waiting, wire) = session.protect(&command, form)?;
                (Sent::Protected(waiting), wire)
            }
        };
        let waiting = Waiting {
            sent,
            extended,
            max_command,
            unproven,
            form,
            left,
            wire: wire.clone(),
            corrected: false,
            collected: Vec::new(),
        };
        Ok((waiting, wire))
    }

    /// Command data that a short command carries.
    fn most_data(&self) -> usize {
        let standard = match self.session.as_ref().map(SecureMessaging::cipher) {
            None => 255,
            // Whole blocks between DO'87', DO'97' and DO'8E', one byte of which pads.
            Some(Cipher::TripleDes) => 231,
            Some(Cipher::Aes(_)) => 223,
        };
        self.longest_data(LengthForm::Short).min(standard).max(1)
    }

    /// Command data that the link carries, with the header, the lengths and the protection around it.
    fn longest_data(&self, form: LengthForm) -> usize {
        let lengths = match form {
            LengthForm::Short => 1 + 1,
            LengthForm::Extended => 3 + 2,
        };
        let room = self.max_command.saturating_sub(HEADER + lengths);
        let Some(cipher) = self.session.as_ref().map(SecureMessaging::cipher) else { return room };
        // DO'87' with its indicator, DO'97', DO'8E'; one byte of the last block pads.
        let block = cipher.block_length();
        let blocks = room.saturating_sub(5 + 4 + 10).checked_div(block).unwrap_or(0);
        blocks.saturating_mul(block).saturating_sub(1)
    }
}

impl Waiting {
    /// Whether the command went out protected and in extended form.
    pub(super) const fn is_long_and_protected(&self) -> bool {
        matches!((&self.sent, self.form), (Sent::Protected(_), LengthForm::Extended))
    }

    /// Whether what is on the wire, or its answer, is longer than short commands are.
    pub(super) fn is_long(&self) -> bool {
        self.form == LengthForm::Extended || self.collected.len() > 256
    }

    /// Takes what the card said.
    pub(super) fn hear(mut self, response: &[u8]) -> Result<Heard, ChipError> {
        let ResponseApdu { data, status } = parse_response(response)?;
        if status.class() == MORE {
            self.collected.extend_from_slice(&data);
            if self.collected.len() > MOST {
                return Err(ChipError::CardMisbehaved(Rule::TooMuchData));
            }
            let rest = CommandApdu::new(0x00, GET_RESPONSE, 0, 0).expecting(length_of(status)).encode()?;
            return Ok(Heard::Again(self, rest));
        }
        if status.class() == OTHER_LENGTH && data.is_empty() && !self.corrected && self.collected.is_empty() {
            self.corrected = true;
            let said = CommandApdu::parse(&self.wire)?;
            let form = if self.form == LengthForm::Extended && said.data.len() > 255 {
                LengthForm::Extended
            } else {
                LengthForm::Short
            };
            let again = CommandApdu { le: Some(length_of(status)), ..said }.encode_as(form)?;
            return Ok(Heard::Again(self, again));
        }
        let Self { sent, extended, max_command, unproven, form, left, wire: _, corrected: _, mut collected } =
            self;
        collected.extend_from_slice(&data);
        let whole = ResponseApdu { data: collected, status };
        let (session, answer) = match sent {
            Sent::Plain => (None, whole),
            Sent::Protected(waiting) => {
                let (session, answer) = waiting.open(&whole.encode()).map_err(|error| match error {
                    // Keys that only the owner of the chip's key can have, and this chip has others.
                    ChipError::CardMisbehaved(Rule::WrongMac | Rule::PlainAnswer)
                    | ChipError::SessionEnded(_)
                        if unproven =>
                    {
                        ChipError::NotGenuine
                    }
                    other => other,
                })?;
                (Some(session), answer)
            }
        };
        let conversation = Conversation { session, extended, max_command, unproven: false };
        if !left.is_empty() && answer.status.is_ok() {
            let (waiting, wire) = conversation.send(form, left)?;
            return Ok(Heard::Again(waiting, wire));
        }
        Ok(Heard::Answer(conversation, answer))
    }
}

/// SW2 of 61xx and 6Cxx: zero stands for 256.
fn length_of(status: StatusWord) -> u32 {
    match status.detail() {
        0 => 256,
        length => u32::from(length),
    }
}

const CHAINED: u8 = 0x10;
/// CLA, INS, P1 and P2.
const HEADER: usize = 4;
const GET_RESPONSE: u8 = 0xC0;
/// 61xx: so many bytes are still available.
const MORE: u8 = 0x61;
/// 6Cxx: so many bytes would have been right.
const OTHER_LENGTH: u8 = 0x6C;
/// What a response can hold at all.
const MOST: usize = 65_536;

#[cfg(test)]
#[path = "conversation_tests.rs"]
mod tests;
