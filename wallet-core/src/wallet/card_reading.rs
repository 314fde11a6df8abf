//! Reading a chip card: the loop that drives [`crate::chip::Reading`] over the platform's link, then the checks.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{
    ChipEvidence, Distrust, PasswordKind, Wallet, WalletError,
    evidence::{checked, count, name_of},
    trusted::parse_anchors,
};
use crate::{
    bytes::Secret,
    chip::{Can, CardAccess, ChipData, Entropy, Misuse, ReadPlan, Reading, Step},
    crypto::random::make_random,
    platform::{CardLink, Clock, KeyStoreError},
    trust::Anchors,
};

/// What opens the card.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum CardAccessView {
    /// The six digits printed on the card.
    Can {
        /// ASCII digits. Bytes, so that the app can wipe them.
        can: Vec<u8>,
    },
}

impl core::fmt::Debug for CardAccessView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Can { .. } => f.write_str("Can(..)"),
        }
    }
}

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

/// One reading of one card.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
pub struct CardReading {
    link: Arc<dyn CardLink>,
    can: Secret<6>,
    roots: Anchors,
    clock: Arc<dyn Clock>,
    listener: Option<Arc<dyn ReadingListener>>,
    cancelled: AtomicBool,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl CardReading {
    /// A reading without a wallet, for an app that only reads cards. `card_roots`: country signing certificates, DER.
    ///
    /// # Errors
    /// [`WalletError::WrongPassword`] for a card access number that is none; [`WalletError::NotTrusted`] for a root that is
    /// no certificate.
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    pub fn new(
        link: Arc<dyn CardLink>,
        access: CardAccessView,
        card_roots: Vec<Vec<u8>>,
        clock: Arc<dyn Clock>,
        listener: Option<Arc<dyn ReadingListener>>,
    ) -> Result<Arc<Self>, WalletError> {
        let roots = parse_anchors(&card_roots, Distrust::ChipSigner)?;
        Self::with_roots(link, &access, roots, clock, listener)
    }

    /// Reads the card and checks what it says: passive authentication always, active authentication when `challenge` (8
    /// bytes) is given and the card has a key for it. May be called again after a failure.
    ///
    /// # Errors
    /// [`WalletError::WrongPassword`], [`WalletError::CardLost`], [`WalletError::CardUnreadable`],
    /// [`WalletError::NotTrusted`], [`WalletError::UserCancelled`], [`WalletError::Unavailable`].
    pub async fn run(&self, challenge: Option<Vec<u8>>) -> Result<Arc<ChipEvidence>, WalletError> {
        let challenge = match challenge {
            Some(bytes) => Some(
                <[u8; 8]>::try_from(bytes)
                    .map_err(|_| WalletError::from(crate::chip::ChipError::Misuse(Misuse::BadEntropy)))?,
            ),
            None => None,
        };
        self.cancelled.store(false, Ordering::Release);
        let data = self.read(challenge).await?;
        let now = self.clock.now()?;
        checked(data, challenge, &self.roots, now.unix_seconds).map(Arc::new)
    }

    /// Stops the reading between two commands. `run` then fails with [`WalletError::UserCancelled`].
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }
}

impl CardReading {
    fn with_roots(
        link: Arc<dyn CardLink>,
        access: &CardAccessView,
        roots: Anchors,
        clock: Arc<dyn Clock>,
        listener: Option<Arc<dyn ReadingListener>>,
    ) -> Result<Arc<Self>, WalletError> {
        let CardAccessView::Can { can } = access;
        parse_can(can)?;
        let can = Secret::from_slice(can).ok_or(WRONG_CAN)?;
        Ok(Arc::new(Self { link, can, roots, clock, listener, cancelled: AtomicBool::new(false) }))
    }

    async fn read(&self, challenge: Option<[u8; 8]>) -> Result<ChipData, WalletError> {
        let plan = ReadPlan {
            access: CardAccess::Can(parse_can(self.can.expose())?),
            challenge,
            limits: self.link.limits().await?,
            entropy: Entropy::new(make_random().map_err(|_| KeyStoreError::Unavailable)?),
        };
        let (mut reading, mut step) = Reading::begin(plan)?;
        let mut answered = 0_u32;
        loop {
            match step {
                Step::Done(data) => return Ok(*data),
                Step::Transmit(command) => {
                    if self.cancelled.load(Ordering::Acquire) {
                        return Err(WalletError::UserCancelled);
                    }
                    let response = self.link.transceive(command).await?;
                    (reading, step) = reading.handle(&response)?;
                    answered = answered.saturating_add(1);
                    self.tell(&reading, answered)?;
                }
            }
        }
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
    /// [`WalletError::WrongPassword`] for a card access number that is none.
    pub fn read_card(
        &self,
        link: Arc<dyn CardLink>,
        access: CardAccessView,
        listener: Option<Arc<dyn ReadingListener>>,
    ) -> Result<Arc<CardReading>, WalletError> {
        let clock = Arc::clone(&self.platform.clock);
        CardReading::with_roots(link, &access, self.roots.cards.clone(), clock, listener)
    }
}

fn parse_can(digits: &[u8]) -> Result<Can, WalletError> {
    let can = core::str::from_utf8(digits).ok().and_then(|text| Can::parse(text).ok());
    can.ok_or(WRONG_CAN)
}

const WRONG_CAN: WalletError = WalletError::WrongPassword { kind: PasswordKind::Can, tries_left: None };
