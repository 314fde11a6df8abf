//! One reading of one card, from the door to the photo, without I/O: the caller carries commands to the card and
//! responses back. Dropping the machine at any moment cancels the reading.

use std::collections::{BTreeMap, VecDeque};

use super::{
    access::{
        Access, AccessStep, CardAccess, Entropy,
        discovery::{Discovery, DiscoveryStep},
    },
    chunks::Chunks,
    error::{ChipError, Misuse, Rule, parse_response},
    file_read::{FileId, FileRead, Outcome, is_about_length},
    group_list::listed_groups,
    secure_messaging::{AwaitingAnswer, SecureMessaging},
};
use crate::{
    apdu::{CommandApdu, LengthForm, ResponseApdu},
    platform::LinkLimits,
};

/// What to read and how.
#[derive(Debug)]
pub struct ReadPlan {
    /// What opens the chip.
    pub access: CardAccess,
    /// RND.IFD for active authentication; without it, or without EF.DG15, the chip is not asked to sign.
    pub challenge: Option<[u8; 8]>,
    /// What the link can carry.
    pub limits: LinkLimits,
    /// Fresh random bytes.
    pub entropy: Entropy,
}

/// What the reading wants next.
#[derive(Debug)]
pub enum Step {
    /// Send this command and bring the response.
    Transmit(Vec<u8>),
    /// All was read.
    Done(Box<ChipData>),
}

/// How far the reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The file under way; EF.CardAccess until the door is open.
    pub file: FileId,
    /// Bytes of it read so far.
    pub read: usize,
    /// Its length in bytes; zero until it is known.
    pub total: usize,
}

/// The chip's files as read, nothing of them verified.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ChipData {
    /// EF.CardAccess; empty when the card has none.
    pub card_access: Vec<u8>,
    /// EF.SOD.
    pub sod: Vec<u8>,
    /// The data groups present among 1, 2, 11, 12, 14 and 15, by number.
    pub groups: BTreeMap<u8, Vec<u8>>,
    /// The answer to INTERNAL AUTHENTICATE over the challenge; `None` when the chip was not asked or refused. Whoever
    /// needs the proof that the chip is no copy must insist on it.
    pub active_auth: Option<Vec<u8>>,
    /// Commands sent.
    pub apdus: u32,
}

impl core::fmt::Debug for ChipData {
    /// The content is the person; only its shape is shown.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ChipData")
            .field("groups", &self.groups.keys())
            .field("active_auth", &self.active_auth.is_some())
            .field("apdus", &self.apdus)
            .finish_non_exhaustive()
    }
}

/// A reading under way. Each response consumes it, so nothing goes on after a failure.
#[derive(Debug)]
pub struct Reading {
    plan: ReadPlan,
    chunks: Chunks,
    data: ChipData,
    tasks: VecDeque<Task>,
    progress: Progress,
    state: State,
}

/// What is left to do once the door is open.
#[derive(Debug)]
enum Task {
    Read(FileRead),
    Sign([u8; 8]),
}

#[derive(Debug)]
enum State {
    Discovery(Discovery),
    Access(Access),
    Application(AwaitingAnswer),
    File(AwaitingAnswer, FileRead),
    Signature(AwaitingAnswer, [u8; 8], LengthForm),
    Finished,
}

impl Reading {
    /// Begins on a card just met.
    ///
    /// # Errors
    /// [`Misuse::LinkTooNarrow`] when the link carries less than short commands and responses need.
    pub fn begin(plan: ReadPlan) -> Result<(Self, Step), ChipError> {
        let narrow = ChipError::Misuse(Misuse::LinkTooNarrow);
        if plan.limits.max_command < MIN_COMMAND {
            return Err(narrow);
        }
        let chunks = Chunks::for_link(plan.limits.max_response, plan.limits.extended).ok_or(narrow)?;
        let (discovery, command) = Discovery::begin();
        let reading = Self {
            plan,
            chunks,
            data: ChipData::default(),
            tasks: VecDeque::from([Task::Read(FileRead::begin(FileId::SecurityObject))]),
            progress: Progress { file: FileId::CardAccess, read: 0, total: 0 },
            state: State::Discovery(discovery),
        };
        reading.transmit(command.encode()?)
    }

    /// Takes the response to the last command, status word included.
    ///
    /// # Errors
    /// [`ChipError::WrongCan`], [`ChipError::Blocked`], [`ChipError::Suspended`] when the password does not open the
    /// chip; [`ChipError::Unsupported`] when nothing could; [`ChipError::Malformed`], [`ChipError::CardMisbehaved`] and
    /// [`ChipError::CardRefused`] for all that a card can do wrong. The reading is over then.
    pub fn handle(self, response: &[u8]) -> Result<(Self, Step), ChipError> {
        let Self { plan, chunks, data, tasks, progress, state } = self;
        let idle = Idle { plan, chunks, data, tasks, progress };
        match state {
            State::Discovery(discovery) => idle.discovered(discovery.handle(response)?),
            State::Access(access) => idle.accessed(access.handle(response)?),
            State::Application(waiting) => {
                let (session, response) = waiting.open(response)?;
                if !response.status.is_ok() {
                    return Err(ChipError::CardRefused(response.status));
                }
                idle.next_task(session)
            }
            State::File(waiting, file) => idle.file_answered(waiting, file, response),
            State::Signature(waiting, challenge, form) => {
                let (session, response) = waiting.open(response)?;
                idle.signed(session, challenge, form, response)
            }
            State::Finished => Err(ChipError::Misuse(Misuse::Finished)),
        }
    }

    /// How far it has come.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        self.progress
    }

    /// Commands sent so far, the one under way included.
    #[must_use]
    pub const fn apdus(&self) -> u32 {
        self.data.apdus
    }

    fn transmit(mut self, command: Vec<u8>) -> Result<(Self, Step), ChipError> {
        if self.data.apdus >= MAX_COMMANDS {
            return Err(ChipError::CardMisbehaved(Rule::TooManyCommands));
        }
        self.data.apdus = self.data.apdus.saturating_add(1);
        Ok((self, Step::Transmit(command)))
    }
}

/// The reading between a response and the next command.
struct Idle {
    plan: ReadPlan,
    chunks: Chunks,
    data: ChipData,
    tasks: VecDeque<Task>,
    progress: Progress,
}

impl Idle {
    fn then(self, state: State, command: Vec<u8>) -> Result<(Reading, Step), ChipError> {
        self.with(state).transmit(command)
    }

    fn with(self, state: State) -> Reading {
        let Self { plan, chunks, data, tasks, progress } = self;
        Reading { plan, chunks, data, tasks, progress, state }
    }

    fn discovered(mut self, step: DiscoveryStep) -> Result<(Reading, Step), ChipError> {
        let file = match step {
            DiscoveryStep::Transmit(discovery, command) => {
                return self.then(State::Discovery(discovery), command.encode()?);
            }
            DiscoveryStep::Found(file) => file,
        };
        let (access, command) = Access::begin(file.as_deref(), &self.plan.access, &mut self.plan.entropy)?;
        self.data.card_access = file.unwrap_or_default();
        let length = self.data.card_access.len();
        if matches!(self.progress.file, FileId::CardAccess) {
            self.progress = Progress { file: FileId::CardAccess, read: length, total: length };
        }
        self.then(State::Access(access), command.encode()?)
    }

    fn accessed(self, step: AccessStep) -> Result<(Reading, Step), ChipError> {
        match step {
            AccessStep::Transmit(access, command) => self.then(State::Access(access), command.encode()?),
            AccessStep::Open(session) => {
                let select = CommandApdu::new(0x00, 0xA4, 0x04, 0x0C).with_data(APPLICATION.to_vec());
                let (waiting, command) = session.protect(&select, LengthForm::Short)?;
                self.then(State::Application(waiting), command)
            }
        }
    }

    fn next_task(mut self, session: SecureMessaging) -> Result<(Reading, Step), ChipError> {
        loop {
            match self.tasks.pop_front() {
                Some(Task::Read(file)) => return self.ask(session, file),
                Some(Task::Sign(challenge)) if self.data.groups.contains_key(&15) => {
                    let form = Chunks::form(self.chunks.longest());
                    return self.sign(session, challenge, form);
                }
                Some(Task::Sign(_)) => {}
                None => {
                    let data = core::mem::take(&mut self.data);
                    self.data.apdus = data.apdus;
                    return Ok((self.with(State::Finished), Step::Done(Box::new(data))));
                }
            }
        }
    }

    fn ask(mut self, session: SecureMessaging, mut file: FileRead) -> Result<(Reading, Step), ChipError> {
        let command = file.next(&self.chunks)?;
        self.progress = Progress { file: file.id, read: file.bytes.len(), total: file.total.unwrap_or(0) };
        let (waiting, command) = session.protect(&command, Chunks::form(file.asked))?;
        self.then(State::File(waiting, file), command)
    }

    fn file_answered(
        mut self,
        waiting: AwaitingAnswer,
        mut file: FileRead,
        response: &[u8],
    ) -> Result<(Reading, Step), ChipError> {
        if self.drops_long_commands(&file, response) {
            // The card ended the session before its protection was looked at. Open the door again and go on with shorter
            // commands where this file stopped.
            self.chunks.give_up_long_commands();
            self.tasks.push_front(Task::Read(file.reopen()));
            let (discovery, command) = Discovery::begin_again();
            return self.then(State::Discovery(discovery), command.encode()?);
        }
        let (session, response) = waiting.open(response)?;
        match file.absorb(&response, &mut self.chunks)? {
            Outcome::More => self.ask(session, file),
            Outcome::Complete => {
                self.progress = Progress { file: file.id, read: file.bytes.len(), total: file.bytes.len() };
                self.keep(file);
                self.next_task(session)
            }
            Outcome::Missing(status) => match file.id {
                FileId::CardAccess | FileId::SecurityObject | FileId::Group(1 | 2) => {
                    Err(ChipError::CardRefused(status))
                }
                FileId::Group(_) => self.next_task(session),
            },
        }
    }

    /// Whether a bare refusal answers a long command. Once: the second time there is no randomness left.
    fn drops_long_commands(&self, file: &FileRead, response: &[u8]) -> bool {
        let refused = parse_response(response)
            .is_ok_and(|response| response.data.is_empty() && is_about_length(response.status));
        refused && Chunks::form(file.asked) == LengthForm::Extended && self.plan.entropy.suffices()
    }

    fn keep(&mut self, file: FileRead) {
        match file.id {
            FileId::SecurityObject => {
                let listed = listed_groups(&file.bytes);
                let wanted = |number: &u8| listed.as_ref().is_none_or(|listed| listed.contains(number));
                let read = |number: u8| Task::Read(FileRead::begin(FileId::Group(number)));
                // What decides over trust comes first, the slow photo last.
                self.tasks.extend([15, 14, 1, 11, 12].into_iter().filter(wanted).map(read));
                self.tasks.extend(self.plan.challenge.map(Task::Sign));
                self.tasks.push_back(read(2));
                self.data.sod = file.bytes;
            }
            FileId::Group(number) => {
                self.data.groups.insert(number, file.bytes);
            }
            // Read before the door is open, by the discovery.
            FileId::CardAccess => {}
        }
    }

    /// INTERNAL AUTHENTICATE. ICAO Doc 9303-11, 6.1.3.
    fn sign(
        self,
        session: SecureMessaging,
        challenge: [u8; 8],
        form: LengthForm,
    ) -> Result<(Reading, Step), ChipError> {
        let length = match form {
            LengthForm::Short => 256,
            LengthForm::Extended => self.chunks.longest(),
        };
        let command = CommandApdu::new(0x00, 0x88, 0, 0).with_data(challenge.to_vec()).expecting(length);
        let (waiting, command) = session.protect(&command, form)?;
        self.then(State::Signature(waiting, challenge, form), command)
    }

    fn signed(
        mut self,
        session: SecureMessaging,
        challenge: [u8; 8],
        form: LengthForm,
        response: ResponseApdu,
    ) -> Result<(Reading, Step), ChipError> {
        if response.status.is_ok() && !response.data.is_empty() {
            self.data.active_auth = Some(response.data);
        } else if form == LengthForm::Extended && is_about_length(response.status) {
            return self.sign(session, challenge, LengthForm::Short);
        }
        self.next_task(session)
    }
}

/// The eMRTD application. ICAO Doc 9303-10, 3.4.
const APPLICATION: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];
/// The longest short command of a reading: a P-384 point in its objects.
const MIN_COMMAND: u32 = 128;
/// A file of 64 KiB in the shortest chunks is 512.
const MAX_COMMANDS: u32 = 1024;

#[cfg(test)]
mod tests;
