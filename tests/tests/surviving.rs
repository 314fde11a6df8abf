//! The app dies between any two calls to its platform, the network loses or spoils any answer, the clock is set: afterwards
//! there is the former card or the new one, whole, and the next attempt succeeds.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use desk::{Config, limits::RequestRate};
use fixtures::{
    people,
    platform::{LoopbackHttp, SteppedClock},
};
use tests::{
    mortal::{Dies, Life},
    scene::{Closed, Scene},
};
use wallet_core::{
    card::{Disclosure, Refusal},
    platform::{Http, HttpError, HttpRequest, HttpResponse},
    wallet::{
        CardState, CommandOp, Issued, Platform, UnfinishedIssuance, UnlockWith, Wallet, WalletError,
        WalletState,
    },
};

/// A desk that takes as many requests as this test makes.
async fn scene() -> Scene {
    Scene::with(|config| Config { request_rate: RequestRate::Unlimited, ..config }).await
}

fn number() -> &'static str {
    people::adult().registration_number
}

impl Spoilt {
    fn new(way: Way, at: usize) -> Arc<Self> {
        Arc::new(Self { way, at, calls: AtomicUsize::new(0) })
    }

    fn happened(&self) -> bool {
        self.calls.load(Ordering::Acquire) > self.at
    }
}

/// How an answer is spoilt.
#[derive(Debug, Clone, Copy)]
enum Way {
    Offline,
    AnswerLost,
    Empty,
    Nonsense,
    OtherJson,
    Truncated,
    ServerError,
    Redirect,
}

const WAYS: [Way; 8] = [
    Way::Offline,
    Way::AnswerLost,
    Way::Empty,
    Way::Nonsense,
    Way::OtherJson,
    Way::Truncated,
    Way::ServerError,
    Way::Redirect,
];

/// A network that spoils one answer.
struct Spoilt {
    way: Way,
    at: usize,
    calls: AtomicUsize,
}

#[async_trait::async_trait]
impl Http for Spoilt {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if self.calls.fetch_add(1, Ordering::AcqRel) != self.at {
            return LoopbackHttp::new().send(request).await;
        }
        if matches!(self.way, Way::Offline) {
            return Err(HttpError::Offline);
        }
        let mut response = LoopbackHttp::new().send(request).await?;
        match self.way {
            Way::Offline | Way::AnswerLost => return Err(HttpError::Timeout),
            Way::Empty => response.body.clear(),
            Way::Nonsense => response.body = vec![0xFF; 64],
            Way::OtherJson => response.body = br#"{"error":[{}],"commands":1,"staples":{}}"#.to_vec(),
            Way::Truncated => response.body.truncate(response.body.len() / 2),
            Way::ServerError => (response.status, response.body) = (500, b"<html>".to_vec()),
            Way::Redirect => response.status = 302,
        }
        Ok(response)
    }
}

/// What the app does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Tap,
    Visit,
    Renew,
    Refresh,
}

impl Act {
    async fn run(self, scene: &Scene, phone: &Closed, wallet: &Arc<Wallet>) -> Result<(), WalletError> {
        match self {
            Self::Tap => phone.running(wallet).enrol(&people::adult()).await.map(drop),
            Self::Visit => {
                let visit = scene.desk.visit(number()).await.unwrap();
                let offer = Arc::clone(wallet).open_offer(visit.link).await?;
                let issued = offer.accept(Some(visit.transaction_code.into_bytes()), None).await?;
                assert!(matches!(issued, Issued::Card { .. }));
                Ok(())
            }
            Self::Renew => Arc::clone(wallet).renew_card(None).await.map(drop),
            Self::Refresh => {
                let done = Arc::clone(wallet).refresh().await?;
                done.trouble.map_or(Ok(()), Err)
            }
        }
    }

    const fn needs_a_card(self) -> bool {
        matches!(self, Self::Renew | Self::Refresh)
    }
}

async fn reopened(phone: &Closed, platform: Platform) -> Result<Arc<Wallet>, WalletError> {
    let wallet = Wallet::open(platform, phone.config.clone()).await?;
    wallet.unlock(UnlockWith::Biometrics).await?;
    Ok(wallet)
}

/// One card or none, and one that is there can be shown.
async fn is_whole(scene: &Scene, wallet: &Arc<Wallet>, told: &str) {
    let cards = wallet.cards().unwrap();
    assert!(cards.len() <= 1, "{told}");
    let Some(card) = cards.first() else { return };
    assert_eq!(card.state, CardState::Active, "{told}");
    let show = wallet.show_at_counter(card.id.clone(), Disclosure::AdultOnly, None).await;
    let frame = show.unwrap_or_else(|error| panic!("{told}: {error}")).frame(scene.now()).unwrap();
    let verdict = scene.online_counter().await.check(&frame.text, scene.now().unix_seconds, 0);
    assert!(verdict.accepted, "{told}: {:?}", verdict.reason());
}

/// Runs an act that is cut short, then looks at what is there, then does it again undisturbed.
async fn cut_short(scene: &Scene, name: &str, act: Act, platform: impl Fn(&Platform) -> Platform) {
    scene.desk.release(number()).await.unwrap();
    let phone = scene.phone(name).await;
    if act.needs_a_card() {
        phone.enrol(&people::adult()).await.unwrap();
        scene.clock.advance(3600);
    }
    let phone = phone.closed();
    let outcome = match Wallet::open(platform(&phone.platform), phone.config.clone()).await {
        Ok(wallet) => match wallet.unlock(UnlockWith::Biometrics).await {
            Ok(()) => act.run(scene, &phone, &wallet).await,
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    let told = format!("{act:?} {name}: {outcome:?}");
    if let Err(WalletError::StorageCorrupt { .. } | WalletError::StorageFull) = outcome {
        panic!("{told}");
    }
    let wallet =
        reopened(&phone, phone.platform.clone()).await.unwrap_or_else(|error| panic!("{told}: {error}"));
    is_whole(scene, &wallet, &told).await;
    act.run(scene, &phone, &wallet).await.unwrap_or_else(|error| panic!("again {told}: {error}"));
    assert_eq!(wallet.cards().unwrap().len(), 1, "{told}");
    is_whole(scene, &wallet, &told).await;
}

/// Where an act is cut short: everywhere with `SURVIVING=every`, as `ci/long` says; else at one place in `stride`, not the same for each
/// way.
fn places(first: usize, stride: usize) -> impl Iterator<Item = usize> {
    let stride = if std::env::var("SURVIVING").as_deref() == Ok("every") { 1 } else { stride };
    (first % stride..).step_by(stride)
}

async fn dies_everywhere(act: Act) {
    let scene = scene().await;
    for (first, dies) in [(0, Dies::Before), (2, Dies::After)] {
        for call in places(first, 4) {
            let life = Mutex::new(None);
            cut_short(&scene, &format!("{dies:?}-{call}"), act, |platform| {
                let one = Life::until(call, dies);
                *life.lock().unwrap() = Some(Arc::clone(&one));
                one.of(platform)
            })
            .await;
            if !life.lock().unwrap().as_ref().unwrap().is_over() {
                assert!(call > 5, "{call} calls are few for {act:?}");
                break;
            }
        }
    }
}

async fn every_answer_is_spoilt(act: Act) {
    let scene = scene().await;
    for (first, way) in WAYS.into_iter().enumerate() {
        // Each answer in one of the ways.
        for at in places(first, WAYS.len()) {
            let network = Spoilt::new(way, at);
            cut_short(&scene, &format!("{way:?}-{at}"), act, |platform| Platform {
                http: network.clone(),
                ..platform.clone()
            })
            .await;
            if !network.happened() {
                assert!(at > 1, "{at} answers are few for {act:?}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_tap_survives_the_death_of_the_app_at_any_call() {
    dies_everywhere(Act::Tap).await;
}

#[tokio::test]
async fn a_visit_survives_the_death_of_the_app_at_any_call() {
    dies_everywhere(Act::Visit).await;
}

#[tokio::test]
async fn a_renewal_survives_the_death_of_the_app_at_any_call() {
    dies_everywhere(Act::Renew).await;
}

#[tokio::test]
async fn a_refresh_survives_the_death_of_the_app_at_any_call() {
    dies_everywhere(Act::Refresh).await;
}

#[tokio::test]
async fn a_tap_survives_every_lost_or_spoilt_answer() {
    every_answer_is_spoilt(Act::Tap).await;
}

#[tokio::test]
async fn a_visit_survives_every_lost_or_spoilt_answer() {
    every_answer_is_spoilt(Act::Visit).await;
}

#[tokio::test]
async fn a_renewal_survives_every_lost_or_spoilt_answer() {
    every_answer_is_spoilt(Act::Renew).await;
}

#[tokio::test]
async fn a_refresh_survives_every_lost_or_spoilt_answer() {
    every_answer_is_spoilt(Act::Refresh).await;
}

/// A server, or a proxy before it, that answers one request with words of its own instead of looking at it.
struct Busy {
    status: u16,
    body: &'static str,
    at: usize,
    calls: AtomicUsize,
}

#[async_trait::async_trait]
impl Http for Busy {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        if self.calls.fetch_add(1, Ordering::AcqRel) != self.at {
            return LoopbackHttp::new().send(request).await;
        }
        let headers = [("content-type", "application/json"), ("retry-after", "5")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Ok(HttpResponse { status: self.status, headers, body: self.body.into() })
    }
}

/// Gets the ID by this very offer, or goes on where that stopped.
async fn by_offer(wallet: &Arc<Wallet>, visit: &desk::openid::Offer) -> Result<(), WalletError> {
    let wallet = Arc::clone(wallet);
    let issued = match wallet.unfinished_issuance()? {
        UnfinishedIssuance::Waiting => wallet.resume_issuance(None).await?,
        UnfinishedIssuance::None => {
            let offer = wallet.open_offer(visit.link.clone()).await?;
            offer.accept(Some(visit.transaction_code.clone().into_bytes()), None).await?
        }
    };
    assert!(matches!(issued, Issued::Card { .. }));
    Ok(())
}

#[tokio::test]
async fn a_busy_issuer_costs_nobody_the_offer() {
    let scene = scene().await;
    let unavailable = Err(WalletError::IssuerRefused { why: Refusal::Unavailable });
    let answers =
        [(429, r#"{"error":"slow_down"}"#), (502, "<html>"), (503, r#"{"error":"unavailable"}"#), (504, "")];
    for (first, (status, body)) in answers.into_iter().enumerate() {
        for at in places(first, answers.len()) {
            let told = format!("{status} at {at}");
            scene.desk.release(number()).await.unwrap();
            let phone = scene.phone(&told.replace(' ', "-")).await.closed();
            let visit = scene.desk.visit(number()).await.unwrap();
            let busy = Arc::new(Busy { status, body, at, calls: AtomicUsize::new(0) });
            let platform = Platform { http: busy.clone(), ..phone.platform.clone() };
            let outcome = by_offer(&reopened(&phone, platform).await.unwrap(), &visit).await;
            if busy.calls.load(Ordering::Acquire) <= at {
                outcome.unwrap();
                assert!(at > 10, "{told}: few answers");
                break;
            }
            let wallet = reopened(&phone, phone.platform.clone()).await.unwrap();
            if outcome.is_err() {
                assert_eq!(outcome, unavailable, "{told}");
                // Who scans the code again first loses nothing by that either.
                drop(Arc::clone(&wallet).open_offer(visit.link.clone()).await);
                by_offer(&wallet, &visit).await.unwrap_or_else(|error| panic!("{told}: {error}"));
            }
            is_whole(&scene, &wallet, &told).await;
            assert_eq!(wallet.cards().unwrap().len(), 1, "{told}");
        }
    }
}

#[tokio::test]
async fn a_clock_set_back_or_forth_costs_nothing_for_good() {
    let scene = scene().await;
    let phone = scene.phone("phone").await;
    phone.enrol(&people::adult()).await.unwrap();
    let phone = phone.closed();
    const DAY: i64 = 86_400;
    for shift in [-3600, 3600, -DAY, DAY, -20 * DAY, 20 * DAY, -1500 * DAY, 1500 * DAY] {
        let now = scene.now().unix_seconds + shift;
        let platform = Platform { clock: Arc::new(SteppedClock::new(now)), ..phone.platform.clone() };
        let wallet = reopened(&phone, platform).await.unwrap();
        let done = Arc::clone(&wallet).refresh().await.unwrap();
        assert!(done.trouble.is_some(), "{shift}: the issuer takes no request of another hour");
        assert!((now..=now + 3600).contains(&done.next_at), "{shift}");
        drop(wallet);
        let wallet = reopened(&phone, phone.platform.clone()).await.unwrap();
        if shift < 300 * DAY {
            is_whole(&scene, &wallet, &format!("{shift}")).await;
        }
        let done = Arc::clone(&wallet).refresh().await.unwrap();
        assert_eq!(done.trouble, None, "{shift}");
        is_whole(&scene, &wallet, &format!("{shift}, refreshed")).await;
    }
}

#[tokio::test]
async fn a_wipe_cut_short_anywhere_is_finished_by_the_next_start() {
    let scene = scene().await;
    let mut finished = 0;
    for dies in [Dies::Before, Dies::After] {
        for call in 0.. {
            scene.desk.release(number()).await.unwrap();
            let phone = scene.phone(&format!("{dies:?}-{call}")).await;
            phone.enrol(&people::adult()).await.unwrap();
            let keys = phone.keys.key_count();
            let phone = phone.closed();
            let first = Life::until(call, dies);
            let cut = match Wallet::open(first.of(&phone.platform), phone.config.clone()).await {
                Ok(wallet) => wallet.wipe().await,
                Err(error) => Err(error),
            };
            // The next start dies too, wherever it is: the third finishes it.
            for again in 0..6 {
                let second = Life::until(again, dies);
                drop(Wallet::open(second.of(&phone.platform), phone.config.clone()).await);
            }
            let wallet = Wallet::open(phone.platform.clone(), phone.config.clone()).await.unwrap();
            match wallet.state().unwrap() {
                WalletState::Wiped => {
                    finished += 1;
                    assert_eq!(phone.keys.key_count(), 0, "{dies:?} {call}");
                    assert!(!std::fs::exists(&phone.config.vault_path).unwrap());
                    wallet.start_over().await.unwrap();
                    assert_eq!(wallet.state().unwrap(), WalletState::Empty);
                }
                state => {
                    assert_eq!(state, WalletState::Locked, "{dies:?} {call}: {cut:?}");
                    assert_eq!(phone.keys.key_count(), keys);
                    wallet.unlock(UnlockWith::Biometrics).await.unwrap();
                    is_whole(&scene, &wallet, "not begun").await;
                }
            }
            if !first.is_over() {
                cut.unwrap();
                assert!(call > 5);
                break;
            }
        }
    }
    assert!(finished > 5, "{finished}");
}

#[tokio::test]
async fn a_lock_cut_short_anywhere_is_obeyed_in_the_end() {
    let scene = scene().await;
    for dies in [Dies::Before, Dies::After] {
        for call in 0.. {
            scene.desk.release(number()).await.unwrap();
            let phone = scene.phone(&format!("{dies:?}-{call}")).await;
            phone.enrol(&people::adult()).await.unwrap();
            scene.desk.suspend(number(), desk::issuer::SuspendedBy::Citizen).await.unwrap();
            let phone = phone.closed();
            let life = Life::until(call, dies);
            if let Ok(wallet) = Wallet::open(life.of(&phone.platform), phone.config.clone()).await {
                drop(wallet.receive_commands(0).await);
            }
            let wallet = Wallet::open(phone.platform.clone(), phone.config.clone()).await.unwrap();
            wallet.receive_commands(0).await.unwrap();
            assert!(matches!(wallet.state().unwrap(), WalletState::LockedByCommand), "{dies:?} {call}");
            scene.desk.resume(number(), desk::issuer::SuspendedBy::Citizen).await.unwrap();
            assert_eq!(wallet.receive_commands(0).await.unwrap().obeyed, [CommandOp::Resume]);
            wallet.unlock(UnlockWith::Biometrics).await.unwrap();
            if !life.is_over() {
                break;
            }
        }
    }
}
