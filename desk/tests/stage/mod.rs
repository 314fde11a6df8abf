//! A desk on loopback and a phone with the wallet's facade, over a network that plays tricks.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use desk::{Config, Desk, DeskIdentity, RunningDesk, telecom::Operator};
use fixtures::{
    chip::{VirtualCard, VirtualLink},
    people::Citizen,
    pki,
    platform::{FixtureFaceCheck, LoopbackHttp, MemoryAnchor, SoftwareKeyStore, SteppedClock},
};
use wallet_core::{
    counter::DeskId,
    platform::{Http, HttpError, HttpRequest, HttpResponse},
    wallet::{
        CardAccessView, CardView, ChipEvidence, Enrolment, Language, Platform, UnlockWith, Wallet,
        WalletConfig, WalletError,
    },
};

/// 2026-11-24T12:00:00 in Korea.
pub(crate) const NOW: i64 = 1_795_489_200;

/// What the telecom operator is known by.
pub(crate) const OPERATOR_TOKEN: &str = "gaon-telecom: a secret of the tests";

/// A desk on loopback in a folder of its own.
pub(crate) struct Stage {
    pub(crate) desk: RunningDesk,
    pub(crate) clock: Arc<SteppedClock>,
    pub(crate) folder: PathBuf,
    /// What the first phone is made of.
    seams: Mutex<Option<Seams>>,
}

type Seams = (Arc<SoftwareKeyStore>, Arc<TrickyHttp>, Arc<MemoryAnchor>, Platform, WalletConfig);

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A desk that is set up otherwise.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = new_folder();
        let clock = Arc::new(SteppedClock::new(NOW));
        let mut config = config_in(folder.join("desk"), &clock);
        change(&mut config);
        let desk = Desk::start(config).await.unwrap();
        Self { desk, clock, folder, seams: Mutex::default() }
    }

    /// A new phone, unlocked.
    pub(crate) async fn phone(&self) -> Phone {
        self.phone_called("vault").await
    }

    /// Another one.
    pub(crate) async fn second_phone(&self) -> Phone {
        self.phone_called("vault-2").await
    }

    /// The phone of [`Stage::phone`] after the app was started again, not unlocked.
    pub(crate) async fn known_phone(&self) -> Phone {
        let parts = self.seams.lock().unwrap().clone().unwrap();
        let (keys, http, anchor, platform, config) = parts;
        let wallet = Wallet::open(platform.clone(), config.clone()).await.unwrap();
        Phone { wallet, keys, http, anchor, platform, config }
    }

    /// Stops the desk and starts it again on the same port.
    pub(crate) async fn restart(&mut self) {
        let listen = self.desk.base_url().strip_prefix("http://").unwrap().parse().unwrap();
        let config = Config { listen, ..config_in(self.folder.join("desk"), &self.clock) };
        let elsewhere = desk_in(self.folder.join("elsewhere"), &self.clock).await;
        std::mem::replace(&mut self.desk, elsewhere).shutdown().await.unwrap();
        self.desk = Desk::start(config).await.unwrap();
    }

    async fn phone_called(&self, name: &str) -> Phone {
        let keys = Arc::new(SoftwareKeyStore::with_clock(self.clock.clone()));
        let http = Arc::new(TrickyHttp::default());
        let anchor = Arc::new(MemoryAnchor::new());
        let platform = Platform {
            key_store: keys.clone(),
            anchor: anchor.clone(),
            http: http.clone(),
            clock: self.clock.clone(),
            face_check: Arc::new(FixtureFaceCheck::new()),
        };
        let config = WalletConfig {
            vault_path: self.folder.join(name).to_str().unwrap().to_owned(),
            issuer_url: self.desk.base_url().to_owned(),
            issuer_roots: vec![self.desk.issuer_root().to_vec()],
            card_roots: vec![pki::csca().certificate().to_vec()],
            desk_roots: vec![self.desk.registration_root().to_vec()],
            language: Language::English,
            wallet_provider_url: None,
            redirect_uri: WalletConfig::REDIRECT_URI.to_owned(),
        };
        if name == "vault" {
            let parts = (keys.clone(), http.clone(), anchor.clone(), platform.clone(), config.clone());
            *self.seams.lock().unwrap() = Some(parts);
        }
        let wallet = Wallet::open(platform.clone(), config.clone()).await.unwrap();
        wallet.unlock(UnlockWith::Biometrics).await.unwrap();
        Phone { wallet, keys, http, anchor, platform, config }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// A place for a desk and its phones that no other test has.
pub(crate) fn new_folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("desk-wallet-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    std::env::temp_dir().join(name)
}

pub(crate) async fn desk_in(folder: PathBuf, clock: &Arc<SteppedClock>) -> RunningDesk {
    Desk::start(config_in(folder, clock)).await.unwrap()
}

pub(crate) fn config_in(folder: PathBuf, clock: &Arc<SteppedClock>) -> Config {
    let identity = DeskIdentity {
        id: DeskId::parse("centre.1").unwrap(),
        name_ko: "가온 주민센터".into(),
        name_en: "Gaon community centre".into(),
    };
    let mut config = Config::new(folder, identity, clock.clone()).trusting_fixtures();
    config.operators.push(Operator::new("gaon-telecom", OPERATOR_TOKEN));
    config
}

/// A phone in software.
pub(crate) struct Phone {
    pub(crate) wallet: Arc<Wallet>,
    pub(crate) keys: Arc<SoftwareKeyStore>,
    pub(crate) http: Arc<TrickyHttp>,
    pub(crate) anchor: Arc<MemoryAnchor>,
    pub(crate) platform: Platform,
    pub(crate) config: WalletConfig,
}

impl Phone {
    /// As [`Phone::enrol`], taking the ID from the phone that has it.
    pub(crate) async fn enrol_moving(&self, citizen: &Citizen) -> Result<CardView, WalletError> {
        let (enrolment, evidence) = self.tap(citizen).await?;
        enrolment.finish_moving(evidence, None).await
    }

    async fn tap(&self, citizen: &Citizen) -> Result<(Arc<Enrolment>, Arc<ChipEvidence>), WalletError> {
        let enrolment = Arc::clone(&self.wallet).enrol().await?;
        let link = Arc::new(VirtualLink::new(VirtualCard::of(citizen).build()));
        let access = CardAccessView::Can { can: b"123456".to_vec() };
        let reading = self.wallet.read_card(link, access, None)?;
        let evidence = reading.run(Some(enrolment.challenge())).await?;
        Ok((enrolment, evidence))
    }

    /// The same phone, its clock so many seconds off.
    pub(crate) async fn with_clock_off_by(self, seconds: i64) -> Self {
        let Self { wallet, keys, http, anchor, mut platform, config } = self;
        let now = platform.clock.now().unwrap().unix_seconds;
        drop(wallet);
        platform.clock = Arc::new(SteppedClock::new(now + seconds));
        let wallet = Wallet::open(platform.clone(), config.clone()).await.unwrap();
        Self { wallet, keys, http, anchor, platform, config }
    }

    pub(crate) async fn enrol(&self, citizen: &Citizen) -> Result<CardView, WalletError> {
        let (enrolment, evidence) = self.tap(citizen).await?;
        enrolment.finish(evidence, None).await
    }

    /// The same phone after the app was started again.
    pub(crate) async fn reopened(self, change: impl FnOnce(&mut WalletConfig)) -> Result<Self, WalletError> {
        let Self { wallet, keys, http, anchor, platform, mut config } = self;
        drop(wallet);
        change(&mut config);
        let wallet = Wallet::open(platform.clone(), config.clone()).await?;
        wallet.unlock(UnlockWith::Biometrics).await?;
        Ok(Self { wallet, keys, http, anchor, platform, config })
    }
}

/// What the network does to the next answers.
pub(crate) type Trick = Box<dyn Fn(&HttpRequest, HttpResponse) -> Result<HttpResponse, HttpError> + Send>;

/// The desktop's client, with a network between that may lose or change answers.
#[derive(Default)]
pub(crate) struct TrickyHttp {
    trick: Mutex<Option<Trick>>,
}

impl TrickyHttp {
    pub(crate) fn play(&self, trick: Option<Trick>) {
        *self.trick.lock().unwrap() = trick;
    }
}

#[async_trait::async_trait]
impl Http for TrickyHttp {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let response = LoopbackHttp::new().send(request.clone()).await?;
        match &*self.trick.lock().unwrap() {
            Some(trick) => trick(&request, response),
            None => Ok(response),
        }
    }
}
