//! A desk on loopback, phones in software and cards to tap: the stage of the behaviour tests.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use desk::{Config, Desk, DeskIdentity, FIXTURE_LINES, FIXTURE_OPERATOR, RunningDesk, telecom::Operator};
use fixtures::{
    browser::Browser,
    chip::{CardBuilder, VirtualCard, VirtualLink},
    people::{self, Citizen},
    pki,
    platform::{FixtureFaceCheck, LoopbackHttp, MemoryAnchor, SoftwareKeyStore, SteppedClock},
};
use wallet_core::{
    counter::DeskId,
    platform::{Http, HttpMethod, HttpRequest, Now},
    verify::{Counter, CounterPack, DeskSettings},
    wallet::{
        CardAccessView, CardReading, CardView, ChipEvidence, DeskSign, Enrolment, Language, Platform, Scan,
        UnlockWith, Wallet, WalletConfig, WalletError,
    },
};

/// A moment in the middle of an hour: 2026-11-23T03:30:00Z, 12:30 in Korea.
pub const NOON: i64 = 1_795_404_600;
/// The number printed on the fixtures' cards.
pub const CAN: &str = "123456";
/// What the telecom operator is known by.
const OPERATOR_TOKEN: &str = "an operator's token";

/// A folder of its own for one test, gone when dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new empty folder.
    #[must_use]
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("wallet-tests-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A desk on loopback with a clock of the test's.
pub struct Scene {
    /// Stepped by the test; desk and phones read it.
    pub clock: Arc<SteppedClock>,
    /// The desk.
    pub desk: RunningDesk,
    folder: Folder,
}

impl Scene {
    /// Starts the desk at [`NOON`].
    pub async fn new() -> Self {
        Self::with(|config| config).await
    }

    /// Starts a desk whose configuration `change` has changed.
    pub async fn with(change: impl FnOnce(Config) -> Config) -> Self {
        let folder = Folder::new();
        let clock = Arc::new(SteppedClock::new(NOON));
        let identity = DeskIdentity {
            id: DeskId::parse("shop-7").unwrap(),
            name_ko: "보기 편의점".to_owned(),
            name_en: "Corner shop".to_owned(),
        };
        let mut config = Config::new(folder.path().join("desk"), identity, clock.clone()).trusting_fixtures();
        config.operators.push(Operator::new(FIXTURE_OPERATOR, OPERATOR_TOKEN));
        let desk = Desk::start(change(config)).await.unwrap();
        Self { clock, desk, folder }
    }

    /// A folder for whatever a test keeps.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// The time of the scene.
    #[must_use]
    pub fn now(&self) -> Now {
        wallet_core::platform::Clock::now(self.clock.as_ref()).unwrap()
    }

    /// A new phone, unlocked.
    pub async fn phone(&self, name: &str) -> Phone {
        let phone = self.locked_phone(name, Arc::new(LoopbackHttp::new())).await;
        phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
        phone
    }

    /// A new phone, locked, with this HTTP client.
    pub async fn locked_phone(&self, name: &str, http: Arc<dyn Http>) -> Phone {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let keys = Arc::new(SoftwareKeyStore::with_clock(self.clock.clone()));
        let face = Arc::new(FixtureFaceCheck::new());
        let platform = Platform {
            key_store: keys.clone(),
            anchor: Arc::new(MemoryAnchor::new()),
            http,
            clock: self.clock.clone(),
            face_check: face.clone(),
        };
        let config = WalletConfig {
            vault_path: folder.join("vault").to_str().unwrap().to_owned(),
            issuer_url: self.desk.base_url().to_owned(),
            issuer_roots: vec![self.desk.issuer_root().to_vec()],
            card_roots: vec![pki::csca().certificate().to_vec()],
            desk_roots: vec![self.desk.registration_root().to_vec()],
            language: Language::English,
            wallet_provider_url: None,
            redirect_uri: WalletConfig::REDIRECT_URI.to_owned(),
        };
        let wallet = Wallet::open(platform.clone(), config.clone()).await.unwrap();
        Phone { wallet, keys, face, platform, config }
    }

    /// An offline counter with this desk's pack and id.
    #[must_use]
    pub fn counter(&self) -> Counter {
        self.counter_of(Some("shop-7"))
    }

    /// An offline counter with this desk's pack.
    #[must_use]
    pub fn counter_of(&self, id: Option<&str>) -> Counter {
        let pack = CounterPack::verify(self.desk.counter_pack(), self.desk.pack_authority()).unwrap();
        let settings = DeskSettings { desk_id: id.map(ToOwned::to_owned), ..DeskSettings::default() };
        Counter::new(pack, settings, self.now().unix_seconds).unwrap()
    }

    /// A counter with this desk's id and its pack as it is now.
    pub async fn online_counter(&self) -> Counter {
        let pack = self.get("/counter-pack").await;
        let pack = CounterPack::verify(&pack, self.desk.pack_authority()).unwrap();
        let settings = DeskSettings { desk_id: Some("shop-7".to_owned()), ..DeskSettings::default() };
        Counter::new(pack, settings, self.now().unix_seconds).unwrap()
    }

    async fn get(&self, path: &str) -> Vec<u8> {
        let url = format!("{}{path}", self.desk.base_url());
        let request = HttpRequest { method: HttpMethod::Get, url, headers: HashMap::new(), body: Vec::new() };
        LoopbackHttp::new().send(request).await.unwrap().body
    }

    /// The adult tells the telecom operator that the phone is lost.
    pub async fn lose(&self) {
        let [line, _] = FIXTURE_LINES;
        self.desk.record_line(people::adult().registration_number, line).await.unwrap();
        self.report("suspend", line, "lost").await;
    }

    /// … and that it was found.
    pub async fn find(&self) {
        let [line, _] = FIXTURE_LINES;
        self.report("resume", line, "found").await;
    }

    async fn report(&self, act: &str, line: &str, reason: &str) {
        let request = HttpRequest {
            method: HttpMethod::Post,
            url: format!("{}/telecom/{act}", self.desk.base_url()),
            headers: HashMap::from([("authorization".to_owned(), format!("Bearer {OPERATOR_TOKEN}"))]),
            body: format!(r#"{{"line":"{line}","reason":"{reason}"}}"#).into_bytes(),
        };
        assert_eq!(LoopbackHttp::new().send(request).await.unwrap().status, 204);
    }

    /// A browser that has not been at the desk's portal yet.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::at(self.desk.base_url())
    }

    /// The sign the desk puts up now.
    pub async fn sign_text(&self) -> String {
        let body = self.get("/desk-sign").await;
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
        json["sign"].as_str().unwrap().to_owned()
    }
}

/// A phone whose app is not running.
pub struct Closed {
    /// Its secure hardware.
    pub keys: Arc<SoftwareKeyStore>,
    /// Its camera and the provider behind it.
    pub face: Arc<FixtureFaceCheck>,
    /// All of its seams.
    pub platform: Platform,
    /// How its wallet is opened.
    pub config: WalletConfig,
}

impl Closed {
    /// The phone with this wallet running on it.
    #[must_use]
    pub fn running(&self, wallet: &Arc<Wallet>) -> Phone {
        Phone {
            wallet: Arc::clone(wallet),
            keys: self.keys.clone(),
            face: self.face.clone(),
            platform: self.platform.clone(),
            config: self.config.clone(),
        }
    }
}

/// A phone in software.
pub struct Phone {
    /// Its wallet.
    pub wallet: Arc<Wallet>,
    /// Its secure hardware.
    pub keys: Arc<SoftwareKeyStore>,
    /// Its camera and the provider behind it.
    pub face: Arc<FixtureFaceCheck>,
    /// All of its seams.
    pub platform: Platform,
    /// How its wallet was opened.
    pub config: WalletConfig,
}

impl Phone {
    /// The app ends.
    #[must_use]
    pub fn closed(self) -> Closed {
        let Self { wallet: _, keys, face, platform, config } = self;
        Closed { keys, face, platform, config }
    }

    /// A reading of `card` over a link without faults.
    #[must_use]
    pub fn reading(&self, card: CardBuilder) -> Arc<CardReading> {
        self.reading_over(VirtualLink::new(card.can(CAN).build()))
    }

    /// A reading over `link`.
    #[must_use]
    pub fn reading_over(&self, link: VirtualLink) -> Arc<CardReading> {
        let access = CardAccessView::Can { can: CAN.as_bytes().to_vec() };
        self.wallet.read_card(Arc::new(link), access, None).unwrap()
    }

    /// Begins an enrolment and has the card answer its challenge.
    ///
    /// # Errors
    /// Whatever the wallet says.
    pub async fn tap(&self, card: CardBuilder) -> Result<(Arc<Enrolment>, Arc<ChipEvidence>), WalletError> {
        let enrolment = Arc::clone(&self.wallet).enrol().await?;
        let evidence = self.reading(card).run(Some(enrolment.challenge())).await?;
        Ok((enrolment, evidence))
    }

    /// Enrols the citizen's card.
    ///
    /// # Errors
    /// Whatever the wallet says.
    pub async fn enrol(&self, citizen: &Citizen) -> Result<CardView, WalletError> {
        let (enrolment, evidence) = self.tap(VirtualCard::of(citizen)).await?;
        enrolment.finish(evidence, None).await
    }

    /// Enrols the citizen's card, and takes the ID from another phone.
    ///
    /// # Errors
    /// Whatever the wallet says.
    pub async fn enrol_moving(&self, citizen: &Citizen) -> Result<CardView, WalletError> {
        let (enrolment, evidence) = self.tap(VirtualCard::of(citizen)).await?;
        enrolment.finish_moving(evidence, None).await
    }

    /// Scans a desk's sign.
    ///
    /// # Errors
    /// Whatever the wallet says.
    pub fn scan(&self, text: &str) -> Result<Arc<DeskSign>, WalletError> {
        let Scan::DeskSign { sign } = self.wallet.scan(text.to_owned())? else {
            return Err(WalletError::NotForThisWallet);
        };
        Ok(sign)
    }

    /// How often the citizen was asked for finger or face.
    #[must_use]
    pub fn prompts(&self) -> usize {
        self.keys.prompt_count() + self.face.prompts().len()
    }
}
