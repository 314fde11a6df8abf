//! Enrolling a tapped card: challenge from the issuer, card and face, keys, credentials, and every one of them verified
//! before anything is kept.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use super::{
    CardView, ChipEvidence, Distrust, Language, Wallet, WalletError, card_reading::ListenerError, code,
    prompts,
};
use crate::{
    card::{ActiveReason, Date, Disclosure, FaceChallenge, LifeCycle, Person, Refusal},
    chip::files::dg2,
    counter::{self, Claims, derive_portrait_digest},
    crypto::sign::PublicKey,
    enrolment::{self, EnrolmentError, Input, Issued, IssuerUrl, Plan, StapleRefresh, StapleStep, Step},
    mdoc,
    platform::{CreatedKeys, HolderKeyId, InstanceKeyId, KeyPolicy},
    trust::{Certificate, Usage, verify_chain},
    vault::{Card, Enrolled, Event, EventKind, InstanceKey, NewCopy, NewMdoc, Staple},
};

/// Which part of an enrolment is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Called when a stage begins. `false`, or an error, cancels.
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
    pending: Mutex<Option<Pending>>,
    cancelled: AtomicBool,
}

struct Pending {
    machine: enrolment::Enrolment,
    face_challenge: FaceChallenge,
    instance: InstanceKey,
    public: PublicKey,
}

/// Every Holder key made, by its public half.
struct HolderKeys(Vec<(Vec<u8>, HolderKeyId)>);

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Wallet {
    /// Begins an enrolment: asks the issuer for a challenge and makes the wallet's Instance key when it has none. Unlock first.
    ///
    /// # Errors
    /// [`WalletError::Locked`], [`WalletError::Offline`], [`WalletError::IssuerRefused`], [`WalletError::NotTrusted`],
    /// [`WalletError::Unavailable`].
    pub async fn enrol(self: Arc<Self>) -> Result<Arc<Enrolment>, WalletError> {
        let known = self.with_vault(|vault| {
            // Everything of a card is sealed under the person's key, so it must be open at the end too.
            vault.cards()?;
            Ok(vault.settings()?.instance_key)
        })?;
        let misbehaved = WalletError::Unavailable { code: code::PLATFORM_MISBEHAVED };
        let mut instance = known;
        let public =
            |key: &InstanceKey| PublicKey::from_sec1(&key.public_key).map_err(|_| misbehaved.clone());
        let plan = Plan {
            issuer: IssuerUrl::parse(&self.config.issuer_url)?,
            instance: instance.as_ref().map(public).transpose()?,
        };
        let (mut machine, mut step) = enrolment::Enrolment::begin(plan)?;
        loop {
            let input = match step {
                Step::Http(request) => Input::Response(self.platform.http.send(request).await?),
                Step::MakeInstanceKey { challenge } => {
                    let (key, input) = self.make_instance_key(challenge).await?;
                    instance = Some(key);
                    input
                }
                Step::GatherEvidence { chip_challenge, face_challenge, .. } => {
                    let instance = instance.ok_or(WalletError::Unavailable { code: code::INTERNAL })?;
                    let public = public(&instance)?;
                    let pending = Pending { machine, face_challenge, instance, public };
                    return Ok(Arc::new(Enrolment {
                        wallet: self,
                        chip_challenge,
                        pending: Mutex::new(Some(pending)),
                        cancelled: AtomicBool::new(false),
                    }));
                }
                Step::SignInstance(_) | Step::MakeHolderKeys { .. } | Step::Done(_) => {
                    return Err(WalletError::Unavailable { code: code::INTERNAL });
                }
            };
            (machine, step) = machine.handle(input)?;
        }
    }

    /// Fetches this hour's staples for all copies, and deletes the hardware keys of copies that were used up. No prompt; works
    /// while locked. Gives back how many staples are new.
    ///
    /// # Errors
    /// [`WalletError::Offline`], [`WalletError::IssuerRefused`], [`WalletError::NotTrusted`],
    /// [`WalletError::Unavailable`].
    pub async fn refresh_staples(&self) -> Result<u32, WalletError> {
        let (instance, entries, unlocked) = self.with_vault(|vault| {
            Ok((vault.settings()?.instance_key, vault.staples()?, vault.is_unlocked()))
        })?;
        if unlocked {
            self.delete_spent_keys().await?;
        }
        let Some(instance) = instance.filter(|_| !entries.is_empty()) else { return Ok(0) };
        let misbehaved = WalletError::Unavailable { code: code::PLATFORM_MISBEHAVED };
        let public = PublicKey::from_sec1(&instance.public_key).map_err(|_| misbehaved)?;
        let copies: Vec<_> = entries.into_iter().map(|entry| entry.cti).collect();
        let issuer = IssuerUrl::parse(&self.config.issuer_url)?;
        let now = self.now()?.unix_seconds;
        let (refresh, StapleStep::SignInstance(bytes)) =
            StapleRefresh::begin(issuer, &public, copies.clone(), now)?;
        let signature = self.platform.key_store.sign_instance(instance.id, bytes).await?;
        let request = refresh.signed(&signature)?;
        let response = self.platform.http.send(request).await?;
        let staples = refresh.finish(&response)?;
        // A staple from the future would be kept as the newest for good, and no counter takes it.
        let newest = counter::hour_of(now.saturating_add(CLOCK_SKEW)).unwrap_or(0);
        if staples.iter().flatten().any(|staple| staple.hour > newest) {
            return Err(WalletError::NotTrusted { why: Distrust::IssuerAnswer });
        }
        let fetched: Vec<_> = copies
            .into_iter()
            .zip(staples)
            .filter_map(|(cti, staple)| {
                let staple = staple?;
                Some((cti, Staple { hour: staple.hour, preimage: staple.preimage.0 }))
            })
            .collect();
        let stored = self.with_vault(|vault| vault.set_staples(&fetched))?;
        self.anchor_version().await?;
        Ok(stored)
    }
}

impl Wallet {
    async fn make_instance_key(&self, challenge: [u8; 32]) -> Result<(InstanceKey, Input), WalletError> {
        let created = self.platform.key_store.create(KeyPolicy::INSTANCE, challenge.to_vec(), 1).await?;
        let CreatedKeys { keys, attestation } = created;
        let misbehaved = WalletError::Unavailable { code: code::PLATFORM_MISBEHAVED };
        let [key] = <[_; 1]>::try_from(keys).map_err(|_| misbehaved)?;
        let instance = InstanceKey { id: InstanceKeyId::new(key.id), public_key: key.public_key.clone() };
        Ok((instance, Input::Instance { public_key: key.public_key, attestation }))
    }

    async fn keep_instance_key(&self, instance: &InstanceKey) -> Result<(), WalletError> {
        let former = self.with_vault(|vault| {
            let mut settings = vault.settings()?;
            let former = settings.instance_key.replace(instance.clone());
            vault.set_settings(&settings)?;
            Ok(former.filter(|former| former.id != instance.id))
        })?;
        self.anchor_version().await?;
        if let Some(former) = former {
            // It signs for nothing any more; that it could not be deleted now does no harm.
            drop(self.platform.key_store.delete(vec![former.id.into()]).await);
        }
        Ok(())
    }

    /// A spent copy's key can sign nothing that is shown any more; it leaves the hardware.
    async fn delete_spent_keys(&self) -> Result<(), WalletError> {
        let spent = self.with_vault(|vault| vault.spent_keys())?;
        if spent.is_empty() {
            return Ok(());
        }
        let ids = spent.iter().map(|(_, key)| key.as_str().to_owned()).collect();
        let gone = self.platform.key_store.delete(ids).await?;
        let forget: Vec<_> = spent
            .iter()
            .filter(|(_, key)| gone.iter().any(|id| id == key.as_str()))
            .map(|(copy, _)| *copy)
            .collect();
        self.with_vault(|vault| vault.forget_spent(&forget))?;
        self.anchor_version().await
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export)]
impl Enrolment {
    /// What the chip has to answer: hand it to `CardReading::run`.
    #[must_use]
    pub fn challenge(&self) -> Vec<u8> {
        self.chip_challenge.to_vec()
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
        if !evidence.answers(&self.chip_challenge) {
            return Err(WalletError::NotTrusted { why: Distrust::ChipCloned });
        }
        let pending = self.pending.lock().ok().and_then(|mut pending| pending.take());
        let pending = pending.ok_or(WalletError::Unavailable { code: code::SPENT_SESSION })?;
        let mut made = HolderKeys(Vec::new());
        let instance = pending.instance.clone();
        let finished = self.run(pending, &evidence, listener.as_deref(), &mut made).await;
        if let Err(error) = &finished {
            if made.0.is_empty() {
                self.forget_useless_instance(&instance, error);
            }
            let mut ids: Vec<String> = made.0.iter().map(|(_, id)| id.as_str().to_owned()).collect();
            let kept = self.wallet.with_vault(|vault| Ok(vault.settings()?.instance_key));
            if kept.is_ok_and(|kept| kept.as_ref() != Some(&instance)) {
                ids.push(instance.id.into());
            }
            // Keys without credentials would only fill the hardware. That this fails too changes nothing for the citizen.
            if !ids.is_empty() {
                drop(self.wallet.platform.key_store.delete(ids).await);
            }
        }
        finished
    }
}

impl Enrolment {
    /// A kept Instance key that the hardware has lost, or that the issuer does not know (it began anew, or is another one),
    /// would fail every later attempt too: the next one makes a new key.
    fn forget_useless_instance(&self, instance: &InstanceKey, error: &WalletError) {
        let useless = matches!(
            error,
            WalletError::KeyInvalidated | WalletError::IssuerRefused { why: Refusal::AttestationRefused }
        );
        if useless {
            // Where it cannot be forgotten now, the next attempt fails and comes here again.
            let _ = self.wallet.with_vault(|vault| {
                let mut settings = vault.settings()?;
                if settings.instance_key.as_ref() != Some(instance) {
                    return Ok(());
                }
                settings.instance_key = None;
                vault.set_settings(&settings)
            });
        }
    }

    async fn run(
        &self,
        pending: Pending,
        evidence: &ChipEvidence,
        listener: Option<&dyn EnrolmentListener>,
        made: &mut HolderKeys,
    ) -> Result<CardView, WalletError> {
        let platform = &self.wallet.platform;
        let Pending { machine, face_challenge, instance, public } = pending;
        let person = evidence.person()?;

        self.enter(listener, EnrolmentStage::CheckingFace)?;
        let data = evidence.data();
        let portrait = dg2::parse(data.groups.get(&2).map_or(&[][..], Vec::as_slice))?.image;
        let face = platform
            .face_check
            .compare(
                portrait,
                face_challenge.to_vec(),
                public.as_sec1().to_vec(),
                prompts::face_check(self.wallet.config.language),
            )
            .await?;

        self.enter(listener, EnrolmentStage::SendingEvidence)?;
        let (mut machine, mut step) = machine.handle(Input::Evidence {
            sod: data.sod.clone(),
            groups: data.groups.clone(),
            active_authentication: data.active_auth.clone().unwrap_or_default(),
            face,
        })?;
        let issued = loop {
            let input = match step {
                Step::SignInstance(bytes) => {
                    Input::Signature(platform.key_store.sign_instance(instance.id.clone(), bytes).await?)
                }
                Step::Http(request) => Input::Response(platform.http.send(request).await?),
                Step::MakeHolderKeys { challenge, count } => {
                    // The issuer has accepted this Instance key. From its next answer on the person is bound to it, so a
                    // wallet that lost it would be another phone.
                    self.wallet.keep_instance_key(&instance).await?;
                    self.enter(listener, EnrolmentStage::MakingKeys)?;
                    let created =
                        platform.key_store.create(KeyPolicy::HOLDER, challenge.to_vec(), count).await?;
                    made.take(&created);
                    self.enter(listener, EnrolmentStage::FetchingCredentials)?;
                    let public_keys = created.keys.into_iter().map(|key| key.public_key).collect();
                    Input::HolderKeys { public_keys, attestation: created.attestation }
                }
                Step::Done(issued) => break issued,
                Step::MakeInstanceKey { .. } | Step::GatherEvidence { .. } => {
                    return Err(WalletError::Unavailable { code: code::INTERNAL });
                }
            };
            (machine, step) = machine.handle(input)?;
        };

        self.enter(listener, EnrolmentStage::Verifying)?;
        let now = self.wallet.now()?.unix_seconds;
        let (card, copies, mdocs) = self.wallet.verify_issued(&issued, &person, made, now)?;
        self.enter(listener, EnrolmentStage::Storing)?;
        self.store(card, copies, mdocs, now).await
    }

    async fn store(
        &self,
        card: Card,
        copies: Vec<NewCopy>,
        mdocs: Vec<NewMdoc>,
        now: i64,
    ) -> Result<CardView, WalletError> {
        let wallet = &self.wallet;
        let issuer = wallet.config.issuer_url.clone();
        let stored = wallet.with_vault(|vault| {
            let mut settings = vault.settings()?;
            settings.issuer = Some(issuer);
            let kind = if vault.cards()?.is_empty() { EventKind::CardAdded } else { EventKind::CardReplaced };
            vault.store_enrolled(&Enrolled {
                card: &card,
                copies: &copies,
                mdocs: &mdocs,
                settings: &settings,
                event: &Event { at: now, kind, level: None, counterparty: None },
            })
        })?;
        wallet.anchor_version().await?;
        let orphaned: Vec<String> = stored.orphaned_keys.into_iter().map(String::from).collect();
        if !orphaned.is_empty() {
            // The card is stored; a key that could not be deleted now does no harm.
            drop(wallet.platform.key_store.delete(orphaned).await);
        }
        wallet.card_view(&card.id)
    }

    fn enter(
        &self,
        listener: Option<&dyn EnrolmentListener>,
        stage: EnrolmentStage,
    ) -> Result<(), WalletError> {
        let wanted = match listener.map(|listener| listener.stage(stage)) {
            None | Some(Ok(true)) => true,
            Some(Ok(false) | Err(ListenerError::Failed)) => false,
        };
        if wanted && !self.cancelled.load(Ordering::Acquire) {
            Ok(())
        } else {
            Err(WalletError::UserCancelled)
        }
    }
}

impl HolderKeys {
    fn take(&mut self, created: &CreatedKeys) {
        self.0.extend(
            created.keys.iter().map(|key| (key.public_key.clone(), HolderKeyId::new(key.id.clone()))),
        );
    }

    fn id_of(&self, public: &PublicKey) -> Result<HolderKeyId, WalletError> {
        let found = self.0.iter().find(|(key, _)| key == public.as_sec1());
        found.map(|(_, id)| id.clone()).ok_or(WalletError::NotTrusted { why: Distrust::IssuerAnswer })
    }
}

impl Wallet {
    /// Verifies everything the issuer sent, and that it says what the chip says.
    fn verify_issued(
        &self,
        issued: &Issued,
        person: &Person,
        made: &HolderKeys,
        now: i64,
    ) -> Result<(Card, Vec<NewCopy>, Vec<NewMdoc>), WalletError> {
        let untrusted = WalletError::NotTrusted { why: Distrust::IssuedCredential };
        let chain =
            issued.issuer_chain.iter().map(|der| Certificate::parse(der)).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|_| untrusted.clone())?;
        let issuer = verify_chain(&chain, &self.roots.issuers, now, Usage::CounterIssuer);
        let issuer = issuer.map_err(|_| untrusted.clone())?;
        let issuer_key = issuer.p256_public_key().map_err(|_| untrusted.clone())?;

        let today = Date::in_korea_at(now).map_err(|_| untrusted.clone())?;
        let mut copies = Vec::new();
        let mut levels: Vec<Disclosure> = Vec::new();
        for level in &issued.levels {
            levels.push(level.level);
            for copy in &level.copies {
                let verified = counter::check_copy(&copy.sd_cwt, &issuer_key, &copy.public_key)
                    .map_err(|_| untrusted.clone())?;
                let staple = Staple { hour: copy.staple.hour, preimage: copy.staple.preimage.0 };
                let shown = counter::Staple { hour: staple.hour, preimage: staple.preimage };
                let says_the_same = verified.x5t() == issuer.x5t()
                    && *verified.claims() == Claims::of(person, level.level, today)
                    && verified.portrait_digest()
                        == derive_portrait_digest(&copy.portrait_salt, person.portrait())
                    && verified.staple_anchor().proves(&shown)
                    && (verified.issued_at()..verified.expires_at()).contains(&now);
                if !says_the_same {
                    return Err(untrusted);
                }
                copies.push(NewCopy {
                    disclosure: level.level,
                    holder_key: made.id_of(&copy.public_key)?,
                    cti: verified.cti().to_vec(),
                    sd_cwt: copy.sd_cwt.clone(),
                    portrait_salt: copy.portrait_salt,
                    staple: Some(staple),
                });
            }
        }
        levels.sort_unstable();

        let mut mdocs = Vec::new();
        let mut valid_until = None;
        for (public, bytes) in &issued.mdocs {
            let parsed = mdoc::IssuerSigned::parse(bytes).map_err(|_| untrusted.clone())?;
            let expected = mdoc::Expected { doc_type: mdoc::PHOTO_ID, device_key: Some(public) };
            let document =
                mdoc::verify(&parsed, &expected, &self.roots.issuers, now).map_err(|_| untrusted.clone())?;
            if !document.is_of(person) {
                return Err(untrusted);
            }
            valid_until = Some(document.validity().valid_until);
            mdocs.push(NewMdoc {
                doc_type: mdoc::PHOTO_ID.to_owned(),
                holder_key: made.id_of(public)?,
                issuer_signed: bytes.clone(),
            });
        }
        let valid_until = valid_until.ok_or(untrusted.clone())?;
        let card = Card {
            id: RESIDENT_CARD.to_owned(),
            document: RESIDENT_CARD.to_owned(),
            state: LifeCycle::Active { reason: ActiveReason::Issued },
            person: person.clone(),
            levels,
            enrolled_at: now,
            // The moment itself is past the end.
            valid_until: Date::in_korea_at(valid_until.saturating_sub(1)).map_err(|_| untrusted)?,
        };
        Ok((card, copies, mdocs))
    }
}

/// One resident card fits in a wallet: its type is its name.
const RESIDENT_CARD: &str = "resident_card";
/// How far phone and issuer may disagree about the time, seconds: what the issuer takes in a request for staples.
const CLOCK_SKEW: i64 = 300;

impl From<EnrolmentError> for WalletError {
    fn from(error: EnrolmentError) -> Self {
        match error {
            EnrolmentError::IssuerMisbehaved(_) => Self::NotTrusted { why: Distrust::IssuerAnswer },
            EnrolmentError::IssuerRefused(refusal) => Self::IssuerRefused { why: refusal },
            EnrolmentError::Misuse(_) => Self::Unavailable { code: code::INTERNAL },
        }
    }
}
