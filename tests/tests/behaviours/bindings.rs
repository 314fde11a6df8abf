//! What holds at the border to other languages, seen from this side of it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use fixtures::people;
use tests::{
    prompting::Prompting,
    scene::{CAN, Scene},
};
use uniffi::UnexpectedUniFFICallbackError;
use wallet_core::{
    card::Disclosure,
    platform::{
        Anchor, AnchorError, Clock, ClockError, FaceCheck, FaceCheckError, FaceEvidence, Http, HttpError,
        HttpRequest, HttpResponse, KeyStoreError, LinkError, Now, Prompt,
    },
    wallet::{
        CardTrouble, Distrust, Language, ListenerError, ReadingListener, ReadingProgress, UnlockWith, Wallet,
        WalletError, WalletState,
    },
};

use crate::{WatchedLink, bare_platform, enrolled, left, reading::reading, reopened, show_adult, text_at};

/// What the generated code hands over when a foreign method throws what it did not declare.
fn thrown() -> UnexpectedUniFFICallbackError {
    UnexpectedUniFFICallbackError::new("a stack nobody is to read")
}

struct BrokenClock(ClockError);

impl Clock for BrokenClock {
    fn now(&self) -> Result<Now, ClockError> {
        Err(self.0.clone())
    }
}

struct BrokenListener;

impl ReadingListener for BrokenListener {
    fn progress(&self, _: ReadingProgress) -> Result<bool, ListenerError> {
        Err(thrown().into())
    }
}

struct BrokenHttp(HttpError);

#[async_trait]
impl Http for BrokenHttp {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, HttpError> {
        Err(self.0.clone())
    }
}

struct BrokenAnchor(AnchorError);

#[async_trait]
impl Anchor for BrokenAnchor {
    async fn load(&self) -> Result<Vec<u8>, AnchorError> {
        Err(self.0.clone())
    }
    async fn store(&self, bytes: Vec<u8>) -> Result<Vec<u8>, AnchorError> {
        Ok(bytes)
    }
}

struct BrokenFace(FaceCheckError);

#[async_trait]
impl FaceCheck for BrokenFace {
    async fn compare(
        &self,
        _: Vec<u8>,
        _: Vec<u8>,
        _: Vec<u8>,
        _: Prompt,
    ) -> Result<FaceEvidence, FaceCheckError> {
        Err(self.0.clone())
    }
}

#[tokio::test]
async fn a_foreign_throw_in_a_sync_method_is_an_error() {
    let scene = Scene::new().await;
    let mut phone = scene.phone("phone").await;
    phone.platform.clock = Arc::new(BrokenClock(thrown().into()));
    phone.config.vault_path.push_str("-clock");
    let wallet = reopened(&phone, phone.platform.clone()).await.unwrap();
    assert!(matches!(wallet.scan("KD1:ABC".to_owned()), Err(WalletError::Unavailable { .. })));
    assert_eq!(wallet.state(), Ok(WalletState::Empty));

    let link = WatchedLink::new(|_| Ok(()));
    let stopped = reading(link.clone(), CAN, Some(Arc::new(BrokenListener))).await.unwrap().run(None).await;
    assert_eq!(stopped.map(|_| ()), Err(WalletError::UserCancelled));
    assert_eq!(link.commands(), 1);
}

#[tokio::test]
async fn a_foreign_throw_in_an_async_method_is_an_error() {
    let scene = Scene::new().await;
    let mut phone = enrolled(&scene).await;
    let card = phone.wallet.cards().unwrap().remove(0).id;
    let mut platform = phone.platform.clone();
    platform.key_store = Prompting::new(phone.keys.clone(), KeyStoreError::from(thrown()));
    let spare = Wallet::open(bare_platform(&scene), {
        let mut config = phone.config.clone();
        config.vault_path.push_str("-spare");
        config
    });
    drop(std::mem::replace(&mut phone.wallet, spare.await.unwrap()));
    let wallet = reopened(&phone, platform).await.unwrap();
    let unlocked = wallet.unlock(UnlockWith::Biometrics).await;
    assert!(matches!(unlocked, Err(WalletError::Unavailable { .. })));
    let shown = wallet.show_at_counter(card, Disclosure::AdultOnly, None).await;
    assert_eq!(shown.map(|_| ()), Err(WalletError::Locked));

    let link = WatchedLink::new(|_| Err(thrown().into()));
    let read = reading(link, CAN, None).await.unwrap().run(None).await;
    assert!(matches!(read, Err(WalletError::Unavailable { .. })));
}

#[tokio::test]
async fn every_seam_error_arrives_by_its_name() {
    let scene = Scene::new().await;
    let unavailable = |code| WalletError::Unavailable { code };
    let mut opened = 0;
    let mut open = |change: &dyn Fn(&mut wallet_core::wallet::Platform)| {
        opened += 1;
        let mut config = wallet_core::wallet::WalletConfig {
            vault_path: scene.data().join(format!("vault-{opened}")).to_string_lossy().into_owned(),
            issuer_url: scene.desk.base_url().to_owned(),
            issuer_roots: Vec::new(),
            card_roots: Vec::new(),
            desk_roots: Vec::new(),
            language: Language::English,
            wallet_provider_url: None,
            redirect_uri: wallet_core::wallet::WalletConfig::REDIRECT_URI.to_owned(),
        };
        config.card_roots = vec![fixtures::pki::csca().certificate().to_vec()];
        let mut platform = bare_platform(&scene);
        change(&mut platform);
        Wallet::open(platform, config)
    };
    for (error, expected) in [
        (KeyStoreError::UserCancelled, WalletError::UserCancelled),
        (KeyStoreError::LockedOut, WalletError::LockedOut),
        (KeyStoreError::NoBiometrics, WalletError::NoBiometrics),
        (KeyStoreError::KeyInvalidated, WalletError::KeyInvalidated),
        (KeyStoreError::KeyNotFound, WalletError::KeyInvalidated),
        (KeyStoreError::Unavailable, unavailable(-1005)),
        (KeyStoreError::Failed { os_code: 7 }, unavailable(7)),
    ] {
        let wallet = open(&|platform| {
            platform.key_store = Prompting::new(platform.key_store.clone(), error.clone());
        });
        assert_eq!(wallet.await.unwrap().unlock(UnlockWith::Biometrics).await, Err(expected));
    }
    for (error, expected) in [
        (LinkError::TagLost, WalletError::CardLost),
        (LinkError::Timeout, WalletError::CardUnreadable { why: CardTrouble::Silent }),
        (LinkError::TooLong, WalletError::CardUnreadable { why: CardTrouble::Unsupported }),
        (LinkError::Cancelled, WalletError::UserCancelled),
        (LinkError::Failed { os_code: 7 }, unavailable(7)),
    ] {
        let link = WatchedLink::new(move |_| Err(error.clone()));
        assert_eq!(reading(link, CAN, None).await.unwrap().run(None).await.map(|_| ()), Err(expected));
    }
    for (error, expected) in [
        (HttpError::Offline, WalletError::Offline),
        (HttpError::Timeout, WalletError::Offline),
        (HttpError::Tls, WalletError::NotTrusted { why: Distrust::IssuerAnswer }),
        (HttpError::Failed { os_code: 7 }, unavailable(7)),
    ] {
        let wallet = open(&|platform| platform.http = Arc::new(BrokenHttp(error.clone()))).await.unwrap();
        wallet.unlock(UnlockWith::Biometrics).await.unwrap();
        assert_eq!(wallet.enrol().await.map(|_| ()), Err(expected));
    }
    for (error, code) in [(AnchorError::Unavailable, -1006), (AnchorError::Failed { os_code: 7 }, 7)] {
        let wallet = open(&|platform| platform.anchor = Arc::new(BrokenAnchor(error.clone()))).await;
        assert_eq!(wallet.map(|_| ()), Err(unavailable(code)));
    }
    let clock = Arc::new(BrokenClock(ClockError::Failed { os_code: 7 }));
    let wallet = open(&|platform| platform.clock = clock.clone()).await.unwrap();
    assert_eq!(wallet.scan("KD1:ABC".to_owned()).map(|_| ()), Err(unavailable(7)));
    for (error, expected) in [
        (FaceCheckError::UserCancelled, WalletError::UserCancelled),
        (FaceCheckError::NoMatch, WalletError::FaceMismatch),
        (FaceCheckError::Unavailable, unavailable(-1007)),
    ] {
        let mut phone = scene.phone(&format!("{error:?}")).await;
        phone.platform.face_check = Arc::new(BrokenFace(error));
        phone.config.vault_path.push_str("-face");
        phone.wallet = reopened(&phone, phone.platform.clone()).await.unwrap();
        phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
        assert_eq!(phone.enrol(&people::adult()).await, Err(expected));
    }
}

#[tokio::test]
async fn a_planted_panic_is_an_error_and_the_process_lives() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    // What the scaffolding does around every call from outside.
    assert!(catch_unwind(AssertUnwindSafe(|| phone.scan("PANIC"))).is_err());
    assert_eq!(phone.wallet.cards().unwrap().len(), 1);
    let now = scene.now().unix_seconds;
    assert!(scene.counter().check(&text_at(&show_adult(&phone).await.unwrap(), now), now, 0).accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_calls_at_once() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let (now, card) = (scene.now().unix_seconds, phone.wallet.cards().unwrap().remove(0).id);
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (wallet, card) = (phone.wallet.clone(), card.clone());
        calls.spawn(async move {
            if number % 2 == 0 {
                assert_eq!(wallet.cards().unwrap()[0].id, card);
                return None;
            }
            Some(text_at(&wallet.show_at_counter(card, Disclosure::AdultOnly, None).await.unwrap(), now))
        });
    }
    let texts: std::collections::BTreeSet<_> = calls.join_all().await.into_iter().flatten().collect();
    assert_eq!(texts.len(), 10);
    assert_eq!(left(&phone, Disclosure::AdultOnly), 0);
    assert_eq!(phone.wallet.history(99).unwrap().len(), 11);
}

#[tokio::test]
async fn an_object_let_go_while_in_use_finishes() {
    let handle: Arc<Mutex<Option<_>>> = Arc::default();
    let dropper = handle.clone();
    let link = WatchedLink::new(move |number| {
        if number == 4 {
            drop(dropper.lock().unwrap().take());
        }
        Ok(())
    });
    let reading = reading(link, CAN, None).await.unwrap();
    *handle.lock().unwrap() = Some(reading.clone());
    let running = async move { reading.run(None).await };
    assert!(!running.await.unwrap().files().is_empty());
    assert!(handle.lock().unwrap().is_none());
}

#[tokio::test]
async fn errors_speak_korean_and_english() {
    let scene = Scene::new().await;
    let error = scene.phone("phone").await.scan("https://example.com").unwrap_err();
    let hangul = |text: &str| text.chars().any(|letter| ('가'..='힣').contains(&letter));
    let (korean, english) = (error.text(Language::Korean), error.text(Language::English));
    assert!(hangul(&korean.what) && hangul(&korean.next));
    assert!(!english.what.is_empty() && !hangul(&english.what) && !english.next.is_empty());
}

#[tokio::test]
async fn a_cancelled_task_stops_the_reading() {
    let link = WatchedLink::new(|_| Ok(()));
    let reading = reading(link.clone(), CAN, None).await.unwrap();
    let watched = link.clone();
    let task = tokio::spawn(async move { reading.run(None).await });
    while watched.commands() < 3 {
        tokio::task::yield_now().await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let stopped = link.commands();
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    assert_eq!(link.commands(), stopped);
    assert!(stopped < 10);
}
