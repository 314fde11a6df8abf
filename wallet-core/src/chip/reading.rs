//! One reading of one card, from the door to the photo, without I/O: the caller carries commands to the card and
//! responses back. Dropping the machine at any moment cancels the reading; a card that left the field pauses it.

mod paused;
mod progress;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

pub use paused::Paused;
pub use progress::Progress;

use super::{
    access::{
        Access, AccessStep, AccessUsed, CardAccess, Entropy, MappingProof, Opened,
        discovery::{Discovery, DiscoveryStep},
        offers_mapping_by_key,
    },
    active_auth,
    atr_info::{self, announced},
    chip_auth::{ChipAuth, ChipAuthStep, ChipAuthentication, ChipKey},
    chunks::Chunks,
    conversation::{Conversation, Heard, Waiting},
    error::{ChipError, Misuse, Rule, parse_response, refused_element},
    file_read::{FileId, FileRead, Outcome, is_about_length},
    file_set::FileSet,
    group_list::listed_groups,
    models::{Habits, KnownModels, ModelId},
    relay::Carrier,
    security_infos::{SecurityInfos, parse_dg15},
};
use crate::{
    apdu::{CommandApdu, LengthForm, ResponseApdu, StatusWord},
    crypto::agreement::{Element, PrivateKey},
    platform::LinkLimits,
};

/// What to read and how.
#[derive(Debug)]
pub struct ReadPlan {
    /// What opens the chip.
    pub access: CardAccess,
    /// What of the chip's files to read; no other is asked for. Of these, only those are read that EF.SOD lists. Without data
    /// group 15 or 14 the chip cannot prove itself by the key in it. Behind basic access data group 14 is always read.
    pub files: FileSet,
    /// RND.IFD for active authentication; without it, or without EF.DG15, the chip is not asked to sign.
    pub challenge: Option<[u8; 8]>,
    /// Whether a chip with a key for it is asked to agree on new session keys, which only the original can. A chip that
    /// proved itself at the door already is not asked again.
    pub chip_authentication: bool,
    /// Whether a server is to hear the chip itself. The chip is then not asked on this side.
    pub relay: Relay,
    /// What the link can carry.
    pub limits: LinkLimits,
    /// What was learned about models of cards; see [`Reading::learned`].
    pub models: KnownModels,
    /// Fresh random bytes.
    pub entropy: Entropy,
}

/// Whether the reading ends by chip authentication with a key that a server holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relay {
    /// It does not.
    Never,
    /// It does where the chip has a key for chip authentication, and none for active authentication that is known here and
    /// that it signs by.
    WhereTheChipCannotSign,
    /// It does where the chip has a key for chip authentication.
    Always,
}

/// What the reading wants next.
#[derive(Debug)]
pub enum Step {
    /// Send this command and bring the response.
    Transmit(Vec<u8>),
    /// All files are read: send EF.SOD and EF.DG14 of [`Reading::so_far`] to the server and hand its public key, from
    /// [`super::relay::Examiner::public`], in by [`Reading::hand_over`]. The card waits in the field.
    AskServer,
    /// All was read.
    Done(Box<ChipData>),
}

/// The chip's files as read, nothing of them verified.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ChipData {
    /// EF.CardAccess; empty when the card has none.
    pub card_access: Vec<u8>,
    /// EF.CardSecurity, read only where the chip mapped by its own key.
    pub card_security: Option<Vec<u8>>,
    /// EF.SOD.
    pub sod: Vec<u8>,
    /// EF.COM, where it was asked for and the chip has it.
    pub common: Option<Vec<u8>>,
    /// The data groups read, by number.
    pub groups: BTreeMap<u8, Vec<u8>>,
    /// How the door was opened, last.
    pub access: Option<AccessUsed>,
    /// What the chip claimed at the door, where it mapped by its own key.
    pub mapping_proof: Option<MappingProof>,
    /// How chip authentication ended.
    pub chip_authentication: ChipAuthentication,
    /// The answer to INTERNAL AUTHENTICATE over the challenge; `None` when the chip was not asked or refused. Whoever
    /// needs the proof that the chip is no copy must insist on it.
    pub active_auth: Option<Vec<u8>>,
    /// How the chip refused INTERNAL AUTHENTICATE, where it did.
    pub active_auth_refused: Option<StatusWord>,
    /// Data groups that were asked for and not given. Where EF.SOD lists one of them, the chip hides what its issuer put
    /// there.
    pub refused: BTreeSet<u8>,
    /// The way to the chip for the server whose key was handed in; the chip hears nobody else any more.
    pub relay: Option<Carrier>,
    /// Commands sent.
    pub apdus: u32,
}

impl core::fmt::Debug for ChipData {
    /// The content is the person; only its shape is shown.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ChipData")
            .field("groups", &self.groups.keys())
            .field("access", &self.access)
            .field("chip_authentication", &self.chip_authentication)
            .field("active_auth", &self.active_auth.is_some())
            .field("apdus", &self.apdus)
            .finish_non_exhaustive()
    }
}

/// A reading under way. Each response consumes it, so nothing goes on after a failure.
#[derive(Debug)]
pub struct Reading {
    idle: Idle,
    state: State,
    /// The command on the air; none once all is read.
    waiting: Option<Waiting>,
}

/// What is left to do once the door is open.
#[derive(Debug, Clone)]
enum Task {
    /// See that it is the card of before: its EF.SOD begins as the one that was read.
    Recognise(FileRead),
    SelectApplication,
    Read(FileRead),
    Sign([u8; 8]),
    ProveChip,
    AskServer,
}

#[derive(Debug)]
enum State {
    Discovery(Discovery),
    /// EF.ATR/INFO, once EF.CardAccess was looked for.
    Lengths(Option<Vec<u8>>),
    Access(Access),
    Recognising(FileRead),
    Application,
    File(FileRead),
    Signature([u8; 8], LengthForm),
    /// The private key is here, or with a server.
    ChipAuth(ChipAuth, Option<PrivateKey>),
    /// The server's key is to come, for the chip's.
    Server(Conversation, ChipKey),
    Finished,
}

impl Reading {
    /// Begins on a card just met.
    ///
    /// # Errors
    /// [`Misuse::LinkTooNarrow`] when the link carries less than short commands and responses need.
    pub fn begin(plan: ReadPlan) -> Result<(Self, Step), ChipError> {
        let chunks = chunks_for(&plan.limits)?;
        let ReadPlan { access, files, challenge, chip_authentication, relay, limits, models, entropy } = plan;
        let idle = Idle {
            password: Arc::new(access),
            plan: Plan { files, challenge, chip_authentication, relay, limits, models },
            entropy,
            chunks,
            data: ChipData::default(),
            tasks: VecDeque::from([Task::Read(FileRead::begin(FileId::SecurityObject))]),
            progress: Progress { file: FileId::CardAccess, read: 0, total: 0, card_read: 0, card_total: 0 },
            proof_pending: false,
            model: None,
        };
        idle.knock(Discovery::begin())
    }

    /// Takes the response to the last command, status word included.
    ///
    /// # Errors
    /// [`ChipError::WrongPassword`], [`ChipError::Blocked`], [`ChipError::Suspended`] when the password does not open the
    /// chip; [`ChipError::Unsupported`] and [`ChipError::PaceRefused`] when nothing could; [`ChipError::NotGenuine`] and
    /// [`ChipError::AnotherCard`]; [`ChipError::Malformed`], [`ChipError::CardMisbehaved`], [`ChipError::SessionEnded`] and
    /// [`ChipError::CardRefused`] for all that a card can do wrong. The reading is over then.
    pub fn handle(self, response: &[u8]) -> Result<(Self, Step), ChipError> {
        let Self { mut idle, state, waiting } = self;
        let waiting = waiting.ok_or(ChipError::Misuse(Misuse::Finished))?;
        if let State::File(file) = state {
            if idle.drops_long_commands(&waiting, response) {
                // The card ended the session before its protection was looked at. Open the door again and go on with
                // shorter commands where this file stopped.
                idle.chunks.give_up_long_commands();
                idle.tasks.push_front(Task::Read(file.reopen()));
                return idle.open_again(Discovery::begin_again());
            }
            if idle.ends_at_a_guarded_file(&file, response) {
                return Ok(idle.done());
            }
            return match waiting.hear(response)? {
                Heard::Again(waiting, bytes) => idle.transmit(State::File(file), waiting, bytes),
                Heard::Answer(conversation, response) => {
                    idle.proven();
                    idle.file_answered(conversation, file, &response)
                }
            };
        }
        match waiting.hear(response)? {
            Heard::Again(waiting, bytes) => idle.transmit(state, waiting, bytes),
            Heard::Answer(conversation, response) => {
                idle.proven();
                idle.answered(conversation, state, response)
            }
        }
    }

    /// Takes the public key that [`Step::AskServer`] asked for, and hands it to the chip.
    ///
    /// # Errors
    /// [`Misuse::NobodyAsked`]; [`ChipError::Misuse`] for a key longer than a command.
    pub fn hand_over(self, public: Vec<u8>) -> Result<(Self, Step), ChipError> {
        let Self { idle, state: State::Server(conversation, key), waiting: _ } = self else {
            return Err(ChipError::Misuse(Misuse::NobodyAsked));
        };
        let (exchange, command) = ChipAuth::begin(key, public);
        idle.ask(conversation, State::ChipAuth(exchange, None), &command)
    }

    /// The model of the card and what it takes, as far as the reading has come: for [`KnownModels::learn`], after each answer, so
    /// that what ended a reading is known too.
    #[must_use]
    pub fn learned(&self) -> Option<(ModelId, Habits)> {
        self.idle.model.map(|model| (model, self.idle.chunks.habits()))
    }

    /// The link did not carry the last command or its answer, whatever it had said of its limits: the door is opened anew, and
    /// reading goes on by short commands.
    ///
    /// # Errors
    /// [`Misuse::LinkTooNarrow`] when the command was a short one.
    pub fn too_long(self) -> Result<(Self, Step), ChipError> {
        let long = self.waiting.as_ref().is_some_and(Waiting::is_long);
        let mut idle = self.pause().0;
        if !long || !idle.entropy.suffices() {
            return Err(ChipError::Misuse(Misuse::LinkTooNarrow));
        }
        idle.plan.limits.extended = false;
        idle.chunks.keep_to_short_commands();
        idle.open_again(Discovery::begin_again())
    }

    /// What was read so far, nothing of it verified; empty once it was given away by [`Step::Done`].
    #[must_use]
    pub const fn so_far(&self) -> &ChipData {
        &self.idle.data
    }

    /// How far it has come.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        self.idle.progress
    }

    /// Commands sent so far, the one under way included.
    #[must_use]
    pub const fn apdus(&self) -> u32 {
        self.idle.data.apdus
    }
}

/// The reading between a response and the next command.
#[derive(Debug)]
struct Idle {
    password: Arc<CardAccess>,
    plan: Plan,
    entropy: Entropy,
    chunks: Chunks,
    data: ChipData,
    tasks: VecDeque<Task>,
    progress: Progress,
    /// The next protected answer proves the chip's key.
    proof_pending: bool,
    /// The card's, once EF.CardAccess was found.
    model: Option<ModelId>,
}

/// What stays of a [`ReadPlan`] from one tap to the next, beside the password.
#[derive(Debug, Clone)]
struct Plan {
    files: FileSet,
    challenge: Option<[u8; 8]>,
    chip_authentication: bool,
    relay: Relay,
    limits: LinkLimits,
    models: KnownModels,
}

impl Idle {
    fn transmit(
        mut self,
        state: State,
        waiting: Waiting,
        bytes: Vec<u8>,
    ) -> Result<(Reading, Step), ChipError> {
        if self.data.apdus >= MAX_COMMANDS {
            return Err(ChipError::CardMisbehaved(Rule::TooManyCommands));
        }
        self.data.apdus = self.data.apdus.saturating_add(1);
        Ok((Reading { idle: self, state, waiting: Some(waiting) }, Step::Transmit(bytes)))
    }

    fn ask(
        self,
        conversation: Conversation,
        state: State,
        command: &CommandApdu,
    ) -> Result<(Reading, Step), ChipError> {
        let (waiting, bytes) = conversation.ask(command)?;
        self.transmit(state, waiting, bytes)
    }

    fn ask_as(
        self,
        conversation: Conversation,
        state: State,
        command: &CommandApdu,
        form: LengthForm,
    ) -> Result<(Reading, Step), ChipError> {
        let (waiting, bytes) = conversation.ask_as(command, form)?;
        self.transmit(state, waiting, bytes)
    }

    /// Before the door, with a card that has no session.
    fn knock(self, (discovery, command): (Discovery, CommandApdu)) -> Result<(Reading, Step), ChipError> {
        let LinkLimits { max_command, extended, .. } = self.plan.limits;
        let most = usize::try_from(max_command).unwrap_or(usize::MAX);
        let conversation = Conversation::plain(extended, most);
        self.ask(conversation, State::Discovery(discovery), &command)
    }

    /// The same card, or so it says, after its session ended. What is under way stands in front of the tasks.
    fn open_again(mut self, discovery: (Discovery, CommandApdu)) -> Result<(Reading, Step), ChipError> {
        // The chip had not proven its key: it is asked again before anything else is.
        if core::mem::take(&mut self.proof_pending) {
            self.tasks.push_front(Task::ProveChip);
        }
        if !self.data.sod.is_empty() {
            self.tasks.push_front(Task::Recognise(FileRead::begin(FileId::SecurityObject)));
        }
        self.knock(discovery)
    }

    fn answered(
        mut self,
        conversation: Conversation,
        state: State,
        response: ResponseApdu,
    ) -> Result<(Reading, Step), ChipError> {
        match state {
            State::Discovery(discovery) => self.discovered(conversation, discovery.handle(&response)?),
            State::Lengths(file) => {
                if let Some(announced) = announced(&response) {
                    self.chunks.announce(announced);
                }
                self.choose_access(conversation, file)
            }
            State::Access(access) => self.at_the_door(conversation, access, &response),
            State::Application if response.status.is_ok() => self.next_task(conversation),
            State::Application => Err(ChipError::CardRefused(response.status)),
            State::Recognising(file) => self.recognised(conversation, file, &response),
            State::File(file) => self.file_answered(conversation, file, &response),
            State::Signature(challenge, form) => self.signed(conversation, challenge, form, response),
            State::ChipAuth(exchange, ours) => self.chip_answered(conversation, exchange, ours, &response),
            State::Server(..) | State::Finished => Err(ChipError::Misuse(Misuse::Finished)),
        }
    }

    fn discovered(
        mut self,
        conversation: Conversation,
        step: DiscoveryStep,
    ) -> Result<(Reading, Step), ChipError> {
        let file = match step {
            DiscoveryStep::Transmit(discovery, command) => {
                return self.ask(conversation, State::Discovery(discovery), &command);
            }
            DiscoveryStep::Found(file) => file,
        };
        if self.data.access.is_some() && self.data.card_access != file.as_deref().unwrap_or_default() {
            return Err(ChipError::AnotherCard);
        }
        let first_time = self.model.is_none() && self.data.access.is_none();
        self.model = file.as_deref().and_then(ModelId::of);
        let known = self.model.and_then(|model| self.plan.models.habits(model));
        if let Some(habits) = known {
            self.chunks.adopt(&habits);
        }
        // One command more for a card of no model met before, where there is something to gain.
        if first_time && known.is_none() && self.plan.limits.extended {
            return self.ask(conversation, State::Lengths(file), &atr_info::ask());
        }
        self.choose_access(conversation, file)
    }

    fn choose_access(
        mut self,
        conversation: Conversation,
        file: Option<Vec<u8>>,
    ) -> Result<(Reading, Step), ChipError> {
        let conversation =
            if self.chunks.extended() { conversation } else { conversation.by_short_commands() };
        let (access, command) = Access::begin(file.as_deref(), &self.password, &mut self.entropy)?;
        self.data.card_access = file.unwrap_or_default();
        let length = self.data.card_access.len();
        if matches!(self.progress.file, FileId::CardAccess) {
            self.note(FileId::CardAccess, length, length, None);
        }
        self.ask(conversation, State::Access(access), &command)
    }

    fn at_the_door(
        mut self,
        conversation: Conversation,
        access: Access,
        response: &ResponseApdu,
    ) -> Result<(Reading, Step), ChipError> {
        match access.handle(response, &self.password, &mut self.entropy)? {
            AccessStep::Transmit(access, command) => self.ask(conversation, State::Access(access), &command),
            AccessStep::Within(session, access, command) => {
                self.ask(conversation.within(*session), State::Access(access), &command)
            }
            AccessStep::Open(Opened { session, used, in_application, mapping_proof }) => {
                self.chunks.protected_by(session.cipher());
                self.data.access = Some(used);
                if mapping_proof.is_none() && self.data.mapping_proof.is_some() {
                    self.forget_mapping();
                }
                if !in_application {
                    self.tasks.push_front(Task::SelectApplication);
                }
                // Before EF.SOD nothing says whose file it is.
                if self.data.sod.is_empty() {
                    self.data.card_security = None;
                }
                self.data.mapping_proof = mapping_proof;
                // Also where the chip did not map by its key: the file may be the only one that has it.
                if self.data.card_security.is_none() && offers_mapping_by_key(&self.data.card_access) {
                    // It is a file of the card, not of the application.
                    self.tasks.push_front(Task::Read(FileRead::begin(FileId::CardSecurity)));
                }
                self.next_task(conversation.within(session))
            }
        }
    }

    fn next_task(mut self, conversation: Conversation) -> Result<(Reading, Step), ChipError> {
        loop {
            match self.tasks.pop_front() {
                Some(Task::SelectApplication) => {
                    return self.ask(conversation, State::Application, &select_application());
                }
                Some(Task::Recognise(file)) => return self.recognise(conversation, file),
                Some(Task::Read(file)) => return self.read_on(conversation, file),
                Some(Task::Sign(challenge)) if self.data.groups.contains_key(&15) => {
                    let form = Chunks::form(self.chunks.longest());
                    return self.sign(conversation, challenge, form);
                }
                Some(Task::Sign(_)) => {}
                Some(Task::ProveChip) if self.relays() => {}
                Some(Task::ProveChip) => {
                    let Some(key) = self.chip_key()? else { continue };
                    let ours = self.entropy.next_key(key.group())?;
                    let public = ours.multiply(&Element::generator(key.group())).map_err(refused_element)?;
                    let (exchange, command) = ChipAuth::begin(key, public.on_wire().to_vec());
                    return self.ask(conversation, State::ChipAuth(exchange, Some(ours)), &command);
                }
                Some(Task::AskServer) if !self.relays() => {}
                Some(Task::AskServer) => {
                    let Some(key) = self.chip_key()? else { continue };
                    let state = State::Server(conversation, key);
                    return Ok((Reading { idle: self, state, waiting: None }, Step::AskServer));
                }
                // The chip has still to answer under the keys it agreed on.
                None if self.proof_pending => {
                    return self.recognise(conversation, FileRead::begin(FileId::SecurityObject));
                }
                None => return Ok(self.done()),
            }
        }
    }

    fn done(mut self) -> (Reading, Step) {
        let data = core::mem::take(&mut self.data);
        self.data.apdus = data.apdus;
        (Reading { idle: self, state: State::Finished, waiting: None }, Step::Done(Box::new(data)))
    }

    /// The door was opened again, and not by the chip's own key this time: what that key proved went with its session.
    fn forget_mapping(&mut self) {
        self.data.card_security = None;
        if !self.plan.chip_authentication || self.data.sod.is_empty() {
            return;
        }
        let is_photo = |task: &Task| matches!(task, Task::Read(file) if file.id == FileId::Group(2));
        let photo = self.tasks.iter().position(is_photo).unwrap_or(self.tasks.len());
        // Another genuine card is no copy: whose it is comes first.
        let recognised = usize::from(matches!(self.tasks.front(), Some(Task::Recognise(_))));
        let at = if self.data.groups.contains_key(&14) { recognised } else { photo };
        self.tasks.insert(at, Task::ProveChip);
    }

    /// Whether the chip is left to a server.
    fn relays(&self) -> bool {
        match self.plan.relay {
            Relay::Never => false,
            Relay::WhereTheChipCannotSign => {
                let key = self.data.groups.get(&15).map(|file| parse_dg15(file));
                !matches!(key, Some(Ok(_))) || self.data.active_auth_refused.is_some()
            }
            Relay::Always => true,
        }
    }

    /// The key to be proven: of EF.DG14, else of EF.CardSecurity, which no server looks at. None where there is none, or none
    /// of a kind known here.
    fn chip_key(&self) -> Result<Option<ChipKey>, ChipError> {
        let infos = self.data.groups.get(&14).and_then(|file| SecurityInfos::parse_dg14(file).ok());
        let apart = || self.data.card_security.as_deref().and_then(SecurityInfos::of_card_security);
        let has_key = |infos: &SecurityInfos| !infos.chip_keys.is_empty();
        let infos = if self.relays() { infos } else { infos.filter(has_key).or_else(apart) };
        match infos.as_ref().map(ChipKey::choose) {
            None | Some(Err(ChipError::Unsupported(_))) => Ok(None),
            Some(chosen) => chosen,
        }
    }

    /// The chip answered under keys that its own key led to.
    const fn proven(&mut self) {
        if self.proof_pending {
            self.proof_pending = false;
            self.data.chip_authentication = ChipAuthentication::Proven;
        }
    }

    fn chip_answered(
        mut self,
        conversation: Conversation,
        exchange: ChipAuth,
        ours: Option<PrivateKey>,
        response: &ResponseApdu,
    ) -> Result<(Reading, Step), ChipError> {
        match (exchange.handle(response)?, ours) {
            (ChipAuthStep::Transmit(exchange, command), ours) => {
                self.ask(conversation, State::ChipAuth(exchange, ours), &command)
            }
            (ChipAuthStep::Agreed(key), Some(ours)) => {
                self.proof_pending = true;
                self.next_task(conversation.proving(key.session(&ours)?))
            }
            // Only the server can speak to the chip now.
            (ChipAuthStep::Agreed(_), None) => {
                self.data.relay = Some(Carrier::new());
                Ok(self.done())
            }
            (ChipAuthStep::Refused(status), _) => {
                self.data.chip_authentication = ChipAuthentication::Refused(status);
                self.next_task(conversation)
            }
        }
    }

    fn read_on(
        mut self,
        conversation: Conversation,
        mut file: FileRead,
    ) -> Result<(Reading, Step), ChipError> {
        let command = file.next(&self.chunks)?;
        self.note(file.id, file.bytes.len(), file.total.unwrap_or(0), Some(&file));
        let form = Chunks::form(file.asked);
        self.ask_as(conversation, State::File(file), &command, form)
    }

    fn file_answered(
        mut self,
        conversation: Conversation,
        mut file: FileRead,
        response: &ResponseApdu,
    ) -> Result<(Reading, Step), ChipError> {
        match file.absorb(response, &mut self.chunks)? {
            Outcome::More => self.read_on(conversation, file),
            Outcome::Complete => {
                let (id, length) = (file.id, file.bytes.len());
                self.keep(file);
                self.note(id, length, length, None);
                self.next_task(conversation)
            }
            Outcome::Missing(status) => match file.id {
                FileId::CardAccess | FileId::SecurityObject | FileId::Group(1 | 2) => {
                    Err(ChipError::CardRefused(status))
                }
                FileId::CardSecurity | FileId::Common => self.next_task(conversation),
                // Fingerprints and irises are for inspection systems alone: 6982. ICAO Doc 9303-11, 7.1.
                FileId::Group(number) => {
                    self.data.refused.insert(number);
                    self.next_task(conversation)
                }
            },
        }
    }

    fn recognise(self, conversation: Conversation, mut file: FileRead) -> Result<(Reading, Step), ChipError> {
        let command = file.next(&self.chunks)?;
        let form = Chunks::form(file.asked);
        self.ask_as(conversation, State::Recognising(file), &command, form)
    }

    fn recognised(
        mut self,
        conversation: Conversation,
        mut file: FileRead,
        response: &ResponseApdu,
    ) -> Result<(Reading, Step), ChipError> {
        match file.absorb(response, &mut self.chunks) {
            Ok(Outcome::More | Outcome::Complete) if !self.data.sod.starts_with(&file.bytes) => {
                Err(ChipError::AnotherCard)
            }
            Ok(Outcome::More) if file.bytes.len() < TELLING => self.recognise(conversation, file),
            Ok(Outcome::More | Outcome::Complete) => self.next_task(conversation),
            Ok(Outcome::Missing(_)) | Err(ChipError::Malformed(_)) => Err(ChipError::AnotherCard),
            Err(error) => Err(error),
        }
    }

    /// Whether a bare refusal answers a long command. As often as there is randomness left to open the door.
    fn drops_long_commands(&self, waiting: &Waiting, response: &[u8]) -> bool {
        let refused = parse_response(response)
            .is_ok_and(|response| response.data.is_empty() && is_about_length(response.status));
        refused && waiting.is_long_and_protected() && self.entropy.suffices()
    }

    /// Whether the card ended the session over a file that is not for everybody, and nothing else was left to do.
    fn ends_at_a_guarded_file(&self, file: &FileRead, response: &[u8]) -> bool {
        let guarded = |id: FileId| matches!(id, FileId::Group(number) if GUARDED.contains(&number));
        let refused = parse_response(response)
            .is_ok_and(|it| it.data.is_empty() && it.status == StatusWord::ACCESS_DENIED);
        let left = |task: &Task| !matches!(task, Task::Read(file) if guarded(file.id));
        refused && guarded(file.id) && !self.proof_pending && !self.tasks.iter().any(left)
    }

    fn keep(&mut self, file: FileRead) {
        match file.id {
            FileId::SecurityObject => {
                let listed = listed_groups(&file.bytes);
                let mut files = self.plan.files;
                // Whether something better was hidden at the door is told by what the issuer signed.
                if matches!(self.data.access, Some(AccessUsed::Basic | AccessUsed::BasicInsteadOfPace)) {
                    files = files.with(FileId::Group(14));
                }
                let wanted = |number: &u8| {
                    files.contains(FileId::Group(*number))
                        && listed.as_ref().is_none_or(|listed| listed.contains(number))
                };
                let read = |number: u8| Task::Read(FileRead::begin(FileId::Group(number)));
                // What decides over trust comes first, the slow photo last.
                self.tasks.extend([15, 14, 1, 11, 12, 13, 16].into_iter().filter(wanted).map(read));
                if files.contains(FileId::Common) {
                    self.tasks.push_back(Task::Read(FileRead::begin(FileId::Common)));
                }
                self.tasks.extend(self.plan.challenge.map(Task::Sign));
                if self.plan.chip_authentication && self.data.mapping_proof.is_none() {
                    self.tasks.push_back(Task::ProveChip);
                }
                self.tasks.extend([5, 6, 7, 8, 9, 10].into_iter().filter(wanted).map(read));
                if files.contains(FileId::Group(2)) {
                    self.tasks.push_back(read(2));
                }
                self.tasks.extend(GUARDED.into_iter().filter(wanted).map(read));
                // Nothing can be read afterwards.
                if self.plan.relay != Relay::Never {
                    self.tasks.push_back(Task::AskServer);
                }
                self.data.sod = file.bytes;
            }
            FileId::CardSecurity => self.data.card_security = Some(file.bytes),
            FileId::Common => self.data.common = Some(file.bytes),
            FileId::Group(number) => {
                self.data.groups.insert(number, file.bytes);
            }
            // Read before the door is open, by the discovery.
            FileId::CardAccess => {}
        }
    }

    /// Asks the chip to sign.
    fn sign(
        self,
        conversation: Conversation,
        challenge: [u8; 8],
        form: LengthForm,
    ) -> Result<(Reading, Step), ChipError> {
        let length = match form {
            LengthForm::Short => 256,
            LengthForm::Extended => self.chunks.longest(),
        };
        let command = active_auth::command(challenge, length);
        self.ask_as(conversation, State::Signature(challenge, form), &command, form)
    }

    fn signed(
        mut self,
        conversation: Conversation,
        challenge: [u8; 8],
        form: LengthForm,
        response: ResponseApdu,
    ) -> Result<(Reading, Step), ChipError> {
        if response.status.is_ok() && !response.data.is_empty() {
            self.data.active_auth = Some(response.data);
        } else if form == LengthForm::Extended && is_about_length(response.status) {
            return self.sign(conversation, challenge, LengthForm::Short);
        } else {
            self.data.active_auth_refused = Some(response.status);
        }
        self.next_task(conversation)
    }
}

/// SELECT of the eMRTD application. ICAO Doc 9303-10, 3.4.
pub(super) fn select_application() -> CommandApdu {
    CommandApdu::new(0x00, 0xA4, 0x04, 0x0C).with_data(APPLICATION.to_vec())
}

fn chunks_for(limits: &LinkLimits) -> Result<Chunks, ChipError> {
    let narrow = ChipError::Misuse(Misuse::LinkTooNarrow);
    if limits.max_command < MIN_COMMAND {
        return Err(narrow);
    }
    Chunks::for_link(limits.max_response, limits.extended).ok_or(narrow)
}

/// Fingerprints and irises, which are for inspection systems alone. ICAO Doc 9303-11, 7.1.
const GUARDED: [u8; 2] = [3, 4];
/// The eMRTD application. ICAO Doc 9303-10, 3.4.
const APPLICATION: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];
/// Enough for a selection and a read; what is longer goes in parts.
const MIN_COMMAND: u32 = 128;
/// Header and digests of EF.SOD stand at its beginning: so many bytes tell one document from any other.
const TELLING: usize = 200;
/// A file of 64 KiB in the shortest chunks is 512.
const MAX_COMMANDS: u32 = 1024;

#[cfg(test)]
mod choice_tests;
#[cfg(test)]
mod tests;
