//! The loop that drives an issuance, whatever began it: a card, an offer, a renewal.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use super::{
    CardView, Distrust, EnrolmentListener, EnrolmentStage, Wallet, WalletConfig, WalletError,
    attesting::Attested,
    card_claims::Words,
    card_reading::ListenerError,
    code,
    holder_keys::HolderKeys,
    received::Received,
    standing::{STANDING, Standing},
    turns::Turn,
    underway::{self, UNDER_WAY, UnderWay},
};
use crate::{
    bytes::{Secret, SecretBytes},
    card::{FaceChallenge, Person, Refusal},
    crypto::random::make_random,
    openid::{
        Client, Delivered, Format, Input, Issuance, MetadataPolicy, Outcome, RequestPolicy, Step, Summary,
        TokenPolicy,
    },
    platform::{Attestation, HolderKeyId, KeyPolicy, KeyStoreError, Prompt, SignRequest, Url},
    vault::{Enrolled, Event, EventKind},
};

/// The name wallets of this core go by at authorization servers; the provider says it too.
const CLIENT_ID: &str = "kr.example.wallet";
/// Most mdocs, and most SD-JWT VCs, in a batch.
const WHOLE_DOCUMENTS: u32 = 3;

/// One issuance under way.
pub(super) struct Issuing {
    attested: Attested,
    /// Its turn, while it is driven.
    turn: Option<Turn>,
    made: HolderKeys,
    /// The keys made last, and what the hardware says of them.
    last: Option<(Vec<Vec<u8>>, Attestation)>,
    /// The person on the card that was read.
    expected: Option<Person>,
    stored: Option<CardView>,
    /// Whether what is kept of an issuance is this one's.
    kept: bool,
    /// Whether the credentials came.
    delivered: bool,
}

/// Where the loop stops because somebody else has to act.
pub(super) enum Stop {
    /// The card has to answer and the face to be checked.
    Card { machine: Issuance, chip_challenge: [u8; 8], face_challenge: FaceChallenge, relay: bool },
    /// The chip has to hear the issuer.
    Examine { machine: Issuance, public_key: Vec<u8>, commands: Vec<Vec<u8>> },
    /// The citizen has to consent.
    Consent { machine: Issuance, summary: Summary },
    /// The citizen has to sign in with a browser.
    Browser { url: String },
    /// The issuer is not ready.
    Later { machine: Issuance, seconds: u64 },
    /// The card is in the wallet.
    Done(CardView),
}

/// Whether the citizen or the app still wants it, and who hears of it.
pub(super) struct Watch<'a> {
    pub(super) listener: Option<&'a dyn EnrolmentListener>,
    pub(super) cancelled: &'a AtomicBool,
    /// The furthest stage told.
    told: Mutex<Option<EnrolmentStage>>,
}

impl<'a> Watch<'a> {
    pub(super) const fn new(listener: Option<&'a dyn EnrolmentListener>, cancelled: &'a AtomicBool) -> Self {
        Self { listener, cancelled, told: Mutex::new(None) }
    }

    /// Tells a stage, once and never backwards, and stops when it was cancelled.
    pub(super) fn enter(&self, stage: EnrolmentStage) -> Result<(), WalletError> {
        let new = self.told.lock().is_ok_and(|mut told| {
            let new = told.is_none_or(|told| stage > told);
            if new {
                *told = Some(stage);
            }
            new
        });
        let listener = self.listener.filter(|_| new);
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

impl Wallet {
    pub(super) fn issuer(&self) -> Result<Url, WalletError> {
        let url = self.config.issuer_url.trim_end_matches('/');
        Url::parse(url).map_err(|_| WalletError::Unavailable { code: code::CONFIGURATION })
    }

    /// Gets ready: the personal part must be open, keys of an earlier attempt go, the provider vouches for the wallet.
    /// An issuance that is driven at this moment ends.
    pub(super) async fn begin_issuing(&self, expected: Option<Person>) -> Result<Issuing, WalletError> {
        self.refuse_locked()?;
        // Everything of a card is sealed under the person's key, so it must be open at the end too.
        self.with_vault(|vault| vault.cards())?;
        // One that its issuer was not ready for gives way, with its keys.
        if let Ok(mut deferred) = self.deferred.lock() {
            *deferred = None;
        }
        let turn = self.turns.take();
        self.sweep_keys(&turn).await?;
        let attested = self.attest_wallet(&turn).await?;
        Ok(Issuing {
            attested,
            turn: Some(turn),
            made: HolderKeys::default(),
            last: None,
            expected,
            stored: None,
            kept: false,
            delivered: false,
        })
    }

    pub(super) fn client(&self, issuing: &Issuing) -> Result<Client, WalletError> {
        let redirect_uri = Url::parse(&self.config.redirect_uri)
            .map_err(|_| WalletError::Unavailable { code: code::CONFIGURATION })?;
        Ok(Client {
            client_id: CLIENT_ID.to_owned(),
            redirect_uri,
            instance: issuing.attested.public,
            attested: true,
            tokens: TokenPolicy::DpopOnly,
            requests: RequestPolicy::PushedOnly,
            metadata: MetadataPolicy::Signed(self.roots.issuers.clone()),
        })
    }

    /// Deletes Holder keys of issuances that ended without credentials, and forgets them. Nobody but `turn` may have made any since.
    async fn sweep_keys(&self, turn: &Turn) -> Result<(), WalletError> {
        let keys = self.with_vault(|vault| {
            let mut under_way = UnderWay::load(vault)?;
            let is_ours = self.turns.is_held_by(turn);
            Ok(if is_ours { std::mem::take(&mut under_way.keys) } else { Vec::new() })
        })?;
        if keys.is_empty() {
            return Ok(());
        }
        self.platform.key_store.delete(keys.clone()).await?;
        self.with_vault(|vault| underway::change(vault, |under_way| under_way.forget(&keys)))?;
        self.anchor_version().await
    }

    /// Forgets an issuance that was begun, and ends one that is driven.
    pub(super) async fn abandon(&self) -> Result<(), WalletError> {
        let turn = self.turns.take();
        if let Ok(mut deferred) = self.deferred.lock() {
            *deferred = None;
        }
        self.sweep_keys(&turn).await?;
        self.with_vault(|vault| underway::change(vault, UnderWay::forget_saved))?;
        self.anchor_version().await
    }
}

pub(super) fn seed() -> Result<Secret<32>, WalletError> {
    Ok(Secret::new(make_random().map_err(|_| KeyStoreError::Unavailable)?))
}

impl Issuing {
    pub(super) const fn attested(&self) -> &Attested {
        &self.attested
    }

    /// Goes on with what is kept.
    pub(super) const fn resumed(mut self) -> Self {
        self.kept = true;
        self
    }

    pub(super) fn expect(&mut self, person: Person) {
        self.expected = Some(person);
    }

    /// Drives the machine until somebody else has to act. On an error the keys made are deleted; what was kept of an
    /// issuance stays where going on may still help.
    pub(super) async fn drive(
        &mut self,
        wallet: &Wallet,
        machine: Issuance,
        step: Step,
        watch: &Watch<'_>,
    ) -> Result<Stop, WalletError> {
        let turn = self.turn.take().unwrap_or_else(|| wallet.turns.take());
        let outcome = self.run(wallet, machine, step, watch, &turn).await;
        match (outcome, self.stored.take()) {
            // The card is stored. That the issuer could not be told changes nothing for the citizen.
            (Err(_), Some(card)) => Ok(Stop::Done(card)),
            (Err(error), None) => {
                // What is kept of another issuance is none of this one's: an offer scanned again ends nothing.
                let is_over = self.kept && !is_worth_going_on(&error, self.delivered);
                // That this fails too changes nothing now; the next issuance tries again.
                drop(self.give_back(wallet, is_over, &turn).await);
                // Whatever it met, it ends because another one was begun.
                Err(if wallet.turns.is_held_by(&turn) { error } else { WalletError::UserCancelled })
            }
            (stop, stored) => {
                self.stored = stored;
                stop
            }
        }
    }

    /// Deletes the keys it made: without credentials they would only fill the hardware. What was kept of it goes where it `is_over`.
    async fn give_back(&self, wallet: &Wallet, is_over: bool, turn: &Turn) -> Result<(), WalletError> {
        let keys = self.made.ids();
        let gone =
            if keys.is_empty() { Ok(Vec::new()) } else { wallet.platform.key_store.delete(keys).await };
        let gone = gone?;
        wallet.with_vault(|vault| {
            underway::change(vault, |under_way| {
                under_way.forget(&gone);
                if is_over && wallet.turns.is_held_by(turn) {
                    under_way.forget_saved();
                }
            })
        })?;
        wallet.anchor_version().await
    }

    async fn run(
        &mut self,
        wallet: &Wallet,
        mut machine: Issuance,
        mut step: Step,
        watch: &Watch<'_>,
        turn: &Turn,
    ) -> Result<Stop, WalletError> {
        let platform = &wallet.platform;
        loop {
            // What is stored is finished, whoever came meanwhile.
            if self.stored.is_none() && !wallet.turns.is_held_by(turn) {
                return Err(WalletError::UserCancelled);
            }
            let input = match step {
                Step::Http(request) => Input::Response(platform.http.send(request).await?),
                Step::AskConsent(summary) => return Ok(Stop::Consent { machine, summary: *summary }),
                Step::AttestWallet => Input::WalletAttestation(self.attested.word.clone()),
                Step::SignInstance(bytes) => {
                    let id = self.attested.instance.id.clone();
                    Input::Signature(platform.key_store.sign_instance(id, bytes).await?)
                }
                Step::OpenInBrowser(url) => return Ok(Stop::Browser { url }),
                Step::GatherEvidence { chip_challenge, face_challenge, relay, expires_in: _ } => {
                    return Ok(Stop::Card { machine, chip_challenge, face_challenge, relay });
                }
                Step::Examine { public_key, commands } => {
                    return Ok(Stop::Examine { machine, public_key, commands });
                }
                Step::Save(bytes) => {
                    self.save(wallet, &bytes, turn).await?;
                    Input::Saved
                }
                Step::MakeHolderKeys { configuration: _, format, challenge, count } => {
                    watch.enter(EnrolmentStage::MakingKeys)?;
                    let count = count.min(wanted_copies(&format));
                    let keys = self.make_keys(wallet, challenge, count, turn).await?;
                    watch.enter(EnrolmentStage::FetchingCredentials)?;
                    Input::HolderKeys(keys)
                }
                Step::AttestKeys { nonce } => {
                    let (keys, attestation) =
                        self.last.take().ok_or(WalletError::Unavailable { code: code::INTERNAL })?;
                    Input::KeyAttestation(
                        wallet.attest_keys(&self.attested, nonce, &keys, attestation).await?,
                    )
                }
                Step::SignHolder(bytes) => Input::Signature(self.sign_holder(wallet, bytes).await?),
                Step::Wait { seconds } => return Ok(Stop::Later { machine, seconds }),
                Step::Keep(delivered) => {
                    self.delivered = true;
                    let kept = self.keep(wallet, &delivered, watch, turn).await;
                    if let Err(error) = kept {
                        self.report_failure(wallet, machine).await;
                        return Err(error);
                    }
                    Input::Outcome(Outcome::Kept)
                }
                Step::Done(finished) => {
                    wallet.with_vault(|vault| {
                        if let Some(renewal) = &finished.renewal {
                            underway::store_renewal(vault, renewal)?;
                        }
                        underway::change(vault, |under_way| {
                            if self.kept && wallet.turns.is_held_by(turn) {
                                under_way.forget_saved();
                            }
                        })
                    })?;
                    wallet.anchor_version().await?;
                    let card = self.stored.take();
                    return card.map(Stop::Done).ok_or(WalletError::Unavailable { code: code::INTERNAL });
                }
            };
            (machine, step) = machine.handle(input, wallet.now()?.unix_seconds)?;
        }
    }

    async fn save(&mut self, wallet: &Wallet, bytes: &SecretBytes, turn: &Turn) -> Result<(), WalletError> {
        let is_ours = wallet.with_vault(|vault| {
            let is_ours = wallet.turns.is_held_by(turn);
            if is_ours {
                underway::change(vault, |under_way| under_way.set_saved(bytes))?;
            }
            Ok(is_ours)
        })?;
        if !is_ours {
            return Err(WalletError::UserCancelled);
        }
        self.kept = true;
        wallet.anchor_version().await
    }

    /// Makes keys, and remembers their names before anything else happens with them: for whoever sweeps, should they stay nobody's.
    async fn make_keys(
        &mut self,
        wallet: &Wallet,
        challenge: [u8; 32],
        count: u32,
        turn: &Turn,
    ) -> Result<Vec<Vec<u8>>, WalletError> {
        let created = wallet.platform.key_store.create(KeyPolicy::HOLDER, challenge.to_vec(), count).await?;
        self.made.take(&created);
        let is_ours = wallet.with_vault(|vault| {
            let ids = created.keys.iter().map(|key| key.id.clone());
            underway::change(vault, |under_way| under_way.keys.extend(ids))?;
            Ok(wallet.turns.is_held_by(turn))
        })?;
        if !is_ours {
            return Err(WalletError::UserCancelled);
        }
        let keys: Vec<Vec<u8>> = created.keys.into_iter().map(|key| key.public_key).collect();
        self.last = Some((keys.clone(), created.attestation));
        Ok(keys)
    }

    /// An issuer that wants keys to sign for themselves gets one signature, for one prompt.
    async fn sign_holder(&self, wallet: &Wallet, bytes: Vec<u8>) -> Result<Vec<u8>, WalletError> {
        let misbehaved = WalletError::Unavailable { code: code::PLATFORM_MISBEHAVED };
        let id: HolderKeyId = self
            .last
            .as_ref()
            .and_then(|(keys, _)| keys.first())
            .and_then(|key| crate::crypto::sign::PublicKey::from_sec1(key).ok())
            .and_then(|key| self.made.id_of(&key).ok())
            .ok_or(misbehaved.clone())?;
        let prompt: Prompt = super::prompts::receive(wallet.config.language);
        let request = SignRequest { message: bytes };
        let signed = wallet.platform.key_store.sign(id, vec![request], prompt).await?;
        signed.into_iter().next().ok_or(misbehaved)
    }

    async fn keep(
        &mut self,
        wallet: &Wallet,
        delivered: &Delivered,
        watch: &Watch<'_>,
        turn: &Turn,
    ) -> Result<(), WalletError> {
        watch.enter(EnrolmentStage::Verifying)?;
        let now = wallet.now()?.unix_seconds;
        let received = wallet.verify_delivered(delivered, self.expected.as_ref(), &self.made, now)?;
        watch.enter(EnrolmentStage::Storing)?;
        self.stored = Some(wallet.store_received(received, &self.made.ids(), now, turn).await?);
        Ok(())
    }

    /// Tells the issuer that nothing was kept. Whether it hears that changes nothing here.
    async fn report_failure(&self, wallet: &Wallet, machine: Issuance) {
        let Ok(now) = wallet.now() else { return };
        let mut next = machine.handle(Input::Outcome(Outcome::Failed), now.unix_seconds);
        while let Ok((machine, step)) = next {
            let input = match step {
                Step::Http(request) => match wallet.platform.http.send(request).await {
                    Ok(response) => Input::Response(response),
                    Err(_) => return,
                },
                Step::SignInstance(bytes) => {
                    let id = self.attested.instance.id.clone();
                    match wallet.platform.key_store.sign_instance(id, bytes).await {
                        Ok(signature) => Input::Signature(signature),
                        Err(_) => return,
                    }
                }
                _ => return,
            };
            next = machine.handle(input, now.unix_seconds);
        }
    }
}

impl Wallet {
    /// Puts a card in the place of its predecessor, all of it or nothing.
    async fn store_received(
        &self,
        received: Received,
        made: &[String],
        now: i64,
        turn: &Turn,
    ) -> Result<CardView, WalletError> {
        let Received { card, copies, mdocs, sd_jwts, words, standing } = received;
        let (name, words) = (Words::row_of(&card.document), words.encode());
        let issuer = self.config.issuer_url.clone();
        let stored = self.with_vault(|vault| {
            // Whoever took the turn has swept its keys, or is about to.
            let mut under_way = UnderWay::load(vault)?;
            if !self.turns.is_held_by(turn) || made.iter().any(|key| !under_way.keys.contains(key)) {
                return Ok(None);
            }
            let mut settings = vault.settings()?;
            settings.issuer = Some(issuer);
            let known = vault.cards()?.iter().any(|known| known.document == card.document);
            let kind = if known { EventKind::CardReplaced } else { EventKind::CardAdded };
            // In the same transaction the new keys stop being nobody's.
            under_way.forget(made);
            let mut known = Standing::load(vault)?;
            known.put(&card.id, standing);
            let stored = vault.store_enrolled(&Enrolled {
                card: &card,
                copies: &copies,
                mdocs: &mdocs,
                sd_jwts: &sd_jwts,
                settings: &settings,
                event: &Event { at: now, kind, level: None, counterparty: None },
                device_data: &[
                    (UNDER_WAY, &under_way.encode()),
                    (&name, &words),
                    (STANDING, &known.encode()),
                ],
            })?;
            Ok(Some(stored))
        })?;
        let stored = stored.ok_or(WalletError::UserCancelled)?;
        self.anchor_version().await?;
        let orphaned: Vec<String> = stored.orphaned_keys.into_iter().map(String::from).collect();
        if !orphaned.is_empty() {
            // The card is stored; a key that could not be deleted now does no harm.
            drop(self.platform.key_store.delete(orphaned).await);
        }
        self.card_view(&card.id)
    }
}

/// How many copies of one kind the wallet keeps at a time.
fn wanted_copies(format: &Format) -> u32 {
    match format {
        Format::SdCwt { vct } => {
            crate::counter::Document::from_vct(vct).map_or(1, |(_, level)| level.batch())
        }
        _ => WHOLE_DOCUMENTS,
    }
}

/// Whether what was kept may still become a card: not when the issuer, the citizen or the credentials said no. An issuer that
/// is busy, or an answer that somebody on the way spoilt, says nothing of the kind.
const fn is_worth_going_on(error: &WalletError, delivered: bool) -> bool {
    match error {
        WalletError::IssuerRefused { why: Refusal::Unavailable } => true,
        WalletError::NotTrusted { why: Distrust::IssuerAnswer } => !delivered,
        WalletError::UserCancelled
        | WalletError::IssuerRefused { .. }
        | WalletError::NotTrusted { .. }
        | WalletError::AnotherHolder
        | WalletError::FaceMismatch => false,
        _ => true,
    }
}

impl WalletConfig {
    /// Whether an issuer is the one this wallet gets its ID from.
    pub(super) fn is_issuer(&self, url: &Url) -> bool {
        url.as_str().trim_end_matches('/') == self.issuer_url.trim_end_matches('/')
    }
}
