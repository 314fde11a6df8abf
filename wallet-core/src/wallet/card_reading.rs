//! Reading a chip card: the loop that drives [`crate::chip::Reading`] over the platform's link, then the checks.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use super::{
    ChipEvidence, ChipReport, Distrust, Wallet, WalletError,
    card_access::{CardAccessView, Secrets},
    code,
    evidence::{checked, count, name_of},
    inner_errors::chip_error,
    trusted::parse_anchors,
};
use crate::{
    chip::{ChipData, Entropy, FileSet, Paused, ReadPlan, Reading, Step},
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
    terms: ReadingTerms,
    clock: Arc<dyn Clock>,
    listener: Option<Arc<dyn ReadingListener>>,
    cancelled: AtomicBool,
    /// What the checks came to, last.
    report: Mutex<Option<ChipReport>>,
    /// What was read before the card left the field, and the challenge it was read for.
    paused: Mutex<Option<(Option<[u8; 8]>, Paused)>>,
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
    /// goes on where the reading stopped: the door is opened anew, and the card must be the same.
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
        self.cancelled.store(false, Ordering::Release);
        let data = self.read(challenge).await?;
        let now = self.clock.now()?;
        let (report, evidence) = checked(data, challenge, &self.terms.anchors, now.unix_seconds);
        *self.report.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
        evidence.map(Arc::new)
    }

    /// Stops the reading between two commands, and forgets what was read before the card left the field. `run` then fails
    /// with [`WalletError::UserCancelled`].
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
        drop(self.paused.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Whether a card was lost amid a reading, and [`Self::run`] with the same challenge would go on with it.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused.lock().unwrap_or_else(PoisonError::into_inner).is_some()
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
        let secrets = Secrets::keep(access)?;
        Ok(Arc::new(Self {
            link,
            secrets,
            terms,
            clock,
            listener,
            cancelled: AtomicBool::new(false),
            report: Mutex::new(None),
            paused: Mutex::new(None),
        }))
    }

    async fn read(&self, challenge: Option<[u8; 8]>) -> Result<ChipData, WalletError> {
        let kind = self.secrets.kind();
        let limits = self.link.limits().await?;
        let entropy = Entropy::new(make_random().map_err(|_| KeyStoreError::Unavailable)?);
        let paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner).take();
        let begun = match paused {
            Some((before, paused)) if before == challenge => paused.resume(limits, entropy),
            Some(_) | None => Reading::begin(ReadPlan {
                access: self.secrets.access()?,
                files: self.terms.files,
                challenge,
                chip_authentication: true,
                relay: None,
                limits,
                entropy,
            }),
        };
        let (mut reading, mut step) = begun.map_err(|error| chip_error(error, kind))?;
        // The command under way is not answered yet.
        let mut answered = reading.apdus().saturating_sub(1);
        loop {
            match step {
                Step::Done(data) => return Ok(*data),
                Step::Transmit(command) => {
                    if self.cancelled.load(Ordering::Acquire) {
                        return Err(WalletError::UserCancelled);
                    }
                    let response = match self.link.transceive(command).await {
                        Ok(response) => response,
                        Err(lost @ (LinkError::TagLost | LinkError::Timeout)) => {
                            self.pause(challenge, reading);
                            return Err(lost.into());
                        }
                        Err(error) => return Err(error.into()),
                    };
                    (reading, step) = reading.handle(&response).map_err(|error| chip_error(error, kind))?;
                    answered = answered.saturating_add(1);
                    self.tell(&reading, answered)?;
                }
            }
        }
    }

    fn pause(&self, challenge: Option<[u8; 8]>, reading: Reading) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        *paused = Some((challenge, reading.pause()));
    }

    /// Every check of the card that was read last, whether it was believed or not; none before a card was read to its end.
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
            apdus: answered,
        };
        match listener.progress(progress) {
            Ok(true) => Ok(()),
            Ok(false) | Err(ListenerError::Failed) => Err(WalletError::UserCancelled),
        }
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
        CardReading::on_terms(link, &access, terms, clock, listener)
    }
}
