//! What `check` remembers of counter packs, and what a pack may relax.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use desk::{Config, Desk, DeskIdentity, RunningDesk};
use fixtures::{
    chip::{VirtualCard, VirtualLink},
    people, pki,
    platform::{FixtureFaceCheck, LoopbackHttp, MemoryAnchor, SoftwareKeyStore, SteppedClock, SystemClock},
};
use wallet_core::{
    card::Disclosure,
    counter::DeskId,
    platform::Clock as _,
    wallet::{CardAccessView, IfStale, Language, Platform, UnlockWith, Wallet, WalletConfig, WalletError},
};

use super::{Folder, Run, wallet};

/// A desk, and a wallet with the adult's ID, both by one clock.
struct World {
    desk: RunningDesk,
    wallet: Arc<Wallet>,
    clock: Arc<SteppedClock>,
    folder: PathBuf,
}

impl World {
    async fn at(now: i64, folder: &Path) -> Self {
        let clock = Arc::new(SteppedClock::new(now));
        let id = DeskId::parse("test-1").unwrap();
        let identity =
            DeskIdentity { id, name_ko: "시험 창구".to_owned(), name_en: "Test desk".to_owned() };
        let config = Config::new(folder.join("desk"), identity, clock.clone()).trusting_fixtures();
        let desk = Desk::start(config).await.unwrap();
        std::fs::write(folder.join("authority.der"), desk.pack_authority_certificate()).unwrap();
        let platform = Platform {
            key_store: Arc::new(SoftwareKeyStore::with_clock(clock.clone())),
            anchor: Arc::new(MemoryAnchor::new()),
            http: Arc::new(LoopbackHttp::new()),
            clock: clock.clone(),
            face_check: Arc::new(FixtureFaceCheck::new()),
        };
        let config = WalletConfig {
            vault_path: folder.join("vault").to_str().unwrap().to_owned(),
            issuer_url: desk.base_url().to_owned(),
            issuer_roots: vec![desk.issuer_root().to_vec()],
            card_roots: vec![pki::csca().certificate().to_vec()],
            desk_roots: vec![desk.registration_root().to_vec()],
            language: Language::English,
            wallet_provider_url: None,
            redirect_uri: WalletConfig::REDIRECT_URI.to_owned(),
        };
        let wallet = Wallet::open(platform, config).await.unwrap();
        wallet.unlock(UnlockWith::Biometrics).await.unwrap();
        let enrolment = Arc::clone(&wallet).enrol().await.unwrap();
        let link = Arc::new(VirtualLink::new(VirtualCard::of(&people::adult()).build()));
        let access = CardAccessView::Can { can: b"123456".to_vec() };
        let evidence = wallet.read_card(link, access, None).unwrap();
        let evidence = evidence.run(Some(enrolment.challenge())).await.unwrap();
        enrolment.finish(evidence, None).await.unwrap();
        Self { desk, wallet, clock, folder: folder.to_owned() }
    }

    /// Moves the clock to so many seconds before that of the wall, by which `check` looks.
    fn to_before_the_present(&self, seconds: i64) {
        let by = present() - seconds - self.clock.now().unwrap().unix_seconds;
        self.clock.advance(by);
    }

    async fn shown(&self, if_stale: IfStale) -> Result<String, WalletError> {
        let card = self.wallet.cards().unwrap().remove(0).id;
        let show = self.wallet.show_at_counter_with(card, Disclosure::AdultOnly, None, if_stale).await?;
        Ok(show.frame(self.clock.now().unwrap()).unwrap().text)
    }

    /// The pack of this moment, in a file.
    fn pack(&self, name: &str) -> String {
        let mut answer = ureq::get(format!("{}/counter-pack", self.desk.base_url())).call().unwrap();
        let path = self.folder.join(name);
        std::fs::write(&path, answer.body_mut().read_to_vec().unwrap()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn check(&self, home: &str, text: &str, pack: &str, more: &[&str]) -> Run {
        let root = self.folder.join("authority.der");
        let mut words = vec!["check", text, "--pack", pack, "--pack-root", root.to_str().unwrap(), "--json"];
        words.extend(more);
        wallet(&self.folder.join(home), &words)
    }
}

fn present() -> i64 {
    SystemClock.now().unwrap().unix_seconds
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_pack_is_refused_in_every_later_run() {
    let folder = Folder::new("packs");
    let world = World::at(present() - 900, &folder.0).await;
    let older = world.pack("older.cbor");
    world.to_before_the_present(0);
    let newer = world.pack("newer.cbor");
    let text = world.shown(IfStale::Refuse).await.unwrap();
    let first = world.check("home", &text, &older, &[]);
    assert_eq!(first.code, 0, "{}{}", first.stdout, first.stderr);
    let sequence = |run: &Run| run.json()["pack_sequence"].as_u64().unwrap();
    let second = world.check("home", &text, &newer, &[]);
    assert_eq!(second.code, 0, "{}", second.stdout);
    assert!(sequence(&second) > sequence(&first));
    let back = world.check("home", &text, &older, &[]);
    assert_eq!((back.code, back.stdout.contains("older")), (3, true), "{}", back.stdout);
    // The file of accepted codes is another thing: an empty one takes nothing back.
    let seen = folder.path("seen");
    let with_seen = world.check("home", &text, &older, &["--seen", seen.to_str().unwrap()]);
    assert_eq!(with_seen.code, 3, "{}", with_seen.stdout);
    assert_eq!(world.check("home", &text, &newer, &[]).code, 0, "the newest is good still");
    let elsewhere = world.check("another-home", &text, &older, &[]);
    assert_eq!(elsewhere.code, 0, "another counter has not seen the newer: {}", elsewhere.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pack_that_declares_an_outage_lets_an_old_proof_pass_until_then() {
    let folder = Folder::new("outage");
    let world = World::at(present() - 25 * 3600, &folder.0).await;
    world.to_before_the_present(10);
    world.desk.declare_outage(Some(present() - 5)).await.unwrap();
    let ended = world.pack("ended.cbor");
    world.desk.declare_outage(None).await.unwrap();
    world.to_before_the_present(0);
    let text = world.shown(IfStale::ShowAnyway).await.unwrap();
    let staple = |run: &Run| {
        let document = run.json();
        let checks = document["checks"].as_array().unwrap();
        let made = checks.iter().find(|made| made["name"] == "staple").unwrap();
        (made["outcome"].as_str().unwrap().to_owned(), made["reason"].as_str().map(str::to_owned))
    };
    let before = world.check("home", &text, &world.pack("before.cbor"), &[]);
    assert_eq!((before.code, staple(&before).0.as_str()), (3, "failed"), "{}", before.stdout);
    world.desk.declare_outage(Some(present() + 600)).await.unwrap();
    let during = world.check("home", &text, &world.pack("during.cbor"), &[]);
    assert_eq!(during.code, 0, "{}", during.stdout);
    assert_eq!(staple(&during), ("passed_by".to_owned(), Some("outage_until".to_owned())));
    let after = world.check("another-home", &text, &ended, &[]);
    assert_eq!((after.code, staple(&after).0.as_str()), (3, "failed"), "it is over: {}", after.stdout);
    world.desk.declare_outage(None).await.unwrap();
    assert_eq!(world.check("home", &text, &world.pack("up.cbor"), &[]).code, 3);
    let again = world.check("home", &text, folder.path("during.cbor").to_str().unwrap(), &[]);
    let older = again.json()["error"]["message"].as_str().is_some_and(|message| message.contains("older"));
    assert!(again.code == 3 && older, "the pack that allowed it is an older one now: {}", again.stdout);
}
