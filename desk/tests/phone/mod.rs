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
    platform::{FixtureFaceCheck, SoftwareKeyStore, SteppedClock},
};
use wallet_core::{
    chip::{Can, CardAccess, ChipData, Entropy, ReadPlan, Reading, Step as ChipStep, files::dg2},
    counter::UnverifiedCopy,
    crypto::{random::make_random, sign::PublicKey},
    enrolment::{
        Enrolment, EnrolmentError, Input, Issued, IssuerUrl, Plan, StapleMessage, StapleRefresh, StapleStep,
        Step,
    },
    platform::{
        Attestation, CreatedKeys, FaceCheck, HttpMethod, HttpRequest, HttpResponse, InstanceKeyId, KeyPolicy,
        KeyStore, LinkLimits, Prompt,
    },
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
    ReplayEvidence,
    ReplayKeys,
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
        Desk::open(&config(&self.folder, &self.clock)).unwrap().release(number, NOW).unwrap()
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
    url: IssuerUrl,
    clock: Arc<SteppedClock>,
    keys: SoftwareKeyStore,
    face: FixtureFaceCheck,
    instance: RefCell<Option<(InstanceKeyId, PublicKey)>>,
    issued: RefCell<Option<Issued>>,
}

impl Phone {
    pub(crate) fn new(desk: &TestDesk) -> Self {
        Self {
            url: IssuerUrl::parse(desk.running.base_url()).unwrap(),
            clock: Arc::clone(&desk.clock),
            keys: SoftwareKeyStore::new(),
            face: FixtureFaceCheck::new(),
            instance: RefCell::new(None),
            issued: RefCell::new(None),
        }
    }

    /// The same phone, the desk at another address.
    pub(crate) fn moved_to(self, desk: &TestDesk) -> Self {
        let url = IssuerUrl::parse(desk.running.base_url()).unwrap();
        Self { url, clock: Arc::clone(&desk.clock), ..self }
    }

    /// Drives an enrolment to its end, with one trick on the way.
    pub(crate) async fn enrol(&self, card: &mut VirtualCard, trick: Trick) -> Result<Issued, EnrolmentError> {
        let known = self.instance.borrow().as_ref().map(|(_, key)| *key);
        if trick == Trick::UnattestedInstance {
            self.make_instance().await;
        }
        let known = known.or(self.instance.borrow().as_ref().map(|(_, key)| *key));
        let plan = Plan { issuer: self.url.clone(), instance: known };
        let (mut machine, mut step) = Enrolment::begin(plan)?;
        let mut signatures = 0;
        loop {
            let input = match step {
                Step::Http(request) => Input::Response(self.send_tricky(request, trick)),
                Step::MakeInstanceKey { challenge } => self.instance_input(challenge, trick).await,
                Step::GatherEvidence { chip_challenge, face_challenge, .. } => {
                    self.evidence(card, chip_challenge, face_challenge, trick).await
                }
                Step::SignInstance(bytes) => {
                    signatures += 1;
                    let another = [Trick::EvidenceSignedByAnotherKey, Trick::KeysSignedByAnotherKey];
                    let signer = if another.get(signatures - 1) == Some(&trick) {
                        self.create(KeyPolicy::INSTANCE, vec![0; 32], 1).await.keys[0].id.clone()
                    } else {
                        self.instance.borrow().as_ref().unwrap().0.as_str().to_owned()
                    };
                    Input::Signature(
                        self.keys.sign_instance(InstanceKeyId::new(signer), bytes).await.unwrap(),
                    )
                }
                Step::MakeHolderKeys { challenge, count } => {
                    if trick == Trick::LateKeys {
                        self.clock.advance(120);
                    }
                    let policy = match trick {
                        Trick::HolderKeysWithoutUserAuthentication => KeyPolicy::INSTANCE,
                        _ => KeyPolicy::HOLDER,
                    };
                    let challenge = if trick == Trick::AnotherKeyChallenge { [7; 32] } else { challenge };
                    let created = self.create(policy, challenge.to_vec(), count).await;
                    Input::HolderKeys {
                        public_keys: created.keys.into_iter().map(|key| key.public_key).collect(),
                        attestation: created.attestation,
                    }
                }
                Step::Done(issued) => {
                    *self.issued.borrow_mut() = Some((*issued).clone());
                    return Ok(*issued);
                }
                other => panic!("{other:?}"),
            };
            (machine, step) = machine.handle(input)?;
        }
    }

    /// Makes an Instance key that no issuer has seen.
    pub(crate) async fn make_instance(&self) {
        self.instance_input([0; 32], Trick::None).await;
    }

    /// The ids of all copies issued last.
    pub(crate) fn ctis(&self) -> Vec<Vec<u8>> {
        let issued = self.issued.borrow();
        let copies = issued.as_ref().unwrap().levels.iter().flat_map(|level| &level.copies);
        copies.map(|copy| cti_of(&copy.sd_cwt)).collect()
    }

    pub(crate) async fn staples(
        &self,
        copies: Vec<Vec<u8>>,
    ) -> Result<Vec<Option<StapleMessage>>, EnrolmentError> {
        let (refresh, request) = self.refresh(copies).await;
        refresh.finish(&send(request))
    }

    pub(crate) async fn staple_request(&self, copies: Vec<Vec<u8>>) -> HttpRequest {
        self.refresh(copies).await.1
    }

    async fn refresh(&self, copies: Vec<Vec<u8>>) -> (StapleRefresh, HttpRequest) {
        use wallet_core::platform::Clock;
        let (id, key) = self.instance.borrow().clone().unwrap();
        let now = self.clock.now().unwrap().unix_seconds;
        let (refresh, StapleStep::SignInstance(bytes)) =
            StapleRefresh::begin(self.url.clone(), &key, copies, now).unwrap();
        let signature = self.keys.sign_instance(id, bytes).await.unwrap();
        let request = refresh.signed(&signature).unwrap();
        (refresh, request)
    }

    fn send_tricky(&self, request: HttpRequest, trick: Trick) -> HttpResponse {
        let replays =
            [(Trick::ReplayEvidence, "/enrolment/evidence"), (Trick::ReplayKeys, "/enrolment/keys")];
        if replays.iter().any(|(which, path)| *which == trick && request.url.ends_with(path)) {
            assert_eq!(send(request.clone()).status, 200);
        }
        send(request)
    }

    async fn instance_input(&self, challenge: [u8; 32], trick: Trick) -> Input {
        let challenge = if trick == Trick::AnotherInstanceChallenge { [7; 32] } else { challenge };
        let created = self.create(KeyPolicy::INSTANCE, challenge.to_vec(), 1).await;
        let [key] = created.keys.as_slice() else { panic!("one key") };
        let public_key = key.public_key.clone();
        let parsed = PublicKey::from_sec1(&public_key).unwrap();
        *self.instance.borrow_mut() = Some((InstanceKeyId::new(key.id.clone()), parsed));
        Input::Instance { public_key, attestation: created.attestation }
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
        Input::Evidence {
            sod: chip.sod,
            groups: chip.groups,
            active_authentication: chip.active_auth.unwrap(),
            face,
        }
    }

    async fn create(&self, policy: KeyPolicy, challenge: Vec<u8>, count: u32) -> CreatedKeys {
        let created = self.keys.create(policy, challenge, count).await.unwrap();
        assert!(matches!(created.attestation, Attestation::Software { .. }));
        created
    }
}

/// Reads the card the way the wallet does.
fn read(card: &mut VirtualCard, challenge: [u8; 8]) -> ChipData {
    let plan = ReadPlan {
        access: CardAccess::Can(Can::parse("123456").unwrap()),
        challenge: Some(challenge),
        limits: LinkLimits { max_command: 65_544, max_response: 65_538, extended: true },
        entropy: Entropy::new(make_random().unwrap()),
    };
    card.reset();
    let (mut reading, mut step) = Reading::begin(plan).unwrap();
    loop {
        match step {
            ChipStep::Transmit(command) => {
                (reading, step) = reading.handle(&card.process(&command)).unwrap();
            }
            ChipStep::Done(data) => return *data,
        }
    }
}

fn send(request: HttpRequest) -> HttpResponse {
    tokio::task::block_in_place(|| {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        let response = match request.method {
            HttpMethod::Get => agent.get(&request.url).call(),
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
        HttpResponse { status, headers: HashMap::new(), body: response.body_mut().read_to_vec().unwrap() }
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
