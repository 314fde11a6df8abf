//! A phone in software with a mind to cheat, and the desk it talks to.

use std::{
    cell::RefCell,
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use desk::{Config, Desk, DeskError, DeskIdentity, RunningDesk};
use fixtures::{
    chip::VirtualCard,
    platform::{FixtureFaceCheck, SoftwareKeyStore, SteppedClock, attestation},
};
use wallet_core::{
    bytes::Secret,
    chip::{
        Can, CardAccess, ChipData, Entropy, FileSet, KnownModels, ReadPlan, Reading, Relay, Step as ChipStep,
        files::dg2,
    },
    counter::{DeliveredCopy, Document, UnverifiedCopy},
    crypto::{random::make_random, sign::PublicKey},
    jose::{Blob, ContentEncryption, DecryptionKey, Fixed, Jwk, decode, encrypt},
    openid::{
        Attesting, Client, Delivered, Format, Input, Issuance, MetadataPolicy, OpenIdError, Outcome,
        ProviderInput, ProviderStep, RequestPolicy, Step, TokenPolicy,
    },
    platform::{
        Attestation, ChipMessage, ChipProof, CreatedKeys, FaceCheck, FaceMessage, GroupMessage, HttpMethod,
        HttpRequest, HttpResponse, InstanceKeyId, KeyPolicy, KeyStore, LinkLimits, Prompt, Url,
        UserAuthentication,
    },
    status::{AskError, StapleMessage, StapleRefresh, StapleStep},
};

/// 2026-11-24T12:00:00 in Korea.
pub(crate) const NOW: i64 = 1_795_489_200;

/// What the phone does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trick {
    None,
    AnotherChipChallenge,
    WrongFaceSignature,
    AnotherFaceChallenge,
    UnknownFaceProvider,
    AnotherInstanceChallenge,
    UnattestedInstance,
    AnotherKeyChallenge,
    HolderKeysWithoutUserAuthentication,
    EvidenceSignedByAnotherKey,
    KeysSignedByAnotherKey,
    LateEvidence,
    LateKeys,
    ReplayChallenge,
    ReplayToken,
    ReplayCredential,
    NoDpop,
    NoAttestation,
    NoAttestationProof,
    AttestationOfAnotherWallet,
    KeyAttestationForAnotherNonce,
    TooManyKeys,
    OwnKeyAsHolderKey,
    SaysThatNothingWasKept,
    SaysThatAllWasDeleted,
    KeysOfAnotherPhone,
    /// A proxy in the way puts a request of its own in the place of the phone's, which it cannot read.
    AnswerKeyInTheClear,
    RequestEncryptedToAnother,
}

/// What came of an enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issued {
    pub(crate) copies: Vec<(PublicKey, DeliveredCopy)>,
    pub(crate) mdocs: Vec<(PublicKey, Vec<u8>)>,
    /// With the type of each.
    pub(crate) sd_jwts: Vec<(PublicKey, String, String)>,
}

/// A desk on loopback in a folder of its own.
pub(crate) struct TestDesk {
    pub(crate) running: RunningDesk,
    pub(crate) clock: Arc<SteppedClock>,
    folder: Folder,
}

/// Gone with the test.
pub(crate) struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

impl std::ops::Deref for Folder {
    type Target = std::path::Path;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl TestDesk {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::try_start(change).await.unwrap()
    }

    pub(crate) async fn try_start(change: impl FnOnce(&mut Config)) -> Result<Self, DeskError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("desk-test-{}-{number}", std::process::id()));
        Self::try_start_in(Folder(folder), change).await
    }

    pub(crate) async fn start_in(folder: Folder, change: impl FnOnce(&mut Config)) -> Self {
        Self::try_start_in(folder, change).await.unwrap()
    }

    async fn try_start_in(folder: Folder, change: impl FnOnce(&mut Config)) -> Result<Self, DeskError> {
        let clock = Arc::new(SteppedClock::new(NOW));
        let mut config = config(&folder, &clock);
        change(&mut config);
        Ok(Self { running: Desk::start(config).await?, clock, folder })
    }

    pub(crate) async fn stop(self) -> Folder {
        self.running.shutdown().await.unwrap();
        self.folder
    }

    pub(crate) fn get(&self, path: &str) -> Vec<u8> {
        let request = HttpRequest {
            method: HttpMethod::Get,
            url: format!("{}{path}", self.running.base_url()),
            headers: HashMap::new(),
            body: Vec::new(),
        };
        let (status, body) = self.send(request);
        assert_eq!(status, 200, "{path}");
        body
    }

    pub(crate) fn headers(&self, path: &str) -> HashMap<String, String> {
        let url = format!("{}{path}", self.running.base_url());
        send(HttpRequest { method: HttpMethod::Get, url, headers: HashMap::new(), body: Vec::new() }).headers
    }

    pub(crate) fn post(&self, path: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
        let url = format!("{}{path}", self.running.base_url());
        self.send(HttpRequest { method: HttpMethod::Post, url, headers: HashMap::new(), body })
    }

    pub(crate) fn send(&self, request: HttpRequest) -> (u16, Vec<u8>) {
        let response = send(request);
        (response.status, response.body)
    }

    /// A visit at the centre, through the same file as the running desk.
    pub(crate) fn release(&self, number: &str) -> bool {
        Desk::open(&config(&self.folder, &self.clock)).unwrap().release(number, None, NOW).unwrap()
    }

    pub(crate) fn audit(&self) -> Vec<(String, String)> {
        Desk::open(&config(&self.folder, &self.clock)).unwrap().store().audit().unwrap()
    }
}

fn config(folder: &std::path::Path, clock: &Arc<SteppedClock>) -> Config {
    let identity = DeskIdentity {
        id: wallet_core::counter::DeskId::parse("centre.1").unwrap(),
        name_ko: "가온 주민센터".into(),
        name_en: "Gaon community centre".into(),
    };
    let clock: Arc<SteppedClock> = Arc::clone(clock);
    Config::new(folder, identity, clock).trusting_fixtures()
}

/// A phone: keys, camera, and what it was issued.
pub(crate) struct Phone {
    url: Url,
    clock: Arc<SteppedClock>,
    keys: SoftwareKeyStore,
    face: FixtureFaceCheck,
    instance: RefCell<Option<(InstanceKeyId, PublicKey)>>,
    issued: RefCell<Option<Issued>>,
}

impl Phone {
    pub(crate) fn new(desk: &TestDesk) -> Self {
        Self {
            url: Url::parse(desk.running.base_url()).unwrap(),
            clock: Arc::clone(&desk.clock),
            keys: SoftwareKeyStore::new(),
            face: FixtureFaceCheck::new(),
            instance: RefCell::new(None),
            issued: RefCell::new(None),
        }
    }

    /// The same phone, the desk at another address.
    pub(crate) fn moved_to(self, desk: &TestDesk) -> Self {
        let url = Url::parse(desk.running.base_url()).unwrap();
        Self { url, clock: Arc::clone(&desk.clock), ..self }
    }

    /// Drives an enrolment to its end, with one trick on the way.
    pub(crate) async fn enrol(&self, card: &mut VirtualCard, trick: Trick) -> Result<Issued, OpenIdError> {
        if trick == Trick::UnattestedInstance {
            self.make_instance().await;
        }
        let word = self.attest_wallet(trick).await?;
        let client = Client {
            client_id: "kr.example.wallet".into(),
            redirect_uri: Url::parse("https://wallet.example/issued").unwrap(),
            instance: self.instance_key(),
            attested: true,
            tokens: TokenPolicy::DpopOnly,
            requests: RequestPolicy::PushedOnly,
            metadata: MetadataPolicy::AcceptUnsigned,
        };
        let seed = Secret::new(make_random().unwrap());
        let (mut machine, mut step) = Issuance::with_card(client, self.url.clone(), seed);
        let mut kept = None;
        let mut made: Option<CreatedKeys> = None;
        loop {
            let input = match step {
                Step::Http(request) => Input::Response(self.send_tricky(request, trick)),
                Step::AttestWallet => Input::WalletAttestation(word.clone()),
                Step::SignInstance(bytes) => {
                    let forged = trick == Trick::EvidenceSignedByAnotherKey && is_evidence(&bytes);
                    Input::Signature(self.sign(bytes, forged).await)
                }
                Step::GatherEvidence { chip_challenge, face_challenge, .. } => {
                    self.evidence(card, chip_challenge, face_challenge, trick).await
                }
                Step::MakeHolderKeys { challenge, count, format, .. } => {
                    if trick == Trick::LateKeys {
                        self.clock.advance(600);
                    }
                    let policy = match trick {
                        Trick::HolderKeysWithoutUserAuthentication => KeyPolicy::INSTANCE,
                        _ => KeyPolicy::HOLDER,
                    };
                    let challenge = if trick == Trick::AnotherKeyChallenge { [7; 32] } else { challenge };
                    let wanted = if trick == Trick::TooManyKeys { 4 } else { batch(&format) };
                    let created = self.create(policy, challenge.to_vec(), wanted.min(count)).await;
                    let keys = created.keys.iter().map(|key| key.public_key.clone()).collect();
                    made = Some(created);
                    Input::HolderKeys(keys)
                }
                Step::AttestKeys { nonce } => {
                    Input::KeyAttestation(self.attest_keys(made.take().unwrap(), nonce, trick).await?)
                }
                Step::Save(_) => Input::Saved,
                Step::Keep(delivered) => {
                    kept = Some(issued(&delivered));
                    Input::Outcome(match trick {
                        Trick::SaysThatNothingWasKept => Outcome::Failed,
                        Trick::SaysThatAllWasDeleted => Outcome::Deleted,
                        _ => Outcome::Kept,
                    })
                }
                Step::Done(_) => {
                    self.issued.borrow_mut().clone_from(&kept);
                    return Ok(kept.unwrap());
                }
                other => panic!("{other:?}"),
            };
            (machine, step) = machine.handle(input, self.now())?;
        }
    }

    fn now(&self) -> i64 {
        use wallet_core::platform::Clock;
        self.clock.now().unwrap().unix_seconds
    }

    fn instance_key(&self) -> PublicKey {
        self.instance.borrow().as_ref().unwrap().1
    }

    async fn sign(&self, bytes: Vec<u8>, forged: bool) -> Vec<u8> {
        let id = if forged {
            InstanceKeyId::new(self.create(KeyPolicy::INSTANCE, vec![0; 32], 1).await.keys[0].id.clone())
        } else {
            self.instance.borrow().as_ref().unwrap().0.clone()
        };
        self.keys.sign_instance(id, bytes).await.unwrap()
    }

    fn provider(&self) -> Url {
        Url::parse(&format!("{}/wallet-provider", self.url.as_str())).unwrap()
    }

    async fn attest_wallet(&self, trick: Trick) -> Result<String, OpenIdError> {
        let known = self.instance.borrow().as_ref().map(|(_, key)| *key);
        let word = self.run(Attesting::wallet(self.provider(), known), trick).await?;
        if trick == Trick::AttestationOfAnotherWallet {
            let mine = self.instance.take();
            let other = self.run(Attesting::wallet(self.provider(), None), Trick::None).await;
            *self.instance.borrow_mut() = mine;
            return other;
        }
        Ok(word)
    }

    async fn attest_keys(
        &self,
        created: CreatedKeys,
        nonce: Option<String>,
        trick: Trick,
    ) -> Result<String, OpenIdError> {
        let mut keys: Vec<_> = created.keys.into_iter().map(|key| key.public_key).collect();
        let mut attestation = created.attestation;
        let mut nonce = nonce;
        if trick == Trick::KeyAttestationForAnotherNonce {
            nonce = Some("of-my-own".into());
            let challenge = wallet_core::crypto::hash::sha256(b"of-my-own").to_vec();
            let created = self.create(KeyPolicy::HOLDER, challenge, 1).await;
            keys = vec![created.keys[0].public_key.clone()];
            attestation = created.attestation;
        }
        if trick == Trick::OwnKeyAsHolderKey {
            // Hardware that is not what it seems: it attests the Instance key as a Holder key too.
            let challenge = wallet_core::crypto::hash::sha256(nonce.as_deref().unwrap().as_bytes());
            keys = vec![self.instance_key().as_sec1().to_vec()];
            let chain = attestation::chain_for(&keys[0], UserAuthentication::EachUse, &challenge).unwrap();
            attestation = Attestation::Software { chains: vec![chain] };
        }
        let mine = self.instance.borrow().clone();
        if trick == Trick::KeysOfAnotherPhone {
            self.instance.take();
            self.run(Attesting::wallet(self.provider(), None), Trick::None).await?;
        }
        let instance = self.instance_key();
        let begun = Attesting::keys(self.provider(), &instance, nonce, &keys, attestation, self.now())?;
        let word = self.run(begun, trick).await;
        *self.instance.borrow_mut() = mine;
        word
    }

    async fn run(&self, begun: (Attesting, ProviderStep), trick: Trick) -> Result<String, OpenIdError> {
        let (mut machine, mut step) = begun;
        loop {
            let input = match step {
                ProviderStep::Http(request) => ProviderInput::Response(send(request)),
                ProviderStep::MakeInstanceKey { challenge } => self.instance_input(challenge, trick).await,
                ProviderStep::SignInstance(bytes) => {
                    let about_keys = trick == Trick::KeysSignedByAnotherKey && self.is_about_keys(&bytes);
                    ProviderInput::Signature(self.sign(bytes, about_keys).await)
                }
                ProviderStep::Done(word) => return Ok(word),
            };
            (machine, step) = machine.handle(input, self.now())?;
        }
    }

    fn is_about_keys(&self, signed: &[u8]) -> bool {
        payload(signed).get("keys").is_some()
    }

    /// Makes an Instance key that no issuer has seen.
    pub(crate) async fn make_instance(&self) {
        drop(self.instance_input([0; 32], Trick::None).await);
    }

    /// The ids of all copies issued last.
    pub(crate) fn ctis(&self) -> Vec<Vec<u8>> {
        let issued = self.issued.borrow();
        issued.as_ref().unwrap().copies.iter().map(|(_, copy)| cti_of(&copy.sd_cwt)).collect()
    }

    pub(crate) async fn staples(&self, copies: Vec<Vec<u8>>) -> Result<Vec<Option<StapleMessage>>, AskError> {
        let (refresh, request) = self.refresh(copies).await;
        refresh.finish(&send(request))
    }

    pub(crate) async fn staple_request(&self, copies: Vec<Vec<u8>>) -> HttpRequest {
        self.refresh(copies).await.1
    }

    async fn refresh(&self, copies: Vec<Vec<u8>>) -> (StapleRefresh, HttpRequest) {
        let (id, key) = self.instance.borrow().clone().unwrap();
        let now = self.now();
        let (refresh, StapleStep::SignInstance(bytes)) =
            StapleRefresh::begin(self.url.clone(), &key, copies, now).unwrap();
        let signature = self.keys.sign_instance(id, bytes).await.unwrap();
        let request = refresh.signed(&signature).unwrap();
        (refresh, request)
    }

    fn send_tricky(&self, mut request: HttpRequest, trick: Trick) -> HttpResponse {
        let dropped = [
            (Trick::NoDpop, "dpop"),
            (Trick::NoAttestation, "oauth-client-attestation"),
            (Trick::NoAttestationProof, "oauth-client-attestation-pop"),
        ];
        for (which, header) in dropped {
            if which == trick && request.url.contains("/openid/") {
                request.headers.remove(header);
            }
        }
        if request.url.ends_with("/openid/credential") {
            assert_eq!(request.headers["content-type"], "application/jwt", "nobody between reads it");
            let proxy = Jwk::new(*DecryptionKey::derive(&[9; 64]).unwrap().public());
            if trick == Trick::AnswerKeyInTheClear {
                let mut jwk = serde_json::to_value(&proxy).unwrap();
                jwk["alg"] = "ECDH-ES".into();
                let body = serde_json::json!({"credential_configuration_id": "resident_card.mdoc",
                    "credential_response_encryption": {"jwk": jwk, "enc": "A256GCM"}});
                request.body = serde_json::to_vec(&body).unwrap();
                request.headers.insert("content-type".into(), "application/json".into());
            }
            if trick == Trick::RequestEncryptedToAnother {
                request.body = encrypt(&proxy, ContentEncryption::A256Gcm, b"{}").unwrap().into_bytes();
            }
        }
        let replayed = [
            (Trick::ReplayChallenge, "/challenge"),
            (Trick::ReplayToken, "/token"),
            (Trick::ReplayCredential, "/credential"),
        ];
        let first = send(request.clone());
        let again = replayed.iter().any(|(which, path)| *which == trick && request.url.ends_with(path));
        // A proof whose nonce was too old was not taken, so it is not used up.
        if again && first.headers.contains_key("dpop-nonce") && !is_nonce_error(&first) {
            return send(request);
        }
        if first.status == 200 && request.url.ends_with("/openid/credential") {
            assert_eq!(first.headers["content-type"], "application/jwt", "nor the answer");
        }
        first
    }

    async fn instance_input(&self, challenge: [u8; 32], trick: Trick) -> ProviderInput {
        let challenge = if trick == Trick::AnotherInstanceChallenge { [7; 32] } else { challenge };
        let created = self.create(KeyPolicy::INSTANCE, challenge.to_vec(), 1).await;
        let [key] = created.keys.as_slice() else { panic!("one key") };
        let public_key = key.public_key.clone();
        let parsed = PublicKey::from_sec1(&public_key).unwrap();
        *self.instance.borrow_mut() = Some((InstanceKeyId::new(key.id.clone()), parsed));
        ProviderInput::Instance { public_key, attestation: created.attestation }
    }

    async fn evidence(
        &self,
        card: &mut VirtualCard,
        chip_challenge: [u8; 8],
        face_challenge: [u8; 32],
        trick: Trick,
    ) -> Input {
        let chip_challenge = if trick == Trick::AnotherChipChallenge { [7; 8] } else { chip_challenge };
        let face_challenge = if trick == Trick::AnotherFaceChallenge { [7; 32] } else { face_challenge };
        let chip = read(card, chip_challenge);
        let portrait = dg2::parse(&chip.groups[&2]).unwrap().image;
        let key = self.instance.borrow().as_ref().unwrap().1.as_sec1().to_vec();
        let prompt = Prompt { title: "얼굴 확인".into(), reason: "발급".into(), counterparty: None };
        let mut face = self.face.compare(portrait, face_challenge.to_vec(), key, prompt).await.unwrap();
        match trick {
            Trick::WrongFaceSignature => face.signature[40] ^= 1,
            Trick::UnknownFaceProvider => face.provider = "nobody".into(),
            Trick::LateEvidence => self.clock.advance(120),
            _ => {}
        }
        let groups = chip.groups.into_iter();
        Input::Evidence {
            chip: ChipMessage {
                sod: Blob(chip.sod),
                groups: groups
                    .map(|(number, content)| GroupMessage { number, content: Blob(content) })
                    .collect(),
                proof: ChipProof::ActiveAuthentication(Blob(chip.active_auth.unwrap())),
            },
            face: FaceMessage {
                provider: face.provider,
                signature: Fixed(face.signature.try_into().unwrap()),
            },
            replaces_phone: false,
        }
    }

    async fn create(&self, policy: KeyPolicy, challenge: Vec<u8>, count: u32) -> CreatedKeys {
        let created = self.keys.create(policy, challenge, count).await.unwrap();
        assert!(matches!(created.attestation, Attestation::Software { .. }));
        created
    }
}

/// The payload of a token that is to be signed.
fn payload(signed: &[u8]) -> serde_json::Value {
    let text = std::str::from_utf8(signed).unwrap();
    serde_json::from_slice(&decode(text.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn is_evidence(signed: &[u8]) -> bool {
    payload(signed).get("chip").is_some()
}

fn is_nonce_error(response: &HttpResponse) -> bool {
    response.status >= 400 && String::from_utf8_lossy(&response.body).contains("use_dpop_nonce")
}

/// How many copies of a kind are asked for.
fn batch(format: &Format) -> u32 {
    match format {
        Format::Mdoc { .. } | Format::SdJwtVc { .. } => 3,
        Format::SdCwt { vct } => Document::from_vct(vct).unwrap().1.batch(),
        other => panic!("{other:?}"),
    }
}

fn issued(delivered: &Delivered) -> Issued {
    let mut issued = Issued { copies: Vec::new(), mdocs: Vec::new(), sd_jwts: Vec::new() };
    for credentials in &delivered.credentials {
        for (key, text) in &credentials.copies {
            if let Format::SdJwtVc { vct } = &credentials.configuration.format {
                issued.sd_jwts.push((*key, text.clone(), vct.clone()));
                continue;
            }
            let bytes = decode(text).unwrap();
            match &credentials.configuration.format {
                Format::Mdoc { .. } => issued.mdocs.push((*key, bytes)),
                _ => issued.copies.push((*key, DeliveredCopy::parse(&bytes).unwrap())),
            }
        }
    }
    issued
}

/// Reads the card the way the wallet does.
fn read(card: &mut VirtualCard, challenge: [u8; 8]) -> ChipData {
    let plan = ReadPlan {
        access: CardAccess::Can(Can::parse("123456").unwrap()),
        files: FileSet::WALLET,
        challenge: Some(challenge),
        chip_authentication: false,
        relay: Relay::Never,
        limits: LinkLimits { max_command: 65_544, max_response: 65_538, extended: true },
        models: KnownModels::default(),
        entropy: Entropy::new(make_random().unwrap()),
    };
    card.reset();
    let (mut reading, mut step) = Reading::begin(plan).unwrap();
    loop {
        match step {
            ChipStep::Transmit(command) => {
                (reading, step) = reading.handle(&card.process(&command)).unwrap();
            }
            ChipStep::AskServer => panic!("no server is to hear the chip"),
            ChipStep::Done(data) => return *data,
        }
    }
}

fn send(request: HttpRequest) -> HttpResponse {
    tokio::task::block_in_place(|| {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        let response = match request.method {
            HttpMethod::Get => {
                let builder = request
                    .headers
                    .iter()
                    .fold(agent.get(&request.url), |builder, (name, value)| builder.header(name, value));
                builder.call()
            }
            HttpMethod::Post => {
                let builder = request
                    .headers
                    .iter()
                    .fold(agent.post(&request.url), |builder, (name, value)| builder.header(name, value));
                builder.send(request.body.as_slice())
            }
        };
        let mut response = response.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        HttpResponse { status, headers, body: response.body_mut().read_to_vec().unwrap() }
    })
}

/// `cti` as any reader of CWTs finds it: claim 7 of the payload.
fn cti_of(sd_cwt: &[u8]) -> Vec<u8> {
    let _ = UnverifiedCopy::parse(sd_cwt).unwrap();
    let ciborium::Value::Tag(18, sign1) = ciborium::from_reader(sd_cwt).unwrap() else { panic!("tag 18") };
    let payload: ciborium::Value =
        ciborium::from_reader(sign1.as_array().unwrap()[2].as_bytes().unwrap().as_slice()).unwrap();
    let claims = payload.as_map().unwrap();
    let (_, cti) = claims.iter().find(|(label, _)| *label == 7.into()).unwrap();
    cti.as_bytes().unwrap().clone()
}
