//! Showing, and checking what is shown.

use fixtures::platform::Answer;
use tests::scene::Scene;
use wallet_core::{
    card::Disclosure,
    counter::Rule,
    platform::Now,
    vault::EventKind,
    verify::{Check, Claims, Counter, DeskSettings, Reason},
    wallet::{Distrust, Language, WalletError},
};

use crate::{enrolled, left, show_adult, text_at};

#[tokio::test]
async fn a_counter_accepts_the_show() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let now = scene.now().unix_seconds;
    let verdict = scene.counter().check(&text_at(&show_adult(&phone).await.unwrap(), now), now, 0);
    assert!(verdict.accepted, "{:?}", verdict.reason());
    assert!(matches!(verdict.shown.unwrap().claims, Claims::Adult { adult_by_year: true }));
}

#[tokio::test]
async fn one_prompt_per_show() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let before = phone.prompts();
    let show = show_adult(&phone).await.unwrap();
    for step in 0..12 {
        text_at(&show, scene.now().unix_seconds + 15 * step);
    }
    assert_eq!(phone.prompts(), before + 1);
}

#[tokio::test]
async fn frames_roll_and_end() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let show = show_adult(&phone).await.unwrap();
    let end = show.ends_at();
    let texts: std::collections::BTreeSet<_> =
        (1..=3).map(|frame| text_at(&show, end - 15 * frame)).collect();
    assert_eq!(texts.len(), 3);
    let last = show.frame(Now { unix_seconds: end - 1 }).unwrap();
    assert_eq!((last.step, last.seconds_left), (last.frames - 1, 1));
    assert_eq!(show.frame(Now { unix_seconds: end }), Err(WalletError::ShowEnded));
}

#[tokio::test]
async fn a_screenshot_frame_is_refused() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let show = show_adult(&phone).await.unwrap();
    let taken = show.ends_at() - 60;
    let screenshot = text_at(&show, taken);
    let refused = scene.counter().check(&screenshot, taken + 20, 0);
    assert!(matches!(refused.reason(), Some(Reason::FrameExpired { .. })));
    assert!(scene.counter().check(&screenshot, taken, 0).accepted);
}

#[tokio::test]
async fn a_code_seen_before_is_refused() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let now = scene.now().unix_seconds;
    let text = text_at(&show_adult(&phone).await.unwrap(), now);
    let counter = scene.counter();
    assert!(counter.check(&text, now, 0).accepted);
    let again = counter.check(&text, now, 1);
    assert!(matches!(again.reason(), Some(Reason::SeenBefore { .. })) && again.shown.is_none());
    let restarted = scene.counter();
    restarted.remember(counter.seen(), 0);
    assert!(matches!(restarted.check(&text, now, 2).reason(), Some(Reason::SeenBefore { .. })));
}

#[tokio::test]
async fn a_scanned_desk_is_named_in_the_prompt() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let desk = phone.scan(&scene.sign_text().await).unwrap();
    let card = phone.wallet.cards().unwrap().remove(0).id;
    let shown = phone.wallet.show_at_counter(card, Disclosure::NameAndBirth, Some(desk.clone()));
    let show = shown.await.unwrap();
    let prompts = phone.keys.prompts();
    assert_eq!(prompts.last().unwrap().counterparty, Some(desk.name(Language::English)));
    let now = scene.now().unix_seconds;
    assert!(scene.counter().check(&text_at(&show, now), now, 0).accepted);
    let elsewhere = scene.counter_of(Some("another-1")).check(&text_at(&show, now), now, 0);
    assert_eq!(elsewhere.reason(), Some(Reason::OtherDesk));
}

#[tokio::test]
async fn a_foreign_code_is_not_for_this_wallet() {
    let scene = Scene::new().await;
    let phone = scene.phone("phone").await;
    for text in ["", "https://example.com/menu", "WIFI:S:cafe;;", "KR1:ABC"] {
        assert_eq!(phone.scan(text).map(|_| ()), Err(WalletError::NotForThisWallet));
    }
    let forged = WalletError::NotTrusted { why: Distrust::DeskSign };
    assert_eq!(phone.scan("KD1:ABCDEF").map(|_| ()), Err(forged));
}

#[tokio::test]
async fn a_cancelled_show_keeps_its_copy() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let before = left(&phone, Disclosure::AdultOnly);
    phone.keys.answer_next(Answer::Cancel);
    assert_eq!(show_adult(&phone).await.map(|_| ()), Err(WalletError::UserCancelled));
    assert_eq!(left(&phone, Disclosure::AdultOnly), before);
    assert_eq!(phone.wallet.history(1).unwrap()[0].kind, EventKind::ShowCancelled);
}

#[tokio::test]
async fn an_invalidated_key_cannot_show() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    phone.keys.invalidate_biometric_keys();
    assert_eq!(show_adult(&phone).await.map(|_| ()), Err(WalletError::KeyInvalidated));
}

#[tokio::test]
async fn an_empty_pool_is_told() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let card = phone.wallet.cards().unwrap().remove(0).id;
    let show = |disclosure| phone.wallet.show_at_counter(card.clone(), disclosure, None);
    for _ in 0..Disclosure::Full.batch() {
        show(Disclosure::Full).await.unwrap();
    }
    let empty = WalletError::NoCopiesLeft { disclosure: Disclosure::Full };
    assert_eq!(show(Disclosure::Full).await.map(|_| ()), Err(empty));
    show(Disclosure::AdultOnly).await.unwrap();
}

#[tokio::test]
async fn history_tells_what_was_shown() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let desk = phone.scan(&scene.sign_text().await).unwrap();
    let card = phone.wallet.cards().unwrap().remove(0).id;
    phone.wallet.show_at_counter(card, Disclosure::NameAndBirth, Some(desk)).await.unwrap();
    let history = phone.wallet.history(100).unwrap();
    let [shown, added] = history.as_slice() else { panic!("{history:?}") };
    assert_eq!((shown.kind, shown.disclosure), (EventKind::ShownAtCounter, Some(Disclosure::NameAndBirth)));
    assert!(shown.verified && shown.counterparty.is_some());
    assert_eq!(added.kind, EventKind::CardAdded);
}

#[tokio::test]
async fn staples_are_refreshed_without_a_prompt() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    phone.wallet.lock().unwrap();
    let prompts = phone.prompts();
    scene.clock.advance(3600);
    assert_ne!(phone.wallet.refresh_staples().await, Ok(0));
    assert_eq!(phone.prompts(), prompts);
}

#[tokio::test]
async fn a_verdict_lists_every_check() {
    let scene = Scene::new().await;
    let verdict = scene.counter().check("not a code", scene.now().unix_seconds, 0);
    assert!(verdict.checks.iter().map(|made| made.check).eq(Check::ALL));
    assert_eq!(verdict.reason(), Some(Reason::NotACounterCode));
    assert_eq!(verdict.shown, None);
}

#[tokio::test]
async fn an_altered_code_is_refused() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let now = scene.now().unix_seconds;
    let text = text_at(&show_adult(&phone).await.unwrap(), now);
    for place in [6, text.len() / 2, text.len() - 2] {
        let mut altered = text.clone().into_bytes();
        altered[place] = if altered[place] == b'0' { b'1' } else { b'0' };
        let verdict = scene.counter().check(&String::from_utf8(altered).unwrap(), now, 0);
        assert!(!verdict.accepted && verdict.shown.is_none());
    }
    assert!(scene.counter().check(&text, now, 0).accepted);
}

#[tokio::test]
async fn an_older_pack_is_refused() {
    let scene = Scene::new().await;
    let now = scene.now().unix_seconds;
    let authority = scene.desk.pack_authority().as_sec1().to_vec();
    let open = |lowest, authority: &[u8]| {
        let pack = scene.desk.counter_pack().to_vec();
        Counter::open(pack, authority.to_vec(), lowest, DeskSettings::default(), now).map(|_| ())
    };
    let sequence = scene.counter().check("", now, 0).pack_sequence;
    assert_eq!(open(sequence, &authority), Ok(()));
    assert_eq!(open(sequence + 1, &authority), Err(Rule::OlderPack.into()));
    let stranger = fixtures::pki::csca().key().public_key().to_vec();
    assert!(open(sequence, &stranger).is_err());
}
