//! Keeping the ID, losing it, and giving it up.

use std::sync::Arc;

use desk::issuer::PersonEvent;
use fixtures::{
    people,
    platform::{Answer, ScriptedHttp},
};
use tests::scene::{Phone, Scene};
use wallet_core::{
    card::{Disclosure, RevokeReason},
    platform::Now,
    vault::EventKind,
    wallet::{
        CardState, CommandOp, CommandReason, IfStale, Language, LifeCycle, Refusal, Renewed, UnlockWith,
        Unusable, Wallet, WalletError, WalletState, locked_text, standing_text,
    },
};

use crate::{enrolled, left, restarted, show_adult, text_at};

const LOST: WalletError =
    WalletError::NotUsable { why: Unusable::LockedByCommand { why: CommandReason::PhoneLost } };
const WIPED: WalletError = WalletError::NotUsable { why: Unusable::Wiped };

async fn hear(phone: &Phone) -> Vec<CommandOp> {
    phone.wallet.receive_commands(0).await.unwrap().obeyed
}

/// An enrolled phone that was reported lost, and has heard it.
async fn lost(scene: &Scene) -> Phone {
    let phone = enrolled(scene).await;
    scene.lose().await;
    assert_eq!(hear(&phone).await, [CommandOp::Lock]);
    phone
}

#[tokio::test]
async fn a_lost_phone_locks_itself_and_says_why() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    phone.wallet.lock().unwrap();
    assert_eq!(phone.wallet.locked_for(), Ok(None));
    let prompts = phone.prompts();
    scene.lose().await;
    assert_eq!(hear(&phone).await, [CommandOp::Lock]);
    assert_eq!(hear(&phone).await, [], "it was acknowledged");
    assert_eq!(phone.prompts(), prompts);
    assert_eq!(phone.wallet.state(), Ok(WalletState::LockedByCommand));
    assert_eq!(phone.wallet.locked_for(), Ok(Some(CommandReason::PhoneLost)));
    let [korean, english] =
        [Language::Korean, Language::English].map(|language| locked_text(CommandReason::PhoneLost, language));
    assert!(korean.what.contains("분실") && !korean.next.is_empty());
    assert!(english.what.contains("lost") && english.next.contains("operator"));
}

#[tokio::test]
async fn locked_by_command_it_shows_and_renews_nothing() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let card = phone.wallet.cards().unwrap().remove(0).id;
    scene.lose().await;
    assert_eq!(hear(&phone).await, [CommandOp::Lock]);
    let prompts = phone.prompts();
    assert_eq!(phone.wallet.unlock(UnlockWith::Biometrics).await, Err(LOST));
    let shown = phone.wallet.show_at_counter(card, Disclosure::AdultOnly, None).await;
    assert_eq!(shown.map(drop), Err(LOST));
    assert_eq!(Arc::clone(&phone.wallet).renew_card(None).await, Err(LOST));
    assert_eq!(phone.enrol(&people::adult()).await, Err(LOST));
    let refreshed = Arc::clone(&phone.wallet).refresh().await.unwrap();
    assert_eq!((refreshed.staples, refreshed.renewed), (0, Renewed::NotNeeded));
    assert_eq!(phone.prompts(), prompts, "nobody is asked for a finger in vain");
    // The app that is started again is locked as before.
    let phone = restarted(phone).await;
    assert_eq!(phone.wallet.state(), Ok(WalletState::LockedByCommand));
    assert_eq!(phone.wallet.unlock(UnlockWith::Biometrics).await, Err(LOST));
}

#[tokio::test]
async fn found_again_it_opens() {
    let scene = Scene::new().await;
    let phone = lost(&scene).await;
    scene.find().await;
    assert_eq!(hear(&phone).await, [CommandOp::Resume]);
    assert_eq!((phone.wallet.state(), phone.wallet.locked_for()), (Ok(WalletState::Locked), Ok(None)));
    phone.wallet.unlock(UnlockWith::Biometrics).await.unwrap();
    let now = scene.now().unix_seconds;
    let text = text_at(&show_adult(&phone).await.unwrap(), now);
    assert!(scene.online_counter().await.check(&text, now, 0).accepted);
    let kinds: Vec<_> = phone.wallet.history(10).unwrap().iter().map(|line| line.kind).collect();
    assert!(kinds.contains(&EventKind::WalletLocked) && kinds.contains(&EventKind::WalletResumed));
}

#[tokio::test]
async fn a_running_show_ends_with_the_lock() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let show = show_adult(&phone).await.unwrap();
    show.frame(scene.now()).unwrap();
    scene.lose().await;
    assert_eq!(hear(&phone).await, [CommandOp::Lock]);
    assert_eq!(show.frame(scene.now()), Err(WalletError::ShowEnded));
}

#[tokio::test]
async fn a_wipe_leaves_no_key_and_no_card() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let prompts = phone.prompts();
    phone.wallet.wipe().await.unwrap();
    assert_eq!((phone.prompts(), phone.keys.key_count()), (prompts + 1, 0));
    assert!(!std::fs::exists(&phone.config.vault_path).unwrap());
    assert_eq!(phone.wallet.state(), Ok(WalletState::Wiped));
    assert_eq!(phone.wallet.cards(), Err(WIPED));
    assert_eq!(phone.wallet.unlock(UnlockWith::Biometrics).await, Err(WIPED));
    let phone = restarted(phone).await;
    assert_eq!(phone.wallet.state(), Ok(WalletState::Wiped));
    phone.wallet.start_over().await.unwrap();
    assert_eq!((phone.wallet.state(), phone.wallet.cards()), (Ok(WalletState::Empty), Ok(Vec::new())));
}

#[tokio::test]
async fn whoever_cancels_a_wipe_keeps_everything() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let keys = phone.keys.key_count();
    phone.keys.answer_next(Answer::Cancel);
    assert_eq!(phone.wallet.wipe().await, Err(WalletError::UserCancelled));
    phone.keys.answer_next(Answer::Cancel);
    assert_eq!(phone.wallet.give_up_phone().await, Err(WalletError::UserCancelled));
    assert_eq!((phone.wallet.state(), phone.keys.key_count()), (Ok(WalletState::Ready), keys));
    show_adult(&phone).await.unwrap();
}

#[tokio::test]
async fn a_phone_given_up_frees_the_person() {
    let scene = Scene::new().await;
    let (phone, other) = (enrolled(&scene).await, scene.phone("other").await);
    let refused = other.enrol(&people::adult()).await;
    assert_eq!(refused, Err(WalletError::IssuerRefused { why: Refusal::AnotherPhone }));
    phone.wallet.give_up_phone().await.unwrap();
    assert_eq!((phone.wallet.state(), phone.keys.key_count()), (Ok(WalletState::Wiped), 0));
    other.enrol(&people::adult()).await.unwrap();
}

#[tokio::test]
async fn an_id_moves_and_the_old_phone_is_told() {
    let scene = Scene::new().await;
    let (old, new) = (enrolled(&scene).await, scene.phone("new").await);
    let card = new.enrol_moving(&people::adult()).await.unwrap();
    assert_eq!(card.state, CardState::Active);
    assert_eq!(hear(&old).await, [CommandOp::Lock]);
    assert_eq!(old.wallet.locked_for(), Ok(Some(CommandReason::OtherPhone)));
    let now = scene.now().unix_seconds;
    let text = text_at(&show_adult(&new).await.unwrap(), now);
    assert!(scene.online_counter().await.check(&text, now, 0).accepted);
}

#[tokio::test]
async fn a_revoked_card_says_why() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let number = people::adult().registration_number;
    assert!(scene.desk.happened(number, PersonEvent::CardLost).await.unwrap());
    let refreshed = Arc::clone(&phone.wallet).refresh().await.unwrap();
    assert!(refreshed.lists > 0);
    let card = phone.wallet.cards().unwrap().remove(0);
    let standing = LifeCycle::Revoked { reason: RevokeReason::CardLost };
    assert_eq!((card.state, card.standing), (CardState::Revoked, standing));
    let why = Unusable::Card { standing };
    let shown = phone.wallet.show_at_counter(card.id, Disclosure::AdultOnly, None).await;
    assert_eq!(shown.map(drop), Err(WalletError::NotUsable { why }));
    assert!(standing_text(standing, Language::Korean).what.contains("분실"));
    assert!(standing_text(standing, Language::English).next.contains("new card"));
}

#[tokio::test]
async fn a_stale_proof_is_told_before_the_prompt() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let card = phone.wallet.cards().unwrap().remove(0).id;
    let show =
        |if_stale| phone.wallet.show_at_counter_with(card.clone(), Disclosure::AdultOnly, None, if_stale);
    scene.clock.advance(25 * 3600);
    let (prompts, copies) = (phone.prompts(), left(&phone, Disclosure::AdultOnly));
    let why = Unusable::StapleTooOld { hours: 25 };
    assert_eq!(show(IfStale::Refuse).await.map(drop), Err(WalletError::NotUsable { why }));
    assert_eq!((phone.prompts(), left(&phone, Disclosure::AdultOnly)), (prompts, copies));
    let shown = show(IfStale::ShowAnyway).await.unwrap();
    assert_eq!((shown.staple_age_hours(), phone.prompts()), (Ok(25), prompts + 1));
    shown.frame(scene.now()).unwrap();
    Arc::clone(&phone.wallet).refresh().await.unwrap();
    assert_eq!(show(IfStale::Refuse).await.unwrap().staple_age_hours(), Ok(0));
}

#[tokio::test]
async fn ended_copies_need_renewal_and_come_back() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    let prompts = phone.prompts();
    scene.clock.advance(65 * 86_400);
    let card = phone.wallet.cards().unwrap().remove(0);
    assert_eq!(card.state, CardState::NeedsRenewal);
    let shown = phone.wallet.show_at_counter(card.id, Disclosure::AdultOnly, None).await;
    assert!(matches!(shown.unwrap_err(), WalletError::NotUsable { .. }));
    Arc::clone(&phone.wallet).renew_card(None).await.unwrap();
    assert_eq!(phone.prompts(), prompts);
    let card = phone.wallet.cards().unwrap().remove(0);
    assert_eq!(card.state, CardState::Active);
    phone.wallet.show_at_counter(card.id, Disclosure::AdultOnly, None).await.unwrap();
}

#[tokio::test]
async fn refresh_says_when_to_call_again() {
    let scene = Scene::new().await;
    let phone = enrolled(&scene).await;
    phone.wallet.lock().unwrap();
    let prompts = phone.prompts();
    let Now { unix_seconds: now } = scene.now();
    let first = Arc::clone(&phone.wallet).refresh().await.unwrap();
    assert_eq!((first.obeyed.len(), first.renewed, first.trouble), (0, Renewed::NotNeeded, None));
    assert!(first.lists > 0 && (now + 60..=now + 3600).contains(&first.next_at), "{}", first.next_at);
    let second = Arc::clone(&phone.wallet).refresh().await.unwrap();
    assert_eq!(second.lists, 0, "it is fresh still");
    assert_eq!(phone.prompts(), prompts);
    let mut closed = phone.closed();
    closed.platform.http = Arc::new(ScriptedHttp::offline());
    let wallet = Wallet::open(closed.platform.clone(), closed.config.clone()).await.unwrap();
    let offline = wallet.refresh().await.unwrap();
    assert_eq!(offline.trouble, Some(WalletError::Offline));
    assert!(offline.next_at <= now + 900, "soon after a failure");
}
