//! Reading a chip card: the loop that drives [`crate::chip::Reading`] over the platform's link, then the checks.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use super::{
    CardTerms, ChipEvidence, ChipReport, Distrust, Wallet, WalletError,
    card_access::{CardAccessView, Secrets},
    code,
    evidence::{checked, count, name_of},
    inner_errors::chip_error,
    known_cards::Models,
    trusted::parse_anchors,
};
use crate::{
    chip::{
        ChipData, ChipError, Entropy, FileId, FileSet, Habits, Misuse, ModelId, Paused, ReadPlan, Reading,
        Relay, Step,
    },
    crypto::random::make_random,
    platform::{CardLink, Clock, KeyStoreError, LinkError},
    trust::Anchors,
};

/// How far a reading has come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ReadingProgress {
    /// The file under way: `EF.CardAccess`, `EF.SOD`, `DG1` …
    pub file: String,
    /// Bytes of it read.
    pub bytes_read: u32,
    /// Its length; zero until known.
    pub bytes_total: u32,
    /// Bytes read of all files that are asked for.
    pub card_bytes_read: u32,
    /// Length of all of them together, never zero: an estimate until the last file's length is known, exact from then on.
    pub card_bytes_total: u32,
    /// Commands the card has answered.
    pub apdus: u32,
}

/// The app's listener failed; the reading is cancelled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error))]
pub enum ListenerError {
    /// It did.
    #[error("the listener failed")]
    Failed,
}

#[cfg(feature = "uniffi")]
impl From<uniffi::UnexpectedUniFFICallbackError> for ListenerError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// Hears how a reading goes.
#[cfg_attr(feature = "uniffi", uniffi::export(foreign))]
pub trait ReadingListener: Send + Sync {
    /// Called after each answer of the card. `false`, or an error, cancels the reading.
    ///
    /// # Errors
    /// [`ListenerError`], which cancels.
    fn progress(&self, progress: ReadingProgress) -> Result<bool, ListenerError>;
}

/// What a reading goes by, for callers in Rust that choose more than [`CardReading::new`] lets them.
#[derive(Debug, Clone)]
pub struct ReadingTerms {
    /// Whom to trust, with what their authorities said since: links, revocation lists, and the policy about them.
    pub anchors: Anchors,
    /// Which files to read; no other is asked for.
    pub files: FileSet,
}

/// One reading of one card.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
pub struct CardReading {
    link: Arc<dyn CardLink>,
    secrets: Secrets,
    terms: Mutex<ReadingTerms>,
    clock: Arc<dyn Clock>,
    listener: Option<Arc<dyn ReadingListener>>,
    models: Models,
    /// What the card under way taught.
    learned: Mutex<Option<(ModelId, Habits)>>,
    /// What the checks came to, last.
    report: Mutex<Option<ChipReport>>,
    control: Mutex<Control>,
}

/// What [`CardReading::cancel`] meets, as one: a reading under way or about to begin, or one without its card.
#[derive(Default)]
struct Control {
    /// The reading under way, or the next one, is to end.
    cancelled: bool,
    /// What was read before the card left the field, and what for.
    paused: Option<(Purpose, Paused)>,
    /// The last reading has ended, and no other has begun.
    over: bool,
}

/// What a reading is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Purpose {
    challenge: Option<[u8; 8]>,
    relay: Relay,
}

/// How far a card was read.
pub(super) enum Driven {
    /// To the end.
    Read(Box<Reading>, Box<ChipData>),
    /// As far as the wallet may: a server is to hear the chip.
    AsksServer(Box<Asking>),
}

/// A card in the field that waits for a server.
pub(super) struct Asking {
    purpose: Purpose,
    reading: Reading,
}

impl Asking {
    /// What was read; nothing of it is verified.
    pub(super) const fn data(&self) -> &ChipData {
        self.reading.so_far()
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl CardReading {
    /// A reading without a wallet, for an app that only reads cards. `card_roots`: country signing certificates, DER.
    ///
    /// # Errors
    /// [`WalletError::WrongPassword`] for a password that is none, a mistyped line for machines among them;
    /// [`WalletError::NotTrusted`] for a root that is no certificate.
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    pub fn new(
        link: Arc<dyn CardLink>,
        access: CardAccessView,
        card_roots: Vec<Vec<u8>>,
        clock: Arc<dyn Clock>,
        listener: Option<Arc<dyn ReadingListener>>,
    ) -> Result<Arc<Self>, WalletError> {
        let anchors = parse_anchors(&card_roots, Distrust::ChipSigner)?;
        let terms = ReadingTerms { anchors, files: FileSet::WALLET };
        Self::on_terms(link, &access, terms, clock, listener)
    }

    /// Reads the card and checks what it says: passive authentication always, active authentication when `challenge` (8
    /// bytes) is given and the card has a key for it, chip authentication when the card has a key for that. May be called
    /// again after a failure. After [`WalletError::CardLost`], and when the card fell silent, a call with the same challenge
    /// goes on where the reading stopped: the door is opened anew, and the card must be the same. Where that door fails, or it
    /// is another card, what was read stays for the call after.
    ///
    /// # Errors
    /// [`WalletError::WrongPassword`], [`WalletError::CardLost`], [`WalletError::CardUnreadable`],
    /// [`WalletError::NotTrusted`], [`WalletError::UserCancelled`], [`WalletError::Unavailable`].
    pub async fn run(&self, challenge: Option<Vec<u8>>) -> Result<Arc<ChipEvidence>, WalletError> {
        let challenge = match challenge {
            Some(bytes) => Some(
                <[u8; 8]>::try_from(bytes).map_err(|_| WalletError::Unavailable { code: code::INTERNAL })?,
            ),
            None => None,
        };
        match self.begin(challenge, Relay::Never).await? {
            Driven::Read(_, data) => self.conclude(*data, challenge, None).map(Arc::new),
            Driven::AsksServer(_) => Err(WalletError::Unavailable { code: code::INTERNAL }),
        }
    }

    /// Has the readings from now on go by what the app knows beside its roots. To be called before [`Self::run`]; what was
    /// given before stays, but for the choice of files.
    ///
    /// # Errors
    /// [`WalletError::NotTrusted`] for a link that is no certificate, and for a revocation list that is none or that no trusted
    /// country signed; [`WalletError::Unavailable`] for a file that no card has.
    pub fn heed(&self, known: CardTerms) -> Result<(), WalletError> {
        let now = self.clock.now()?.unix_seconds;
        let mut terms = self.terms();
        *terms = known.added_to(&terms, now)?;
        Ok(())
    }

    /// Stops the reading between two commands: `run` fails with [`WalletError::UserCancelled`], also where the first has not
    /// begun yet or the card leaves the field at that moment. Between two runs it forgets what was read before the card left
    /// the field, and the next one begins anew.
    pub fn cancel(&self) {
        let mut control = self.control();
        control.paused = None;
        control.cancelled = !control.over;
    }

    /// Whether a card was lost amid a reading, and [`Self::run`] with the same challenge would go on with it.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.control().paused.is_some()
    }
}

impl CardReading {
    /// A reading on the caller's own terms.
    ///
    /// # Errors
    /// [`WalletError::WrongPassword`] for a password that is none.
    pub fn on_terms(
        link: Arc<dyn CardLink>,
        access: &CardAccessView,
        terms: ReadingTerms,
        clock: Arc<dyn Clock>,
        listener: Option<Arc<dyn ReadingListener>>,
    ) -> Result<Arc<Self>, WalletError> {
        Self::learning(link, access, terms, clock, listener, Models::default())
    }

    /// As [`Self::on_terms`], with what other readings learned.
    fn learning(
        link: Arc<dyn CardLink>,
        access: &CardAccessView,
        terms: ReadingTerms,
        clock: Arc<dyn Clock>,
        listener: Option<Arc<dyn ReadingListener>>,
        models: Models,
    ) -> Result<Arc<Self>, WalletError> {
        let secrets = Secrets::keep(access)?;
        Ok(Arc::new(Self {
            link,
            secrets,
            terms: Mutex::new(terms),
            clock,
            listener,
            models,
            learned: Mutex::default(),
            report: Mutex::new(None),
            control: Mutex::default(),
        }))
    }

    /// Reads the card, or reads on where the card was lost amid the same.
    pub(super) async fn begin(
        &self,
        challenge: Option<[u8; 8]>,
        relay: Relay,
    ) -> Result<Driven, WalletError> {
        self.control().over = false;
        self.keep_report(None);
        *self.learned() = None;
        match self.begin_or_resume(Purpose { challenge, relay }).await {
            // It goes on in `examine`.
            Ok(Driven::AsksServer(asking)) => Ok(Driven::AsksServer(asking)),
            ended => self.ended(ended),
        }
    }

    async fn begin_or_resume(&self, purpose: Purpose) -> Result<Driven, WalletError> {
        let limits = self.link.limits().await?;
        let entropy = Entropy::new(make_random().map_err(|_| KeyStoreError::Unavailable)?);
        // From here on a cancellation finds no reading without its card.
        let paused = self.control().paused.take();
        let Purpose { challenge, relay } = purpose;
        let begun = match &paused {
            Some((before, paused)) if *before == purpose => paused.resume(limits, entropy),
            Some(_) | None => Reading::begin(ReadPlan {
                access: self.secrets.access()?,
                files: self.terms().files,
                challenge,
                chip_authentication: true,
                relay,
                limits,
                models: self.models.known(),
                entropy,
            }),
        };
        let driven = match begun {
            Ok(begun) => self.drive(purpose, begun).await,
            Err(error) => Err(chip_error(error)),
        };
        // Another card, a door that fails and a card that misbehaves take nothing away from what was read before. What is not
        // to be believed is forgotten.
        if let Err(error) = &driven
            && !matches!(error, WalletError::NotTrusted { .. } | WalletError::UserCancelled)
        {
            let mut control = self.control();
            control.paused = control.paused.take().or(paused.filter(|(before, _)| *before == purpose));
        }
        driven
    }

    /// Has the chip hear a server: its key, then its commands, whose answers come back.
    pub(super) async fn examine(
        &self,
        asking: Box<Asking>,
        public_key: Vec<u8>,
        commands: &[Vec<u8>],
    ) -> Result<(ChipData, Vec<Vec<u8>>), WalletError> {
        self.ended(self.carry(*asking, public_key, commands).await)
    }

    async fn carry(
        &self,
        Asking { purpose, reading }: Asking,
        public_key: Vec<u8>,
        commands: &[Vec<u8>],
    ) -> Result<(ChipData, Vec<Vec<u8>>), WalletError> {
        let begun = reading.hand_over(public_key).map_err(chip_error)?;
        let cloned = WalletError::NotTrusted { why: Distrust::ChipCloned };
        let Driven::Read(reading, data) = self.drive(purpose, begun).await? else { return Err(cloned) };
        // It has the key by its issuer's word, and would not use it.
        let mut carrier = data.relay.clone().ok_or(cloned)?;
        let foreign = WalletError::NotTrusted { why: Distrust::IssuerAnswer };
        let mut answers = Vec::new();
        for command in commands {
            let carried;
            (carrier, carried) = carrier.carry(command).map_err(|_| foreign.clone())?;
            self.check_cancelled()?;
            match self.link.transceive(carried).await {
                Ok(answer) => answers.push(answer),
                Err(lost @ (LinkError::TagLost | LinkError::Timeout)) => {
                    self.pause(purpose, reading.unheard(*data))?;
                    return Err(lost.into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        if answers.is_empty() { Err(foreign) } else { Ok((*data, answers)) }
    }

    /// Checks what was read, and keeps the report.
    fn check(
        &self,
        data: ChipData,
        challenge: Option<[u8; 8]>,
        answers: Option<Vec<Vec<u8>>>,
    ) -> Result<ChipEvidence, WalletError> {
        let now = self.clock.now()?.unix_seconds;
        let (report, evidence) = checked(data, challenge, answers, &self.terms().anchors, now);
        self.keep_report(Some(report));
        evidence
    }

    /// As [`Self::check`], at the end of a reading: what a card taught that is believed is remembered.
    pub(super) fn conclude(
        &self,
        data: ChipData,
        challenge: Option<[u8; 8]>,
        answers: Option<Vec<Vec<u8>>>,
    ) -> Result<ChipEvidence, WalletError> {
        let evidence = self.check(data, challenge, answers)?;
        if let Some(learned) = self.learned().take() {
            self.models.keep(learned);
        }
        Ok(evidence)
    }

    fn terms(&self) -> MutexGuard<'_, ReadingTerms> {
        self.terms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learned(&self) -> MutexGuard<'_, Option<(ModelId, Habits)>> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep_report(&self, report: Option<ChipReport>) {
        *self.report.lock().unwrap_or_else(PoisonError::into_inner) = report;
    }

    /// A reading is over. One that was cancelled while its last answer was on its way is not given out.
    fn ended<T>(&self, outcome: Result<T, WalletError>) -> Result<T, WalletError> {
        self.control().over = true;
        self.check_cancelled().and(outcome)
    }

    fn control(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A cancellation is for one reading: none is left over for the next.
    fn check_cancelled(&self) -> Result<(), WalletError> {
        if core::mem::take(&mut self.control().cancelled) { Err(WalletError::UserCancelled) } else { Ok(()) }
    }

    async fn drive(
        &self,
        purpose: Purpose,
        (mut reading, mut step): (Reading, Step),
    ) -> Result<Driven, WalletError> {
        // The command under way is not answered yet.
        let mut answered = reading.apdus().saturating_sub(1);
        let mut believed = false;
        loop {
            match step {
                Step::AskServer => {
                    return Ok(Driven::AsksServer(Box::new(Asking { purpose, reading })));
                }
                Step::Done(data) => return Ok(Driven::Read(Box::new(reading), data)),
                Step::Transmit(command) => {
                    self.check_cancelled()?;
                    let photo = reading.progress().file == FileId::Group(2) && !believed;
                    let answer = self.link.transceive(command);
                    let answer = if photo {
                        // A card that is not to be believed is not held until its photo is there. The others are checked in
                        // the end, when the chip has proved all that it can.
                        let so_far = || self.check(reading.so_far().clone(), purpose.challenge, None);
                        let (answer, outcome) = meanwhile(answer, so_far).await;
                        match outcome {
                            Err(error @ WalletError::NotTrusted { .. }) => return Err(error),
                            Ok(_) | Err(_) => self.keep_report(None),
                        }
                        believed = true;
                        answer
                    } else {
                        answer.await
                    };
                    let response = match answer {
                        Ok(response) => response,
                        Err(LinkError::TooLong) => {
                            (reading, step) = reading.too_long().map_err(|error| match error {
                                ChipError::Misuse(Misuse::LinkTooNarrow) => LinkError::TooLong.into(),
                                error => chip_error(error),
                            })?;
                            continue;
                        }
                        Err(lost @ (LinkError::TagLost | LinkError::Timeout)) => {
                            self.pause(purpose, reading.pause())?;
                            return Err(lost.into());
                        }
                        Err(error) => return Err(error.into()),
                    };
                    (reading, step) = reading.handle(&response).map_err(chip_error)?;
                    if let Some(learned) = reading.learned() {
                        self.models.learn(learned);
                        *self.learned() = Some(learned);
                    }
                    answered = answered.saturating_add(1);
                    self.tell(&reading, answered)?;
                }
            }
        }
    }

    /// Keeps what was read for the next tap, unless the reading was cancelled meanwhile.
    fn pause(&self, purpose: Purpose, paused: Paused) -> Result<(), WalletError> {
        let mut control = self.control();
        if core::mem::take(&mut control.cancelled) {
            return Err(WalletError::UserCancelled);
        }
        control.paused = Some((purpose, paused));
        Ok(())
    }

    /// Every check of the card that was read last, whether it was believed or not; none where the reading did not come to them.
    #[must_use]
    pub fn report(&self) -> Option<ChipReport> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, reading: &Reading, answered: u32) -> Result<(), WalletError> {
        let Some(listener) = &self.listener else { return Ok(()) };
        let progress = reading.progress();
        let progress = ReadingProgress {
            file: name_of(progress.file),
            bytes_read: count(progress.read),
            bytes_total: count(progress.total),
            card_bytes_read: count(progress.card_read),
            card_bytes_total: count(progress.card_total).max(1),
            apdus: answered,
        };
        match listener.progress(progress) {
            Ok(true) => Ok(()),
            Ok(false) | Err(ListenerError::Failed) => Err(WalletError::UserCancelled),
        }
    }
}

/// Does `work` while `waiting` is under way, and gives both outcomes.
async fn meanwhile<F: Future, T>(waiting: F, work: impl FnOnce() -> T) -> (F::Output, T) {
    let mut waiting = pin!(waiting);
    let begun = poll_fn(|context| Poll::Ready(waiting.as_mut().poll(context))).await;
    let done = work();
    match begun {
        Poll::Ready(output) => (output, done),
        Poll::Pending => (waiting.await, done),
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Wallet {
    /// Prepares reading a card; `run` on the result reads it. Works while locked.
    ///
    /// # Errors
    /// [`WalletError::WrongPassword`] for a password that is none.
    pub fn read_card(
        &self,
        link: Arc<dyn CardLink>,
        access: CardAccessView,
        listener: Option<Arc<dyn ReadingListener>>,
    ) -> Result<Arc<CardReading>, WalletError> {
        let clock = Arc::clone(&self.platform.clock);
        let terms = ReadingTerms { anchors: self.roots.cards.clone(), files: FileSet::WALLET };
        CardReading::learning(link, &access, terms, clock, listener, self.models.clone())
    }
}
