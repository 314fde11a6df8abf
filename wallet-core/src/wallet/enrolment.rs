//! Enrolling with the card in the citizen's hand: the issuer's challenge, card and face, keys, credentials, and every one of
//! them verified before anything is kept.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use super::{
    CardReading, CardTrouble, CardView, ChipEvidence, Distrust, Language, Wallet, WalletError,
    card_reading::{Driven, ListenerError},
    code,
    issuing::{Issuing, Stop, Watch, seed},
    prompts,
};
use crate::{
    card::FaceChallenge,
    chip::{Relay, files::dg2},
    jose::{Blob, Fixed},
    openid::{Input, Issuance},
    platform::{ChipMessage, FaceMessage, GroupMessage},
};

/// Which part of an enrolment is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum EnrolmentStage {
    /// The face is compared with the card.
    CheckingFace,
    /// The issuer looks at the evidence.
    SendingEvidence,
    /// Keys are made in the secure hardware.
    MakingKeys,
    /// The issuer makes the credentials.
    FetchingCredentials,
    /// The credentials are verified.
    Verifying,
    /// The credentials go into the vault.
    Storing,
}

impl EnrolmentStage {
    /// What the citizen reads while it lasts.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::CheckingFace, Language::Korean) => "얼굴을 확인합니다 …",
            (Self::CheckingFace, Language::English) => "Checking the face …",
            (Self::SendingEvidence, Language::Korean) => "발급기관이 카드를 확인합니다 …",
            (Self::SendingEvidence, Language::English) => "The issuer looks at the card …",
            (Self::MakingKeys, Language::Korean) => "키를 만듭니다 …",
            (Self::MakingKeys, Language::English) => "Making keys …",
            (Self::FetchingCredentials, Language::Korean) => "발급기관이 신분증을 만듭니다 …",
            (Self::FetchingCredentials, Language::English) => "The issuer makes the ID …",
            (Self::Verifying, Language::Korean) => "신분증을 확인합니다 …",
            (Self::Verifying, Language::English) => "Verifying the ID …",
            (Self::Storing, Language::Korean) => "신분증을 저장합니다 …",
            (Self::Storing, Language::English) => "Storing the ID …",
        }
    }
}

/// Hears how an enrolment goes.
#[cfg_attr(feature = "uniffi", uniffi::export(foreign))]
pub trait EnrolmentListener: Send + Sync {
    /// Called when a stage begins, each once. `false`, or an error, cancels.
    ///
    /// # Errors
    /// [`ListenerError`], which cancels.
    fn stage(&self, stage: EnrolmentStage) -> Result<bool, ListenerError>;
}

/// One enrolment. It takes two minutes at most from `enrol` to the evidence.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
pub struct Enrolment {
    wallet: Arc<Wallet>,
    chip_challenge: [u8; 8],
    /// Whether the issuer speaks to chips that cannot sign.
    relay: bool,
    pending: Mutex<Option<Pending>>,
    cancelled: AtomicBool,
}

struct Pending {
    machine: Issuance,
    face_challenge: FaceChallenge,
    issuing: Issuing,
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Wallet {
    /// Begins an enrolment: has the wallet attested, making its Instance key when it has none, and asks the issuer for a
    /// challenge. Unlock first.
    ///
    /// # Errors
    /// [`WalletError::Locked`], [`WalletError::Offline`], [`WalletError::IssuerRefused`], [`WalletError::NotTrusted`],
    /// [`WalletError::Unavailable`].
    pub async fn enrol(self: Arc<Self>) -> Result<Arc<Enrolment>, WalletError> {
        let mut issuing = self.begin_issuing(None).await?;
        let (machine, step) = Issuance::with_card(self.client(&issuing)?, self.issuer()?, seed()?);
        let cancelled = AtomicBool::new(false);
        let stop = issuing.drive(&self, machine, step, &Watch::new(None, &cancelled)).await?;
        let Stop::Card { machine, chip_challenge, face_challenge, relay } = stop else {
            return Err(WalletError::Unavailable { code: code::INTERNAL });
        };
        let pending = Pending { machine, face_challenge, issuing };
        Ok(Arc::new(Enrolment {
            wallet: self,
            chip_challenge,
            relay,
            pending: Mutex::new(Some(pending)),
            cancelled,
        }))
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Enrolment {
    /// What the chip has to answer: hand it to `CardReading::run`. [`Enrolment::tap`] does so, and more.
    #[must_use]
    pub fn challenge(&self) -> Vec<u8> {
        self.chip_challenge.to_vec()
    }

    /// Reads the card for this enrolment by `reading`, which is fresh or was interrupted in a tap before. A chip that cannot
    /// sign but agree on keys is heard by the issuer itself, while the card is in the field: two requests more. To be called
    /// again after [`WalletError::CardLost`] and when the card fell silent; it goes on where it stopped.
    ///
    /// # Errors
    /// As `CardReading::run`; [`WalletError::CardUnreadable`] with `Unsupported` for a chip that can prove itself by nothing
    /// the issuer takes; [`WalletError::IssuerRefused`], [`WalletError::Offline`], after which the enrolment is over.
    pub async fn tap(&self, reading: Arc<CardReading>) -> Result<Arc<ChipEvidence>, WalletError> {
        let relay = if self.relay { Relay::WhereTheChipCannotSign } else { Relay::Never };
        let evidence = match reading.begin(Some(self.chip_challenge), relay).await? {
            Driven::Read(_, data) => reading.conclude(*data, Some(self.chip_challenge), None)?,
            Driven::AsksServer(chip) => {
                let data = chip.data();
                let dg14 = data.groups.get(&14).cloned().unwrap_or_default();
                let (public_key, commands) = self.ask_examiner(data.sod.clone(), dg14).await?;
                let (data, answers) = reading.examine(chip, public_key, &commands).await?;
                reading.conclude(data, Some(self.chip_challenge), Some(answers))?
            }
        };
        if !evidence.answers(&self.chip_challenge) {
            return Err(WalletError::CardUnreadable { why: CardTrouble::Unsupported });
        }
        Ok(Arc::new(evidence))
    }

    /// Stops between two steps. `finish` then fails with [`WalletError::UserCancelled`] and nothing is kept.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    /// Checks the face, sends the evidence, makes keys, fetches, verifies and stores the credentials: all of it or nothing. Can
    /// be called once.
    ///
    /// # Errors
    /// [`WalletError::NotTrusted`] when `evidence` is not the answer to this enrolment's challenge or a credential does not
    /// verify; [`WalletError::FaceMismatch`], [`WalletError::IssuerRefused`], [`WalletError::AnotherHolder`],
    /// [`WalletError::Offline`], [`WalletError::UserCancelled`], [`WalletError::Locked`], [`WalletError::StorageFull`],
    /// [`WalletError::Unavailable`].
    pub async fn finish(
        &self,
        evidence: Arc<ChipEvidence>,
        listener: Option<Arc<dyn EnrolmentListener>>,
    ) -> Result<CardView, WalletError> {
        self.hand_in(evidence, listener, false).await
    }

    /// As [`Enrolment::finish`], for a citizen whose ID lives on another phone and who wants it on this one instead: the other's
    /// is ended by the issuer, which tells it so. The way on after [`Refusal::AnotherPhone`](super::Refusal::AnotherPhone), with
    /// an enrolment and a tap of their own, once the citizen has said yes. It lifts the suspension of a phone that was lost.
    ///
    /// # Errors
    /// As [`Enrolment::finish`].
    pub async fn finish_moving(
        &self,
        evidence: Arc<ChipEvidence>,
        listener: Option<Arc<dyn EnrolmentListener>>,
    ) -> Result<CardView, WalletError> {
        self.hand_in(evidence, listener, true).await
    }
}

impl Enrolment {
    async fn hand_in(
        &self,
        evidence: Arc<ChipEvidence>,
        listener: Option<Arc<dyn EnrolmentListener>>,
        replaces_phone: bool,
    ) -> Result<CardView, WalletError> {
        if !evidence.answers(&self.chip_challenge) {
            return Err(WalletError::NotTrusted { why: Distrust::ChipCloned });
        }
        let pending = self.pending.lock().ok().and_then(|mut pending| pending.take());
        let Pending { machine, face_challenge, mut issuing } =
            pending.ok_or(WalletError::Unavailable { code: code::SPENT_SESSION })?;
        let watch = Watch::new(listener.as_deref(), &self.cancelled);
        issuing.expect(evidence.person()?);

        watch.enter(EnrolmentStage::CheckingFace)?;
        let face = self.check_face(&evidence, face_challenge, issuing.attested().public.as_sec1()).await?;
        watch.enter(EnrolmentStage::SendingEvidence)?;
        let data = evidence.data();
        let groups = data.groups.iter();
        let chip = ChipMessage {
            sod: Blob(data.sod.clone()),
            groups: groups
                .map(|(number, content)| GroupMessage { number: *number, content: Blob(content.clone()) })
                .collect(),
            proof: evidence.proof(),
        };
        let now = self.wallet.now()?.unix_seconds;
        let (machine, step) = machine.handle(Input::Evidence { chip, face, replaces_phone }, now)?;
        match issuing.drive(&self.wallet, machine, step, &watch).await? {
            Stop::Done(card) => Ok(card),
            _ => Err(WalletError::NotTrusted { why: Distrust::IssuerAnswer }),
        }
    }

    /// The issuer's key for the chip, and its commands.
    async fn ask_examiner(
        &self,
        sod: Vec<u8>,
        dg14: Vec<u8>,
    ) -> Result<(Vec<u8>, Vec<Vec<u8>>), WalletError> {
        let spent = WalletError::Unavailable { code: code::SPENT_SESSION };
        let pending = self.pending.lock().ok().and_then(|mut pending| pending.take());
        let Pending { machine, face_challenge, mut issuing } = pending.ok_or(spent.clone())?;
        let now = self.wallet.now()?.unix_seconds;
        let (machine, step) = machine.handle(Input::AskExaminer { sod, dg14 }, now)?;
        let watch = Watch::new(None, &self.cancelled);
        let stop = issuing.drive(&self.wallet, machine, step, &watch).await?;
        let Stop::Examine { machine, public_key, commands } = stop else {
            return Err(WalletError::NotTrusted { why: Distrust::IssuerAnswer });
        };
        let mut pending = self.pending.lock().map_err(|_| spent)?;
        *pending = Some(Pending { machine, face_challenge, issuing });
        Ok((public_key, commands))
    }

    async fn check_face(
        &self,
        evidence: &ChipEvidence,
        challenge: FaceChallenge,
        instance: &[u8; 65],
    ) -> Result<FaceMessage, WalletError> {
        let group = evidence.data().groups.get(&2).map_or(&[][..], Vec::as_slice);
        let portrait = dg2::parse(group)?.image;
        let prompt = prompts::face_check(self.wallet.config.language);
        let face_check = &self.wallet.platform.face_check;
        let face = face_check.compare(portrait, challenge.to_vec(), instance.to_vec(), prompt).await?;
        let misbehaved = WalletError::Unavailable { code: code::PLATFORM_MISBEHAVED };
        let signature = face.signature.try_into().map_err(|_| misbehaved)?;
        Ok(FaceMessage { provider: face.provider, signature: Fixed(signature) })
    }
}
