//! Showing the ID at a counter without a network, and every way that must fail.

use std::{sync::Arc, time::Duration};

use fixtures::{people, platform::Answer};
use tests::{
    held::Door,
    prompting::Prompting,
    scene::{Phone, Scene},
};
use wallet_core::{
    card::Disclosure,
    platform::Now,
    vault::EventKind,
    verify::{Claims, Reason, Verdict},
    wallet::{CounterShow, DeskSign, Distrust, IfStale, Platform, UnlockWith, Unusable, Wallet, WalletError},
};

async fn enrolled(scene: &Scene) -> Phone {
    let phone = scene.phone("phone").await;
    phone.enrol(&people::adult()).await.unwrap();
    phone
}

async fn show(
    phone: &Phone,
    disclosure: Disclosure,
    desk: Option<Arc<DeskSign>>,
) -> Result<Arc<CounterShow>, WalletError> {
    let card = phone.wallet.cards().unwrap().remove(0);
    phone.wallet.show_at_counter(card.id, disclosure, desk).await
}

fn left(phone: &Phone, disclosure: Disclosure) -> u32 {
    let card = phone.wallet.cards().unwrap().remove(0);
    card.copies.iter().find(|copies| copies.disclosure == disclosure).unwrap().left
}

fn text(show: &CounterShow, now: Now) -> String {
    show.frame(now).unwrap().text
}

fn claims(verdict: &Verdict) -> &Claims {
    assert!(verdict.accepted, "{:?}", verdict.reason());
    &verdict.shown.as_ref().unwrap().claims
}

#[tokio::test]
async fn every_level_is_shown_with_one_prompt_and_says_what_the_card_says() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let sign = phone.scan(&scene.sign_text().await).unwrap();
    let counter = scene.counter();
    let person = people::adult().person();
    let today = wallet_core::card::Date::in_korea_at(scene.now().unix_seconds).unwrap();
    for level in Disclosure::ALL {
        let prompts = phone.prompts();
        let show = show(&phone, level, Some(sign.clone())).await.unwrap();
        assert_eq!(phone.prompts(), prompts + 1, "one prompt for a whole show");
        let frame = show.frame(scene.now()).unwrap();
        let verdict = counter.check(&frame.text, scene.now().unix_seconds, 0);
        assert_eq!(*claims(&verdict), Claims::of(&person, level, today));
        assert!(frame.text.len() <= if level == Disclosure::AdultOnly { 656 } else { 900 });
        assert!(frame.qr.version <= if level == Disclosure::AdultOnly { 16 } else { 19 });
        assert_eq!(left(&phone, level), level.batch() - 1);
    }
    let history = phone.wallet.history(5).unwrap();
    assert!(history.iter().all(|line| line.kind == EventKind::ShownAtCounter && line.verified));
    assert_eq!(history[0].counterparty.as_deref(), Some("Corner shop"));
    assert_eq!(history[0].disclosure, Some(Disclosure::RegistrationNumber));
}

#[tokio::test]
async fn the_prompt_names_the_desk_only_when_its_sign_was_verified() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let sign = phone.scan(&scene.sign_text().await).unwrap();
    show(&phone, Disclosure::AdultOnly, Some(sign)).await.unwrap();
    show(&phone, Disclosure::AdultOnly, None).await.unwrap();
    let prompts = phone.keys.prompts();
    let [.., named, unnamed] = prompts.as_slice() else { panic!() };
    assert_eq!(named.counterparty.as_deref(), Some("Corner shop"));
    assert_eq!(unnamed.counterparty, None);
    assert!(unnamed.reason.contains("unverified"), "{}", unnamed.reason);
}

#[tokio::test]
async fn frames_roll_for_three_minutes_from_one_prompt_and_each_dies_with_its_window() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let show = show(&phone, Disclosure::AdultOnly, None).await.unwrap();
    let start = scene.now().unix_seconds;
    assert_eq!(show.ends_at(), start + 180);
    let prompts = phone.prompts();
    for step in 0..12 {
        // A counter of its own for each frame: one counter takes a token once.
        let counter = scene.counter();
        let now = start + 15 * step + 7;
        let frame = show.frame(Now { unix_seconds: now }).unwrap();
        assert_eq!((i64::from(frame.step), frame.seconds_left), (step, 8));
        let late = counter.check(&frame.text, now + 20, 0);
        assert!(matches!(late.reason(), Some(Reason::FrameExpired { .. })), "{:?}", late.reason());
        let early = counter.check(&frame.text, now - 20, 0);
        assert!(!early.accepted && early.shown.is_none());
        assert!(counter.check(&frame.text, now, 0).accepted, "step {step}");
        assert!(matches!(counter.check(&frame.text, now, 0).reason(), Some(Reason::SeenBefore { .. })));
    }
    assert_eq!(phone.prompts(), prompts);
    assert_eq!(show.frame(Now { unix_seconds: start + 180 }), Err(WalletError::ShowEnded));
}

#[tokio::test]
async fn a_code_for_one_desk_is_refused_at_another_and_only_adult_goes_without_a_desk() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let sign = phone.scan(&scene.sign_text().await).unwrap();
    let now = scene.now();
    let bound = show(&phone, Disclosure::AdultOnly, Some(sign)).await.unwrap();
    let verdict = scene.counter_of(Some("shop-8")).check(&text(&bound, now), now.unix_seconds, 0);
    assert_eq!(verdict.reason(), Some(Reason::OtherDesk));

    let adult = show(&phone, Disclosure::AdultOnly, None).await.unwrap();
    assert!(scene.counter().check(&text(&adult, now), now.unix_seconds, 0).accepted);
    let name = show(&phone, Disclosure::NameAndBirth, None).await.unwrap();
    let verdict = scene.counter().check(&text(&name, now), now.unix_seconds, 0);
    assert_eq!(verdict.reason(), Some(Reason::GeneralAudience));
}

#[tokio::test]
async fn a_cancelled_prompt_costs_no_copy_and_is_in_the_history() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    for (answer, expected) in
        [(Answer::Cancel, WalletError::UserCancelled), (Answer::FailUntilLockedOut, WalletError::LockedOut)]
    {
        phone.keys.answer_next(answer);
        assert_eq!(show(&phone, Disclosure::Full, None).await.map(|_| ()), Err(expected));
        assert_eq!(left(&phone, Disclosure::Full), 3);
        assert_eq!(phone.wallet.history(1).unwrap()[0].kind, EventKind::ShowCancelled);
        phone.keys.end_lock_out();
    }
}

#[tokio::test]
async fn a_show_given_up_at_the_prompt_uses_its_copy_up_and_is_in_the_history() {
    let scene = Scene::new().await;
    let closed = enrolled(&scene).await.closed();
    let keys = Prompting::new(closed.keys.clone(), Door::default());
    let platform = Platform { key_store: keys.clone(), ..closed.platform.clone() };
    let wallet = Wallet::open(platform, closed.config.clone()).await.unwrap();
    wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    let phone = closed.running(&wallet);
    let before = wallet.history(50).unwrap().len();
    keys.before.shut();
    let waiting = show(&phone, Disclosure::Full, None);
    tokio::time::timeout(Duration::from_millis(500), waiting).await.unwrap_err();
    assert_eq!(left(&phone, Disclosure::Full), 2);
    let history = wallet.history(50).unwrap();
    assert_eq!((history.len(), history[0].kind), (before + 1, EventKind::ShowCancelled));
}

#[tokio::test]
async fn an_empty_pool_is_said_before_any_prompt() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    for _ in 0..3 {
        show(&phone, Disclosure::Full, None).await.unwrap();
    }
    let prompts = phone.prompts();
    let empty = WalletError::NoCopiesLeft { disclosure: Disclosure::Full };
    assert_eq!(show(&phone, Disclosure::Full, None).await.map(|_| ()), Err(empty));
    assert_eq!(phone.prompts(), prompts);
    show(&phone, Disclosure::AdultOnly, None).await.unwrap();
}

#[tokio::test]
async fn a_key_that_died_ends_the_show_and_its_copy() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    phone.keys.invalidate_biometric_keys();
    assert_eq!(show(&phone, Disclosure::Full, None).await.map(|_| ()), Err(WalletError::KeyInvalidated));
    assert_eq!(left(&phone, Disclosure::Full), 2);
}

#[tokio::test]
async fn two_shows_share_nothing_but_what_they_show() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let now = scene.now();
    let mut frames = Vec::new();
    for _ in 0..2 {
        let show = show(&phone, Disclosure::AdultOnly, None).await.unwrap();
        frames.push(wallet_core::qr::base45::decode(&text(&show, now)["KR1:".len()..]).unwrap());
    }
    // Structure and what everyone has in common: heads, labels, type, issuer, times of the same day.
    let shared =
        frames[0].windows(16).filter(|window| frames[1].windows(16).any(|other| other == *window)).count();
    let whole = frames[0].len();
    assert!(shared < whole / 5, "{shared} of {whole} windows of 16 bytes are shared");
}

#[tokio::test]
async fn a_stale_staple_is_refused_offline_and_a_refresh_mends_it_without_a_prompt() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    scene.clock.advance(25 * 3600);
    let now = scene.now();
    // The phone knows before the counter does, and asks for no finger in vain.
    let told = show(&phone, Disclosure::AdultOnly, None).await.map(|_| ());
    assert_eq!(told, Err(WalletError::NotUsable { why: Unusable::StapleTooOld { hours: 25 } }));
    let card = phone.wallet.cards().unwrap().remove(0).id;
    let all_the_same =
        phone.wallet.show_at_counter_with(card, Disclosure::AdultOnly, None, IfStale::ShowAnyway);
    let stale = all_the_same.await.unwrap();
    let verdict = scene.counter().check(&text(&stale, now), now.unix_seconds, 0);
    assert!(matches!(verdict.reason(), Some(Reason::StapleTooOld { .. })), "{:?}", verdict.reason());

    let prompts = phone.prompts();
    assert!(phone.wallet.refresh_staples().await.unwrap() > 0);
    assert_eq!(phone.prompts(), prompts);
    let fresh = show(&phone, Disclosure::AdultOnly, None).await.unwrap();
    assert!(scene.counter().check(&text(&fresh, now), now.unix_seconds, 0).accepted);
}

#[tokio::test]
async fn keys_of_used_copies_leave_the_hardware() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let keys = phone.keys.key_count();
    show(&phone, Disclosure::AdultOnly, None).await.unwrap();
    show(&phone, Disclosure::Full, None).await.unwrap();
    phone.wallet.refresh_staples().await.unwrap();
    assert_eq!(phone.keys.key_count(), keys - 2);
}

#[tokio::test]
async fn codes_that_are_not_for_the_wallet_and_signs_that_lie_are_told_apart() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let scan = |text: &str| phone.wallet.scan(text.to_owned()).map(|_| ());
    for other in ["", "https://example.org", "KR1:ABC", "WIFI:S:x;;", "kd1:lower"] {
        assert_eq!(scan(other), Err(WalletError::NotForThisWallet), "{other}");
    }
    let sign = scene.sign_text().await;
    assert_eq!(scan(&format!("  {sign}\n")), Ok(()));
    let untrusted = Err(WalletError::NotTrusted { why: Distrust::DeskSign });
    assert_eq!(scan("KD1:ABC"), untrusted);
    let rogue = Scene::new().await;
    assert_eq!(scan(&rogue.sign_text().await), untrusted, "registered by nobody this wallet knows");
    let kept = phone.scan(&sign).unwrap();
    scene.clock.advance(kept.expires_at() - scene.now().unix_seconds);
    assert_eq!(scan(&sign), untrusted, "out of its time");
    let late = show(&phone, Disclosure::AdultOnly, Some(kept)).await.map(|_| ());
    assert_eq!(late, untrusted);
}

#[tokio::test]
async fn an_unknown_card_is_an_error_before_any_prompt() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let prompts = phone.prompts();
    let missing = phone.wallet.show_at_counter("nothing".to_owned(), Disclosure::AdultOnly, None).await;
    assert_eq!(missing.map(|_| ()), Err(WalletError::CardNotFound));
    assert_eq!(phone.prompts(), prompts);
}
